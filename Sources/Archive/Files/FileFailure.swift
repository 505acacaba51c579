package import SystemPackage

/// What can go wrong with a file or folder of the archive: what was being done, where, and the system's error.
package struct FileFailure: Error, Hashable, Sendable, CustomStringConvertible {
    /// What was being done, as a verb phrase ("write", "make the folder").
    package let action: String
    package let path: FilePath
    package let errno: Errno

    package init(action: String, path: FilePath, errno: Errno) {
        self.action = action
        self.path = path
        self.errno = errno
    }

    package var description: String { TerminalText.escaped("can't \(action) \(path): \(errno)") }
}
