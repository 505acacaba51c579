internal import SwiftProtobuf
internal import System
package import SystemPackage

/// Reading and writing ONNX files. The contents of a file are untrusted: sizes are checked before memory is allocated
/// for them.
package enum ModelFile {
    /// The maximum that a file may ask for.
    package struct Limits: Sendable {
        /// The size of the file.
        package var bytes = 1 << 30
        /// The operators of the graph.
        package var nodes = 20_000
        /// Nodes, attributes, tensors and the like, a few hundred bytes each, and the elements of their lists
        /// (`PartCount`).
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

    /// Writes `model` to a new or emptied file at `path`; the caller must make it durable.
    package static func write(_ model: Model, to path: FilePath) throws {
        try Files.overwrite(path, with: encode(model), permissions: [.ownerReadWrite, .groupRead, .otherRead])
    }

    private static func contents(of path: FilePath, limit: Int) throws(ModelFileError) -> [UInt8] {
        do {
            return try Files.reading(path) { file in
                guard try FileStatus(of: file).kind == .regular else { throw ModelFileError.notAFile(path) }
                let size = try file.size()
                guard size <= limit else { throw ModelFileError.tooLarge(bytes: size, limit: limit) }
                return try file.readToEnd(limit: limit)
            }
        } catch let error as ModelFileError {
            throw error
        } catch {
            throw .file(error as? FileFailure ?? FileFailure(action: "read", path: path, errno: .ioError))
        }
    }
}
