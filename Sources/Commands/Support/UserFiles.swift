internal import Foundation
internal import SystemPackage

/// Files that the user names on the command line; what goes wrong is said with the file's name.
enum InputFile {
    /// - Parameter name: what the path is called in an error.
    static func read(_ path: FilePath, named name: String) throws -> [UInt8] {
        do {
            let descriptor = try FileDescriptor.open(path, .readOnly, options: .closeOnExec)
            return try descriptor.closeAfter { try contents(of: descriptor) }
        } catch let errno as Errno {
            throw UserFileError(path: name, action: "read", reason: reason(errno))
        }
    }

    static func standardInput() throws -> [UInt8] {
        do { return try contents(of: .standardInput) } catch let errno as Errno {
            throw UserFileError(path: "standard input", action: "read", reason: reason(errno))
        }
    }

    /// To the end, which a pipe has only when its writer is done.
    private static func contents(of descriptor: FileDescriptor) throws -> [UInt8] {
        var bytes: [UInt8] = []
        while true {
            let piece = try [UInt8](unsafeUninitializedCapacity: max(1 << 16, bytes.count)) { buffer, count in
                count = try descriptor.read(into: UnsafeMutableRawBufferPointer(buffer))
            }
            if piece.isEmpty { return bytes }
            bytes += piece
        }
    }

    private static func reason(_ errno: Errno) -> String {
        switch errno {
        case .noSuchFileOrDirectory, .notDirectory: "there is no such file"
        case .permissionDenied: "permission denied"
        case .isDirectory: "it is a folder"
        default: errno.description
        }
    }
}

enum OutputFile {
    static func write(_ bytes: [UInt8], to path: String) throws {
        guard !isFolder(path) else { throw UserFileError(path: path, action: "write", reason: "it is a folder") }
        do {
            try Data(bytes).write(to: URL(filePath: path), options: .atomic)
        } catch let error as CocoaError {
            throw UserFileError(path: path, action: "write", reason: reason(error))
        }
    }

    private static func reason(_ error: CocoaError) -> String {
        switch error.code {
        case .fileNoSuchFile: "its folder doesn't exist"
        case .fileWriteNoPermission: "permission denied"
        default: error.localizedDescription
        }
    }
}

private func isFolder(_ path: String) -> Bool {
    var isFolder: ObjCBool = false
    return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && isFolder.boolValue
}

struct UserFileError: Error, CustomStringConvertible {
    let path: String
    let action: String
    let reason: String

    var description: String { "can't \(action) \(path): \(reason)" }
}
