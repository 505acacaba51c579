internal import UnixSignals

/// Turns Control-C and SIGTERM into cancellation, so that work stops where it can be resumed.
package enum Interruption {
    /// Runs `body` and cancels it at the first signal.
    ///
    /// - Throws: what `body` throws, and `CancellationError` if it ended without a result.
    package static func cancelling<Result: Sendable>(
        _ body: @escaping @Sendable () async throws -> Result
    ) async throws -> Result {
        let signals = await UnixSignalsSequence(trapping: .sigint, .sigterm)
        return try await withThrowingTaskGroup(of: Result?.self) { group in
            group.addTask { try await body() }
            group.addTask {
                for await _ in signals { return nil }
                return nil
            }
            if let result = try await group.next() ?? nil {
                group.cancelAll()
                return result
            }
            // A signal. Work that can't be cancelled any more is finished, and its result counts.
            group.cancelAll()
            guard let result = try await group.next() ?? nil else { throw CancellationError() }
            return result
        }
    }
}
