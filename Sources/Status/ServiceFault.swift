package import Intake
package import Records
package import System

/// What stops a part of the service from working: a code with its numbers. ``text`` makes the sentence, where the
/// status is written.
package enum ServiceFault: Hashable, Sendable {
    /// These parts have been silent for so many seconds.
    case noProgress(parts: [String], seconds: Double)
    /// The inbox can't be read.
    case inbox(FileFailure)
    /// The inbox is polled although it should be watched.
    case polling(WatchFault)
    /// Pictures wait here, and in so many more places, that will never be taken without somebody's help.
    case notTaken(path: String, WaitingReason, more: Int)
    /// Runs can't be started, resumed or recorded: what the error, which may be any library's, says of itself.
    case training(String)
    case failedRun(RunID, RunReason?)
    /// The outbox doesn't follow the history: what the error says of itself.
    case outbox(String)
    /// The features in use need more bytes than the settings allow.
    case features(bytes: Int, limit: Int)
    /// The history can't be backed up: what the error says of itself.
    case backup(String)
}

extension ServiceFault {
    package var text: String {
        switch self {
        case .noProgress(let parts, let seconds):
            "no progress for \(ServiceStatus.timeSpan(seconds)): \(parts.joined(separator: ", "))"
        case .inbox(let failure): "the inbox: \(failure)"
        case .polling(let fault): "the inbox is polled: \(fault)"
        case .notTaken(let path, let reason, let more):
            "not taken: \(path) \(reason)" + (more > 0 ? ", and \(more) more (cultivar status)" : "")
        case .training(let message): "training is blocked: \(message)"
        case .failedRun(let run, let reason): "run \(run) failed: \(reason?.text ?? "")"
        case .outbox(let message): "the outbox doesn't show the model that the history names: \(message)"
        case .features(let bytes, let limit):
            "the features in use need \(ServiceStatus.size(bytes)), more than features.max_size "
                + "(\(ServiceStatus.size(limit)))"
        case .backup(let message): "the history isn't backed up: \(message)"
        }
    }
}
