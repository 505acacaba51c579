import Glibc
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
        let root = try Files.perform("lock", folder.root) {
            try opened(FileDescriptor.open(folder.root, .readOnly, options: [.directory, .closeOnExec])) {
                try take(folder: $0, of: folder)
            }
        }
        do {
            let file = try Files.perform("lock", folder.lock) {
                try opened(
                    FileDescriptor.open(
                        folder.lock, .readWrite, options: [.create, .closeOnExec],
                        permissions: [.ownerReadWrite, .groupRead, .otherRead])
                ) { try take(file: $0, path: folder.lock) }
            }
            return DaemonLock(folder: root, file: file)
        } catch {
            try root.close()
            throw error
        }
    }

    /// A descriptor that `body` was done with; closed again where it throws.
    private static func opened(_ descriptor: FileDescriptor, _ body: (FileDescriptor) throws -> Void) throws
        -> FileDescriptor
    {
        do {
            try body(descriptor)
            return descriptor
        } catch {
            try descriptor.close()
            throw error
        }
    }

    /// The process that holds the lock of a state folder, as its file names it; nil where nobody does.
    ///
    /// Only reads, so that `cultivar status` may ask as another user.
    package static func holder(in folder: StateFolder) throws -> Int32? {
        let path = folder.lock
        guard Files.exists(path) else { return nil }
        return try Files.perform("read", path) {
            let descriptor = try FileDescriptor.open(path, .readOnly, options: .closeOnExec)
            return try descriptor.closeAfter {
                var request = wholeFile
                guard fcntl(descriptor.rawValue, getLock, &request) == 0 else { throw Files.currentErrno() }
                return request.l_type == Int16(F_UNLCK) ? nil : processID(try descriptor.readAll())
            }
        }
    }

    /// Whether a process holds the lock of a state folder that has taken it in the last ten seconds: one that may be about to
    /// open the history, and no daemon of an older release that has been running all the time.
    static func wasTakenJustNow(in folder: StateFolder) throws -> Bool {
        guard try holder(in: folder) != nil else { return false }
        var status = stat()
        guard folder.lock.withPlatformString({ stat($0, &status) }) == 0 else { return false }
        // Whoever takes the lock writes its number; a clock that was set makes it seem new at worst.
        return abs(time(nil) - status.st_mtim.tv_sec) <= 10
    }

    /// The folder's lock last: who finds it free finds the file's free as well.
    deinit {
        try? file.close()
        try? folder.close()
    }

    private static func take(folder descriptor: FileDescriptor, of state: StateFolder) throws {
        guard flock(descriptor.rawValue, LOCK_EX | LOCK_NB) != 0 else { return }
        guard Files.currentErrno() == .wouldBlock else { throw Files.currentErrno() }
        // Without its file, or with one that can't be read, the holder has no number.
        throw DaemonLockFailure(path: state.lock, holder: try? holder(in: state))
    }

    private static func take(file descriptor: FileDescriptor, path: FilePath) throws {
        var request = wholeFile
        guard fcntl(descriptor.rawValue, setLock, &request) == 0 else {
            guard Files.currentErrno() == .wouldBlock else { throw Files.currentErrno() }
            throw DaemonLockFailure(path: path, holder: processID(try descriptor.readAll()))
        }
        guard ftruncate(descriptor.rawValue, 0) == 0 else { throw Files.currentErrno() }
        _ = try descriptor.writeAll("\(getpid())\n".utf8)
    }

    /// F_OFD_GETLK and F_OFD_SETLK, which the Glibc module hides because their header asks for `_GNU_SOURCE`.
    private static let getLock: CInt = 36
    private static let setLock: CInt = 37

    /// The wish for a lock for writing on the whole file.
    private static var wholeFile: flock {
        var request = flock()
        request.l_type = Int16(F_WRLCK)
        request.l_whence = Int16(SEEK_SET)
        return request
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
        let process = holder.map { "process \($0)\(Self.name(of: $0))" } ?? "another process"
        return "\(process) is at work with this state folder already (it holds \(path))"
    }

    private static func name(of process: Int32) -> String {
        let path = FilePath("/proc/\(process)/comm")
        // Who may not look into /proc gets the number alone.
        guard let descriptor = try? FileDescriptor.open(path, .readOnly, options: .closeOnExec),
            let name = try? descriptor.closeAfter({ try descriptor.readAll() })
        else { return "" }
        return " (\(String(decoding: name.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)))"
    }
}
