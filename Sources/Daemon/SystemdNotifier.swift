internal import Archive
internal import Foundation
internal import Glibc

/// Tells systemd how the service is, by the protocol of sd_notify(3): datagrams to the socket in `NOTIFY_SOCKET`.
///
/// Where the variable isn't set, as in a terminal, every call does nothing.
package struct SystemdNotifier: Sendable {
    private let address: [UInt8]?
    /// How often systemd wants to hear `WATCHDOG=1`: half of `WATCHDOG_USEC`; nil where it doesn't.
    package let watchdogInterval: Duration?

    package init(environment: [String: String] = ProcessInfo.processInfo.environment) {
        address = environment["NOTIFY_SOCKET"].flatMap(Self.address(of:))
        let isForUs = environment["WATCHDOG_PID"].map { $0 == String(getpid()) } ?? true
        let period = isForUs ? environment["WATCHDOG_USEC"].flatMap(Int.init) : nil
        watchdogInterval = period.flatMap { $0 > 1 ? .microseconds($0 / 2) : nil }
    }

    package func ready() { send("READY=1") }

    package func stopping() { send("STOPPING=1") }

    package func watchdog() { send("WATCHDOG=1") }

    /// One line, shown by `systemctl status`.
    package func status(_ text: String) { send("STATUS=" + TerminalText.escaped(text.replacing("\n", with: " "))) }

    /// A path, or a name in the abstract namespace, which is written with a leading `@`.
    private static func address(of name: String) -> [UInt8]? {
        var bytes = Array(name.utf8)
        guard let first = bytes.first, bytes.count < MemoryLayout.size(ofValue: sockaddr_un().sun_path) else {
            return nil
        }
        if first == UInt8(ascii: "@") { bytes[0] = 0 }
        return first == UInt8(ascii: "@") || first == UInt8(ascii: "/") ? bytes : nil
    }

    /// Sends one datagram. That nobody listens is no fault of the service's, so a failure is not reported.
    private func send(_ message: String) {
        guard let address else { return }
        let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        var target = sockaddr_un()
        target.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &target.sun_path) { $0.copyBytes(from: address) }
        let length = socklen_t(MemoryLayout<sa_family_t>.size + address.count)
        let bytes = Array(message.utf8)
        withUnsafePointer(to: &target) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                _ = sendto(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL), $0, length)
            }
        }
    }
}
