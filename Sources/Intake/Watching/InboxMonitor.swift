internal import Foundation
package import Logging
internal import System
package import SystemPackage
internal import Workers

/// Finds complete drops and hands them over one at a time.
package struct InboxMonitor: Sendable {
    /// Handles a drop that has settled.
    package typealias Handler = @Sendable (DropCandidate, InboxScanner) async throws -> HandledDrop

    package let inbox: FilePath
    package let settings: WatchSettings
    private let logger: Logger

    package init(inbox: FilePath, settings: WatchSettings, logger: Logger) {
        self.inbox = inbox
        self.settings = settings
        self.logger = logger
    }

    /// Watches until the task is cancelled, then returns. Throws only what `handle` throws, except a `FileFailure`,
    /// which counts as a problem of the inbox.
    ///
    /// An inbox that is missing or can't be read is reported in the log and waited for.
    ///
    /// - Parameter waiting: the list to begin with.
    package func run(
        _ handle: Handler, observer: MonitorObserver = MonitorObserver(),
        waiting: WaitingList = WaitingList(maxFileBytes: .max)
    ) async throws {
        let watcher = InboxWatcher(
            inbox: inbox, rules: settings.rules, mode: settings.mode, pollInterval: settings.pollInterval)
        defer { watcher.stop() }
        var round = MonitorRound(
            inbox: inbox, settings: settings, watcher: watcher, waiting: waiting, logger: logger, observer: observer)
        for await _ in watcher.wakeUps {
            repeat {
                observer.beat()
                try await round.run(handle)
            } while await round.waitsForNext()
        }
    }
}

/// The monitor's state, and what it does when it wakes up.
private struct MonitorRound {
    typealias Instant = SettleTracker.Instant

    let inbox: FilePath
    let settings: WatchSettings
    let watcher: InboxWatcher
    let logger: Logger
    let observer: MonitorObserver
    /// Scans block, so they have their own thread.
    private let scanThread = WorkerPool(workerCount: 1)
    private var tracker: SettleTracker
    private var waiting: WaitingList
    private var told: (items: [WaitingItem], at: Instant)?
    /// Whether something has happened since then.
    private var hasNews = false
    private var rules: NameRules
    private var approved: Set<RawPath> = []
    private var scanner: InboxScanner?
    /// What was seen of the entries since the handler was last informed.
    private var looked: [RawPath: EntrySnapshot?] = [:]
    /// It isn't told of more before, as it couldn't deal with what it was told.
    private var nextTelling = SuspendingClock.now
    private var schedule = LookSchedule()
    private var nextFullScan = SuspendingClock.now
    private var reportedFailure: FileFailure?
    private var isSaidToPoll = false

    private static let longestNap = Duration.milliseconds(900)
    /// How often the list of what waits is updated even if nothing has happened: some of it depends on time.
    private static let listInterval = Duration.seconds(5)
    private static let shortestListInterval = Duration.seconds(1)

    init(
        inbox: FilePath, settings: WatchSettings, watcher: InboxWatcher, waiting: WaitingList, logger: Logger,
        observer: MonitorObserver
    ) {
        self.waiting = waiting
        rules = settings.rules
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
            askForApprovals()
            try await look()
            try await handOver(handle)
            await tellOfLooks()
            tellWhatWaits()
            report(nil)
        } catch let failure as FileFailure {
            scanner = nil
            if failure.errno != .canceled { report(failure) }
        }
    }

    /// Hands over each drop that has settled by now, and each only once: one in which something always has keeps nobody
    /// else waiting.
    private mutating func handOver(_ handle: InboxMonitor.Handler) async throws {
        var hasTakenTime = false
        for name in tracker.settled(at: .now).map(\.name) {
            if hasTakenTime {
                await scan([name])
                try await look()
            }
            guard let scanner, let candidate = tracker.settled(name, at: .now) else { continue }
            waiting.noteBeginning(of: name)
            tellWhatWaits()
            let result = try await handle(candidate, scanner)
            await finish(candidate, result)
            hasTakenTime = true
        }
    }

    private mutating func tellOfLooks() async {
        guard let scanner, !looked.isEmpty, nextTelling <= .now else { return }
        let seen = looked
        looked = [:]
        hasNews = true
        let entries = seen.mapValues { snapshot in
            snapshot.map { SeenEntry(snapshot: $0, isStill: tracker.isStill($0.name)) }
        }
        guard let pause = await observer.looked(entries, scanner) else { return }
        looked.merge(seen) { newer, _ in newer }
        nextTelling = .now.advanced(by: pause)
    }

    /// Sleeps until the next entry is due, if that is before the watcher's next tick; false if it isn't.
    func waitsForNext() async -> Bool {
        guard let deadline = nextScan, deadline < .now.advanced(by: Self.longestNap) else { return false }
        return (try? await Task.sleep(until: deadline, clock: .suspending)) != nil
    }

    private var nextScan: Instant? {
        let due = tracker.nextDeadline.map { max($0, .now.advanced(by: LookSchedule.shortestGap)) }
        return [schedule.next, due].compactMap { $0 }.min()
    }

    /// Which names may be taken changes when somebody asks for one.
    private mutating func askForApprovals() {
        let now = observer.approved()
        guard now != approved else { return }
        approved = now
        rules = settings.rules.approving(now)
        scanner = nil
    }

    private mutating func look() async throws(FileFailure) {
        takeHints()
        if scanner == nil || nextFullScan <= .now {
            try await scanAll()
        } else {
            let now = Instant.now
            let waits = waiting.nextLooks.filter { $0.value <= now }.keys
            await scan(schedule.due(at: now, settling: tracker.due(at: now), waiting: waits))
        }
        takeHints()
    }

    /// Processes what the watcher has noticed.
    private mutating func takeHints() {
        let hints = watcher.takeHints()
        for notice in hints.notices { tell(notice) }
        let now = Instant.now
        for name in hints.arrived {
            tracker.arrivedWhole(name, at: now)
            schedule.noteArrival(of: name)
        }
        for name in hints.changed { tracker.disturb(name) }
        schedule.noteChanges(of: hints.changed)
        if hints.rescan { nextFullScan = now }
    }

    /// Scans the folder to which the inbox's path leads now; it may be another one than before.
    private mutating func scanAll() async throws(FileFailure) {
        if scanner?.isCurrent != true {
            scanner = try InboxScanner(
                inbox: inbox, limits: settings.limits, rules: rules, beingWritten: watcher.beingWritten,
                beat: observer.beat)
        }
        guard let scanner else { return }
        let names = try await onScanThread { () throws(FileFailure) in try scanner.names() }
        for name in waiting.names.subtracting(names) { looked.updateValue(nil, forKey: name) }
        tracker.retain(names)
        waiting.retain(names)
        schedule.retain(names)
        await scan(names)
        nextFullScan = .now.advanced(by: settings.rescanInterval)
    }

    private mutating func scan(_ names: Set<RawPath>) async {
        for name in names.sorted() {
            let start = Instant.now
            guard let snapshot = await look(into: name) else { continue }
            let end = Instant.now
            schedule.noteScan(of: name, from: start, until: end)
            // Entries that aren't to be taken needn't settle.
            if snapshot.standing == .takeable {
                tracker.observe(snapshot, at: start, until: end)
            } else {
                tracker.forget(name)
            }
            waiting.observe(snapshot, at: end)
        }
    }

    private mutating func finish(_ candidate: DropCandidate, _ result: HandledDrop) async {
        takeHints()
        guard let left = await look(into: candidate.name) else { return }
        tracker.handled(candidate, left: left, pause: result.lookAgainAfter, at: .now)
        waiting.observe(left, at: .now)
        waiting.noteResult(result, of: candidate)
    }

    /// The contents of an entry; nil if it is gone or can't be read at the moment.
    private mutating func look(into name: RawPath) async -> EntrySnapshot? {
        guard let scanner else { return nil }
        do {
            let snapshot = try await onScanThread { () throws(FileFailure) in try scanner.scan(name) }
            looked.updateValue(snapshot, forKey: name)
            if snapshot != nil { return snapshot }
            schedule.noteLook(at: name)
            waiting.forget(name)
        } catch {
            if error.errno != .canceled { waiting.noteFailure(error, of: name) }
            schedule.noteFailure(of: name, at: .now)
        }
        tracker.forget(name)
        return nil
    }

    /// Reports what waits, if that has changed. The list is updated at most once a second, because it may be long.
    private mutating func tellWhatWaits() {
        let now = Instant.now
        let interval = hasNews ? Self.shortestListInterval : Self.listInterval
        if let told, told.at.advanced(by: interval) > now { return }
        hasNews = false
        let items = waiting.items(at: Date(), isTakenIn: observer.isTakenIn)
        let isNews = told.map { $0.items != items } ?? true
        told = (items, now)
        if isNews { observer.waitingChanged(items) }
    }

    private func onScanThread<Result: Sendable>(
        _ body: @escaping @Sendable () throws(FileFailure) -> Result
    ) async throws(FileFailure) -> Result {
        do {
            return try await scanThread.run { _ in try body() }
        } catch let failure as FileFailure {
            throw failure
        } catch {
            throw FileFailure(action: "scan", path: inbox, errno: .canceled)
        }
    }
}

extension MonitorRound {
    /// Polling is reported once: without watches, inotify is tried again every minute.
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

    /// Once as long as it lasts, and nil when it is over.
    private mutating func report(_ failure: FileFailure?) {
        guard failure != reportedFailure else { return }
        reportedFailure = failure
        observer.faultChanged(failure)
    }
}
