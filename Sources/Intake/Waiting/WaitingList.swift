package import Foundation

/// What lies in the inbox and why, put together from what scans saw and what became of the drops: a value without I/O.
package struct WaitingList: Sendable {
    package typealias Instant = SuspendingClock.Instant

    private struct Entry: Sendable {
        var snapshot: EntrySnapshot
        /// The first and the last scan that saw `snapshot`.
        var unchangedSince: Instant
        var lastSeen: Instant
        var result = HandledDrop()

        var stillFor: Duration { unchangedSince.duration(to: lastSeen) }
    }

    private struct Key: Hashable {
        let path: String
        let code: WaitingCode
    }

    /// So long something hidden has to hold still before it counts as forgotten rather than as being delivered.
    static let hiddenPatience = Duration.seconds(30)
    /// The same for what has the name of an upload.
    static let partialPatience = Duration.seconds(3600)

    private let maxFileBytes: Int
    private var entries: [RawPath: Entry] = [:]
    private var scanFailures: [RawPath: String] = [:]
    private var firstSeen: [Key: Date]

    /// - Parameters:
    ///   - maxFileBytes: what is named as the limit of files that are too large.
    ///   - earlier: the list of the process before: what is still there keeps its time.
    package init(maxFileBytes: Int, earlier: [WaitingItem] = []) {
        self.maxFileBytes = maxFileBytes
        firstSeen = Dictionary(
            earlier.map { (Key(path: $0.path, code: $0.code), $0.since) }, uniquingKeysWith: { first, _ in first })
    }

    /// A scan saw this.
    package mutating func observe(_ snapshot: EntrySnapshot, at now: Instant) {
        scanFailures[snapshot.name] = nil
        var entry = entries[snapshot.name] ?? Entry(snapshot: snapshot, unchangedSince: now, lastSeen: now)
        if entry.snapshot != snapshot {
            entry.snapshot = snapshot
            entry.unchangedSince = now
        }
        entry.lastSeen = now
        entries[snapshot.name] = entry
    }

    /// The entry can't be looked into.
    package mutating func noteFailure(_ failure: String, of name: RawPath) { scanFailures[name] = failure }

    /// A drop was handled.
    package mutating func noteResult(_ result: HandledDrop, of name: RawPath) { entries[name]?.result = result }

    /// The entry is gone.
    package mutating func forget(_ name: RawPath) {
        entries[name] = nil
        scanFailures[name] = nil
    }

    /// These entries are in the inbox, and no others.
    package mutating func retain(_ names: Set<RawPath>) {
        entries = entries.filter { names.contains($0.key) }
        scanFailures = scanFailures.filter { names.contains($0.key) }
    }

    /// When entries should be looked at again of which something waits, by name: that somebody has taken a file away, or has
    /// left it alone for long, is no event. Large ones are left to the scans of the whole inbox.
    var nextLooks: [RawPath: Instant] {
        entries.compactMapValues { entry in
            let drop = entry.snapshot
            let waits = !drop.withheld.isEmpty || !drop.unreadable.isEmpty || !entry.result.deferred.isEmpty
            return waits && drop.files.count <= Self.manyFiles ? entry.lastSeen.advanced(by: Self.lookInterval) : nil
        }
    }

    private static let lookInterval = Duration.seconds(15)
    private static let manyFiles = 10_000

    /// All that waits, by path. What was on the list before keeps its time.
    ///
    /// - Parameter isTakenIn: whether a file is known to have been taken in; then it only may not be removed.
    package mutating func items(at now: Date, isTakenIn: (InboxFile, RawPath) -> Bool) -> [WaitingItem] {
        var found: [Found] = []
        for (name, entry) in entries where scanFailures[name] == nil {
            found += items(of: entry, isTakenIn: isTakenIn).map { $0.below(name) }
        }
        for (name, failure) in scanFailures { found.append(Found(name, .failed, detail: failure, degrades: true)) }
        let known = firstSeen
        firstSeen = [:]
        return found.sorted { $0.path < $1.path }.map { item in
            let key = Key(path: item.path.escaped, code: item.code)
            let since = known[key] ?? now
            firstSeen[key] = since
            return WaitingItem(
                path: item.path, code: item.code, files: item.files, since: since, detail: item.detail,
                degrades: item.degrades)
        }
    }

    // MARK: The items of one entry; their paths are relative to it.

    private struct Found {
        var path: RawPath
        let code: WaitingCode
        var files = 0
        var detail: String?
        var degrades = false

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
        return withheld(entry) + clutter(drop) + takeable(entry, isTakenIn: isTakenIn)
            + drop.unreadable.map { Found($0, .unreadable, degrades: true) } + emptyFolders(drop)
    }

    private func withheld(_ entry: Entry) -> [Found] {
        Dictionary(grouping: entry.snapshot.withheld, by: \.root).map { root, files in
            let isHidden = files[0].isHidden
            let holdsPictures = files.contains(where: \.isPicture)
            // What is hidden and no picture is meant to be there.
            let code: WaitingCode = !isHidden ? .partialName : holdsPictures ? .hidden : .dotFile
            let patience = isHidden ? Self.hiddenPatience : Self.partialPatience
            return Found(
                entry.snapshot.isFolder ? root : RawPath([]), code, files: files.count,
                degrades: holdsPictures && entry.stillFor >= patience)
        }
    }

    private func clutter(_ drop: EntrySnapshot) -> [Found] {
        if case .clutter = drop.standing { return [Found(RawPath([]), .ignored, files: drop.files.count)] }
        return drop.clutter.map { Found($0.path, .ignored, files: 1) }
    }

    private func takeable(_ entry: Entry, isTakenIn: (InboxFile, RawPath) -> Bool) -> [Found] {
        var items: [Found] = []
        var (waiting, taken) = (0, 0)
        for file in entry.snapshot.takeable {
            let path = entry.snapshot.isFolder ? file.path : RawPath([])
            if let deferral = entry.result.deferred[file] {
                let detail = deferral == .tooLarge ? "\(maxFileBytes)" : nil
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

    /// What files wait for of which nothing is known in particular.
    private func rest(of entry: Entry, files: Int) -> Found {
        if let failure = entry.result.failure {
            return Found(RawPath([]), .failed, files: files, detail: failure, degrades: true)
        }
        if let name = entry.result.blockedBy {
            return Found(RawPath([]), .nameTaken, files: files, detail: name.escaped)
        }
        return Found(RawPath([]), .settling, files: files)
    }

    /// The outermost folders with nothing in them.
    private func emptyFolders(_ drop: EntrySnapshot) -> [Found] {
        guard !drop.isKept, drop.standing == .takeable else { return [] }
        var filled: Set<RawPath> = []
        for path in drop.files.map(\.path.parent) + drop.unreadable {
            var folder = path
            while filled.insert(folder).inserted, !folder.bytes.isEmpty { folder = folder.parent }
        }
        return drop.folders.filter {
            !filled.contains($0.path) && ($0.path.bytes.isEmpty || filled.contains($0.path.parent))
        }
        .map { Found($0.path, .emptyFolder) }
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
