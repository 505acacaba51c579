internal import Foundation
internal import System

/// Tells systemd the state of the service with the protocol of sd_notify(3): datagrams to the socket in
/// `NOTIFY_SOCKET`.
///
/// Where the variable isn't set, as in a terminal, every call does nothing. That nobody listens is no fault of the
/// service's, so a failure isn't reported.
package struct SystemdNotifier: Sendable {
    private let address: DatagramAddress?
    /// How often systemd wants to hear `WATCHDOG=1`: half of `WATCHDOG_USEC`; nil if it doesn't.
    package let watchdogInterval: Duration?

    /// Reads `NOTIFY_SOCKET`, `WATCHDOG_PID` and `WATCHDOG_USEC` (microseconds).
    package init(environment: [String: String] = ProcessInfo.processInfo.environment) {
        address = environment["NOTIFY_SOCKET"].flatMap { DatagramAddress($0) }
        let isForUs = environment["WATCHDOG_PID"].map { $0 == String(Processes.current) } ?? true
        let period = isForUs ? environment["WATCHDOG_USEC"].flatMap(Int.init) : nil
        watchdogInterval = period.flatMap { $0 > 1 ? .microseconds($0 / 2) : nil }
    }

    /// The service has started.
    package func ready() { address?.send("READY=1") }

    /// The service is about to end.
    package func stopping() { address?.send("STOPPING=1") }

    /// The service is alive.
    package func watchdog() { address?.send("WATCHDOG=1") }

    /// One line, shown by `systemctl status`.
    package func status(_ text: String) {
        address?.send("STATUS=" + TerminalText.escaped(text.replacing("\n", with: " ")))
    }
}
