internal import Synchronization

/// The files that were taken in but could not be removed from the inbox: they are not taken in again.
final class KeptSources: Sendable {
    private struct Key: Hashable {
        let device: UInt64
        let inode: UInt64
        let size: Int64
        let changed: Int64

        init(_ stamp: FileStamp) {
            (device, inode, size, changed) = (stamp.device, stamp.inode, stamp.size, stamp.changed)
        }
    }

    private let keys = Mutex<Set<Key>>([])

    func insert(_ stamp: FileStamp) { keys.withLock { _ = $0.insert(Key(stamp)) } }

    func contains(_ stamp: FileStamp) -> Bool { keys.withLock { $0.contains(Key(stamp)) } }
}
