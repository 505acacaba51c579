internal import Synchronization

/// What the training service needs to know about the intake: whether it is busy, and whether pictures have come in.
package final class InboxActivity: Sendable {
    private struct State {
        var busy = 0
        var newDrops = 0
    }

    private let state = Mutex(State())

    package init() {}

    /// Whether a call of ``whileBusy(_:)`` is running.
    package var isBusy: Bool { state.withLock { $0.busy > 0 } }

    /// Whether pictures have come in since the last call.
    package func takeNewDrops() -> Bool {
        state.withLock { state in
            defer { state.newDrops = 0 }
            return state.newDrops > 0
        }
    }

    /// Counts as busy while `body` runs; `body` returns how many pictures came in.
    package func whileBusy<Result>(_ body: () async throws -> (result: Result, accepted: Int)) async rethrows -> Result
    {
        state.withLock { $0.busy += 1 }
        defer { state.withLock { $0.busy -= 1 } }
        let (result, accepted) = try await body()
        if accepted > 0 { state.withLock { $0.newDrops += 1 } }
        return result
    }
}
