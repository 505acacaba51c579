internal import CPlatform
package import SystemPackage

/// The calls that make a file durable. They are separate so that a test can check their order and make one fail.
package protocol Disk: Sendable {
    /// Writes a file's or folder's data to the disk (fsync).
    func synchronize(_ descriptor: FileDescriptor, path: FilePath) throws
    /// Writes all pending data of the file system of `descriptor` to the disk (syncfs).
    func synchronizeFileSystem(_ descriptor: FileDescriptor, path: FilePath) throws
    /// Replaces what is at `target` in one step (rename). It is durable once the folder is synchronised.
    func rename(_ source: FilePath, to target: FilePath) throws
}

/// The system's own calls.
package struct SystemDisk: Disk {
    package init() {}

    package func synchronize(_ descriptor: FileDescriptor, path: FilePath) throws {
        try Files.perform("synchronise", path) { try Files.synchronize(descriptor) }
    }

    package func synchronizeFileSystem(_ descriptor: FileDescriptor, path: FilePath) throws {
        try Files.perform("synchronise the file system of", path) {
            guard cultivar_syncfs(descriptor.rawValue) == 0 else { throw Files.currentErrno() }
        }
    }

    package func rename(_ source: FilePath, to target: FilePath) throws {
        try Files.perform("rename \(source) to", target) { try Files.rename(source, to: target) }
    }
}
