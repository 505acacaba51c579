internal import Archive
internal import SystemPackage

/// A batch of judged files, on its way into the store and the history.
struct FinishedBatch: Sendable {
    let drop: EntrySnapshot
    let id: DropID
    let files: [(SourceFile, PreparedFile)]

    /// Makes the batch durable and records it in one transaction; the sources may be removed afterwards.
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
            verdicts: verdicts.map { ($0.0, $1) },
            deferred: files.compactMap { if case .deferred(let reason) = $1 { reason } else { nil } },
            newSpellings: recorded.newSpellings.map { IngestSummary.NewSpelling(spelling: $0, label: $1) })
    }

    private func refusal(_ file: SourceFile, _ prepared: PreparedFile) -> RejectedFolder.Item? {
        guard case .refused(let content, _, let reason, _) = prepared else { return nil }
        return RejectedFolder.Item(content: content, path: rejectedPath(of: file), reason: reason)
    }

    /// A valid picture that its label speaks against is found out when it is recorded; its bytes are in the store.
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
        case .refused(_, let code, let reason, let byteCount):
            FileOutcome(path: RawName(path), finding: .refused(code: code, reason: reason, byteCount: byteCount))
        case .deferred, .vanished: nil
        }
    }
}

/// A batch that is recorded.
struct RecordedBatch {
    let verdicts: [(SourceFile, Verdict)]
    let deferred: [Deferral]
    let newSpellings: [IngestSummary.NewSpelling]

    struct Counts: Sendable {
        var accepted = 0
        var duplicates = 0
        var rejected = 0
        var kept = 0
        var deferred: [Deferral: Int] = [:]
        var newSpellings: [IngestSummary.NewSpelling] = []
    }

    /// Removes the recorded files from the inbox. One that has changed since stays, and one that may not be removed is
    /// remembered as kept.
    func removeSources(kept: KeptSources) throws -> Counts {
        var counts = Counts()
        for reason in deferred { counts.deferred[reason, default: 0] += 1 }
        counts.newSpellings = newSpellings
        var removedInodes: Set<UInt64> = []
        for (file, verdict) in verdicts {
            switch verdict {
            case .accepted: counts.accepted += 1
            case .duplicate: counts.duplicates += 1
            case .rejected: counts.rejected += 1
            }
            guard try file.isUnchanged(removedInodes: removedInodes) else { continue }
            do {
                try file.folder.removeFile(file.name)
                removedInodes.insert(file.file.stamp.inode)
            } catch {
                guard error.isForbidden else { throw error }
                kept.insert(file.file.stamp)
                counts.kept += 1
            }
        }
        return counts
    }
}

extension IntakeFailure {
    /// Whether this user may not do it, now or later.
    var isForbidden: Bool { errno == .permissionDenied || errno == .notPermitted }
}

extension IngestSummary {
    mutating func add(_ counts: RecordedBatch.Counts) {
        accepted += counts.accepted
        duplicates += counts.duplicates
        rejected += counts.rejected
        kept += counts.kept
        for (reason, count) in counts.deferred { deferred[reason, default: 0] += count }
        newSpellings += counts.newSpellings
    }
}

extension RawName {
    init(_ path: RawPath) { self.init(bytes: path.bytes, text: path.escaped) }
}
