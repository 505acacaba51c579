package import System

/// Decides when a drop is complete: a value without I/O. Scans, events and monotonic times go in, settled drops come
/// out.
///
/// An entry has settled when two scans at least `settle` apart agree on every file's inode, size and times, and nothing
/// was reported about it in between. An entry that was renamed in as a whole must only be unchanged for `wholeSettle`.
/// In a kept folder, each file settles separately.
package struct SettleTracker: Sendable {
    /// Monotonic, and stops while the machine sleeps.
    package typealias Instant = SuspendingClock.Instant

    private struct Entry {
        var snapshot: EntrySnapshot?
        /// The first and the last scan that saw `snapshot`, with no event since the first.
        var stillSince: Instant
        var lastSeen: Instant
        var hasMoved = false
        var arrivedWhole = false
        /// Set once its drop has been handled and only what couldn't be taken is left.
        var rest: Rest?
        /// The files of a kept folder.
        var files: [InboxFile: FileWait] = [:]
    }

    private struct FileWait {
        var stillSince: Instant
        var rest: Rest?
    }

    private enum Rest {
        case untilChanged
        case until(Instant)
    }

    /// How long a drop must be unchanged.
    package let settle: Duration
    /// How long one that was renamed in as a whole must be unchanged; at most `settle`.
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

    /// Something was reported in or below the entry: earlier scans of it no longer count.
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
        var entry = Entry(snapshot: snapshot, stillSince: end, lastSeen: end, arrivedWhole: isArrival)
        if snapshot.isKept {
            // If a scan shows no change, somebody has closed a file: everything may be tried again.
            let isSame = known?.snapshot == snapshot
            for file in snapshot.takeable {
                let wait = known?.files[file] ?? FileWait(stillSince: end)
                entry.files[file] = isSame ? FileWait(stillSince: wait.stillSince) : wait
            }
            // Unchanged files have been quiet up to now.
            entry.lastSeen = known.map { max($0.lastSeen, start) } ?? end
        }
        entries[snapshot.name] = entry
    }

    /// A scan of the inbox saw these top-level entries and no others.
    package mutating func retain(_ names: Set<RawPath>) {
        for name in entries.keys where !names.contains(name) { entries[name] = nil }
    }

    /// The entry is gone.
    package mutating func forget(_ name: RawPath) { entries[name] = nil }

    /// The candidate has been handled, and `left` is what a scan now sees of it.
    ///
    /// What was in the candidate and is still there rests until it changes, or for `pause` if one is given; anything
    /// that has been added since makes the entry settle again.
    package mutating func handled(
        _ candidate: DropCandidate, left: EntrySnapshot, pause: Duration?, at now: Instant
    ) {
        let rest = pause.map { Rest.until(now.advanced(by: $0)) } ?? .untilChanged
        let earlier = entries[candidate.name]
        var entry = Entry(snapshot: left, stillSince: now, lastSeen: now)
        let known = Set(candidate.snapshot.files)
        if left.isKept {
            for file in left.takeable {
                var wait = earlier?.files[file] ?? FileWait(stillSince: now)
                if known.contains(file) { wait.rest = rest }
                entry.files[file] = wait
            }
            entry.hasMoved = earlier?.hasMoved ?? false
        } else if let earlier, !earlier.hasMoved, left.takeable.allSatisfy(known.contains) {
            entry.stillSince = earlier.stillSince
            entry.rest = rest
        }
        entries[candidate.name] = entry
    }

    /// The drops that have settled, by name.
    package func settled(at now: Instant) -> [DropCandidate] {
        entries.keys.compactMap { settled($0, at: now) }.sorted { $0.name < $1.name }
    }

    /// The drop of that name, if it has settled.
    package func settled(_ name: RawPath, at now: Instant) -> DropCandidate? {
        guard let entry = entries[name] else { return nil }
        return entry.snapshot?.isKept == true ? settledFiles(of: entry, at: now) : settledDrop(entry, at: now)
    }

    /// Whether the entry has been seen to hold still for the settle time, be there anything in it to take or not.
    package func isStill(_ name: RawPath) -> Bool {
        guard let entry = entries[name], entry.snapshot != nil, !entry.hasMoved else { return false }
        return entry.stillSince.duration(to: entry.lastSeen) >= settle
    }

    /// The entries that should be scanned by `now` to learn whether they have settled, by name. Of one that has, there
    /// is nothing to be learnt.
    package func due(at now: Instant) -> [RawPath] {
        entries.filter { name, entry in
            deadline(of: entry).map { $0 <= now } ?? false && settled(name, at: now) == nil
        }.keys.sorted()
    }

    /// When the next entry becomes due; nil if all rest.
    package var nextDeadline: Instant? { entries.values.compactMap(deadline).min() }

    private func settledDrop(_ entry: Entry, at now: Instant) -> DropCandidate? {
        guard let snapshot = entry.snapshot, !entry.hasMoved, isOfInterest(snapshot),
            hasSettled(entry.stillSince, entry.rest, required: required(of: entry), seen: entry.lastSeen, at: now)
        else { return nil }
        return DropCandidate(
            snapshot: snapshot, stillFor: entry.stillSince.duration(to: entry.lastSeen), isWhole: entry.arrivedWhole)
    }

    private func settledFiles(of entry: Entry, at now: Instant) -> DropCandidate? {
        guard let snapshot = entry.snapshot, !entry.hasMoved, snapshot.excess == nil else { return nil }
        let ready = entry.files.filter { _, wait in
            hasSettled(wait.stillSince, wait.rest, required: settle, seen: entry.lastSeen, at: now)
        }
        guard let youngest = ready.values.map(\.stillSince).max() else { return nil }
        return DropCandidate(
            snapshot: snapshot.restricted(to: snapshot.takeable.filter { ready[$0] != nil }),
            stillFor: youngest.duration(to: entry.lastSeen))
    }

    private func hasSettled(
        _ since: Instant, _ rest: Rest?, required: Duration, seen: Instant, at now: Instant
    ) -> Bool {
        switch rest {
        case .untilChanged: false
        case .until(let end) where now < end || seen < end: false
        default: since.duration(to: seen) >= required
        }
    }

    private func isOfInterest(_ snapshot: EntrySnapshot) -> Bool {
        snapshot.excess == nil && (!snapshot.takeable.isEmpty || snapshot.isOnlyClutter)
    }

    private func required(of entry: Entry) -> Duration { entry.arrivedWhole ? wholeSettle : settle }

    private func deadline(of entry: Entry) -> Instant? {
        guard let snapshot = entry.snapshot, !entry.hasMoved else { return entry.lastSeen }
        if snapshot.isKept {
            guard snapshot.excess == nil else { return nil }
            return entry.files.values.compactMap { deadline($0.stillSince.advanced(by: settle), $0.rest) }.min()
        }
        if isOfInterest(snapshot) {
            return deadline(entry.stillSince.advanced(by: required(of: entry)), entry.rest)
        }
        return snapshot.excess == nil && !isStill(snapshot.name) ? entry.stillSince.advanced(by: settle) : nil
    }

    private func deadline(_ settled: Instant, _ rest: Rest?) -> Instant? {
        switch rest {
        case .untilChanged: nil
        case .until(let end): end
        case nil: settled
        }
    }
}
