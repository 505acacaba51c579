internal import Synchronization
internal import System
package import SystemPackage

/// A disk whose n-th operation fails, counted from 0, or the first one on certain paths.
package final class FailingDisk: Disk {
    private let disk = SystemDisk()
    private let remaining: Atomic<Int>
    private let failed = Atomic(false)
    private let counts: @Sendable (FilePath) -> Bool

    package init(failingAt index: Int = 0, counting counts: @escaping @Sendable (FilePath) -> Bool = { _ in true }) {
        remaining = Atomic(index)
        self.counts = counts
    }

    package var hasFailed: Bool { failed.load(ordering: .relaxed) }

    package func synchronize(_ descriptor: FileDescriptor, path: FilePath) throws {
        try count(path)
        try disk.synchronize(descriptor, path: path)
    }

    package func synchronizeFileSystem(_ descriptor: FileDescriptor, path: FilePath) throws {
        try count(path)
        try disk.synchronizeFileSystem(descriptor, path: path)
    }

    package func rename(_ source: FilePath, to target: FilePath) throws {
        try count(target)
        try disk.rename(source, to: target)
    }

    private func count(_ path: FilePath) throws {
        guard counts(path), remaining.subtract(1, ordering: .relaxed).oldValue == 0 else { return }
        failed.store(true, ordering: .relaxed)
        throw FileFailure(action: "write", path: path, errno: .noSpace)
    }
}
