internal import Foundation
package import SystemPackage

/// Files and folders that not even root may change.
package enum Immutability {
    /// Gives a file or folder that attribute or takes it away; false where that can't be done here.
    package static func set(_ isImmutable: Bool, of path: FilePath) throws -> Bool {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/chattr")
        process.arguments = [isImmutable ? "+i" : "-i", path.string]
        process.standardError = FileHandle.nullDevice
        guard FileManager.default.isExecutableFile(atPath: "/usr/bin/chattr") else { return false }
        try process.run()
        process.waitUntilExit()
        return process.terminationStatus == 0
    }
}
