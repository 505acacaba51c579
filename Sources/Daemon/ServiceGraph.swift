internal import Archive
internal import Installation
package import Logging
internal import ServiceLifecycle
package import Settings
internal import Status
internal import System
internal import SystemPackage
internal import Training
internal import UnixSignals
internal import Workers

/// The daemon: everything that `cultivar daemon` runs, from an installation's settings to a clean stop.
package enum ServiceGraph {
    /// Runs until SIGTERM or SIGINT; running work is then interrupted so that it can be resumed.
    ///
    /// Throws what opening the `Installation` throws, such as `DaemonLockFailure` if another process is using the state
    /// folder.
    package static func run(settings: Settings, logger: Logger) async throws {
        let (intake, training, backup) = (Heartbeat("the intake"), Heartbeat("the training"), Heartbeat("the backup"))
        // It writes nothing before there is an installation.
        let status = StatusBoard(file: StateFolder(FilePath(settings.paths.state)).status)
        let installation = try Installation(
            settings: settings, logger: logger, pool: WorkerPool(beat: { training.beat() }), status: status)
        status.begin(.idle, run: nil)
        try prepare(installation, status: status)
        let activity = InboxActivity()
        let group = try ServiceGroup(
            configuration: ServiceGroupConfiguration(
                services: [
                    .init(
                        service: IntakeService(installation, activity: activity, status: status, heartbeat: intake)),
                    .init(
                        service: TrainingService(
                            installation, activity: activity, status: status, heartbeat: training)),
                    .init(
                        service: BackupService(installation, activity: activity, status: status, heartbeat: backup)),
                    .init(
                        service: NotificationService(
                            notifier: SystemdNotifier(), status: status, heartbeats: [intake, training, backup],
                            logger: logger)),
                ],
                gracefulShutdownSignals: [.sigterm, .sigint], logger: logger))
        logger.info(
            "cultivar is watching",
            metadata: [
                "paths.inbox": "\(settings.paths.inbox)", "paths.outbox": "\(settings.paths.outbox)",
                "paths.state": "\(settings.paths.state)",
            ])
        try await group.run()
        status.begin(.idle, run: nil)
        logger.info("cultivar has stopped")
    }

    /// Removes what an earlier process left half-done, and makes the outbox agree with the history.
    ///
    /// If the outbox can't be made to agree, for example because a version's files and its backbone are both gone,
    /// people can still drop pictures and train a new model.
    private static func prepare(_ installation: Installation, status: StatusBoard) throws {
        let inbox = FilePath(installation.settings.paths.inbox)
        // If it can't be created, the intake says so and waits for it.
        do { try Files.makeFolder(inbox, permissions: [.ownerReadWriteExecute, .groupReadWriteExecute]) } catch {
            installation.logger.warning("no inbox", metadata: ["inbox.error": "\(error)"])
        }
        for problem in installation.library.problems(with: installation.settings.search) {
            installation.logger.warning("training will fail", metadata: ["backbone.problem": "\(problem)"])
        }
        let leftovers = try installation.store.removeLeftovers()
        if leftovers > 0 { installation.logger.info("unfinished copies removed", metadata: ["count": "\(leftovers)"]) }
        do {
            try ModelPublisher(
                history: installation.history, outbox: installation.outbox, library: installation.library
            ).agree()
        } catch {
            status.setDegraded(.outbox("\(error)"), in: .outbox)
            installation.logger.error(
                "the outbox doesn't agree with the history", metadata: ["outbox.error": "\(error)"])
        }
    }
}
