internal import Archive
internal import Records
internal import Synchronization
internal import System
internal import SystemPackage
internal import Workers

/// A batch of judged files, on its way into the store and the history.
struct FinishedBatch: Sendable {
    let drop: EntrySnapshot
    let id: DropID
    let files: [(SourceFile, PreparedFile)]
    /// How many files of the drop have been processed at its end.
    let end: Int

    /// Makes the batch durable and records it in one transaction. Afterwards the sources may be removed.
    func record(in history: History, store: PictureStore, rejected: RejectedFolder) throws -> RecordedBatch {
        try store.commit(files.compactMap { if case .picture(let staged, _) = $1 { staged } else { nil } })
        try rejected.keep(files.compactMap { refusal($0, $1) })
        let outcomes = files.compactMap { file, prepared in
            outcome(of: prepared, path: file.file.path).map { (file, prepared, $0) }
        }
        let recorded = try history.recordOutcomes(outcomes.map(\.2), in: id, at: .now)
        let verdicts = zip(outcomes, recorded.verdicts)
        try rejected.keep(verdicts.compactMap { contradiction($0.0, $0.1, verdict: $1, store: store) })
        return RecordedBatch(
            drop: id, name: drop.name, verdicts: verdicts.map { ($0.0, $1) },
            deferred: files.compactMap { if case .deferred(let reason) = $1 { ($0.file, reason) } else { nil } },
            newSpellings: recorded.newSpellings.map { IngestSummary.NewSpelling(spelling: $0, label: $1) }, end: end)
    }

    /// Removes what is left in tmp of a failed batch.
    func discard() throws { try Self.discard(files.compactMap(\.1.copy)) }

    /// Removes the copies of files that weren't accepted.
    static func discard(_ copies: [RejectedFolder.Content]) throws {
        for case .staged(let path) in copies { try Files.remove(path) }
    }

    private func refusal(_ file: SourceFile, _ prepared: PreparedFile) -> RejectedFolder.Item? {
        guard case .refused(let content, _, let reason, _, _) = prepared else { return nil }
        return RejectedFolder.Item(content: content, path: rejectedPath(of: file), reason: reason)
    }

    /// A valid picture with a contradicting label is only noticed when it is recorded; its bytes are in the store.
    private func contradiction(
        _ file: SourceFile, _ prepared: PreparedFile, verdict: Verdict, store: PictureStore
    ) -> RejectedFolder.Item? {
        guard case .rejected(_, let reason) = verdict, case .picture(let staged, _) = prepared else { return nil }
        return RejectedFolder.Item(
            content: .stored(store.path(of: staged.digest)), path: rejectedPath(of: file), reason: reason)
    }

    private func rejectedPath(of file: SourceFile) -> RawPath {
        drop.isFolder ? drop.name.appending(file.file.path) : file.file.path
    }

    private func outcome(of prepared: PreparedFile, path: RawPath) -> FileOutcome? {
        switch prepared {
        case .picture(_, let picture): FileOutcome(path: RawName(path), finding: .picture(picture))
        case .refused(_, let code, let reason, let byteCount, let digest):
            FileOutcome(
                path: RawName(path),
                finding: .refused(code: code, reason: reason, byteCount: byteCount, digest: digest))
        case .deferred, .vanished: nil
        }
    }
}

/// A recorded batch.
struct RecordedBatch: Sendable {
    let drop: DropID
    let name: RawPath
    let verdicts: [(SourceFile, Verdict)]
    let deferred: [(InboxFile, Deferral)]
    let newSpellings: [IngestSummary.NewSpelling]
    /// How many files of the drop have been processed at its end.
    let end: Int

    /// Which of the recorded files are still in the inbox.
    struct Left: Sendable {
        /// Files that this user may not remove.
        var kept: [InboxFile] = []
        /// Files that somebody is writing to.
        var open: [InboxFile] = []
    }

    /// Removes the recorded files from the inbox, many at a time, and remembers those that may not be removed.
    ///
    /// A file stays if it has changed since it was copied, if somebody has opened it for writing, or if its folder has
    /// been moved out of the inbox: what is outside the inbox isn't touched.
    func removeSources(from inbox: FolderHandle, kept: KeptSources, on pool: WorkerPool) async throws -> Left {
        let shared = Mutex(Left())
        let inodes = inodesWithSeveralNames
        let share = 32
        try await pool.forEach((verdicts.count + share - 1) / share) { index, _ in
            for (file, _) in verdicts[(index * share)...].prefix(share) {
                if file.folder.hasLeft(inbox) { continue }
                switch try remove(file, inodesWithSeveralNames: inodes) {
                case .done: break
                case .open: shared.withLock { $0.open.append(file.file) }
                case .forbidden: shared.withLock { $0.kept.append(file.file) }
                }
            }
        }
        let left = shared.withLock { $0 }
        if !left.kept.isEmpty {
            try await pool.run { [drop, name] _ in try kept.insert(left.kept, of: drop, named: name) }
        }
        return left
    }

    private enum Removal { case done, open, forbidden }

    private func remove(
        _ file: SourceFile, inodesWithSeveralNames: Set<UInt64>
    ) throws(FileFailure) -> Removal {
        // First check for writers, then for changes: so a write in between is noticed.
        if file.isOpenForWriting { return .open }
        guard try file.isUnchanged(inodesWithSeveralNames: inodesWithSeveralNames) else { return .done }
        do {
            try file.remove()
            return .done
        } catch {
            guard error.isForbidden else { throw error }
            return .forbidden
        }
    }

    /// Removing one name of such a file changes the stamps of the others.
    private var inodesWithSeveralNames: Set<UInt64> {
        var seen: Set<UInt64> = []
        return Set(verdicts.lazy.map(\.0.file.stamp.inode).filter { !seen.insert($0).inserted })
    }
}

extension IngestSummary {
    mutating func add(_ batch: RecordedBatch, left: RecordedBatch.Left) {
        for (_, verdict) in batch.verdicts {
            switch verdict {
            case .accepted: accepted += 1
            case .duplicate: duplicates += 1
            case .rejected: rejected += 1
            }
        }
        for (file, reason) in batch.deferred { deferred[file] = reason }
        for file in left.open { deferred[file] = .openForWriting }
        kept += left.kept.count
        newSpellings += batch.newSpellings
    }
}

extension RawName {
    init(_ path: RawPath) { self.init(bytes: path.bytes, text: path.escaped) }
}
