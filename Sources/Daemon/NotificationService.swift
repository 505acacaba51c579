internal import Logging
internal import ServiceLifecycle
internal import Status
internal import Workers

/// Keeps systemd informed: READY once the services run, STATUS when it changes, WATCHDOG as often as systemd asks.
///
/// While a part of the service has been silent for too long, no WATCHDOG is sent, so that systemd restarts the service
/// unless the part comes to life again.
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
                // Cancellation ends the sleep early, and then the loop.
                try? await Task.sleep(for: nap)
            }
        }
        notifier.stopping()
    }

    /// Logs which parts hang, once each time, and returns whether none does.
    private func checkHeartbeats() -> Bool {
        let hanging = heartbeats.filter { $0.silence > allowance }.map(\.part)
        let seconds = allowance / .seconds(1)
        let fault = hanging.isEmpty ? nil : ServiceFault.noProgress(parts: hanging, seconds: seconds)
        if status.setDegraded(fault, in: .progress) != fault {
            logger.log(
                level: fault == nil ? .notice : .critical, "watchdog",
                metadata: ["watchdog.state": "\(fault?.text ?? "all parts are making progress again")"])
        }
        return hanging.isEmpty
    }
}
