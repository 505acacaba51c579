internal import Decoding
internal import System
internal import SystemPackage

/// Files that the user names on the command line; errors contain the file's name.
enum InputFile {
    /// - Parameters:
    ///   - name: what the path is called in an error.
    ///   - limit: in bytes.
    static func read(_ path: FilePath, named name: String, limit: Int = .max) throws -> [UInt8] {
        do { return try Files.read(path, limit: limit) } catch let failure as FileFailure {
            throw UserFileError(path: name, action: "read", reason: reason(failure.errno))
        }
    }

    /// A picture file for a decoder process. `limit` is `limits.max_file_bytes`.
    static func picture(_ path: FilePath, named name: String, limit: Int) throws -> PictureSource {
        do {
            return try Files.reading(path, waits: true) { try PictureSource($0, at: path, limit: limit) }
        } catch let failure as FileFailure {
            throw UserFileError(path: name, action: "read", reason: reason(failure.errno))
        }
    }

    /// Reads to the end, which a pipe only has when its writer is done.
    static func standardInput() throws -> [UInt8] {
        do { return try FileDescriptor.standardInput.readToEnd() } catch let errno as Errno {
            throw UserFileError(path: "standard input", action: "read", reason: reason(errno))
        }
    }

    private static func reason(_ errno: Errno) -> String {
        switch errno {
        case .noSuchFileOrDirectory, .notDirectory: "there is no such file"
        case .permissionDenied: "permission denied"
        case .isDirectory: "it is a folder"
        case .fileTooLarge: "it has more than limits.max_file_bytes"
        default: errno.description
        }
    }
}

enum OutputFile {
    static func write(_ bytes: [UInt8], to path: String) throws {
        do {
            guard try !Files.isFolder(FilePath(path)) else {
                throw UserFileError(path: path, action: "write", reason: "it is a folder")
            }
            try Files.replace(FilePath(path), with: bytes)
        } catch let failure as FileFailure {
            throw UserFileError(path: path, action: "write", reason: reason(failure.errno))
        }
    }

    private static func reason(_ errno: Errno) -> String {
        switch errno {
        case .noSuchFileOrDirectory: "its folder doesn't exist"
        case .permissionDenied: "permission denied"
        default: errno.description
        }
    }
}

struct UserFileError: Error, CustomStringConvertible {
    let path: String
    let action: String
    let reason: String

    var description: String { "can't \(action) \(path): \(reason)" }
}
