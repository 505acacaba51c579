internal import Foundation
package import SystemPackage

/// Files and folders that not even root may change.
package enum Immutability {
    /// Sets or clears this attribute of a file or folder; false if that isn't possible here.
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
