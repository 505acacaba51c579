import GRDB
import Records
import System
import SystemPackage

/// Makes a new history: from a copy of the newest usable backup, or an empty one with the ledger's key, and then from
/// the ledger and the outbox.
struct HistoryRebuilding {
    private let state: StateFolder
    private let target: FilePath
    private(set) var report = RebuildReport()

    /// - Parameter target: the file of the new history. What is there is replaced.
    init(_ state: StateFolder, target: FilePath) {
        self.state = state
        self.target = target
    }

    /// Writes the new history. It is complete and undamaged when this returns true, but not yet on the disk.
    ///
    /// False if there is nothing to make one from. Throws as ``HistoryRepair/run(outbox:)`` does.
    mutating func run(outbox: (_ known: Set<String>) throws -> HistoryRepair.Outbox) throws -> Bool {
        let ledger = try LedgerReading.read(state.ledger) { _ in }
        guard let queue = try beginning(key: ledger.splitKey, hasLedger: ledger.count > 0) else { return false }
        report = try queue.write { [state, report] db in
            var filling = HistoryFilling(db: db, report: report)
            try filling.run(ledger: state.ledger, outbox: outbox)
            return filling.report
        }
        let problems = try queue.read { try History.problems(of: $0) }
        try queue.close()
        guard problems.isEmpty else { throw HistoryFailure.damaged(target, problem: problems.joined(separator: "; ")) }
        return true
    }

    /// Removes what an interrupted attempt has left.
    func removeTarget() throws {
        for suffix in ["", "-journal", "-wal", "-shm"] { try Files.remove(FilePath(target.string + suffix)) }
    }

    private mutating func beginning(key: [UInt8]?, hasLedger: Bool) throws -> DatabaseQueue? {
        for backup in try HistoryBackups(state).files {
            try removeTarget()
            do {
                let queue = try copy(of: backup, key: key)
                report.backup = backup
                return queue
            } catch let unusable as UnusableBackup {
                report.unusableBackups.append(.init(name: backup.string, reason: unusable.reason))
            }
        }
        try removeTarget()
        guard hasLedger else { return nil }
        report.hasNewKey = key == nil
        return try empty(key: key)
    }

    /// - Parameter key: nil keeps the one that a new history draws.
    private func empty(key: [UInt8]?) throws -> DatabaseQueue {
        let queue = try open()
        try Migrations.all.migrate(queue)
        guard let key else { return queue }
        try queue.write { db in
            try db.execute(sql: "UPDATE installation SET split_key = ?", arguments: [DatabaseBytes(key)])
        }
        return queue
    }

    private func open() throws -> DatabaseQueue {
        let queue = try DatabaseQueue(path: target.string)
        // Nothing relies on the file before it is complete.
        try queue.writeWithoutTransaction { db in
            try db.execute(sql: "PRAGMA journal_mode = MEMORY; PRAGMA synchronous = OFF")
        }
        return queue
    }
}

// MARK: Backups

private struct UnusableBackup: Error {
    let reason: String
}

extension HistoryRebuilding {
    /// The new history as a copy of a backup, with this release's schema. Throws ``UnusableBackup``.
    ///
    /// - Parameter key: the ledger's key; nil if there is none.
    private func copy(of backup: FilePath, key: [UInt8]?) throws -> DatabaseQueue {
        do {
            try Files.copy(backup, to: target)
            let queue = try open()
            try queue.read { db in
                try History.checkTables(of: db, at: backup)
                if let problem = try problem(of: db, key: key) { throw UnusableBackup(reason: problem) }
            }
            try Migrations.all.migrate(queue)
            return queue
        } catch let failure as FileFailure where failure.path == backup {
            throw UnusableBackup(reason: "\(failure)")
        } catch HistoryFailure.damaged(_, let problem) {
            throw UnusableBackup(reason: problem)
        } catch let error as DatabaseError where !error.isOfMachine {
            throw UnusableBackup(reason: error.message ?? "\(error.resultCode)")
        }
    }

    private func problem(of db: Database, key: [UInt8]?) throws -> String? {
        if try Migrations.all.appliedIdentifiers(db).isEmpty { return "it isn't a history" }
        if try Migrations.all.hasBeenSuperseded(db) { return "it was written by a newer release of cultivar" }
        let problems = try History.problems(of: db)
        guard problems.isEmpty else { return problems.joined(separator: "; ") }
        guard let found = try DatabaseBytes.fetchOne(db, sql: "SELECT split_key FROM installation") else {
            return "it has no split key"
        }
        return key == nil || key == found.bytes ? nil : "its split key isn't that of the ledger"
    }
}
