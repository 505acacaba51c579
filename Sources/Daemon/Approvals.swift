internal import Archive
internal import Intake
internal import Records
internal import Synchronization
internal import System

/// The hidden and partial paths of the inbox that somebody has asked to be taken with `cultivar take`.
final class Approvals: Sendable {
    private struct State {
        var paths: Set<RawPath> = []
        var readAt: SuspendingClock.Instant?
    }

    private let state = Mutex(State())

    /// The requests in the history, read at most once a second; the previous ones if it can't be read at the moment.
    func paths(in history: History) -> Set<RawPath> {
        let now = SuspendingClock.now
        return state.withLock { state in
            if let last = state.readAt, last.duration(to: now) < .seconds(1) { return state.paths }
            state.readAt = now
            if let requests = try? history.takeRequests() { state.paths = requests }
            return state.paths
        }
    }

    /// Forgets requests for paths that are no longer in the inbox.
    ///
    /// - Parameter seen: what was seen of the entries of the inbox; nil for an entry that is gone.
    func forget(_ seen: [RawPath: SeenEntry?], in history: History) throws {
        var gone: [RawPath] = []
        for (name, paths) in Dictionary(grouping: state.withLock { $0.paths }, by: \.first) {
            guard let found = seen[name] else { continue }
            guard let entry = found?.snapshot else {
                gone += paths
                continue
            }
            guard entry.excess == nil else { continue }
            let there = Set(entry.files.map(\.path)).union(entry.folders.map(\.path))
            gone += paths.filter { !$0.withoutFirst.bytes.isEmpty && !there.contains($0.withoutFirst) }
        }
        try history.forgetTakeRequests(gone)
    }
}
