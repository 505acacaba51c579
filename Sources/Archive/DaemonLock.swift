import System
package import SystemPackage

/// The right to write to a state folder's stores, held by one process at a time: the daemon, or a training command
/// where no daemon runs.
///
/// Two locks of open file descriptions, which the system releases when the process ends, however it ends. The one on the
/// state folder itself decides: nobody can remove it from under the stores. The one on `daemon.lock` can be asked for
/// without taking it, also by other users; the file holds the holder's process id and stays where it is.
package final class DaemonLock: Sendable {
    private let folder: FileDescriptor
    private let file: FileDescriptor

    private init(folder: FileDescriptor, file: FileDescriptor) {
        self.folder = folder
        self.file = file
    }

    /// Takes the lock of a state folder, without waiting; it is held until the lock object is gone.
    ///
    /// Throws ``DaemonLockFailure`` where another process holds it.
    package static func acquire(in folder: StateFolder) throws -> DaemonLock {
        let root = try opened(folder.root, Files.open(folder.root)) { descriptor in
            guard try !FileLock.take(folder: descriptor) else { return }
            // Without its file, or with one that can't be read, the holder has no number.
            throw DaemonLockFailure(path: folder.lock, holder: try? holder(in: folder))
        }
        do {
            let permissions: FilePermissions = [.ownerReadWrite, .groupRead, .otherRead]
            let file = try opened(folder.lock, Files.openShared(folder.lock, permissions: permissions)) { descriptor in
                guard try FileLock.take(file: descriptor) else {
                    throw DaemonLockFailure(path: folder.lock, holder: processID(try descriptor.readToEnd()))
                }
                try descriptor.resize(to: 0)
                _ = try descriptor.writeAll("\(Processes.current)\n".utf8)
            }
            return DaemonLock(folder: root, file: file)
        } catch {
            try root.close()
            throw error
        }
    }

    /// A descriptor that `body` was done with; closed again where it throws.
    private static func opened(
        _ path: FilePath, _ descriptor: @autoclosure () throws -> FileDescriptor,
        _ body: (FileDescriptor) throws -> Void
    ) throws -> FileDescriptor {
        try Files.perform("lock", path) {
            let descriptor = try descriptor()
            do { try body(descriptor) } catch {
                try descriptor.close()
                throw error
            }
            return descriptor
        }
    }

    /// The process that holds the lock of a state folder, as its file names it; nil where nobody does.
    ///
    /// Only reads, so that `cultivar status` may ask as another user.
    package static func holder(in folder: StateFolder) throws -> Int32? {
        let path = folder.lock
        guard Files.exists(path) else { return nil }
        return try Files.reading(path) { descriptor in
            try FileLock.isHeld(file: descriptor) ? processID(try descriptor.readToEnd()) : nil
        }
    }

    /// Whether a process holds the lock of a state folder that has taken it in the last ten seconds: one that may be about to
    /// open the history, and no daemon of an older release that has been running all the time.
    static func wasTakenJustNow(in folder: StateFolder) throws -> Bool {
        guard try holder(in: folder) != nil, let status = try Files.status(of: folder.lock) else { return false }
        // Whoever takes the lock writes its number; a clock that was set makes it seem new at worst.
        return abs(SystemTime.nowInNanoseconds - status.stamp.modified) <= 10_000_000_000
    }

    /// The folder's lock last: who finds it free finds the file's free as well.
    deinit {
        try? file.close()
        try? folder.close()
    }

    private static func processID(_ contents: [UInt8]) -> Int32? {
        Int32(String(decoding: contents.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self))
    }
}

/// Another process works with the state folder.
package struct DaemonLockFailure: Error, Hashable, Sendable, CustomStringConvertible {
    package let path: FilePath
    /// Its process id; nil where it has only just taken the lock and not written it yet.
    package let holder: Int32?

    package var description: String {
        let process =
            holder.map { "process \($0)" + (Processes.name(of: $0).map { " (\($0))" } ?? "") } ?? "another process"
        return "\(process) is at work with this state folder already (it holds \(path))"
    }
}
