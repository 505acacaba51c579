internal import Pipeline
internal import ServiceLifecycle

/// Keeps systemd informed: READY once the services run, STATUS as it changes, WATCHDOG as often as it asks.
struct NotificationService: Service {
    let notifier: SystemdNotifier
    let status: StatusBoard

    func run() async {
        notifier.ready()
        await cancelWhenGracefulShutdown {
            var last = ""
            let nap = min(notifier.watchdogInterval ?? .seconds(1), .seconds(1))
            while !Task.isCancelled {
                let summary = status.status.summary
                if summary != last { notifier.status(summary) }
                last = summary
                if notifier.watchdogInterval != nil { notifier.watchdog() }
                // Cancellation ends the nap early, and then the loop.
                try? await Task.sleep(for: nap)
            }
        }
        notifier.stopping()
    }
}
