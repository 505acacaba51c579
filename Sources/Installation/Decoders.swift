internal import Archive
package import Decoding
internal import Logging
internal import Settings
internal import Status
internal import Synchronization
internal import SystemPackage

/// Where the decoder processes of an installation come from. What they tell is logged, and that they can't be confined
/// is in the status, too.
package final class Decoders: Sendable {
    private let settings: Settings
    private let history: History
    private let program: FilePath
    private let logger: Logger
    private let status: StatusBoard?
    private let isKnownAsWeak = Atomic(false)

    init(_ settings: Settings, history: History, program: FilePath, logger: Logger, status: StatusBoard?) {
        self.settings = settings
        self.history = history
        self.program = program
        self.logger = logger
        self.status = status
    }

    /// For the files of drops, which are judged by the limits of the settings.
    package func forDrops() -> DecoderPool {
        DecoderPool(
            limits: settings.limits, maxFileBytes: settings.drops.maxFileBytes, attempts: history, program: program,
            notify: { [self] in note($0) })
    }

    /// For the pictures in the store, which stay usable when limits are lowered.
    ///
    /// - Parameter side: height and width of the pictures to make, in pixels.
    package func forStored(side: Int) -> DecoderPool {
        DecoderPool(
            limits: .ofStored, maxFileBytes: .max, side: side, attempts: history, program: program,
            notify: { [self] in note($0) })
    }

    /// Each pool says once that its processes can't be confined; here it is told once for all of them.
    private func note(_ notice: DecoderPool.Notice) {
        if case .weakSandbox(let problem) = notice {
            guard !isKnownAsWeak.exchange(true, ordering: .relaxed) else { return }
            status?.noteWeakSandbox(problem)
        }
        logger.warning("picture decoder", metadata: ["decoder.notice": "\(notice)"])
    }
}
