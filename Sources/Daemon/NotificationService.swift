internal import Logging
internal import ServiceLifecycle
internal import Status
internal import Workers

/// Keeps systemd informed: READY once the services run, STATUS as it changes, WATCHDOG as often as it asks.
///
/// While a part of the service has been silent for too long, WATCHDOG is withheld, so that systemd starts the service
/// anew unless the part comes to life again.
struct NotificationService: Service {
    let notifier: SystemdNotifier
    let status: StatusBoard
    let heartbeats: [Heartbeat]
    var allowance = Heartbeat.allowance
    let logger: Logger

    func run() async {
        notifier.ready()
        await cancelWhenGracefulShutdown {
            var last = ""
            let nap = min(notifier.watchdogInterval ?? .seconds(1), .seconds(1))
            while !Task.isCancelled {
                let isAlive = checkHeartbeats()
                let summary = status.status.summary
                if summary != last { notifier.status(summary) }
                last = summary
                if notifier.watchdogInterval != nil, isAlive { notifier.watchdog() }
                // Cancellation ends the nap early, and then the loop.
                try? await Task.sleep(for: nap)
            }
        }
        notifier.stopping()
    }

    /// Says which parts hang, once for as long as they do, and whether none does.
    private func checkHeartbeats() -> Bool {
        let hanging = heartbeats.filter { $0.silence > allowance }.map(\.part)
        let span = ServiceStatus.timeSpan(allowance / .seconds(1))
        let reason = hanging.isEmpty ? nil : "no progress for \(span): \(hanging.joined(separator: ", "))"
        if status.setDegraded(reason, in: .progress) {
            logger.log(
                level: reason == nil ? .notice : .critical, "watchdog",
                metadata: ["watchdog.state": "\(reason ?? "all parts make progress again")"])
        }
        return hanging.isEmpty
    }
}
