/// When to try again after a problem of the machine: after half a minute, then after twice as long each time, up to ten
/// minutes.
///
/// A value without a clock: monotonic seconds go in.
struct Backoff {
    private static let shortest = 30.0
    private static let longest = 600.0
    private var pause = shortest
    private var end = -Double.infinity

    func isOver(at now: Double) -> Bool { now >= end }

    mutating func note(success: Bool, at now: Double) {
        end = success ? now : now + pause
        pause = success ? Self.shortest : min(2 * pause, Self.longest)
    }
}

/// A clock that nobody can set.
enum MonotonicClock {
    private static let start = ContinuousClock.now

    /// In seconds.
    static var now: Double { (ContinuousClock.now - start) / .seconds(1) }
}
