internal import Archive
internal import Intake
internal import Logging
internal import Pipeline
internal import ServiceLifecycle
internal import SystemPackage
internal import Tensors

/// Watches the inbox and takes in what settles there, until the service is asked to stop.
struct IntakeService: Service {
    private let monitor: InboxMonitor
    private let ingestor: Ingestor
    private let activity: InboxActivity
    private let faults: DropFaults
    private let status: StatusBoard
    private let heartbeat: Heartbeat
    private let logger: Logger

    init(_ installation: Installation, activity: InboxActivity, status: StatusBoard, heartbeat: Heartbeat) throws {
        let settings = installation.settings
        monitor = InboxMonitor(
            inbox: FilePath(settings.paths.inbox), settings: WatchSettings(settings), logger: installation.logger)
        ingestor = try Ingestor(
            state: installation.state, store: installation.store, history: installation.history,
            pool: WorkerPool(beat: { heartbeat.beat() }),
            validator: DecoderPool(
                limits: settings.limits, maxFileBytes: settings.drops.maxFileBytes, attempts: installation.history,
                notify: { [logger = installation.logger] notice in
                    logger.warning("picture decoder", metadata: ["decoder.notice": "\(notice)"])
                }),
            settings: IngestSettings(
                testShare: settings.inbox.testShare, splitFolders: settings.inbox.splitFolders,
                maxFileBytes: settings.drops.maxFileBytes))
        self.activity = activity
        self.status = status
        self.heartbeat = heartbeat
        faults = DropFaults { status.setDegraded($0, in: .intake) }
        logger = installation.logger
    }

    func run() async throws {
        let observer = MonitorObserver(
            faultChanged: { status.setDegraded($0.map { "the inbox: \($0)" }, in: .inbox) },
            pollingChanged: { status.setDegraded($0.map { "the inbox is polled: \($0)" }, in: .watch) },
            entriesSeen: { faults.retain($0) }, beat: { heartbeat.beat() })
        try await cancelWhenGracefulShutdown {
            try await forgetVanished(observer.beat)
            try await monitor.run(
                { candidate, scanner in try await take(candidate, from: scanner) }, observer: observer)
        }
    }

    /// Closes the books on what an earlier process has left. A missing inbox is the monitor's to report.
    private func forgetVanished(_ beat: @escaping @Sendable () -> Void) async throws {
        guard let scanner = try? InboxScanner(inbox: monitor.inbox, limits: monitor.settings.limits, beat: beat) else {
            return
        }
        do {
            try await ingestor.forgetVanished(from: scanner)
        } catch let error as CancellationError {
            throw error
        } catch {
            // The next start tries again, and nothing depends on it.
            logger.error("earlier drops not closed", metadata: ["error": "\(error)"])
        }
    }

    /// Takes one drop in. A fault of the environment leaves the rest where it is, for another try after a while.
    private func take(_ candidate: DropCandidate, from scanner: InboxScanner) async throws -> Duration? {
        do {
            let summary = try await activity.whileBusy {
                let summary = try await ingestor.ingest(candidate, from: scanner) { progress in
                    if progress.totalFiles > Self.manyFiles { log(progress) }
                }
                return (summary, summary.accepted)
            }
            if let fault = summary.fault {
                faults.note(fault, of: candidate.name)
            } else {
                faults.clear(candidate.name)
            }
            log(summary)
            return summary.lookAgainAfter
        } catch is CancellationError {
            return nil
        } catch {
            faults.note("\(error)", of: candidate.name)
            logger.error(
                "drop not taken in, to be tried again",
                metadata: ["drop.name": "\(candidate.name.escaped)", "drop.error": "\(error)"])
            return Self.pauseAfterFault
        }
    }

    private static let manyFiles = 2_000
    private static let pauseAfterFault = Duration.seconds(30)

    private func log(_ progress: IngestProgress) {
        logger.info(
            "taking in a drop",
            metadata: [
                "drop.name": "\(progress.drop.escaped)", "drop.done": "\(progress.finishedFiles)",
                "drop.files": "\(progress.totalFiles)",
            ])
    }

    private func log(_ summary: IngestSummary) {
        let counts =
            "\(summary.accepted) accepted, \(summary.duplicates) duplicates, \(summary.rejected) rejected"
        status.noteDrop("last drop \(summary.drop.escaped): \(counts)")
        var metadata: Logger.Metadata = [
            "drop.name": "\(summary.drop.escaped)", "drop.accepted": "\(summary.accepted)",
            "drop.duplicates": "\(summary.duplicates)", "drop.rejected": "\(summary.rejected)",
        ]
        for (reason, count) in summary.deferred { metadata["drop.deferred.\(reason.rawValue)"] = "\(count)" }
        if summary.kept > 0 { metadata["drop.kept"] = "\(summary.kept)" }
        logger.info("drop taken in", metadata: metadata)
        for pair in summary.newSpellings {
            logger.warning(
                "another spelling of a label",
                metadata: ["label.spelling": "\(pair.spelling)", "label.name": "\(pair.label)"])
        }
    }
}

extension WatchSettings {
    init(_ settings: Settings) {
        self.init(
            settle: .seconds(settings.inbox.settle), mode: settings.inbox.watch == .poll ? .poll : .inotify,
            limits: ScanLimits(
                depth: settings.drops.maxDepth, files: settings.drops.maxFiles, bytes: Int64(settings.drops.maxBytes)))
    }
}
