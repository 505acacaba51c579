internal import Archive
internal import Logging
internal import Pipeline
internal import ServiceLifecycle

/// Trains when it is time to, until the service is asked to stop; a run that is under way then is gone on with later.
struct TrainingService: Service {
    private let trainer: Trainer
    private let history: History
    private let settings: Settings.Train
    private let activity: InboxActivity
    private let status: StatusBoard
    private let logger: Logger

    init(_ installation: Installation, activity: InboxActivity, status: StatusBoard) {
        trainer = Trainer(installation, status: status)
        history = installation.history
        settings = installation.settings.train
        self.activity = activity
        self.status = status
        logger = installation.logger
    }

    func run() async {
        await cancelWhenGracefulShutdown {
            var schedule = TrainingSchedule(settings, now: Self.now)
            var isWell = await attempt {
                _ = try await trainer.resume()
                if try hasNewPictures() { schedule.noteDrop() }
            }
            while true {
                // Cancellation ends the nap early, and then the loop.
                try? await Task.sleep(for: isWell ? Self.nap : Self.pauseAfterFault)
                if Task.isCancelled { return }
                let wasWell = isWell
                isWell = await attempt { try await look(&schedule) }
                if isWell, !wasWell { status.setDegraded(nil, in: .training) }
            }
        }
    }

    /// Whether drops came in that no run has seen: the process before may have ended between the two.
    private func hasNewPictures() throws -> Bool {
        try history.lastPicture() > history.lastPicture(ofRunsWith: Set(RunOutcome.allCases))
    }

    private func look(_ schedule: inout TrainingSchedule) async throws {
        if activity.takeNewDrops() { schedule.noteDrop() }
        let requests = try history.pendingRequests()
        switch schedule.due(at: Self.now, hasRequest: !requests.isEmpty, inboxIsBusy: activity.isBusy) {
        case .request: _ = try await trainer.train(.request, requests: requests)
        case .drop: _ = try await trainer.train(.drop)
        case .schedule: _ = try await trainer.train(.schedule)
        case nil: return
        }
        schedule.noteLook(at: Self.now)
    }

    /// False where a fault of the environment keeps a run from being recorded; a later look tries again.
    private func attempt(_ body: () async throws -> Void) async -> Bool {
        do {
            try await body()
            return true
        } catch is CancellationError {
            return true
        } catch {
            status.setDegraded("can't record a training run: \(error)", in: .training)
            logger.error("training not possible, to be tried again", metadata: ["error": "\(error)"])
            return false
        }
    }

    private static let nap = Duration.seconds(1)
    private static let pauseAfterFault = Duration.seconds(30)

    /// Monotonic seconds.
    private static var now: Double { (ContinuousClock.now - start) / .seconds(1) }
    private static let start = ContinuousClock.now
}
