internal import Foundation
internal import SwiftProtobuf
package import SystemPackage

/// Reading and writing ONNX files. What a file says is input: it is checked before anything is allocated by it.
package enum ModelFile {
    /// What a file may ask for at most.
    package struct Limits: Sendable {
        package var bytes = 1 << 30
        package var nodes = 20_000
        /// Nodes, attributes, tensors and the like, some hundred bytes each, and what is in their lists (``PartCount``).
        package var parts = 1_000_000

        package init() {}
    }

    /// Reads the model in the file at `path`.
    package static func read(_ path: FilePath, limits: Limits = Limits()) throws(ModelFileError) -> Model {
        try decode(contents(of: path, limit: limits.bytes), limits: limits)
    }

    /// Reads the model in the bytes of an ONNX file.
    package static func decode(_ bytes: [UInt8], limits: Limits = Limits()) throws(ModelFileError) -> Model {
        guard bytes.count <= limits.bytes else {
            throw .tooLarge(bytes: bytes.count, limit: limits.bytes)
        }
        let isInPieces = try PartCount.check(bytes, limit: limits.parts)
        var options = BinaryDecodingOptions()
        options.discardUnknownFields = true
        let proto: Onnx_ModelProto
        do {
            proto = try Onnx_ModelProto(
                serializedBytes: isInPieces ? PieceJoining.joined(bytes) : bytes, options: options)
        } catch let error as ModelFileError {
            throw error
        } catch {
            throw .malformed("\(error)")
        }
        return try Model(proto, limits: limits)
    }

    /// The bytes of `model` as an ONNX file; equal models give equal bytes.
    package static func encode(_ model: Model) throws(ModelFileError) -> [UInt8] {
        do {
            return try Onnx_ModelProto(model).serializedBytes()
        } catch {
            throw .malformed("\(error)")
        }
    }

    /// Writes `model` to a new or emptied file at `path`; making it durable is the caller's business.
    package static func write(_ model: Model, to path: FilePath) throws {
        let bytes = try encode(model)
        do {
            let file = try FileDescriptor.open(
                path, .writeOnly, options: [.create, .truncate, .closeOnExec],
                permissions: [.ownerReadWrite, .groupRead, .otherRead])
            try file.closeAfter { _ = try file.writeAll(bytes) }
        } catch let errno as Errno {
            throw ModelFileError.unwritable(path, errno)
        }
    }

    private static func contents(of path: FilePath, limit: Int) throws(ModelFileError) -> [UInt8] {
        do {
            // Without nonBlocking, opening a FIFO would wait for a writer for ever.
            let file = try FileDescriptor.open(path, .readOnly, options: [.nonBlocking, .closeOnExec])
            return try file.closeAfter { try contents(of: file, path: path, limit: limit) }
        } catch let error as ModelFileError {
            throw error
        } catch {
            throw .unreadable(path, error as? Errno ?? .ioError)
        }
    }

    private static func contents(of file: FileDescriptor, path: FilePath, limit: Int) throws -> [UInt8] {
        guard let size = try? file.seek(offset: 0, from: .end), size < Int64.max else {
            throw ModelFileError.notAFile(path)
        }
        guard size <= limit else { throw ModelFileError.tooLarge(bytes: Int(size), limit: limit) }
        return try [UInt8](unsafeUninitializedCapacity: Int(size)) { buffer, count in
            while count < buffer.count {
                let rest = UnsafeMutableRawBufferPointer(rebasing: UnsafeMutableRawBufferPointer(buffer)[count...])
                let read = try file.read(fromAbsoluteOffset: Int64(count), into: rest)
                if read == 0 { break }
                count += read
            }
        }
    }
}
