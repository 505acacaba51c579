import Foundation
import Logging
import Status
import TestSupport
import Testing
import Workers

@testable import Daemon

@Suite("The watchdog", .timeLimit(.minutes(1)))
struct WatchdogTests {
    private let socket: NotificationSocket
    private let notifier: SystemdNotifier
    private let status = StatusBoard(file: nil)

    init() throws {
        let name = "@cultivar-watchdog-\(UUID().uuidString)"
        socket = try NotificationSocket(name)
        notifier = SystemdNotifier(environment: ["NOTIFY_SOCKET": name, "WATCHDOG_USEC": "40000"])
    }

    /// Runs the service with two parts.
    private func serve(allowance: Duration, _ body: (Heartbeat, Heartbeat) async throws -> Void) async throws {
        let (one, other) = (Heartbeat("the intake"), Heartbeat("the training"))
        let service = NotificationService(
            notifier: notifier, status: status, heartbeats: [one, other], allowance: allowance,
            logger: Logger(label: "test"))
        let running = Task { await service.run() }
        defer { running.cancel() }
        #expect(socket.next() == "READY=1")
        try await body(one, other)
    }

    /// Reads on until the state comes; false where it doesn't.
    private func comes(_ state: String, within limit: Duration = .seconds(8)) -> Bool {
        let end = ContinuousClock.now.advanced(by: limit)
        while ContinuousClock.now < end, let message = socket.next() {
            if message.contains(state) { return true }
        }
        return false
    }

    private func empty() { while !socket.isSilent { _ = socket.next() } }

    @Test("It is fed while all parts beat, idle ones too")
    func alive() async throws {
        try await serve(allowance: .seconds(5)) { one, other in
            for _ in 0..<20 {
                one.beat()
                other.beat()
                #expect(comes("WATCHDOG=1"))
            }
            #expect(status.status.degraded == nil)
        }
    }

    @Test("It isn't fed while a part is silent, which is said, and is again when that part gets on", arguments: [0, 1])
    func hanging(_ index: Int) async throws {
        try await serve(allowance: .milliseconds(500)) { one, other in
            let (hanging, lively) = index == 0 ? (one, other) : (other, one)
            let beating = Task {
                while !Task.isCancelled {
                    lively.beat()
                    try await Task.sleep(for: .milliseconds(20))
                }
            }
            defer { beating.cancel() }
            hanging.beat()
            #expect(comes("STATUS=degraded: no progress for 1 s: \(hanging.part), watching"))
            #expect(status.status.degraded?.contains(lively.part) == false)
            empty()
            try await Task.sleep(for: .milliseconds(400))
            #expect(socket.isSilent)
            hanging.beat()
            #expect(comes("STATUS=watching the inbox"))
            #expect(comes("WATCHDOG=1", within: .milliseconds(300)))
        }
    }

    @Test("Silence is counted from the last beat")
    func silence() async throws {
        let heartbeat = Heartbeat("it")
        try await Task.sleep(for: .milliseconds(60))
        #expect(heartbeat.silence >= .milliseconds(60))
        heartbeat.beat()
        #expect(heartbeat.silence < .milliseconds(60))
    }

    @Test("A part may be silent for far longer than systemd's own time")
    func allowance() throws {
        let root = URL(filePath: #filePath).resolvingSymlinksInPath().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        let unit = try String(contentsOf: root.appending(path: "systemd/cultivar.service"), encoding: .utf8)
        let line = try #require(unit.split(separator: "\n").first { $0.hasPrefix("WatchdogSec=") })
        let seconds = try #require(Int(line.dropFirst("WatchdogSec=".count)))
        #expect(Heartbeat.allowance > .seconds(2 * seconds))
    }
}

@Suite("Trying again")
struct BackoffTests {
    @Test("Each failure doubles the pause, up to ten minutes; a success ends it")
    func pauses() {
        var backoff = Backoff()
        #expect(backoff.isOver(at: 0))
        var now = 0.0
        for pause in [30.0, 60, 120, 240, 480, 600, 600] {
            backoff.note(success: false, at: now)
            #expect(!backoff.isOver(at: now + pause - 1) && backoff.isOver(at: now + pause))
            now += pause
        }
        backoff.note(success: true, at: now)
        #expect(backoff.isOver(at: now))
        backoff.note(success: false, at: now)
        #expect(backoff.isOver(at: now + 30))
    }
}
