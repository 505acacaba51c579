internal import Foundation

/// Files that the user names on the command line; what goes wrong is said with the file's name.
enum InputFile {
    static func read(_ path: String) throws -> [UInt8] {
        do {
            return [UInt8](try Data(contentsOf: URL(filePath: path)))
        } catch let error as CocoaError {
            throw UserFileError(path: path, action: "read", reason: reason(error))
        }
    }

    private static func reason(_ error: CocoaError) -> String {
        switch error.code {
        case .fileReadNoSuchFile, .fileNoSuchFile: "there is no such file"
        case .fileReadNoPermission: "permission denied"
        default: error.localizedDescription
        }
    }
}

enum OutputFile {
    static func write(_ bytes: [UInt8], to path: String) throws {
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

struct UserFileError: Error, CustomStringConvertible {
    let path: String
    let action: String
    let reason: String

    var description: String { "can't \(action) \(path): \(reason)" }
}
