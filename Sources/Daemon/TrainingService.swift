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
            await attempt { try await trainer.resume() }
            while !Task.isCancelled {
                await look(&schedule)
                // Cancellation ends the nap early, and then the loop.
                try? await Task.sleep(for: Self.nap)
            }
        }
    }

    private func look(_ schedule: inout TrainingSchedule) async {
        if activity.takeNewDrops() { schedule.noteDrop() }
        let requests: [RunRequest]
        do { requests = try history.pendingRequests() } catch { return report(error) }
        let due = schedule.due(at: Self.now, hasRequest: !requests.isEmpty, inboxIsBusy: activity.isBusy)
        switch due {
        case .request: await attempt { try await trainer.train(.request, requests: requests) }
        case .drop: await attempt { try await trainer.train(.drop) }
        case .schedule: await attempt { try await trainer.train(.schedule) }
        case nil: return
        }
        schedule.noteLook(at: Self.now)
    }

    /// What keeps a run from being recorded is a fault of the environment; the next look tries again.
    private func attempt(_ body: () async throws -> RunSummary?) async {
        do {
            _ = try await body()
            status.setDegraded(nil)
        } catch is CancellationError {
            return
        } catch {
            report(error)
        }
    }

    private func report(_ error: any Error) {
        status.setDegraded("can't record a training run: \(error)")
        logger.error("training not possible, to be tried again", metadata: ["error": "\(error)"])
    }

    private static let nap = Duration.seconds(1)

    /// Monotonic seconds.
    private static var now: Double { (ContinuousClock.now - start) / .seconds(1) }
    private static let start = ContinuousClock.now
}
