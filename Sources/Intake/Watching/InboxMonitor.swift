package import Logging
package import SystemPackage
internal import Tensors

/// How the inbox is watched.
package struct WatchSettings: Sendable, Hashable {
    /// How long a drop has to hold still.
    package var settle: Duration
    package var mode: InboxWatcher.Mode
    /// How often everything is scanned where inotify is not at work.
    package var pollInterval: Duration
    /// How often everything is scanned although inotify is at work.
    package var rescanInterval: Duration
    package var limits: ScanLimits

    package init(
        settle: Duration = .seconds(5), mode: InboxWatcher.Mode = .inotify, pollInterval: Duration = .seconds(5),
        rescanInterval: Duration = .seconds(120), limits: ScanLimits = ScanLimits()
    ) {
        self.settle = settle
        self.mode = mode
        self.pollInterval = pollInterval
        self.rescanInterval = rescanInterval
        self.limits = limits
    }
}

/// What a monitor tells of its own work, from whatever thread.
package struct MonitorObserver: Sendable {
    /// The inbox can't be looked into, and with nil that it can again.
    package var faultChanged: @Sendable (IntakeFailure?) -> Void
    /// Why the inbox is polled though it should be watched, and with nil that it is watched.
    package var pollingChanged: @Sendable (String?) -> Void
    /// A scan of the whole inbox has found these top-level entries and no others.
    package var entriesSeen: @Sendable (Set<RawPath>) -> Void
    /// The monitor is alive: about once a second while it waits, and at every step of a scan.
    package var beat: @Sendable () -> Void

    package init(
        faultChanged: @escaping @Sendable (IntakeFailure?) -> Void = { _ in },
        pollingChanged: @escaping @Sendable (String?) -> Void = { _ in },
        entriesSeen: @escaping @Sendable (Set<RawPath>) -> Void = { _ in }, beat: @escaping @Sendable () -> Void = {}
    ) {
        self.faultChanged = faultChanged
        self.pollingChanged = pollingChanged
        self.entriesSeen = entriesSeen
        self.beat = beat
    }
}

/// Finds the drops that are complete, and hands them over one at a time.
package struct InboxMonitor: Sendable {
    /// Handles a drop that has settled. What it returns is when to hand over what is left of the drop in the inbox even
    /// if nothing changes there, such as after a fault of the environment; nil is for when something changes only.
    package typealias Handler = @Sendable (DropCandidate, InboxScanner) async throws -> Duration?

    package let inbox: FilePath
    package let settings: WatchSettings
    private let logger: Logger

    package init(inbox: FilePath, settings: WatchSettings = WatchSettings(), logger: Logger) {
        self.inbox = inbox
        self.settings = settings
        self.logger = logger
    }

    /// Watches until the task is cancelled, then returns. Throws only what `handle` throws.
    ///
    /// An inbox that is missing or can't be read is reported in the log and waited for.
    package func run(_ handle: Handler, observer: MonitorObserver = MonitorObserver()) async throws {
        let watcher = InboxWatcher(inbox: inbox, mode: settings.mode, pollInterval: settings.pollInterval)
        defer { watcher.stop() }
        var round = MonitorRound(
            inbox: inbox, settings: settings, watcher: watcher, logger: logger, observer: observer)
        for await _ in watcher.wakeUps {
            repeat {
                observer.beat()
                try await round.run(handle)
            } while await round.waitsForNext()
        }
    }
}

/// The monitor's state, and what it does whenever it wakes up.
private struct MonitorRound {
    typealias Instant = SettleTracker.Instant

    let inbox: FilePath
    let settings: WatchSettings
    let watcher: InboxWatcher
    let logger: Logger
    let observer: MonitorObserver
    /// Scans block, so they have a thread of their own.
    private let scanThread = WorkerPool(workerCount: 1)
    private var tracker: SettleTracker
    private var scanner: InboxScanner?
    private var dirty: Set<RawPath> = []
    private var nextFullScan = SuspendingClock.now
    /// Entries in which much happens are not scanned all the time.
    private var notBefore: [RawPath: Instant] = [:]
    private var reportedExcess: Set<RawPath> = []
    /// The entries that can't be looked into, which keep nobody from looking into the others.
    private var failures: [RawPath: IntakeFailure] = [:]
    private var reportedFailure: IntakeFailure?
    private var isSaidToPoll = false

    private static let longestNap = Duration.milliseconds(900)
    private static let shortestScanGap = Duration.milliseconds(200)
    private static let pauseAfterFailure = Duration.seconds(10)
    /// At most a tenth of the time goes to scanning an entry again and again.
    private static let scanGapFactor = 10

    init(
        inbox: FilePath, settings: WatchSettings, watcher: InboxWatcher, logger: Logger, observer: MonitorObserver
    ) {
        self.observer = observer
        self.inbox = inbox
        self.settings = settings
        self.watcher = watcher
        self.logger = logger
        tracker = SettleTracker(settle: settings.settle)
    }

    /// Looks where the hints point, and hands over what has settled.
    mutating func run(_ handle: InboxMonitor.Handler) async throws {
        do {
            try await look()
            while let scanner, let candidate = tracker.settled(at: .now).first {
                let pause = try await handle(candidate, scanner)
                await finish(candidate, pause: pause)
                try await look()
            }
            report(failures.min { $0.key < $1.key }?.value)
        } catch let failure as IntakeFailure {
            scanner = nil
            if failure.errno != .canceled { report(failure) }
        }
    }

    /// Naps until the next entry is due, if that is sooner than the watcher's next tick; false if not.
    func waitsForNext() async -> Bool {
        guard let deadline = nextScan, deadline < .now.advanced(by: Self.longestNap) else { return false }
        return (try? await Task.sleep(until: deadline, clock: .suspending)) != nil
    }

    private var nextScan: Instant? {
        let pending = dirty.compactMap { notBefore[$0] }.min()
        let due = tracker.nextDeadline.map { max($0, .now.advanced(by: Self.shortestScanGap)) }
        return [pending, due].compactMap { $0 }.min()
    }

    private mutating func look() async throws(IntakeFailure) {
        takeHints()
        if scanner == nil || nextFullScan <= .now {
            try await scanAll()
        } else {
            let now = Instant.now
            let rested = dirty.filter { notBefore[$0].map { $0 <= now } ?? true }
            // One in which nothing happens is looked at when it may have settled, however long a scan of it takes.
            let names = rested.union(tracker.due(at: now).filter { !dirty.contains($0) })
            await scan(names)
        }
        takeHints()
        reportExcess()
    }

    /// Takes what the watcher has heard into account.
    private mutating func takeHints() {
        let hints = watcher.takeHints()
        for notice in hints.notices { tell(notice) }
        let now = Instant.now
        for name in hints.arrived {
            tracker.arrivedWhole(name, at: now)
            notBefore[name] = nil
        }
        for name in hints.changed { tracker.disturb(name) }
        dirty.formUnion(hints.arrived.union(hints.changed).filter { !FileNames.isWaiting($0) })
        if hints.rescan { nextFullScan = now }
    }

    /// Looks into the folder that the inbox's path leads to now, which may be another one than before.
    private mutating func scanAll() async throws(IntakeFailure) {
        if scanner?.isCurrent != true {
            scanner = try InboxScanner(
                inbox: inbox, limits: settings.limits, beingWritten: watcher.beingWritten, beat: observer.beat)
        }
        guard let scanner else { return }
        let names = try await onScanThread { () throws(IntakeFailure) in try scanner.names() }
        tracker.retain(names)
        notBefore = notBefore.filter { names.contains($0.key) }
        dirty.formIntersection(names)
        failures = failures.filter { names.contains($0.key) }
        observer.entriesSeen(names)
        await scan(names.filter { FileNames.isTakeable($0) })
        nextFullScan = .now.advanced(by: settings.rescanInterval)
    }

    private mutating func scan(_ names: Set<RawPath>) async {
        for name in names.sorted() {
            let start = Instant.now
            guard let snapshot = await look(into: name) else { continue }
            let end = Instant.now
            dirty.remove(name)
            notBefore[name] = end.advanced(by: max(Self.shortestScanGap, start.duration(to: end) * Self.scanGapFactor))
            tracker.observe(snapshot, at: start, until: end)
        }
    }

    private mutating func finish(_ candidate: DropCandidate, pause: Duration?) async {
        takeHints()
        guard let left = await look(into: candidate.name) else { return }
        tracker.handled(candidate, left: left, pause: pause, at: .now)
    }

    /// What is in an entry; nil where it is gone, or can't be looked into for now.
    private mutating func look(into name: RawPath) async -> EntrySnapshot? {
        guard let scanner else { return nil }
        do {
            let snapshot = try await onScanThread { () throws(IntakeFailure) in try scanner.scan(name) }
            failures[name] = nil
            if snapshot != nil { return snapshot }
            dirty.remove(name)
        } catch {
            if error.errno != .canceled { failures[name] = error }
            dirty.insert(name)
            notBefore[name] = .now.advanced(by: Self.pauseAfterFailure)
        }
        tracker.forget(name)
        return nil
    }

    private func onScanThread<Result: Sendable>(
        _ body: @escaping @Sendable () throws(IntakeFailure) -> Result
    ) async throws(IntakeFailure) -> Result {
        do {
            return try await scanThread.run { _ in try body() }
        } catch let failure as IntakeFailure {
            throw failure
        } catch {
            throw IntakeFailure(action: "scan", path: inbox.description, errno: .canceled)
        }
    }
}

extension MonitorRound {
    /// That it polls is said once: without watches, inotify is tried again every minute.
    private mutating func tell(_ notice: WatchNotice) {
        switch notice {
        case .polling where isSaidToPoll: return
        case .polling(let reason):
            isSaidToPoll = true
            if settings.mode == .inotify { observer.pollingChanged(reason) }
        case .watching:
            isSaidToPoll = false
            observer.pollingChanged(nil)
        case .overflow, .inboxReplaced, .inboxMissing: break
        }
        let level: Logger.Level =
            switch notice {
            case .watching, .overflow: .info
            case .polling where settings.mode == .poll: .info
            case .polling, .inboxReplaced, .inboxMissing: .warning
            }
        logger.log(level: level, "inbox watch", metadata: ["intake.state": "\(notice)"])
    }

    /// Once for as long as it lasts, and nil when it has passed.
    private mutating func report(_ failure: IntakeFailure?) {
        guard failure != reportedFailure else { return }
        reportedFailure = failure
        observer.faultChanged(failure)
        if let failure { logger.error("can't look into the inbox", metadata: ["intake.error": "\(failure)"]) }
    }

    private mutating func reportExcess() {
        let heldBack = tracker.heldBack
        for (name, excess) in heldBack where !reportedExcess.contains(name) {
            logger.warning(
                "a drop is left alone",
                metadata: ["intake.drop": "\(name.escaped)", "intake.reason": "\(excess)"])
        }
        reportedExcess = Set(heldBack.keys)
    }
}
