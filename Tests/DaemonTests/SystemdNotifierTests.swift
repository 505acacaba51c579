import Daemon
import Foundation
import SystemPackage
import TestSupport
import Testing

@Suite("Notification of systemd")
struct SystemdNotifierTests {
    private func exchange(over name: String) throws {
        let socket = try NotificationSocket(name)
        let notifier = SystemdNotifier(environment: ["NOTIFY_SOCKET": name])
        notifier.ready()
        #expect(socket.next() == "READY=1")
        notifier.status("run 3: searching,\nbest 83.1 %")
        #expect(socket.next() == "STATUS=run 3: searching, best 83.1 %")
        notifier.watchdog()
        #expect(socket.next() == "WATCHDOG=1")
        notifier.stopping()
        #expect(socket.next() == "STOPPING=1")
        #expect(socket.isSilent)
    }

    @Test("State goes to the socket at a path, one line a datagram")
    func path() throws {
        let folder = try TemporaryFolder()
        try exchange(over: folder.path.appending("notify").string)
    }

    @Test("State goes to a socket in the abstract namespace")
    func abstractName() throws { try exchange(over: "@cultivar-test-\(UUID().uuidString)") }

    @Test("Without a socket, with one that nobody listens to, and with a malformed name nothing happens")
    func nobodyListens() throws {
        let folder = try TemporaryFolder()
        let socket = try NotificationSocket(folder.path.appending("notify").string)
        let longName = "/" + String(repeating: "n", count: 200)
        for name in [nil, "", "notify", longName, folder.path.appending("other").string] {
            let notifier = SystemdNotifier(environment: name.map { ["NOTIFY_SOCKET": $0] } ?? [:])
            notifier.ready()
            notifier.status("idle")
        }
        #expect(socket.isSilent)
    }

    @Test("The watchdog is fed twice as often as systemd asks, and only where it asks this process")
    func watchdogInterval() {
        func interval(_ environment: [String: String]) -> Duration? {
            SystemdNotifier(environment: environment).watchdogInterval
        }
        let own = String(ProcessInfo.processInfo.processIdentifier)
        #expect(interval([:]) == nil)
        #expect(interval(["WATCHDOG_USEC": "3000000"]) == .milliseconds(1500))
        #expect(interval(["WATCHDOG_USEC": "3000000", "WATCHDOG_PID": own]) == .milliseconds(1500))
        #expect(interval(["WATCHDOG_USEC": "3000000", "WATCHDOG_PID": "1"]) == nil)
        #expect(interval(["WATCHDOG_USEC": "0"]) == nil)
        #expect(interval(["WATCHDOG_USEC": "soon"]) == nil)
    }
}
