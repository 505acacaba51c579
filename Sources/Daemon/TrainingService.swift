internal import Archive
internal import Installation
internal import Logging
internal import Records
internal import ServiceLifecycle
internal import Settings
internal import Status
internal import Training
internal import Workers

/// Trains when it is time, until the service is asked to stop; a run that is in progress then is resumed later.
struct TrainingService: Service {
    private let trainer: Trainer
    private let publisher: ModelPublisher
    private let upkeep: FeatureUpkeep
    private let installation: Installation
    private let activity: InboxActivity
    private let status: StatusBoard
    private let heartbeat: Heartbeat

    private var history: History { installation.history }
    private var logger: Logger { installation.logger }

    /// - Parameter heartbeat: the one for which `installation.pool` beats, too.
    init(_ installation: Installation, activity: InboxActivity, status: StatusBoard, heartbeat: Heartbeat) {
        self.installation = installation
        trainer = Trainer(installation, status: status)
        publisher = ModelPublisher(
            history: installation.history, outbox: installation.outbox, library: installation.library)
        upkeep = FeatureUpkeep(installation, status: status)
        self.activity = activity
        self.status = status
        self.heartbeat = heartbeat
    }

    func run() async {
        await cancelWhenGracefulShutdown {
            var schedule = TrainingSchedule(installation.settings.train, now: MonotonicClock.now)
            var isFirstLook = true
            var (training, outbox) = (Backoff(), Backoff())
            await upkeep.tidy()
            while !Task.isCancelled {
                heartbeat.beat()
                if outbox.isOver(at: MonotonicClock.now) {
                    outbox.note(success: await followDecision(), at: MonotonicClock.now)
                }
                if training.isOver(at: MonotonicClock.now) {
                    let isWell = await attempt {
                        if isFirstLook, try hasNewPictures() { schedule.noteDrop() }
                        isFirstLook = false
                        try await look(&schedule)
                    }
                    training.note(success: isWell, at: MonotonicClock.now)
                }
                // Cancellation ends the sleep early, and then the loop.
                try? await Task.sleep(for: Self.nap)
            }
        }
    }

    /// Whether drops came in that no run has used: the previous process may have ended between the two.
    private func hasNewPictures() throws -> Bool {
        try history.lastPicture() > history.lastPictureOfRuns()
    }

    private func look(_ schedule: inout TrainingSchedule) async throws {
        if activity.takeNewDrops() { schedule.noteDrop() }
        await finish(try await trainer.resume())
        let requests = try history.pendingRequests()
        let hasRequest = !requests.isEmpty
        let due = schedule.due(at: MonotonicClock.now, hasRequest: hasRequest, inboxIsBusy: activity.isBusy)
        guard let trigger = due else { return }
        await finish(try await trainer.train(trigger, requests: requests))
        schedule.noteLook(at: MonotonicClock.now)
    }

    /// What follows a run. A failed one is reported until a later one doesn't fail.
    private func finish(_ run: RunSummary?) async {
        guard let run else { return }
        switch run.outcome {
        case .failed: status.setDegraded(.failedRun(run.run, run.reason), in: .run)
        case .promoted, .kept: status.setDegraded(nil, in: .run)
        case .skipped, .running: break
        }
        if run.outcome == .promoted { status.setDegraded(nil, in: .outbox) }
        await upkeep.tidy()
    }

    /// Makes the outbox agree with a decision that it couldn't follow at the time. If it still can't, the next model
    /// can be trained anyway.
    private func followDecision() async -> Bool {
        await status.attempt(
            .outbox, fault: ServiceFault.outbox, logger: logger, "the outbox doesn't agree with the history",
            key: "outbox.error"
        ) {
            guard let decision = try history.currentPublication(), decision.publishedAt == nil else { return false }
            _ = try await installation.pool.run { [publisher] _ in try publisher.agree() }
            return true
        }
    }

    /// False if a problem of the machine prevents a run from being started, resumed or recorded.
    private func attempt(_ body: () async throws -> Void) async -> Bool {
        await status.attempt(
            .training, fault: ServiceFault.training, logger: logger, "training isn't possible, will be tried again",
            key: "error"
        ) {
            try await body()
            return true
        }
    }

    private static let nap = Duration.seconds(1)
}
