import GRDB
import Records

extension TrialRecord {
    func save(_ db: Database, run: RunID) throws {
        try db.cachedStatement(sql: "DELETE FROM trials WHERE run_id = ? AND candidate = ? AND fold = ?")
            .execute(arguments: [run, candidate, fold])
        try db.cachedStatement(
            sql: """
                INSERT INTO trials (run_id, candidate, fold, accuracy, failure, best_epoch, seconds)
                VALUES (?, ?, ?, ?, ?, ?, ?)
                """
        ).execute(arguments: [run, candidate, fold, accuracy, failure?.description, bestEpoch, seconds])
        let insertion = try db.cachedStatement(
            sql: """
                INSERT INTO trial_epochs
                (epoch, loss, accuracy, val_loss, val_accuracy, learning_rate, run_id, candidate, fold)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
                """)
        for epoch in curve { try insertion.execute(arguments: epoch.values + [run, candidate, fold]) }
    }

    /// A run's trials with their curves, by candidate and fold.
    static func fetchAll(_ db: Database, of run: RunID) throws -> [TrialRecord] {
        let sql = """
            SELECT candidate, fold, accuracy, failure, best_epoch, seconds FROM trials
            WHERE run_id = ? ORDER BY candidate, fold
            """
        let curves = try db.cachedStatement(
            sql: """
                SELECT epoch, loss, accuracy, val_loss, val_accuracy, learning_rate FROM trial_epochs
                WHERE run_id = ? AND candidate = ? AND fold = ? ORDER BY epoch
                """)
        return try Row.fetchAll(db, sql: sql, arguments: [run]).map { row in
            let candidate: Int = try row.decode(forColumn: "candidate")
            let fold: Int = try row.decode(forColumn: "fold")
            let result: Result =
                if let accuracy = try row.decode(Double?.self, forColumn: "accuracy") {
                    .accuracy(accuracy, bestEpoch: try row.decode(forColumn: "best_epoch"))
                } else {
                    .failure(.sentence(try row.decode(forColumn: "failure")))
                }
            let curve = try EpochRecord.fetchAll(curves, arguments: [run, candidate, fold])
            return TrialRecord(
                candidate: candidate, fold: fold, result: result, seconds: try row.decode(forColumn: "seconds"),
                curve: curve)
        }
    }
}

extension RefitRecord {
    func save(_ db: Database, run: RunID) throws {
        try db.execute(sql: "DELETE FROM refits WHERE run_id = ?", arguments: [run])
        try db.execute(
            sql: "INSERT INTO refits (run_id, candidate, best_epoch, seconds) VALUES (?, ?, ?, ?)",
            arguments: [run, candidate, bestEpoch, seconds])
        let insertion = try db.cachedStatement(
            sql: """
                INSERT INTO refit_epochs (epoch, loss, accuracy, val_loss, val_accuracy, learning_rate, run_id)
                VALUES (?, ?, ?, ?, ?, ?, ?)
                """)
        for epoch in curve { try insertion.execute(arguments: epoch.values + [run]) }
    }

    static func fetch(_ db: Database, of run: RunID) throws -> RefitRecord? {
        let sql = "SELECT candidate, best_epoch, seconds FROM refits WHERE run_id = ?"
        guard let row = try Row.fetchOne(db, sql: sql, arguments: [run]) else { return nil }
        let curve = try EpochRecord.fetchAll(
            db,
            sql: """
                SELECT epoch, loss, accuracy, val_loss, val_accuracy, learning_rate FROM refit_epochs
                WHERE run_id = ? ORDER BY epoch
                """, arguments: [run])
        return try RefitRecord(
            candidate: row.decode(forColumn: "candidate"), bestEpoch: row.decode(forColumn: "best_epoch"),
            seconds: row.decode(forColumn: "seconds"), curve: curve)
    }
}

extension EpochRecord: FetchableRecord {
    /// In the order of the columns that the two insertions name.
    fileprivate var values: StatementArguments {
        [epoch, Self.finite(loss), Self.finite(accuracy), Self.finite(valLoss), Self.finite(valAccuracy), learningRate]
    }

    private static func finite(_ value: Double?) -> Double? { value.flatMap { $0.isFinite ? $0 : nil } }
}
