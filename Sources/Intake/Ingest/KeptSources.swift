internal import Archive
internal import Synchronization
internal import System

/// The files that were taken in but could not be removed from the inbox: they are not taken in again, by whichever
/// process. The history has them; here they are at hand for every scan.
final class KeptSources: Sendable {
    private struct State {
        var sources: Set<KeptSource>
        /// Of files that have several.
        var names: Set<KeptName>
        /// The files of which a name is known.
        var named: Set<KeptFile>
        /// With so many it is looked which of them are still there: twice as many as the last time.
        var checkAt: Int
    }

    private let history: History
    private let state: Mutex<State>
    private let fewest: Int

    /// - Parameter fewest: so many are never looked for while drops come in.
    init(_ history: History, fewest: Int = 10_000) throws {
        self.history = history
        self.fewest = fewest
        let sources = try history.keptSources()
        let names = try history.keptNames()
        state = Mutex(
            State(
                sources: sources, names: names, named: Set(names.map(KeptFile.init)),
                checkAt: max(fewest, 2 * sources.count)))
    }

    /// Remembers files of a drop, by their paths in it. They are on the disk when it returns.
    func insert(_ files: [InboxFile], of id: DropID, named drop: RawPath) throws {
        let sources = files.map { KeptSource($0.stamp) }
        let names = files.filter { $0.links > 1 }.map { KeptName($0, of: drop) }
        try history.keepSources(sources, names: names, of: id, at: .now)
        state.withLock { state in
            state.sources.formUnion(sources)
            state.names.formUnion(names)
            state.named.formUnion(names.map(KeptFile.init))
        }
    }

    /// Whether a file of a drop, put aside or not, has been taken in. Another name of such a file is another file of a drop.
    func contains(_ file: InboxFile, of drop: RawPath) -> Bool {
        state.withLock { state in
            guard state.sources.contains(KeptSource(file.stamp)) else { return false }
            guard file.links > 1 else { return true }
            let name = KeptName(file, of: drop)
            return state.names.contains(name) || !state.named.contains(KeptFile(name))
        }
    }

    /// Whether many have come since it was last looked which are still there.
    var areDueForCheck: Bool { state.withLock { $0.sources.count >= $0.checkAt } }

    /// Forgets those that are no longer anywhere in the inbox, put-aside drops included.
    func forgetGone(from scanner: InboxScanner) throws {
        let known = state.withLock { $0.sources }
        var present: Set<KeptSource> = []
        for name in known.isEmpty ? [] : try scanner.names() {
            guard let entry = try scanner.scan(name) else { continue }
            // What can't be seen may be there.
            guard entry.excess == nil, entry.unreadable.isEmpty else { return }
            present.formUnion(entry.files.lazy.map { KeptSource($0.stamp) }.filter(known.contains))
        }
        let gone = known.subtracting(present)
        try history.forgetSources(gone)
        state.withLock { state in
            state.sources.subtract(gone)
            let inodes = Set(gone.map { KeptFile(device: $0.device, inode: $0.inode) })
            state.named.subtract(inodes)
            state.names = state.names.filter { !inodes.contains(KeptFile($0)) }
            state.checkAt = max(fewest, 2 * state.sources.count)
        }
    }
}

extension KeptSource {
    init(_ stamp: FileStamp) {
        self.init(device: stamp.device, inode: stamp.inode, size: stamp.size, changed: stamp.changed)
    }
}

/// What a kept file is known by, whatever its names.
private struct KeptFile: Hashable {
    let device: UInt64
    let inode: UInt64

    init(device: UInt64, inode: UInt64) { (self.device, self.inode) = (device, inode) }

    init(_ name: KeptName) { (device, inode) = (name.device, name.inode) }
}

extension KeptName {
    fileprivate init(_ file: InboxFile, of drop: RawPath) {
        let drop = NameRules.originalName(ofAside: drop) ?? drop
        self.init(device: file.stamp.device, inode: file.stamp.inode, path: drop.appending(file.path).bytes)
    }
}
