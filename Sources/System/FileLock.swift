internal import Glibc
package import SystemPackage

/// A lock that the system releases when the process ends, however it ends.
///
/// Two kinds, each on an open file: one on a folder (flock), which nobody can remove from under it, and one on a file
/// (F_OFD_SETLK), for which others can be asked without taking it.
package enum FileLock {
    /// Locks an open folder for this process alone, without waiting; false if another process has it. Throws `Errno`.
    package static func take(folder descriptor: FileDescriptor) throws(Errno) -> Bool {
        try isTaken(flock(descriptor.rawValue, LOCK_EX | LOCK_NB))
    }

    /// The same for a file that is open for writing.
    package static func take(file descriptor: FileDescriptor) throws(Errno) -> Bool {
        var request = wholeFile
        return try isTaken(fcntl(descriptor.rawValue, setLock, &request))
    }

    /// Whether another process has locked a file. Throws `Errno`.
    package static func isHeld(file descriptor: FileDescriptor) throws(Errno) -> Bool {
        var request = wholeFile
        guard fcntl(descriptor.rawValue, getLock, &request) == 0 else { throw Files.currentErrno() }
        return request.l_type != Int16(F_UNLCK)
    }

    private static func isTaken(_ result: CInt) throws(Errno) -> Bool {
        if result == 0 { return true }
        let error = Files.currentErrno()
        if error == .wouldBlock { return false }
        throw error
    }

    /// F_OFD_GETLK and F_OFD_SETLK, which the Glibc module hides because their header asks for `_GNU_SOURCE`.
    private static let getLock: CInt = 36
    private static let setLock: CInt = 37

    /// A request for a write lock on the whole file.
    private static var wholeFile: flock {
        var request = flock()
        request.l_type = Int16(F_WRLCK)
        request.l_whence = Int16(SEEK_SET)
        return request
    }
}
