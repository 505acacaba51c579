/// What tells one state of a file from another: equal stamps mean that nobody has written to it.
package struct FileStamp: Sendable, Hashable {
    package let device: UInt64
    package let inode: UInt64
    /// In bytes.
    package let size: Int64
    /// Time of the last write, in nanoseconds since 1970; whoever owns the file may set it.
    package let modified: Int64
    /// Time of the last change of the inode, in nanoseconds since 1970; only the kernel sets it.
    package let changed: Int64

    package init(device: UInt64, inode: UInt64, size: Int64, modified: Int64, changed: Int64) {
        self.device = device
        self.inode = inode
        self.size = size
        self.modified = modified
        self.changed = changed
    }
}

extension FileStamp {
    /// Whether it is the same file, not written to; its owner, permissions and number of names may differ.
    func hasSameContent(as other: FileStamp) -> Bool {
        device == other.device && inode == other.inode && size == other.size && modified == other.modified
    }
}

/// What kind of thing a directory entry is.
package enum EntryKind: String, Sendable, Hashable {
    case regular = "a regular file"
    case directory = "a folder"
    case symbolicLink = "a symbolic link"
    case pipe = "a named pipe"
    case socket = "a socket"
    case device = "a device"
}

/// One thing below a top-level entry of the inbox.
package struct InboxFile: Sendable, Hashable {
    /// Relative to the top-level entry; for a loose file its own name.
    package let path: RawPath
    package let kind: EntryKind
    package let stamp: FileStamp

    package init(path: RawPath, kind: EntryKind, stamp: FileStamp) {
        self.path = path
        self.kind = kind
        self.stamp = stamp
    }
}

/// All that one scan saw of one top-level entry of the inbox.
package struct EntrySnapshot: Sendable, Hashable {
    /// Why a drop is left alone as it stands.
    package enum Excess: Sendable, Hashable, CustomStringConvertible {
        case depth(limit: Int, folder: RawPath)
        case count(limit: Int)
        case bytes(limit: Int64)

        package var description: String {
            switch self {
            case .depth(let limit, let folder): "\(folder.escaped) lies more than \(limit) folders deep"
            case .count(let limit): "it holds more than \(limit) files"
            case .bytes(let limit): "it holds more than \(limit) bytes"
            }
        }
    }

    package let name: RawPath
    package let isFolder: Bool
    /// Everything but folders, by path.
    package let files: [InboxFile]
    /// The files that are neither clutter nor on their way.
    package let takeable: [InboxFile]
    /// The folders below the entry and the entry itself (with an empty path), by path.
    package let folders: [InboxFile]
    /// Folders that this process may not list.
    package let unreadable: [RawPath]
    /// Set where the entry passes a limit; the lists are then incomplete.
    package let excess: Excess?

    package init(
        name: RawPath, isFolder: Bool = true, files: [InboxFile], folders: [InboxFile] = [], unreadable: [RawPath] = [],
        excess: Excess? = nil
    ) {
        self.name = name
        self.isFolder = isFolder
        let files = files.sorted { $0.path < $1.path }
        self.files = files
        takeable = FileNames.isTakeable(name) ? files.filter { FileNames.isTakeable($0.path) } : []
        self.folders = folders.sorted { $0.path < $1.path }
        self.unreadable = unreadable
        self.excess = excess
    }
}

/// A drop that holds still and may be taken in.
package struct DropCandidate: Sendable, Hashable {
    package let snapshot: EntrySnapshot
    /// How long it has been seen to hold still.
    package let stillFor: Duration

    package var name: RawPath { snapshot.name }

    package init(snapshot: EntrySnapshot, stillFor: Duration) {
        self.snapshot = snapshot
        self.stillFor = stillFor
    }
}
