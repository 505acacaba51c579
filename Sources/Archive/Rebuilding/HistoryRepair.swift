import GRDB
package import Records
package import System
package import SystemPackage

/// Replaces a damaged history by a new one, which is made from a backup, the ledger and the outbox. Only for the holder
/// of the installation's lock, with no history open.
///
/// This order loses nothing: the new history is written beside the damaged one and synchronised. Once it is renamed, it
/// counts as complete, and no history is opened before the rest is done: renaming the damaged files, the main one last,
/// and giving the new one its name. If this is interrupted, ``run(outbox:)`` does what is left.
package struct HistoryRepair {
    /// What happened to a history.
    package enum Outcome: Sendable {
        /// There is a new one. `setAside` is the damaged file under its new name; nil if there was none. The report is
        /// nil if an earlier, interrupted repair had already made the new one.
        case replaced(setAside: FilePath?, RebuildReport?)
        /// There is neither a ledger nor a usable backup, and nothing was touched.
        case impossible([RebuildReport.Refusal])
    }

    /// What the outbox can give back.
    package struct Outbox: Sendable {
        /// Published versions, the oldest first.
        let models: [PublishedModel]
        /// The version that it shows; nil if it shows none.
        let current: String?

        package init(models: [PublishedModel] = [], current: String? = nil) {
            self.models = models
            self.current = current
        }
    }

    private let state: StateFolder
    private let path: FilePath
    private let disk: any Disk

    package init(_ state: StateFolder, disk: any Disk = SystemDisk()) {
        self.state = state
        path = state.history
        self.disk = disk
    }

    /// Why a repair is needed: damage, a lost history, or an interrupted repair. Nil for an undamaged history.
    ///
    /// Reads the whole file. Throws ``HistoryFailure/newerSchema(_:)``, as no repair may touch such a history,
    /// ``HistoryFailure/unusable(_:problem:)`` if it can't be opened, and `FileFailure` if something can't be looked
    /// at.
    package func reason() throws -> HistoryFailure? {
        if try Files.exists(Self.rebuilt(path)) { return .repairUnfinished(path) }
        if try Self.isEmpty(path) { return .lost(path) }
        do {
            return try History.naming(path) {
                let queue = try DatabaseQueue(path: path.string, configuration: History.configuration)
                defer { try? queue.close() }
                return try queue.read { db in
                    try History.checkTables(of: db, at: path)
                    if try Migrations.all.hasBeenSuperseded(db) { throw HistoryFailure.newerSchema(path) }
                    if try Migrations.all.appliedIdentifiers(db).isEmpty { return .lost(path) }
                    let problems = try History.problems(of: db)
                    return problems.isEmpty ? nil : .damaged(path, problem: problems.joined(separator: "; "))
                }
            }
        } catch let failure as HistoryFailure {
            guard case .damaged = failure else { throw failure }
            return failure
        } catch let error as DatabaseError where error.resultCode == .SQLITE_IOERR {
            return .damaged(path, problem: "the disk can't read it")
        }
    }

    /// Repairs the history. The new one is in its place, on the disk, when this returns ``Outcome/replaced(setAside:_:)``.
    ///
    /// - Parameter outbox: what the outbox has beside the versions that the new history knows already.
    /// - Throws: `FileFailure`, ``LedgerFailure`` for a ledger of two installations, GRDB's `DatabaseError` if the new
    ///   history can't be written, and what `outbox` throws. In these cases, nothing was touched.
    package func run(outbox: (_ known: Set<String>) throws -> Outbox) throws -> Outcome {
        var report: RebuildReport?
        if try !Files.exists(Self.rebuilt(path)) {
            let partial = named("rebuilding")
            var rebuilding = HistoryRebuilding(state, target: partial)
            guard try rebuilding.run(outbox: outbox) else {
                try rebuilding.removeTarget()
                return .impossible(rebuilding.report.unusableBackups)
            }
            try Files.reading(partial) { try disk.synchronize($0, path: partial) }
            try disk.rename(partial, to: Self.rebuilt(path))
            try synchronizeFolder()
            report = rebuilding.report
        }
        let setAside = try setAside()
        try disk.rename(Self.rebuilt(path), to: path)
        try synchronizeFolder()
        return .replaced(setAside: setAside, report)
    }

    /// A new history that is complete but doesn't have its name yet.
    static func rebuilt(_ path: FilePath) -> FilePath { FilePath(path.string + ".rebuilt") }

    /// Whether there is no file, or an empty one.
    static func isEmpty(_ path: FilePath) throws -> Bool {
        guard let size = try Files.size(of: path) else { return true }
        return try size == 0 && (Files.size(of: FilePath(path.string + "-wal")) ?? 0) == 0
    }
}

extension HistoryRepair {
    /// Gives the damaged files an unused name. The main file is renamed last: as long as it is there, a repeated call
    /// uses the same name for the others.
    private func setAside() throws -> FilePath? {
        let files = try Self.suffixes.filter { try Files.exists(FilePath(path.string + $0)) }
        guard
            let target = try (1...).lazy.map({ named("damaged-\($0)") }).first(where: { target in
                try !Files.exists(target) && !files.contains { try Files.exists(FilePath(target.string + $0)) }
            })
        else { return nil }
        for suffix in files {
            try disk.rename(FilePath(path.string + suffix), to: FilePath(target.string + suffix))
        }
        try synchronizeFolder()
        return files.contains("") ? target : nil
    }

    private static let suffixes = ["-wal", "-shm", "-journal", ""]

    private func named(_ word: String) -> FilePath { FilePath("\(path.string).\(word)") }

    private func synchronizeFolder() throws {
        let folder = path.removingLastComponent()
        try Files.reading(folder, action: "open") { try disk.synchronize($0, path: folder) }
    }
}
