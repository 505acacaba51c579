package import SystemPackage

/// A call to the system that failed: what was being done, where, and the system's error. The one error of all file I/O.
package struct FileFailure: Error, Hashable, Sendable, CustomStringConvertible {
    /// What was being done, as a verb phrase ("write", "make the folder").
    package let action: String
    package let path: FilePath
    /// The system's reason.
    package let errno: Errno

    package init(action: String, path: FilePath, errno: Errno) {
        self.action = action
        self.path = path
        self.errno = errno
    }

    package var description: String { "can't \(TerminalText.escaped(action)) \(path.escaped): \(errno)" }
}

extension FileFailure {
    /// Whether this user isn't allowed to do it, now or later.
    package var isForbidden: Bool { errno == .permissionDenied || errno == .notPermitted }
}
