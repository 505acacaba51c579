internal import Archive
internal import Installation
internal import Logging
internal import Records
internal import ServiceLifecycle
internal import Settings
internal import Status
internal import Workers

/// Backs up the history when that is due, until the service is asked to stop; a backup that isn't finished then leaves
/// nothing that counts, and is made by the next process.
struct BackupService: Service {
    private let history: History
    private let backups: HistoryBackups
    private let settings: Settings.Backup
    private let pool: WorkerPool
    private let activity: InboxActivity
    private let status: StatusBoard
    private let heartbeat: Heartbeat
    private let logger: Logger

    init(_ installation: Installation, activity: InboxActivity, status: StatusBoard, heartbeat: Heartbeat) {
        history = installation.history
        backups = HistoryBackups(installation.state)
        settings = installation.settings.backup
        pool = WorkerPool(workerCount: 1, beat: { heartbeat.beat() })
        self.activity = activity
        self.status = status
        self.heartbeat = heartbeat
        logger = installation.logger
    }

    func run() async {
        await cancelWhenGracefulShutdown {
            var (quiet, backoff) = (QuietWait(), Backoff())
            while !Task.isCancelled {
                heartbeat.beat()
                if backoff.isOver(at: MonotonicClock.now) {
                    backoff.note(success: await look(&quiet), at: MonotonicClock.now)
                }
                // Cancellation ends the sleep early, and then the loop.
                try? await Task.sleep(for: Self.nap)
            }
        }
    }

    /// Makes a backup if one is due and the inbox is quiet; false if that failed, in which nothing else is stopped.
    private func look(_ quiet: inout QuietWait) async -> Bool {
        await status.attempt(
            .backup, fault: ServiceFault.backup, logger: logger, "history not backed up, will be tried again",
            key: "backup.error"
        ) {
            let now = Timestamp.now
            if try isDue(at: now) {
                guard quiet.isOver(at: MonotonicClock.now, inboxIsBusy: activity.isBusy) else { return false }
                try await makeBackup(at: now)
            }
            quiet = QuietWait()
            return true
        }
    }

    /// A history without pictures has nothing to keep, and must not push out the backups of one that had.
    private func isDue(at now: Timestamp) throws -> Bool {
        guard settings.interval > 0, try history.lastPicture() > 0 else { return false }
        return try backups.isDue(every: settings.interval, at: now)
    }

    private func makeBackup(at now: Timestamp) async throws {
        let file = try await pool.run { [backups, history, settings] worker in
            try backups.make(of: history, at: now, keep: settings.keep) { try worker.cancellation.check() }
        }
        logger.info("history backed up", metadata: ["backup.file": "\(file)"])
    }

    private static let nap = Duration.seconds(1)
}

/// How long a backup that is due waits for a quiet inbox: four hours at most, so that a place where drops never stop
/// coming has backups, too.
///
/// A value without a clock: monotonic seconds go in.
struct QuietWait {
    private static let longest = 4 * 3600.0
    private var start: Double?

    /// Whether the waiting, which begins with the first call, is over.
    mutating func isOver(at now: Double, inboxIsBusy: Bool) -> Bool {
        let since = start ?? now
        start = since
        return !inboxIsBusy || now - since >= Self.longest
    }
}
