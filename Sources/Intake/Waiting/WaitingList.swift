package import Foundation
package import System

/// What is in the inbox and why, derived from scans and from the results of drops: a value without I/O.
package struct WaitingList: Sendable {
    /// Monotonic, and stops while the machine sleeps.
    package typealias Instant = SuspendingClock.Instant

    private struct Entry: Sendable {
        var snapshot: EntrySnapshot
        var lastSeen: Instant
        var result = HandledDrop()
        var isBeingTaken = false
        /// What is held back, by its cause, and since when each has been in its present state.
        var withheld: [RawPath: (files: [EntrySnapshot.WithheldFile], since: Instant)] = [:]
        /// The resulting list, until something changes.
        var items: [Found]?

        init(_ snapshot: EntrySnapshot, at now: Instant) {
            self.snapshot = snapshot
            lastSeen = now
            noteWithheld(at: now)
        }

        mutating func noteWithheld(at now: Instant) {
            let known = withheld
            withheld = Dictionary(grouping: snapshot.withheld, by: \.root).reduce(into: [:]) { result, group in
                let since = known[group.key].flatMap { $0.files == group.value ? $0.since : nil }
                result[group.key] = (group.value, since ?? now)
            }
        }
    }

    private struct Key: Hashable {
        let path: String
        let code: WaitingCode
    }

    /// How long something hidden must be unchanged before it counts as forgotten rather than as being delivered.
    static let hiddenPatience = Duration.seconds(30)
    /// The same for names of uploads.
    static let partialPatience = Duration.seconds(3600)

    private let maxFileBytes: Int
    private var entries: [RawPath: Entry] = [:]
    private var scanFailures: [RawPath: FileFailure] = [:]
    private var firstSeen: [Key: Date]
    private var latest: [WaitingItem] = []
    private var isStale = true

    /// - Parameters:
    ///   - maxFileBytes: the limit that is named for files that are too large.
    ///   - earlier: the list of the previous process: items that are still there keep their time.
    package init(maxFileBytes: Int, earlier: [WaitingItem] = []) {
        self.maxFileBytes = maxFileBytes
        firstSeen = Dictionary(
            earlier.map { (Key(path: $0.path, code: $0.code), $0.since) }, uniquingKeysWith: { first, _ in first })
    }

    /// A scan saw this.
    package mutating func observe(_ snapshot: EntrySnapshot, at now: Instant) {
        if scanFailures.removeValue(forKey: snapshot.name) != nil { isStale = true }
        guard var entry = entries[snapshot.name] else {
            entries[snapshot.name] = Entry(snapshot, at: now)
            isStale = true
            return
        }
        // Items that are held back need somebody's attention just because time passes.
        if entry.snapshot != snapshot || !entry.withheld.isEmpty || entry.isBeingTaken {
            entry.snapshot = snapshot
            entry.isBeingTaken = false
            entry.noteWithheld(at: now)
            entry.items = nil
            isStale = true
        }
        entry.lastSeen = now
        entries[snapshot.name] = entry
    }

    /// The entry can't be read.
    package mutating func noteFailure(_ failure: FileFailure, of name: RawPath) {
        if scanFailures.updateValue(failure, forKey: name) != failure { isStale = true }
    }

    /// A drop is about to be handled.
    package mutating func noteBeginning(of name: RawPath) {
        entries[name]?.isBeingTaken = true
        entries[name]?.items = nil
        isStale = true
    }

    /// A drop was handled. If it was part of a kept folder, what is known about the other parts stays.
    package mutating func noteResult(_ result: HandledDrop, of candidate: DropCandidate) {
        guard var entry = entries[candidate.name] else { return }
        var deferred = result.deferred
        if entry.snapshot.isKept {
            let handled = Set(candidate.snapshot.takeable)
            deferred.merge(entry.result.deferred.filter { !handled.contains($0.key) }) { first, _ in first }
        }
        entry.result = result
        entry.result.deferred = deferred
        entry.items = nil
        entries[candidate.name] = entry
        isStale = true
    }

    /// The entry is gone.
    package mutating func forget(_ name: RawPath) {
        entries[name] = nil
        scanFailures[name] = nil
        isStale = true
    }

    /// These entries are in the inbox, and no others.
    package mutating func retain(_ names: Set<RawPath>) {
        guard !self.names.isSubset(of: names) else { return }
        isStale = true
        entries = entries.filter { names.contains($0.key) }
        scanFailures = scanFailures.filter { names.contains($0.key) }
    }

    /// The known entries.
    var names: Set<RawPath> { Set(entries.keys).union(scanFailures.keys) }

    /// When entries with waiting items should be scanned again, by name: there is no event when a file has been left
    /// alone for long or was removed elsewhere. Large entries are left to the scans of the whole inbox.
    var nextLooks: [RawPath: Instant] {
        entries.compactMapValues { entry in
            let drop = entry.snapshot
            let waits =
                !drop.withheld.isEmpty || drop.hasHiddenFolders || !drop.unreadable.isEmpty
                || !entry.result.deferred.isEmpty
            guard waits, drop.files.count <= Self.manyFiles else { return nil }
            let interval = drop.files.count <= Self.fewFiles ? Self.shortLookInterval : Self.lookInterval
            return entry.lastSeen.advanced(by: interval)
        }
    }

    private static let lookInterval = Duration.seconds(15)
    private static let shortLookInterval = Duration.seconds(5)
    private static let fewFiles = 1_000
    private static let manyFiles = 10_000

    /// Everything that waits, by path. Items that were on the list before keep their time.
    ///
    /// - Parameter isTakenIn: whether a file is known to have been taken; then it just may not be removed.
    package mutating func items(at now: Date, isTakenIn: (InboxFile, RawPath) -> Bool) -> [WaitingItem] {
        guard isStale else { return latest }
        isStale = false
        var found: [Found] = []
        for (name, entry) in entries where scanFailures[name] == nil {
            let items = entry.items ?? items(of: entry, isTakenIn: isTakenIn)
            entries[name]?.items = items
            found += items.map { $0.below(name) }
        }
        for (name, failure) in scanFailures {
            found.append(Found(name, .failed, detail: failure.description, degrades: true))
        }
        let known = firstSeen
        firstSeen = [:]
        latest = found.sorted { $0.path < $1.path }.map { item in
            let key = Key(path: item.path.escaped, code: item.code)
            let since = known[key] ?? now
            firstSeen[key] = since
            return WaitingItem(
                path: item.path, code: item.code, files: item.files, since: since, detail: item.detail,
                degrades: item.degrades, isGroup: item.isGroup)
        }
        return latest
    }

    // MARK: The items of one entry; their paths are relative to it.

    private struct Found: Sendable {
        var path: RawPath
        let code: WaitingCode
        var files = 0
        var detail: String?
        var degrades = false
        var isGroup = false

        init(_ path: RawPath, _ code: WaitingCode, files: Int = 0, detail: String? = nil, degrades: Bool = false) {
            (self.path, self.code, self.files, self.detail, self.degrades) = (path, code, files, detail, degrades)
        }

        func below(_ name: RawPath) -> Found {
            var result = self
            result.path = path.bytes.isEmpty ? name : name.appending(path)
            return result
        }
    }

    private func items(of entry: Entry, isTakenIn: (InboxFile, RawPath) -> Bool) -> [Found] {
        let drop = entry.snapshot
        if drop.name == NameRules.tooLargeFolder { return [Found(RawPath([]), .setAside, files: drop.files.count)] }
        if let excess = drop.excess {
            let files = drop.files.count
            return [Found(RawPath([]), excess.code, files: files, detail: excess.limit, degrades: true)]
        }
        var items =
            withheld(entry) + clutter(drop) + takeable(entry, isTakenIn: isTakenIn)
            + drop.unreadable.map { Found($0, .unreadable, degrades: true) } + emptyFolders(drop)
        // In the end all have the entry's own path.
        while items.count > Self.mostInOneDrop { items = Self.byFolder(items) }
        return items
    }

    /// So many things in a drop are named one by one.
    private static let mostInOneDrop = 1000

    /// One item for all things in a folder that wait for the same reason.
    private static func byFolder(_ items: [Found]) -> [Found] {
        struct Place: Hashable { let folder: RawPath, code: WaitingCode }
        return Dictionary(grouping: items) { Place(folder: $0.path.parent, code: $0.code) }.map { place, items in
            var item = Found(
                place.folder, place.code, files: items.reduce(0) { $0 + $1.files }, detail: items[0].detail,
                degrades: items.contains(where: \.degrades))
            item.isGroup = items.contains { $0.isGroup || !$0.path.bytes.isEmpty }
            return item
        }
    }

    private func withheld(_ entry: Entry) -> [Found] {
        entry.withheld.map { root, group in
            let isHidden = group.files[0].isHidden
            let holdsPictures = group.files.contains(where: \.isPicture)
            // Hidden files that aren't pictures are there on purpose.
            let code: WaitingCode = !isHidden ? .partialName : holdsPictures ? .hidden : .dotFile
            let patience = isHidden ? Self.hiddenPatience : Self.partialPatience
            return Found(
                entry.snapshot.isFolder ? root : RawPath([]), code, files: group.files.count,
                degrades: holdsPictures && group.since.duration(to: entry.lastSeen) >= patience)
        }
    }

    private func clutter(_ drop: EntrySnapshot) -> [Found] {
        if case .clutter = drop.standing { return [Found(RawPath([]), .ignored, files: drop.files.count)] }
        return drop.clutterRoots.map { Found($0.key, .ignored, files: $0.value) }
    }

    private func takeable(_ entry: Entry, isTakenIn: (InboxFile, RawPath) -> Bool) -> [Found] {
        var items: [Found] = []
        var (waiting, taken) = (0, 0)
        for file in entry.snapshot.takeable {
            if let deferral = entry.result.deferred[file] {
                let detail = deferral == .tooLarge ? "\(maxFileBytes)" : nil
                let path = entry.snapshot.isFolder ? file.path : RawPath([])
                items.append(Found(path, deferral.code, files: 1, detail: detail, degrades: deferral.needsSomebody))
            } else if isTakenIn(file, entry.snapshot.name) {
                taken += 1
            } else {
                waiting += 1
            }
        }
        if taken > 0 { items.append(Found(RawPath([]), .notRemoved, files: taken)) }
        if waiting > 0 { items.append(rest(of: entry, files: waiting)) }
        return items
    }

    /// The reason for files about which nothing specific is known.
    private func rest(of entry: Entry, files: Int) -> Found {
        if entry.isBeingTaken { return Found(RawPath([]), .taking, files: files) }
        if let failure = entry.result.failure {
            return Found(RawPath([]), .failed, files: files, detail: failure, degrades: true)
        }
        if let name = entry.result.blockedBy {
            return Found(RawPath([]), .nameTaken, files: files, detail: name.escaped)
        }
        return Found(RawPath([]), .settling, files: files)
    }

    /// The outermost empty folders.
    private func emptyFolders(_ drop: EntrySnapshot) -> [Found] {
        guard !drop.isKept, !NameRules.isClutter(drop.standing) else { return [] }
        var filled: Set<RawPath> = []
        let places = drop.files.map(\.path.parent) + drop.unreadable + drop.clutterRoots.keys
        for var folder in places {
            while filled.insert(folder).inserted, !folder.bytes.isEmpty { folder = folder.parent }
        }
        return drop.folders.filter { folder in
            !filled.contains(folder.path) && (folder.path.bytes.isEmpty || filled.contains(folder.path.parent))
        }.map { Found($0.path, .emptyFolder) }
    }
}

extension EntrySnapshot.WithheldFile {
    fileprivate var isHidden: Bool {
        if case .hidden = standing { true } else { false }
    }

    fileprivate var root: RawPath {
        switch standing {
        case .hidden(let root), .partial(let root), .clutter(let root): root
        case .takeable: file.path
        }
    }
}
