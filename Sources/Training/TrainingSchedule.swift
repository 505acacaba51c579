package import Settings

/// When to look whether to train: every so often, soon after drops where that is wanted, and whenever somebody asks.
///
/// A value without a clock: monotonic seconds go in, what is due comes out.
package struct TrainingSchedule: Sendable {
    package enum Due: Sendable, Equatable {
        case schedule, drop, request
    }

    private let every: Double
    private let onDrop: Bool
    private var lastLook: Double
    private var hasNewDrop = false

    /// - Parameter now: the first regular look is one period after this.
    package init(_ settings: Settings.Train, now: Double) {
        every = settings.every
        onDrop = settings.onDrop
        lastLook = now
    }

    package mutating func noteDrop() { hasNewDrop = true }

    /// What is due now, the most urgent first; nil where nothing is.
    ///
    /// Nothing is due while a drop is being taken in, as half a drop may be one class only.
    package func due(at now: Double, hasRequest: Bool, inboxIsBusy: Bool) -> Due? {
        if inboxIsBusy { return nil }
        if hasRequest { return .request }
        if onDrop && hasNewDrop { return .drop }
        return now - lastLook >= every ? .schedule : nil
    }

    /// Notes that a look has been taken, whatever came of it.
    package mutating func noteLook(at now: Double) {
        lastLook = now
        hasNewDrop = false
    }
}
