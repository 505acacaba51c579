import GRDB
import Records
import System
import SystemPackage

/// Puts what ledger and outbox know into a history that may be a backup, inside one transaction.
struct HistoryFilling {
    private let db: Database
    private(set) var report: RebuildReport
    private var inserter: LedgerInserter

    init(db: Database, report: RebuildReport) {
        self.db = db
        self.report = report
        inserter = LedgerInserter(db: db)
    }

    mutating func run(ledger: FilePath, outbox: (_ known: Set<String>) throws -> HistoryRepair.Outbox) throws {
        report.picturesOfBackup = try Int.fetchOne(db, sql: "SELECT count(*) FROM pictures") ?? 0
        try insert(ledger)
        let found = try outbox(String.fetchSet(db, sql: "SELECT version FROM models"))
        for model in found.models { try restore(model) }
        try follow(found.current)
        try endRun()
        // Whatever the backup says: the next start compares everything.
        try db.execute(sql: "DELETE FROM ledger_position")
    }

    private mutating func insert(_ ledger: FilePath) throws {
        var (inserter, count) = (self.inserter, 0)
        _ = try LedgerReading.read(ledger) { entry in
            if try inserter.insert(entry), case .picture = entry { count += 1 }
        }
        self.inserter = inserter
        report.picturesOfLedger = count
    }

    /// A run that was in progress may have gone on after the backup; it can't be continued from there.
    private mutating func endRun() throws {
        try db.execute(
            sql: """
                UPDATE runs SET outcome = 'failed', finished_at = ?, reason = ?, reason_data = ?
                WHERE outcome = 'running'
                """,
            arguments: [Timestamp.now, RunReason.historyDamaged.text, JSONText(RunReason.historyDamaged)])
        report.hasEndedRun = db.changesCount > 0
    }
}

// MARK: Models

extension HistoryFilling {
    /// One that contradicts other rows is left out: anybody may put folders into the outbox.
    private mutating func restore(_ model: PublishedModel) throws {
        // Labels that it makes are gone if it is left out.
        var inserter = self.inserter
        do {
            try db.inSavepoint {
                try Self.insert(model, db, &inserter)
                return .commit
            }
            self.inserter = inserter
            report.restoredVersions.append(model.record.version)
        } catch let error as DatabaseError where error.resultCode == .SQLITE_CONSTRAINT {
            let reason = error.message ?? "\(error.resultCode)"
            report.refusedVersions.append(.init(name: model.record.version, reason: reason))
        }
    }

    private static func insert(_ model: PublishedModel, _ db: Database, _ inserter: inout LedgerInserter) throws {
        var record = model.record
        record.labels = try model.labels.map { Label(id: try inserter.label(named: $0).id, name: $0) }
        let run = try run(of: model, db)
        try History.insert(db, record, run: run, at: model.created)
        try db.execute(
            sql: """
                UPDATE runs SET outcome = 'promoted', finished_at = :time, reason = :reason, reason_data = :data,
                    test_accuracy = :accuracy, version = :version, parameters = :parameters WHERE id = :run
                """,
            arguments: [
                "time": model.created, "reason": RunReason.recordLost.text, "data": JSONText(RunReason.recordLost),
                "accuracy": record.testAccuracy, "version": record.version, "parameters": record.parameters,
                "run": run,
            ])
        try publish(record.version, .promotion, at: model.created, db)
    }

    /// The run that made a model: the one that was in progress in the backup, or a placeholder, under the same number
    /// if that is free.
    private static func run(of model: PublishedModel, _ db: Database) throws -> RunID {
        let outcome = try RunOutcome.fetchOne(db, sql: "SELECT outcome FROM runs WHERE id = ?", arguments: [model.run])
        if outcome == .running { return model.run }
        let id = outcome == nil ? model.run : nil
        try db.execute(
            sql: """
                INSERT INTO runs (id, trigger, started_at, finished_at, outcome, reason, reason_data, seed, settings,
                    train_pictures, test_pictures, last_picture_id)
                VALUES (?, 'schedule', ?, ?, 'failed', ?, ?, 0, '{}', 0, 0, 0)
                """,
            arguments: [
                id, model.created, model.created, RunReason.recordLost.text, JSONText(RunReason.recordLost),
            ])
        return db.lastInsertedRowID
    }

    /// The version that the outbox shows is the champion, if its model is known: somebody may have gone back to it.
    private func follow(_ current: String?) throws {
        let latest = try String.fetchOne(db, sql: "SELECT version FROM publications ORDER BY id DESC LIMIT 1")
        let known = "SELECT EXISTS (SELECT 1 FROM models WHERE version = ?)"
        guard let current, current != latest, try Bool.fetchOne(db, sql: known, arguments: [current]) == true else {
            return
        }
        try Self.publish(current, .rollback, at: .now, db)
    }

    /// The outbox has the version already.
    private static func publish(
        _ version: String, _ kind: PublicationKind, at time: Timestamp, _ db: Database
    ) throws {
        try db.execute(
            sql: "INSERT INTO publications (version, kind, decided_at, published_at) VALUES (?, ?, ?, ?)",
            arguments: [version, kind, time, time])
    }
}
