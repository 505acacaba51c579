package import Archive
package import Decoding
internal import Records
internal import Synchronization
package import System
internal import SystemPackage
package import Workers

/// Takes settled drops: every file ends as accepted, as a duplicate, or as rejected with its reason, and leaves the
/// inbox only when it is safe elsewhere and recorded.
///
/// A batch of files is copied into the store's tmp, judged, made durable, and recorded in one transaction; only then
/// are its sources removed, if they haven't changed since the copy. It is harmless to be killed between any two steps:
/// the drop is taken again, and a file that is already recorded keeps its row and verdict. A file's content never
/// causes an error here. Errors are problems of the machine (no space, no descriptors, a failing disk); then everything
/// that isn't recorded stays in the inbox for a later attempt.
package final class Ingestor: Sendable {
    private let history: History
    private let ledger: Ledger
    private let tools: IngestTools
    private let pool: WorkerPool
    private let recorder: WorkerPool
    /// Removing files mostly waits for the disk: if a file system reports each freed block to the disk, it takes a
    /// millisecond per file.
    private let removers: WorkerPool
    private let rejected: RejectedFolder
    private let kept: KeptSources

    /// - Parameters:
    ///   - state: a prepared state folder, to which `store`, `history` and `ledger` belong.
    ///   - pool: runs all blocking work. Give the intake its own pool; otherwise it waits for all other work.
    package init(
        state: StateFolder, store: PictureStore, history: History, ledger: Ledger, pool: WorkerPool,
        validator: any PictureValidator, settings: IngestSettings,
        disk: any Disk = SystemDisk()
    ) throws {
        (self.history, self.ledger) = (history, ledger)
        self.pool = pool
        recorder = WorkerPool(workerCount: 1, beat: pool.beat)
        removers = WorkerPool(workerCount: 8, beat: pool.beat)
        kept = try KeptSources(history)
        rejected = try RejectedFolder(state: state, disk: disk)
        tools = IngestTools(
            store: store, validator: validator,
            splitRule: SplitRule(key: try history.splitKey(), testShare: settings.testShare), settings: settings)
    }

    /// Takes a drop. Call it for one drop at a time.
    ///
    /// Throws problems of the machine. Cancellation is noticed between and within batches (`CancellationError`). In
    /// both cases, the rest of the drop stays in the inbox.
    ///
    /// - Parameter progress: called after every batch.
    package func ingest(
        _ candidate: DropCandidate, from scanner: InboxScanner,
        progress: @Sendable (IngestProgress) -> Void = { _ in }
    ) async throws -> IngestSummary {
        var summary = IngestSummary(drop: candidate.name)
        let drop = candidate.snapshot
        if try await pool.run({ _ in try RemovalLeftovers(candidate: candidate, scanner: scanner).restore() }) {
            summary.lookAgainAfter = .seconds(1)
            return summary
        }
        let files = drop.takeable.filter { !kept.contains($0, of: drop.name) }
        summary.kept = drop.takeable.count - files.count
        if NameRules.isAside(drop.name) { return try await wake(drop, files: files, in: scanner, summary) }
        var id: DropID?
        if !files.isEmpty {
            let (begun, reading) = try await pool.run { _ in try self.begin(drop, in: scanner) }
            id = begun
            summary.layout = reading.record
            let plan = BatchPlan(
                candidate: candidate, files: files, reading: reading, scanner: scanner, settings: tools.settings)
            try await take(
                plan, of: BatchDrop(drop, id: begun), from: scanner.folder, summary: &summary, progress: progress)
        }
        if !drop.isKept {
            let hasKept = summary.kept > 0
            let outcome = try await pool.run { [kept] worker in
                try DropRemoval(candidate: candidate, scanner: scanner, kept: kept, cancellation: worker.cancellation)
                    .run(hasKept: hasKept)
            }
            summary.hasLeft = outcome == .gone
            if let id, outcome == .gone || (outcome == .done && summary.deferred.isEmpty) {
                try await pool.run { _ in try self.finish(id, in: scanner) }
            }
        }
        if kept.areDueForCheck { try await pool.run { [kept] _ in try kept.forgetGone(from: scanner) } }
        summary.lookAgainAfter = lookAgain(after: summary)
        summary.passedOver = summary.hasLeft ? drop.clutter.count : 0
        return summary
    }

    /// Whether a file in the inbox has been taken and just may not be removed.
    package func isTakenIn(_ file: InboxFile, of drop: RawPath) -> Bool { kept.contains(file, of: drop) }

    /// Finishes the drops that left the inbox at an earlier time, and forgets the kept files that are gone. Call it at
    /// start.
    package func forgetVanished(from scanner: InboxScanner) async throws {
        try await pool.run { [kept, history] _ in
            try kept.forgetGone(from: scanner)
            for drop in try history.unfinishedDrops() where try !scanner.holds(drop.name) {
                try self.finish(drop.id, in: scanner)
            }
        }
    }

    /// Among the entries that were seen (nil: gone), finishes unfinished drops that have nothing left to take, such as
    /// a drop whose last waiting file somebody has removed, and drops of kept folders when their day (UTC) is over.
    ///
    /// Folders that were left behind, for example by a process that was killed, are removed once they have been still
    /// for the settle time: somebody may be at work in them.
    package func closeDrops(_ seen: [RawPath: SeenEntry?], from scanner: InboxScanner) async throws {
        try await pool.run { [history] worker in
            for drop in try history.unfinishedDrops() {
                guard let found = seen[drop.name] else { continue }
                if let found, try !self.isOver(found, begun: drop.arrived, in: scanner, worker.cancellation) {
                    continue
                }
                try self.finish(drop.id, in: scanner)
            }
        }
    }

    private func isOver(
        _ left: SeenEntry, begun: Timestamp, in scanner: InboxScanner, _ cancellation: CancellationFlag
    ) throws -> Bool {
        let snapshot = left.snapshot
        if snapshot.isKept { return begun.day != Timestamp.now.day }
        guard kept.holdAll(of: snapshot) else { return false }
        // What isn't to be taken by its name isn't ours to clear away.
        guard snapshot.standing == .takeable else { return true }
        guard left.isStill else { return false }
        let candidate = DropCandidate(snapshot: snapshot, stillFor: .zero)
        let removal = DropRemoval(candidate: candidate, scanner: scanner, kept: kept, cancellation: cancellation)
        return try removal.run(hasKept: false) != .waiting
    }

    /// Begins a drop or continues an unfinished one, and decides how its folders are understood. For a kept folder,
    /// this stays the same beyond the day.
    private func begin(_ drop: EntrySnapshot, in scanner: InboxScanner) throws -> (DropID, DropReading) {
        if drop.isKept { try finishEarlierDay(of: drop.name, in: scanner) }
        // If it is under way, it is the latest of its name.
        let latest = drop.isKept ? try history.latestPlaces(named: drop.name) : nil
        let id = try history.beginDrop(drop.name, at: .now)
        let known = try latest ?? history.places(of: id)
        let reading = DropReading(
            drop, rules: scanner.rules, splitFolders: tools.settings.splitFolders, earlier: known)
        try history.describe(id, reading.record)
        return (id, reading)
    }

    private func finishEarlierDay(of folder: RawPath, in scanner: InboxScanner) throws {
        for drop in try history.unfinishedDrops() where drop.name == folder {
            if drop.arrived.day != Timestamp.now.day { try finish(drop.id, in: scanner) }
        }
    }

    /// Gives a drop that was set aside its name back if something in it hasn't been taken, so that it is taken like any
    /// other.
    private func wake(
        _ drop: EntrySnapshot, files: [InboxFile], in scanner: InboxScanner, _ summary: IngestSummary
    ) async throws -> IngestSummary {
        var summary = summary
        guard !files.isEmpty || drop.withholdsPictures else { return summary }
        let name = try await pool.run { _ in try self.originalName(of: drop) }
        do {
            try scanner.folder.rename(drop.name, to: name)
        } catch {
            guard error.errno == .fileExists else { throw error }
            summary.blockedBy = name
            summary.lookAgainAfter = tools.settings.patience
        }
        return summary
    }

    /// The name that a drop had before it was set aside. Earlier releases appended a number if the name was in use;
    /// only the drop of its files shows whether a number is part of the name.
    private func originalName(of aside: EntrySnapshot) throws -> RawPath {
        let name = NameRules.originalName(ofAside: aside.name) ?? aside.name
        guard let known = aside.takeable.first(where: { kept.contains($0, of: aside.name) }),
            let recorded = try history.dropName(keeping: KeptSource(known.stamp)),
            name.bytes.starts(with: recorded.bytes + [UInt8(ascii: "-")])
        else { return name }
        let suffix = name.bytes.dropFirst(recorded.bytes.count + 1)
        return suffix.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) } ? recorded : name
    }

    /// Records the end of a drop once the removal of its files is on the disk. Otherwise a power loss could bring them
    /// back as files of a new drop, and each of them would be counted again.
    private func finish(_ drop: DropID, in scanner: InboxScanner) throws {
        try scanner.folder.synchronizeFileSystem()
        try history.finishDrop(drop, at: .now)
    }

    private func lookAgain(after summary: IngestSummary) -> Duration? {
        let passing: [Deferral] = [.incomplete, .openForWriting, .noSpace]
        return summary.deferred.values.contains(where: passing.contains) ? tools.settings.patience : nil
    }

    /// Takes the files of a drop through the stages, batch by batch: each batch is copied and judged while the one
    /// before it is committed and the originals of the one before that are removed.
    private func take(
        _ plan: BatchPlan, of drop: BatchDrop, from inbox: FolderHandle, summary: inout IngestSummary,
        progress: @Sendable (IngestProgress) -> Void
    ) async throws {
        var plan = plan
        var judged = JudgedBatch(drop: drop, files: [], end: 0)
        var committed = CommittedBatch(drop: drop)
        repeat {
            let files = try await nextBatch(of: &plan, summary: &summary)
            let (ready, done, end) = (judged, committed, plan.finishedFiles)
            async let next = judgeInShares(files, of: drop, end: end)
            do {
                async let removed = done.removeOriginals(from: inbox, kept: kept, on: removers)
                committed = try await commit(ready)
                summary.add(try await removed)
                if done.end > 0 {
                    progress(IngestProgress(drop: drop.name, finishedFiles: done.end, totalFiles: plan.totalFiles))
                }
                try Task.checkCancellation()
                judged = try await next
            } catch {
                // All other work in progress is discarded.
                if let batch = try? await next { try batch.discard() }
                throw error
            }
        } while plan.hasMore || judged.end > 0 || committed.end > 0
    }

    /// The files of the next batch; none at the end of the drop.
    private func nextBatch(of plan: inout BatchPlan, summary: inout IngestSummary) async throws -> [SourceFile] {
        guard plan.hasMore else { return [] }
        let before = plan
        let (batch, after) = try await pool.run { _ in
            var plan = before
            let batch = try plan.next()
            return (batch, plan)
        }
        plan = after
        summary.deferred.merge(batch.deferred) { $1 }
        return batch.files
    }

    /// Copies and judges the files of a batch, divided among the workers. If it throws, no copy is left.
    private func judgeInShares(_ files: [SourceFile], of drop: BatchDrop, end: Int) async throws -> JudgedBatch {
        guard !files.isEmpty else { return JudgedBatch(drop: drop, files: [], end: 0) }
        let shares = FileShare.shares(of: files, workers: pool.workerCount)
        let results = Mutex([[JudgedFile]](repeating: [], count: shares.count))
        do {
            try await pool.forEach(shares.count) { [tools] index, worker in
                let judged = try shares[index].copyAndJudge(with: tools, on: worker)
                results.withLock { $0[index] = judged }
            }
        } catch {
            try JudgedBatch.discard(results.withLock { $0.joined().compactMap(\.copy) })
            throw error
        }
        let judged = results.withLock { Array($0.joined()) }
        return JudgedBatch(drop: drop, files: Array(zip(files, judged)), end: end)
    }

    /// Commits a batch, on its own thread. If it throws, no copy is left in tmp.
    private func commit(_ batch: JudgedBatch) async throws -> CommittedBatch {
        guard !batch.files.isEmpty else { return CommittedBatch(drop: batch.drop) }
        do {
            return try await recorder.run { [history, ledger, tools, rejected] _ in
                try batch.commit(in: history, ledger: ledger, store: tools.store, rejected: rejected)
            }
        } catch {
            try batch.discard()
            throw error
        }
    }
}
