package import Records
package import Settings

/// When to check whether to train: regularly, soon after drops if that is set, and whenever somebody asks.
///
/// A value without a clock: monotonic seconds go in, due checks come out.
package struct TrainingSchedule: Sendable {
    private let every: Double
    private let onDrop: Bool
    private var lastLook: Double
    private var hasNewDrop = false

    /// - Parameter now: the first regular check is one period after this.
    package init(_ settings: Settings.Train, now: Double) {
        every = settings.every
        onDrop = settings.onDrop
        lastLook = now
    }

    package mutating func noteDrop() { hasNewDrop = true }

    /// What is due now, the most urgent first; nil if nothing is.
    ///
    /// Nothing is due while a drop is being taken, because half a drop may contain only one class.
    package func due(at now: Double, hasRequest: Bool, inboxIsBusy: Bool) -> RunTrigger? {
        if inboxIsBusy { return nil }
        if hasRequest { return .request }
        if onDrop && hasNewDrop { return .drop }
        return now - lastLook >= every ? .schedule : nil
    }

    /// Records that a check was made, whatever its result.
    package mutating func noteLook(at now: Double) {
        lastLook = now
        hasNewDrop = false
    }
}
