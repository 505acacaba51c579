internal import Foundation

/// Files that the user names on the command line; what goes wrong is said with the file's name.
enum InputFile {
    static func read(_ path: String) throws -> [UInt8] {
        guard !isFolder(path) else { throw UserFileError(path: path, action: "read", reason: "it is a folder") }
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
