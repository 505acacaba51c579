internal import Archive
internal import Records
internal import Synchronization
internal import System
internal import SystemPackage
internal import Workers

// The stages of a batch after its files were copied (``CopiedFile``): judged, committed, removed. A stage's value is
// made of the stage before it, or is empty, with which a drop begins and ends; docs/architecture.md, "Crash order", says
// what a kill between two of them does.

/// The drop that a batch belongs to.
struct BatchDrop: Sendable {
    let id: DropID
    let name: RawPath
    let isFolder: Bool

    init(_ snapshot: EntrySnapshot, id: DropID) {
        (self.id, name, isFolder) = (id, snapshot.name, snapshot.isFolder)
    }
}

/// Second stage: every file was copied and judged; nothing is durable yet.
struct JudgedBatch: Sendable {
    let drop: BatchDrop
    /// None at the beginning and the end of a drop, when the stages have nothing to do yet or any more.
    let files: [(SourceFile, JudgedFile)]
    /// How many files of the drop have been processed at its end.
    let end: Int

    /// Makes the copies durable under their addresses, then records the batch in one transaction, in the ledger first.
    func commit(
        in history: History, ledger: Ledger, store: PictureStore, rejected: RejectedFolder
    ) throws -> CommittedBatch {
        try store.commit(files.compactMap { if case .picture(let staged, _) = $1 { staged } else { nil } })
        try rejected.keep(files.compactMap { refusal($0, $1) })
        let outcomes = files.compactMap { file, judged in
            outcome(of: judged, path: file.file.path).map { (file, judged, $0) }
        }
        let recorded = try history.recordOutcomes(outcomes.map(\.2), in: drop.id, ledger: ledger, at: .now)
        let verdicts = zip(outcomes, recorded.verdicts)
        try rejected.keep(verdicts.compactMap { contradiction($0.0, $0.1, verdict: $1, store: store) })
        return CommittedBatch(
            drop: drop, verdicts: verdicts.map { ($0.0, $1) },
            deferred: files.compactMap { if case .deferred(let reason) = $1 { ($0.file, reason) } else { nil } },
            newSpellings: recorded.newSpellings.map { IngestSummary.NewSpelling(spelling: $0, label: $1) }, end: end)
    }

    /// Removes what is left in tmp of a failed batch.
    func discard() throws { try Self.discard(files.compactMap(\.1.copy)) }

    /// Removes the copies of files that weren't accepted.
    static func discard(_ copies: [RejectedFolder.Content]) throws {
        for case .staged(let path) in copies { try Files.remove(path) }
    }

    private func refusal(_ file: SourceFile, _ judged: JudgedFile) -> RejectedFolder.Item? {
        guard case .refused(let content, _, let reason, _, _) = judged else { return nil }
        return RejectedFolder.Item(content: content, path: rejectedPath(of: file), reason: reason)
    }

    /// A valid picture with a contradicting label is only noticed when it is recorded; its bytes are in the store.
    private func contradiction(
        _ file: SourceFile, _ judged: JudgedFile, verdict: Verdict, store: PictureStore
    ) -> RejectedFolder.Item? {
        guard case .rejected(_, let reason) = verdict, case .picture(let staged, _) = judged else { return nil }
        return RejectedFolder.Item(
            content: .stored(store.path(of: staged.digest)), path: rejectedPath(of: file), reason: reason)
    }

    private func rejectedPath(of file: SourceFile) -> RawPath {
        drop.isFolder ? drop.name.appending(file.file.path) : file.file.path
    }

    private func outcome(of judged: JudgedFile, path: RawPath) -> FileOutcome? {
        switch judged {
        case .picture(_, let picture): FileOutcome(path: path, finding: .picture(picture))
        case .refused(_, let code, let reason, let byteCount, let digest):
            FileOutcome(
                path: path, finding: .refused(code: code, reason: reason, byteCount: byteCount, digest: digest))
        case .deferred, .vanished: nil
        }
    }
}

/// Third stage: what there is to keep is on the disk and has its row. Only now may the originals go.
struct CommittedBatch: Sendable {
    let drop: BatchDrop
    fileprivate let verdicts: [(SourceFile, Verdict)]
    fileprivate let deferred: [(InboxFile, Deferral)]
    fileprivate let newSpellings: [IngestSummary.NewSpelling]
    /// How many files of the drop have been processed at its end.
    let end: Int
}

extension CommittedBatch {
    /// A batch of no files, which the stages begin and end with.
    init(drop: BatchDrop) { self.init(drop: drop, verdicts: [], deferred: [], newSpellings: [], end: 0) }

    /// Removes the recorded files from the inbox, many at a time, and remembers those that may not be removed.
    ///
    /// A file stays if it has changed since it was copied, if somebody has opened it for writing, or if its folder has
    /// been moved out of the inbox: what is outside the inbox isn't touched.
    func removeOriginals(
        from inbox: FolderHandle, kept: KeptSources, on pool: WorkerPool
    ) async throws -> RemovedBatch {
        let left = Mutex((kept: [InboxFile](), open: [InboxFile]()))
        let inodes = inodesWithSeveralNames
        let share = 32
        try await pool.forEach((verdicts.count + share - 1) / share) { index, _ in
            for (file, _) in verdicts[(index * share)...].prefix(share) {
                if file.folder.hasLeft(inbox) { continue }
                switch try remove(file, inodesWithSeveralNames: inodes) {
                case .done: break
                case .open: left.withLock { $0.open.append(file.file) }
                case .forbidden: left.withLock { $0.kept.append(file.file) }
                }
            }
        }
        let (forbidden, open) = left.withLock { $0 }
        if !forbidden.isEmpty {
            try await pool.run { [drop] _ in try kept.insert(forbidden, of: drop.id, named: drop.name) }
        }
        return RemovedBatch(batch: self, kept: forbidden, open: open)
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

/// Last stage: the originals are gone, but for those that had to stay.
struct RemovedBatch: Sendable {
    fileprivate let batch: CommittedBatch
    /// Files that this user may not remove.
    let kept: [InboxFile]
    /// Files that somebody is writing to.
    let open: [InboxFile]

    /// How many files of the drop have been processed at its end; 0 if there were none in the batch.
    var end: Int { batch.end }
}

extension IngestSummary {
    mutating func add(_ removed: RemovedBatch) {
        for (_, verdict) in removed.batch.verdicts {
            switch verdict {
            case .accepted: accepted += 1
            case .duplicate: duplicates += 1
            case .rejected: rejected += 1
            }
        }
        for (file, reason) in removed.batch.deferred { deferred[file] = reason }
        for file in removed.open { deferred[file] = .openForWriting }
        kept += removed.kept.count
        newSpellings += removed.batch.newSpellings
    }
}
