internal import System

/// When each entry of the inbox may be looked into again: a value without I/O.
///
/// Entries in which much happens, and those that can't be looked into, are not scanned all the time.
struct LookSchedule: Sendable {
    typealias Instant = SuspendingClock.Instant

    /// The entries in which something has happened since they were last looked into.
    private var changed: Set<RawPath> = []
    private var notBefore: [RawPath: Instant] = [:]

    static let shortestGap = Duration.milliseconds(200)
    private static let pauseAfterFailure = Duration.seconds(10)
    /// At most a tenth of the time is spent on scanning the same entry repeatedly.
    private static let gapFactor = 10

    /// Something happened in these entries.
    mutating func noteChanges(of names: Set<RawPath>) { changed.formUnion(names) }

    /// The entry was renamed in: it is another one than before.
    mutating func noteArrival(of name: RawPath) {
        notBefore[name] = nil
        changed.insert(name)
    }

    /// A scan of the entry began and ended then.
    mutating func noteScan(of name: RawPath, from start: Instant, until end: Instant) {
        changed.remove(name)
        notBefore[name] = end.advanced(by: max(Self.shortestGap, start.duration(to: end) * Self.gapFactor))
    }

    mutating func noteFailure(of name: RawPath, at now: Instant) {
        changed.insert(name)
        notBefore[name] = now.advanced(by: Self.pauseAfterFailure)
    }

    /// What changed is known, such as that the entry is gone.
    mutating func noteLook(at name: RawPath) { changed.remove(name) }

    /// These entries are in the inbox, and no others.
    mutating func retain(_ names: Set<RawPath>) {
        changed.formIntersection(names)
        notBefore = notBefore.filter { names.contains($0.key) }
    }

    /// The entries to be looked into now.
    ///
    /// - Parameters:
    ///   - settling: those that may have settled by now. One in which nothing happens is looked at then, however long a
    ///     scan of it takes.
    ///   - waiting: others that it is time to look at.
    func due(at now: Instant, settling: [RawPath], waiting: some Sequence<RawPath>) -> Set<RawPath> {
        let rested = changed.union(waiting).filter { notBefore[$0].map { $0 <= now } ?? true }
        return rested.union(settling.filter { !changed.contains($0) })
    }

    /// When the next entry in which something happened may be looked into.
    var next: Instant? { changed.compactMap { notBefore[$0] }.min() }
}
