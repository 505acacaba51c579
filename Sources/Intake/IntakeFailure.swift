package import SystemPackage

/// A system call of the intake that failed: what was being done, where, and the system's error.
package struct IntakeFailure: Error, Hashable, Sendable, CustomStringConvertible {
    /// What was being done, as a verb phrase ("open", "list the folder").
    package let action: String
    /// The path as a person reads it; see ``RawPath/escaped``.
    package let path: String
    package let errno: Errno

    package init(action: String, path: String, errno: Errno) {
        self.action = action
        self.path = path
        self.errno = errno
    }

    package var description: String { "can't \(action) \(path): \(errno)" }
}
