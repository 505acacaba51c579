import System
package import SystemPackage

/// The right to write to a state folder's stores, held by one process at a time: the daemon, or a training command if
/// no daemon runs.
///
/// These are two locks on open file descriptions, which the system releases whenever the process ends. The lock on the
/// state folder itself decides: nobody can remove it while the stores use it. The lock on `daemon.lock` can be checked
/// without taking it, also by other users; the file contains the holder's process id and is never removed.
package final class DaemonLock: Sendable {
    private let folder: FileDescriptor
    private let file: FileDescriptor

    private init(folder: FileDescriptor, file: FileDescriptor) {
        self.folder = folder
        self.file = file
    }

    /// Takes the lock of a state folder without waiting. It is held as long as the lock object exists.
    ///
    /// Throws ``DaemonLockFailure`` if another process holds it, and `FileFailure` if the folder can't be opened or the
    /// lock file can't be written.
    package static func acquire(in folder: StateFolder) throws -> DaemonLock {
        let root = try opened(folder.root, Files.open(folder.root)) { descriptor in
            guard try !FileLock.take(folder: descriptor) else { return }
            // If the lock file is missing or unreadable, the holder's number is unknown.
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

    /// A descriptor on which `body` has run; it is closed if `body` throws.
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

    /// The process that holds the lock of a state folder, as named in the lock file; nil if nobody holds it, or if it
    /// has just been taken and the file doesn't name the process yet.
    ///
    /// Only reads, so `cultivar status` can ask as another user. Throws `FileFailure` if the file can't be read.
    package static func holder(in folder: StateFolder) throws -> Int32? {
        let path = folder.lock
        guard try Files.exists(path) else { return nil }
        return try Files.reading(path) { descriptor in
            try FileLock.isHeld(file: descriptor) ? processID(try descriptor.readToEnd()) : nil
        }
    }

    /// Whether the lock of a state folder is held by a process that has taken it in the last ten seconds. Such a
    /// process may be about to open the history; it isn't a daemon of an older release that has been running for
    /// longer.
    static func wasTakenJustNow(in folder: StateFolder) throws -> Bool {
        guard try holder(in: folder) != nil, let status = try Files.status(of: folder.lock) else { return false }
        // Every process that takes the lock writes its number. If the clock was set, the lock may seem new; that does
        // no harm.
        return abs(SystemTime.nowInNanoseconds - status.stamp.modified) <= 10_000_000_000
    }

    /// The folder's lock is released last: if it is free, the file's lock is free, too.
    deinit {
        try? file.close()
        try? folder.close()
    }

    private static func processID(_ contents: [UInt8]) -> Int32? {
        Int32(String(decoding: contents.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self))
    }
}

/// Another process is using the state folder.
package struct DaemonLockFailure: Error, Hashable, Sendable, CustomStringConvertible {
    /// The lock file.
    package let path: FilePath
    /// Its process id; nil if it has just taken the lock and hasn't written it yet, or if the lock file can't be read.
    package let holder: Int32?

    package var description: String {
        let process =
            holder.map { "process \($0)" + (Processes.name(of: $0).map { " (\($0))" } ?? "") } ?? "another process"
        return "\(process) is already using this state folder (it holds \(path))"
    }
}
