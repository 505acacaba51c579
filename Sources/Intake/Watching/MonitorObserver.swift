package import System

/// How the inbox is watched.
package struct WatchSettings: Sendable {
    /// How long a drop has to hold still.
    package var settle: Duration
    package var mode: InboxWatcher.Mode
    /// How often everything is scanned where inotify is not at work.
    package var pollInterval: Duration
    /// How often everything is scanned although inotify is at work.
    package var rescanInterval: Duration
    package var limits: ScanLimits
    package var rules: NameRules

    package init(
        settle: Duration = .seconds(5), mode: InboxWatcher.Mode = .inotify, pollInterval: Duration = .seconds(5),
        rescanInterval: Duration = .seconds(120), limits: ScanLimits = ScanLimits(), rules: NameRules = NameRules()
    ) {
        self.settle = settle
        self.mode = mode
        self.pollInterval = pollInterval
        self.rescanInterval = rescanInterval
        self.limits = limits
        self.rules = rules
    }
}

/// What a monitor asks and tells of its own work, from whatever thread.
package struct MonitorObserver: Sendable {
    /// The inbox can't be looked into, and with nil that it can again.
    package var faultChanged: @Sendable (FileFailure?) -> Void = { _ in }
    /// Why the inbox is polled though it should be watched, and with nil that it is watched.
    package var pollingChanged: @Sendable (String?) -> Void = { _ in }
    /// All that lies in the inbox and isn't being taken in at this moment, whenever that has changed.
    package var waitingChanged: @Sendable ([WaitingItem]) -> Void = { _ in }
    /// What there is now of entries that were looked at; nil for those that are gone. False has it told once more.
    package var looked: @Sendable ([RawPath: EntrySnapshot?], InboxScanner) async -> Bool = { _, _ in true }
    /// Whether a file of a drop of that name has been taken in and may only not be removed.
    package var isTakenIn: @Sendable (InboxFile, RawPath) -> Bool = { _, _ in false }
    /// The hidden or partial paths that somebody has asked to be taken.
    package var approved: @Sendable () -> Set<RawPath> = { [] }
    /// The monitor is alive: about once a second while it waits, and at every step of a scan.
    package var beat: @Sendable () -> Void = {}

    package init() {}
}

/// What has become of a drop that was handed over.
package struct HandledDrop: Sendable {
    /// When to hand over what is left of it in the inbox even if nothing changes there, such as after a fault of the
    /// environment; nil is for when something changes only.
    package var lookAgainAfter: Duration?
    /// The files that stay for now, and why.
    package var deferred: [InboxFile: Deferral] = [:]
    /// Why nothing could be done.
    package var failure: String?
    /// The entry that is in its way.
    package var blockedBy: RawPath?

    package init(lookAgainAfter: Duration? = nil) { self.lookAgainAfter = lookAgainAfter }
}
