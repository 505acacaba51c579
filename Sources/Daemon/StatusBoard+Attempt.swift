internal import Logging
internal import Status

extension StatusBoard {
    /// Does a piece of a service's work. If it fails, that is logged, and shown until the part is well again.
    ///
    /// - Parameters:
    ///   - part: which the failure is shown for.
    ///   - key: of the error in the log.
    ///   - body: says whether the part is well then; not if there was nothing to do yet.
    /// - Returns: false if it failed. Being asked to stop is no failure.
    func attempt(
        _ part: Part, fault: (String) -> ServiceFault, logger: Logger, _ message: Logger.Message, key: String,
        _ body: () async throws -> Bool
    ) async -> Bool {
        do {
            if try await body() { setDegraded(nil, in: part) }
            return true
        } catch is CancellationError {
            return true
        } catch {
            setDegraded(fault("\(error)"), in: part)
            logger.error(message, metadata: [key: "\(error)"])
            return false
        }
    }
}
