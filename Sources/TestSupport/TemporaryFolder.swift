internal import Foundation
package import SystemPackage

/// A separate folder for one test, removed with its contents when the last reference is gone.
package final class TemporaryFolder: Sendable {
    package let path: FilePath

    package init() throws {
        let url = FileManager.default.temporaryDirectory.appendingPathComponent("cultivar-test-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: false)
        path = FilePath(url.path)
    }

    deinit {
        do {
            try FileManager.default.removeItem(atPath: path.string)
        } catch {
            print("could not remove \(path): \(error)")
        }
    }

    /// Writes a file, and the folders that lead to it.
    @discardableResult
    package func write(_ bytes: [UInt8], to relative: FilePath) throws -> FilePath {
        let target = path.appending(relative.components)
        try FileManager.default.createDirectory(
            atPath: target.removingLastComponent().string, withIntermediateDirectories: true)
        try Data(bytes).write(to: URL(fileURLWithPath: target.string))
        return target
    }

    /// The bytes of a file in it.
    package func read(_ relative: FilePath) throws -> [UInt8] {
        try [UInt8](Data(contentsOf: URL(fileURLWithPath: path.appending(relative.components).string)))
    }
}
