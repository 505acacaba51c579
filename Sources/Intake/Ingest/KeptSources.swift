internal import Archive
internal import Records
internal import Synchronization
internal import System

/// The files that have been taken but couldn't be removed from the inbox: no process takes them again. They are stored
/// in the history; here they are in memory for every scan.
final class KeptSources: Sendable {
    private struct State {
        var sources: Set<KeptSource>
        /// The names of files that have several.
        var names: Set<KeptName>
        /// The files with a known name.
        var named: Set<KeptFile>
        /// When there are this many, it is checked which of them still exist: twice as many as the last time.
        var checkAt: Int
    }

    private let history: History
    private let state: Mutex<State>
    private let fewest: Int

    /// - Parameter fewest: up to this number, they are never checked while drops come in.
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

    /// Remembers files of a drop by their paths in it. They are on the disk when this returns.
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

    /// Whether a file of a drop, set aside or not, has been taken. Another name of such a file counts as another file.
    func contains(_ file: InboxFile, of drop: RawPath) -> Bool {
        state.withLock { state in
            guard state.sources.contains(KeptSource(file.stamp)) else { return false }
            guard file.links > 1 else { return true }
            let name = KeptName(file, of: drop)
            return state.names.contains(name) || !state.named.contains(KeptFile(name))
        }
    }

    /// Whether all that there is to take in a drop has been taken in.
    func holdAll(of drop: EntrySnapshot) -> Bool {
        !drop.withholdsPictures && drop.takeable.allSatisfy { contains($0, of: drop.name) }
    }

    /// Whether many have been added since the last check.
    var areDueForCheck: Bool { state.withLock { $0.sources.count >= $0.checkAt } }

    /// Forgets those that are no longer anywhere in the inbox, including drops that were set aside.
    func forgetGone(from scanner: InboxScanner) throws {
        let known = state.withLock { $0.sources }
        var present: Set<KeptSource> = []
        for name in known.isEmpty ? [] : try scanner.names() {
            guard let entry = try scanner.scan(name) else { continue }
            // What can't be read may still be there.
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

/// What identifies a kept file, whatever its names.
private struct KeptFile: Hashable {
    let device: UInt64
    let inode: UInt64

    init(device: UInt64, inode: UInt64) { (self.device, self.inode) = (device, inode) }

    init(_ name: KeptName) { (device, inode) = (name.device, name.inode) }
}

extension KeptName {
    fileprivate init(_ file: InboxFile, of drop: RawPath) {
        let drop = NameRules.originalName(ofAside: drop) ?? drop
        self.init(device: file.stamp.device, inode: file.stamp.inode, path: drop.appending(file.path))
    }
}
