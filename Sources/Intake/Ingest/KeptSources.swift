internal import Archive
internal import Synchronization

/// The files that were taken in but could not be removed from the inbox: they are not taken in again, by whichever
/// process. The history has them; here they are at hand for every scan.
final class KeptSources: Sendable {
    private struct State {
        var sources: Set<KeptSource>
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
        state = Mutex(State(sources: sources, checkAt: max(fewest, 2 * sources.count)))
    }

    /// Remembers files of a drop. They are on the disk when it returns.
    func insert(_ stamps: [FileStamp], of drop: DropID) throws {
        let sources = stamps.map(KeptSource.init)
        try history.keepSources(sources, of: drop, at: .now)
        state.withLock { $0.sources.formUnion(sources) }
    }

    func contains(_ stamp: FileStamp) -> Bool { state.withLock { $0.sources.contains(KeptSource(stamp)) } }

    /// Whether many have come since it was last looked which are still there.
    var areDueForCheck: Bool { state.withLock { $0.sources.count >= $0.checkAt } }

    /// Forgets those that are no longer anywhere in the inbox, put-aside drops included.
    func forgetGone(from scanner: InboxScanner) throws {
        let known = state.withLock { $0.sources }
        var present: Set<KeptSource> = []
        for name in known.isEmpty ? [] : try scanner.names() {
            guard let files = try scanner.scan(name)?.files else { continue }
            present.formUnion(files.lazy.map { KeptSource($0.stamp) }.filter(known.contains))
        }
        let gone = known.subtracting(present)
        try history.forgetSources(gone)
        state.withLock { state in
            state.sources.subtract(gone)
            state.checkAt = max(fewest, 2 * state.sources.count)
        }
    }
}

extension KeptSource {
    init(_ stamp: FileStamp) {
        self.init(device: stamp.device, inode: stamp.inode, size: stamp.size, changed: stamp.changed)
    }
}
