internal import Archive
internal import Installation
internal import Intake
internal import Logging
internal import Records
internal import ServiceLifecycle
internal import Settings
internal import Status
internal import System
internal import SystemPackage
internal import Workers

/// Watches the inbox and takes settled drops until the service is asked to stop.
struct IntakeService: Service {
    private let monitor: InboxMonitor
    private let ingestor: Ingestor
    private let pool: WorkerPool
    private let approvals = Approvals()
    private let activity: InboxActivity
    private let history: History
    private let waiting: WaitingBoard
    private let status: StatusBoard
    private let heartbeat: Heartbeat
    private let maxFileBytes: Int
    private let logger: Logger

    init(_ installation: Installation, activity: InboxActivity, status: StatusBoard, heartbeat: Heartbeat) throws {
        let settings = installation.settings
        monitor = InboxMonitor(
            inbox: FilePath(settings.paths.inbox), settings: WatchSettings(settings), logger: installation.logger)
        pool = WorkerPool(beat: { heartbeat.beat() })
        ingestor = try Ingestor(
            state: installation.state, store: installation.store, history: installation.history,
            ledger: installation.ledger, pool: pool, validator: installation.decoders.forDrops(),
            settings: IngestSettings(settings))
        self.activity = activity
        self.status = status
        self.heartbeat = heartbeat
        history = installation.history
        waiting = WaitingBoard(file: installation.state.waiting)
        maxFileBytes = settings.drops.maxFileBytes
        logger = installation.logger
    }

    func run() async throws {
        let list = WaitingList(maxFileBytes: maxFileBytes, earlier: waiting.items)
        let observer = observer
        try await cancelWhenGracefulShutdown {
            try await forgetVanished(observer.beat)
            try await monitor.run(
                { candidate, scanner in try await take(candidate, from: scanner) }, observer: observer, waiting: list)
        }
    }

    private var observer: MonitorObserver {
        var observer = MonitorObserver()
        observer.faultChanged = { failure in
            status.setDegraded(failure.map(ServiceFault.inbox), in: .inbox)
            if let failure { logger.error("can't read the inbox", metadata: ["intake.error": "\(failure)"]) }
        }
        observer.pollingChanged = { status.setDegraded($0.map(ServiceFault.polling), in: .watch) }
        observer.waitingChanged = { tell($0) }
        observer.isTakenIn = { ingestor.isTakenIn($0, of: $1) }
        observer.approved = { approvals.paths(in: history) }
        observer.looked = { await settleAccounts($0, $1) }
        observer.beat = { heartbeat.beat() }
        return observer
    }

    /// Logs what starts and stops waiting in the inbox.
    private func tell(_ items: [WaitingItem]) {
        let change = waiting.replace(by: items)
        status.setDegraded(WaitingBoard.fault(items), in: .intake)
        for item in change.new.prefix(Self.mostLogged) {
            var metadata: Logger.Metadata = [
                "intake.path": "\(item.path)", "intake.code": "\(item.code.rawValue)", "intake.files": "\(item.files)",
                "intake.waits": "\(item.waitsFor)",
            ]
            metadata["intake.todo"] = item.toDo.map { "\($0)" }
            logger.log(level: item.degrades ? .warning : .info, "waiting in the inbox", metadata: metadata)
        }
        if change.new.count > Self.mostLogged {
            logger.warning(
                "more is waiting in the inbox: cultivar status names all of it",
                metadata: ["intake.paths": "\(change.new.count - Self.mostLogged)"])
        }
        for item in change.gone.prefix(Self.mostLogged) {
            logger.info(
                "no longer waiting in the inbox",
                metadata: ["intake.path": "\(item.path)", "intake.code": "\(item.code.rawValue)"])
        }
    }

    /// Finishes drops of which nothing is left to take, and forgets requests for what is gone.
    ///
    /// - Returns: how long to wait where it has to be tried again.
    private func settleAccounts(_ seen: [RawPath: SeenEntry?], _ scanner: InboxScanner) async -> Duration? {
        do {
            try await ingestor.closeDrops(seen, from: scanner)
            try approvals.forget(seen, in: history)
            return nil
        } catch {
            if !(error is CancellationError) { logger.error("can't finish drops", metadata: ["error": "\(error)"]) }
            return Self.pauseAfterFault
        }
    }

    private static let mostLogged = 100

    /// Finishes what an earlier process has left. A missing inbox is reported by the monitor.
    private func forgetVanished(_ beat: @escaping @Sendable () -> Void) async throws {
        let (inbox, settings) = (monitor.inbox, monitor.settings)
        guard let scanner = try? InboxScanner(inbox: inbox, limits: settings.limits, rules: settings.rules, beat: beat)
        else { return }
        do {
            try await ingestor.forgetVanished(from: scanner)
            try await pool.run { [approvals, history] _ in
                let names = Set(approvals.paths(in: history).map(\.first))
                let gone = try names.filter { try !scanner.holds($0) }
                try approvals.forget(Dictionary(uniqueKeysWithValues: gone.map { ($0, nil) }), in: history)
            }
        } catch let error as CancellationError {
            throw error
        } catch {
            // The next start tries again, and nothing depends on it.
            logger.error("can't finish earlier drops", metadata: ["error": "\(error)"])
        }
    }

    /// Takes one drop. If the machine has a problem, the rest stays where it is and is tried again later.
    private func take(_ candidate: DropCandidate, from scanner: InboxScanner) async throws -> HandledDrop {
        var result = HandledDrop()
        do {
            let summary = try await activity.whileBusy {
                let summary = try await ingestor.ingest(candidate, from: scanner) { progress in
                    if progress.totalFiles > Self.manyFiles { log(progress) }
                }
                return (summary, summary.accepted)
            }
            if summary.hasNews { log(summary) }
            result.lookAgainAfter = summary.lookAgainAfter
            result.deferred = summary.deferred
            result.blockedBy = summary.blockedBy
        } catch is CancellationError {
            return result
        } catch {
            result.failure = "\(error)"
            result.lookAgainAfter = Self.pauseAfterFault
            logger.error(
                "drop not taken, will be tried again",
                metadata: ["drop.name": "\(candidate.name.escaped)", "drop.error": "\(error)"])
        }
        return result
    }

    private static let manyFiles = 2_000
    private static let pauseAfterFault = Duration.seconds(30)

    private func log(_ progress: IngestProgress) {
        logger.info(
            "taking a drop",
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
        for (reason, count) in summary.deferredCounts { metadata["drop.deferred.\(reason.rawValue)"] = "\(count)" }
        if summary.kept > 0 { metadata["drop.kept"] = "\(summary.kept)" }
        if summary.passedOver > 0 { metadata["drop.passed_over"] = "\(summary.passedOver)" }
        if let layout = summary.layout { metadata["drop.layout"] = "\(layout.text)" }
        logger.info("drop taken", metadata: metadata)
        for warning in summary.layout?.warnings ?? [] {
            logger.warning(
                "the drop's folders may have another meaning",
                metadata: [
                    "drop.name": "\(summary.drop.escaped)", "drop.warning": "\(warning.code)",
                    "drop.reason": "\(warning.text)",
                ])
        }
        for pair in summary.newSpellings {
            logger.warning(
                "another spelling of a label",
                metadata: ["label.spelling": "\(pair.spelling)", "label.name": "\(pair.label)"])
        }
    }
}
