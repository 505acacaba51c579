internal import Glibc
package import SystemPackage

/// What distinguishes one state of a file from another: equal stamps mean that nobody has written to it.
package struct FileStamp: Sendable, Hashable {
    /// The number of the file system; with `inode`, it identifies a file.
    package let device: UInt64
    package let inode: UInt64
    /// In bytes.
    package let size: Int64
    /// Time of the last write, in nanoseconds since 1970; the file's owner can set it.
    package let modified: Int64
    /// Time of the last change of the inode, in nanoseconds since 1970; only the kernel sets it.
    package let changed: Int64
}

extension FileStamp {
    /// Whether it is the same file, not written to; its owner, permissions and number of names may differ.
    package func hasSameContent(as other: FileStamp) -> Bool {
        device == other.device && inode == other.inode && size == other.size && modified == other.modified
    }
}

/// The kind of a directory entry.
package enum EntryKind: String, Sendable, Hashable {
    case regular = "a regular file"
    case directory = "a folder"
    case symbolicLink = "a symbolic link"
    case pipe = "a named pipe"
    case socket = "a socket"
    case device = "a device"
}

/// The system's information on a file: its kind, its stamp, and how many names it has.
package struct FileStatus: Equatable, Sendable {
    package let kind: EntryKind
    package let stamp: FileStamp
    /// How many names it has.
    package let links: Int
    /// The number of the user to whom it belongs.
    package let owner: UInt32

    init(_ status: stat) {
        links = Int(clamping: status.st_nlink)
        owner = status.st_uid
        switch status.st_mode & S_IFMT {
        case S_IFREG: kind = .regular
        case S_IFDIR: kind = .directory
        case S_IFLNK: kind = .symbolicLink
        case S_IFIFO: kind = .pipe
        case S_IFSOCK: kind = .socket
        default: kind = .device
        }
        stamp = FileStamp(
            device: UInt64(status.st_dev), inode: UInt64(status.st_ino), size: Int64(status.st_size),
            modified: Self.nanoseconds(status.st_mtim), changed: Self.nanoseconds(status.st_ctim))
    }

    /// The status of an open file.
    package init(of descriptor: FileDescriptor) throws(Errno) {
        var status = stat()
        guard fstat(descriptor.rawValue, &status) == 0 else { throw Errno(rawValue: errno) }
        self.init(status)
    }

    private static func nanoseconds(_ time: timespec) -> Int64 {
        Int64(time.tv_sec) &* 1_000_000_000 &+ Int64(time.tv_nsec)
    }
}
