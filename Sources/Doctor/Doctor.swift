internal import Archive
internal import Installation
internal import Outbox
package import Settings
package import System
internal import SystemPackage
package import Workers

/// Checks whether an installation's files are undamaged and agree with each other, and repairs what can be repaired.
///
/// It holds the installation's lock as long as it exists. It only deletes what has no value: unfinished copies and a
/// damaged feature cache. An interrupted repair is continued by the next one.
package struct Doctor {
    private let settings: Settings
    private let state: StateFolder
    private let pool: WorkerPool
    private let disk: any Disk
    private let lock: DaemonLock

    /// Takes the lock. Throws `HistoryFailure.absent` if there is nothing to check, and `DaemonLockFailure` if a
    /// process is using the state folder.
    package init(settings: Settings, pool: WorkerPool = WorkerPool(), disk: any Disk = SystemDisk()) throws {
        self.settings = settings
        self.pool = pool
        self.disk = disk
        state = StateFolder(FilePath(settings.paths.state))
        guard try state.hasHistory() || state.hasPictures() || state.hasLedger() else {
            throw HistoryFailure.absent(state.history)
        }
        lock = try DaemonLock.acquire(in: state)
        try state.prepare()
    }

    /// What is found: about the history, the ledger, the pictures, unfinished copies, the outbox and the feature cache,
    /// in this order. If the history can't be used, only the feature cache is checked after it.
    ///
    /// - Parameters:
    ///   - readingPictures: whether to read every picture and every published version, rather than just compare their
    ///     sizes.
    ///   - repairing: whether to repair what can be repaired.
    ///   - progress: gets the number of pictures checked so far; called from any thread.
    /// - Throws: errors of reading or writing files, `HistoryFailure.newerSchema`, `CancellationError`.
    package func examine(
        readingPictures: Bool, repairing: Bool,
        progress: @escaping @Sendable (_ done: Int, _ total: Int) -> Void = { _, _ in }
    ) async throws -> [Finding] {
        var findings = try HistoryExamination(state: state, outbox: outbox, disk: disk).findings(repairing: repairing)
        if findings.contains(where: { $0.status == .wrong }) {
            return findings + (try features(repairing: repairing))
        }
        let history = try History.open(state.history)
        let store = try PictureStore(state, disk: disk)
        let (found, ledger) = try LedgerExamination(
            state: state, history: history, keepsPaths: settings.ledger.keepsPaths, disk: disk
        ).run(
            repairing: repairing)
        findings += found
        let pictures = PictureExamination(
            state: state, history: history, ledger: ledger, store: store, pool: pool, disk: disk)
        findings += try await pictures.findings(
            readingPictures: readingPictures, repairing: repairing, progress: progress)
        findings += try temporary(store, repairing: repairing)
        findings += try examineOutbox(history, readingAll: readingPictures, repairing: repairing)
        return findings + (try features(repairing: repairing))
    }

    private func temporary(_ store: PictureStore, repairing: Bool) throws -> [Finding] {
        let count = try store.leftovers().count
        guard count > 0 else { return [Finding(.temporary, .ok, "no unfinished copies")] }
        guard repairing else {
            return [Finding(.temporary, .ok, "\(count) unfinished copies, which the daemon removes when it starts")]
        }
        return [Finding(.temporary, .repaired, "removed \(try store.removeLeftovers()) unfinished copies")]
    }

    private var outbox: OutboxFolder { OutboxFolder(FilePath(settings.paths.outbox)) }

    private func examineOutbox(_ history: History, readingAll: Bool, repairing: Bool) throws -> [Finding] {
        let library = BackboneLibrary(folder: FilePath(settings.paths.backbones))
        return try OutboxExamination(history: history, outbox: outbox, library: library)
            .findings(readingAll: readingAll, repairing: repairing)
    }

    private func features(repairing: Bool) throws -> [Finding] {
        guard let problem = try FeatureCache.problem(with: state.features) else {
            return [Finding(.features, .ok, "no damage found")]
        }
        guard repairing else {
            return [Finding(.features, .wrong, "\(state.features) is damaged (\(problem)); you may delete it")]
        }
        try FeatureCache.remove(state.features)
        return [
            Finding(
                .features, .repaired, "\(state.features) was damaged and has been deleted; features are computed again")
        ]
    }
}
