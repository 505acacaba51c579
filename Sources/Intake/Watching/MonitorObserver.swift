package import System

/// How the inbox is watched.
package struct WatchSettings: Sendable {
    /// How long a drop must be unchanged.
    package var settle: Duration
    package var mode: InboxWatcher.Mode
    /// How often everything is scanned if inotify isn't used.
    package var pollInterval: Duration = .seconds(5)
    /// How often everything is scanned although inotify is used.
    package var rescanInterval: Duration = .seconds(120)
    /// A drop that exceeds them is left alone.
    package var limits: ScanLimits
    package var rules: NameRules

    package init(settle: Duration, mode: InboxWatcher.Mode, limits: ScanLimits, rules: NameRules) {
        self.settle = settle
        self.mode = mode
        self.limits = limits
        self.rules = rules
    }
}

/// What a monitor asks and reports about its work, from any thread.
package struct MonitorObserver: Sendable {
    /// The inbox can't be read; nil if it can be read again.
    package var faultChanged: @Sendable (FileFailure?) -> Void = { _ in }
    /// Why the inbox is polled although it should be watched; nil if it is watched.
    package var pollingChanged: @Sendable (WatchFault?) -> Void = { _ in }
    /// Everything that is in the inbox, and why, whenever that has changed.
    package var waitingChanged: @Sendable ([WaitingItem]) -> Void = { _ in }
    /// What there is now of entries that were looked at; nil for those that are gone. If a time is returned, all of it
    /// is told once more after that time.
    package var looked: @Sendable ([RawPath: SeenEntry?], InboxScanner) async -> Duration? = { _, _ in nil }
    /// Whether a file of a drop with that name has been taken and just may not be removed.
    package var isTakenIn: @Sendable (InboxFile, RawPath) -> Bool = { _, _ in false }
    /// The hidden or partial paths that somebody has asked to be taken.
    package var approved: @Sendable () -> Set<RawPath> = { [] }
    /// The monitor is alive: about once a second while it waits, and at every step of a scan.
    package var beat: @Sendable () -> Void = {}

    package init() {}
}

/// An entry of the inbox as it was last looked into.
package struct SeenEntry: Sendable {
    package let snapshot: EntrySnapshot
    /// Whether it has been seen to hold still for the settle time, so that nobody is at work in it.
    package let isStill: Bool
}

/// What happened to a drop that was handed over.
package struct HandledDrop: Sendable {
    /// When to hand over what is left of it in the inbox even if nothing changes there, for example after a problem of
    /// the machine; nil means only when something changes.
    package var lookAgainAfter: Duration?
    /// The files that stay for the moment, and why.
    package var deferred: [InboxFile: Deferral] = [:]
    /// Why nothing could be done.
    package var failure: String?
    /// The entry that is in its way.
    package var blockedBy: RawPath?

    package init(lookAgainAfter: Duration? = nil) { self.lookAgainAfter = lookAgainAfter }
}
