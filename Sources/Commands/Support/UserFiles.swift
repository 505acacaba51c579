internal import System
internal import SystemPackage

/// Files that the user names on the command line; errors contain the file's name.
enum InputFile {
    /// - Parameter name: what the path is called in an error.
    static func read(_ path: FilePath, named name: String) throws -> [UInt8] {
        do { return try Files.read(path) } catch let failure as FileFailure {
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
