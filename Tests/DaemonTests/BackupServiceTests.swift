import Archive
import Installation
import Records
import Settings
import Status
import Synchronization
import System
import SystemPackage
import TestInstallations
import Testing
import Workers

@testable import Daemon

@Suite("Backups while the daemon runs", .timeLimit(.minutes(2)))
struct BackupServiceTests {
    private let status = StatusBoard(file: nil)
    private let activity = InboxActivity()

    private func workshop(interval: Double) throws -> Workshop {
        var workshop = try Workshop()
        (workshop.settings.backup.interval, workshop.settings.backup.keep) = (interval, 2)
        return workshop
    }

    /// Runs the service, and ends it before this returns.
    private func serve(_ installation: Installation, _ body: () async throws -> Void) async throws {
        let heartbeat = Heartbeat("the backup")
        let service = BackupService(installation, activity: activity, status: status, heartbeat: heartbeat)
        let running = Task { await service.run() }
        var failure: (any Error)?
        do { try await body() } catch { failure = error }
        running.cancel()
        await running.value
        if let failure { throw failure }
    }

    /// Whether something comes true within half a minute.
    private func comes(_ condition: () throws -> Bool) async throws -> Bool {
        let end = ContinuousClock.now.advanced(by: .seconds(30))
        while ContinuousClock.now < end {
            if try condition() { return true }
            try await Task.sleep(for: .milliseconds(50))
        }
        return false
    }

    @Test("A history with pictures is backed up each interval, and as many backups as are wanted are kept")
    func intervals() async throws {
        let installation = try workshop(interval: 1).open()
        let backups = HistoryBackups(installation.state)
        try await serve(installation) {
            try await Task.sleep(for: .milliseconds(1500))
            let made = try backups.files
            #expect(made.isEmpty, "there are no pictures yet")
            try installation.drop()
            let hasTwo = try await comes { try backups.files.count == 2 }
            #expect(hasTwo)
            let earlier = Set(try backups.files)
            let hasTwoOthers = try await comes {
                let files = try backups.files
                return files.count == 2 && earlier.isDisjoint(with: files)
            }
            #expect(hasTwoOthers)
        }
        let copy = try #require(try backups.files.first)
        let pictures = try History.openReadOnly(copy).counts().trainPictures
        #expect(try pictures == installation.history.counts().trainPictures)
        #expect(status.status.degraded == nil)
    }

    @Test("A new process makes no other one before its time, and with an interval of 0 there is none")
    func notDue() async throws {
        for (interval, count) in [(86_400.0, 1), (0.0, 0)] {
            let installation = try workshop(interval: interval).open()
            try installation.drop()
            let backups = HistoryBackups(installation.state)
            for _ in 0..<2 {
                try await serve(installation) {
                    let isMade = try await comes { try backups.files.count == count }
                    #expect(isMade)
                    try await Task.sleep(for: .milliseconds(1500))
                }
            }
            let files = try backups.files
            #expect(files.count == count)
        }
    }

    @Test("None is made in the middle of a drop")
    func busyInbox() async throws {
        let installation = try workshop(interval: 1).open()
        try installation.drop()
        let backups = HistoryBackups(installation.state)
        try await activity.whileBusy {
            try await serve(installation) { try await Task.sleep(for: .seconds(3)) }
            let files = try backups.files
            return (result: #expect(files.isEmpty), accepted: 0)
        }
        try await serve(installation) {
            let isMade = try await comes { try !backups.files.isEmpty }
            #expect(isMade)
        }
    }

    @Test("What keeps a backup from being made is told in the log and in the status")
    func fault() async throws {
        let warnings = Mutex<[String]>([])
        let installation = try workshop(interval: 1).open { text in warnings.withLock { $0.append(text) } }
        try installation.drop()
        try Files.overwrite(installation.state.backups, with: [1])
        try await serve(installation) {
            let isTold = try await comes { status.status.degraded != nil }
            #expect(isTold)
        }
        let text = "the history isn't backed up: can't list \(installation.state.backups)"
        #expect(status.status.degraded?.hasPrefix(text) == true)
        #expect(warnings.withLock { $0 } == ["history not backed up, will be tried again"])
    }
}

@Suite("Waiting for a quiet inbox")
struct QuietWaitTests {
    @Test("It ends when the inbox is quiet, and after four hours in any case")
    func wait() {
        let fourHours = 14_400.0
        var (one, other) = (QuietWait(), QuietWait())
        let busyThenQuiet = [one.isOver(at: 100, inboxIsBusy: true), one.isOver(at: 101, inboxIsBusy: false)]
        #expect(busyThenQuiet == [false, true])
        let alwaysBusy = [100, 99 + fourHours, 100 + fourHours].map { other.isOver(at: $0, inboxIsBusy: true) }
        #expect(alwaysBusy == [false, false, true])
    }
}
