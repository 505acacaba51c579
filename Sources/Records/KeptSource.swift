package import System

/// A file of the inbox that has been taken but can't be removed: what distinguishes it from every other file, and from
/// itself after a change.
package struct KeptSource: Hashable, Sendable {
    package let device: UInt64
    package let inode: UInt64
    /// In bytes.
    package let size: Int64
    /// The time of the inode's last change, in nanoseconds since 1970.
    package let changed: Int64

    package init(device: UInt64, inode: UInt64, size: Int64, changed: Int64) {
        self.device = device
        self.inode = inode
        self.size = size
        self.changed = changed
    }
}

/// One of several names (hard links) under which a kept file has been taken.
package struct KeptName: Hashable, Sendable {
    package let device: UInt64
    package let inode: UInt64
    /// The drop and the path in it.
    package let path: RawPath

    package init(device: UInt64, inode: UInt64, path: RawPath) {
        self.device = device
        self.inode = inode
        self.path = path
    }
}
