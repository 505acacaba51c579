/// Decides when a drop is complete: a value without I/O. Scans, events and monotonic times go in, settled drops come out.
///
/// An entry has settled when two scans at least `settle` apart agree on every file's inode, size and times, and nothing
/// was reported about it in between. One that was renamed in as a whole needs to hold still for `wholeSettle` only.
package struct SettleTracker: Sendable {
    package typealias Instant = SuspendingClock.Instant

    private struct Entry {
        var snapshot: EntrySnapshot?
        /// The first and the last scan that saw `snapshot`, with no event since the first.
        var stillSince: Instant
        var lastSeen: Instant
        var hasMoved = false
        var arrivedWhole = false
        /// Set once its drop has been handled and only what could not be taken is left.
        var rest: Rest?
    }

    private enum Rest {
        case untilChanged
        case until(Instant)
    }

    package let settle: Duration
    package let wholeSettle: Duration
    private var entries: [RawPath: Entry] = [:]

    package init(settle: Duration, wholeSettle: Duration = .milliseconds(300)) {
        self.settle = settle
        self.wholeSettle = min(settle, wholeSettle)
    }

    /// The entry was renamed in from outside the inbox.
    package mutating func arrivedWhole(_ name: RawPath, at now: Instant) {
        entries[name] = Entry(snapshot: nil, stillSince: now, lastSeen: now, arrivedWhole: true)
    }

    /// Something was reported in or below the entry: whatever was seen of it so far no longer counts.
    package mutating func disturb(_ name: RawPath) {
        entries[name]?.hasMoved = true
        entries[name]?.rest = nil
    }

    /// A scan that began at `start` and ended at `end` saw this.
    package mutating func observe(_ snapshot: EntrySnapshot, at start: Instant, until end: Instant? = nil) {
        let known = entries[snapshot.name]
        if var known, known.snapshot == snapshot, !known.hasMoved {
            known.lastSeen = max(known.lastSeen, start)
            entries[snapshot.name] = known
            return
        }
        let isArrival = known.map { $0.arrivedWhole && $0.snapshot == nil && !$0.hasMoved } ?? false
        let end = end ?? start
        entries[snapshot.name] = Entry(snapshot: snapshot, stillSince: end, lastSeen: end, arrivedWhole: isArrival)
    }

    /// A scan of the inbox saw these top-level entries and no others.
    package mutating func retain(_ names: Set<RawPath>) {
        for name in entries.keys where !names.contains(name) { entries[name] = nil }
    }

    /// The entry is gone.
    package mutating func forget(_ name: RawPath) { entries[name] = nil }

    /// The candidate has been handled, and `left` is what a scan sees of it now.
    ///
    /// What was in the candidate and is still there rests until it changes, or for `pause` where one is given; anything
    /// that has come since makes the entry settle anew.
    package mutating func handled(
        _ candidate: DropCandidate, left: EntrySnapshot, pause: Duration?, at now: Instant
    ) {
        var entry = Entry(snapshot: left, stillSince: now, lastSeen: now)
        if let moved = entries[candidate.name], !moved.hasMoved {
            let known = Set(candidate.snapshot.files)
            if left.takeable.allSatisfy(known.contains) {
                entry.stillSince = moved.stillSince
                entry.rest = pause.map { .until(now.advanced(by: $0)) } ?? .untilChanged
            }
        }
        entries[candidate.name] = entry
    }

    /// The drops that have settled, by name.
    package func settled(at now: Instant) -> [DropCandidate] {
        entries.values.compactMap { entry in
            guard let snapshot = entry.snapshot, isReady(entry, at: now) else { return nil }
            return DropCandidate(snapshot: snapshot, stillFor: entry.stillSince.duration(to: entry.lastSeen))
        }.sorted { $0.name < $1.name }
    }

    /// The entries that should be scanned by `now` to learn whether they have settled, by name.
    package func due(at now: Instant) -> [RawPath] {
        entries.filter { deadline(of: $0.value).map { $0 <= now } ?? false }.keys.sorted()
    }

    /// When the next entry becomes due; nil if all rest.
    package var nextDeadline: Instant? { entries.values.compactMap(deadline).min() }

    /// The entries that a limit holds back, each with the reason.
    package var heldBack: [RawPath: EntrySnapshot.Excess] { entries.compactMapValues { $0.snapshot?.excess } }

    private func isReady(_ entry: Entry, at now: Instant) -> Bool {
        guard let snapshot = entry.snapshot, !entry.hasMoved, isOfInterest(snapshot) else { return false }
        switch entry.rest {
        case .untilChanged: return false
        case .until(let end) where now < end || entry.lastSeen < end: return false
        default: return entry.stillSince.duration(to: entry.lastSeen) >= required(of: entry)
        }
    }

    private func isOfInterest(_ snapshot: EntrySnapshot) -> Bool {
        snapshot.excess == nil && (!snapshot.takeable.isEmpty || isOnlyClutter(snapshot))
    }

    /// A folder with nothing in it but what operating systems strew about; it is cleared away like a drop.
    private func isOnlyClutter(_ snapshot: EntrySnapshot) -> Bool {
        snapshot.isFolder && !snapshot.files.isEmpty && snapshot.unreadable.isEmpty
            && snapshot.files.allSatisfy { FileNames.isClutter($0.path) }
    }

    private func required(of entry: Entry) -> Duration { entry.arrivedWhole ? wholeSettle : settle }

    private func deadline(of entry: Entry) -> Instant? {
        guard let snapshot = entry.snapshot, !entry.hasMoved else { return entry.lastSeen }
        guard isOfInterest(snapshot) else { return nil }
        switch entry.rest {
        case .untilChanged: return nil
        case .until(let end): return end
        case nil: return entry.stillSince.advanced(by: required(of: entry))
        }
    }
}
