import GRDB
package import Records

extension RunSummary: FetchableRecord {
    /// The columns of `runs` under the names that the JSON has for them.
    ///
    /// A sum that doesn't fit an integer becomes a real number, of which `min` leaves the largest integer: a damaged
    /// history must not stop who reads it.
    static let columns = """
        id AS run, trigger, started_at AS started, finished_at AS finished, outcome,
        coalesce(reason_data, reason) AS reason,
        (SELECT c.mean_accuracy FROM candidates c WHERE c.run_id = runs.id AND c.rank = 1
            ORDER BY c.candidate LIMIT 1) AS cv_accuracy,
        test_accuracy, champion_accuracy, champion_version, version, parameters,
        min(train_pictures + test_pictures, \(Int.max)) AS pictures, train_pictures, test_pictures
        """
}

extension History {
    /// The runs, the newest first: at most `limit`.
    package func runs(limit: Int = 100) throws -> [RunSummary] {
        try reader.read { db in
            let sql = "SELECT \(RunSummary.columns) FROM runs ORDER BY id DESC LIMIT ?"
            return try RunSummary.fetchAll(db, sql: sql, arguments: [limit])
        }
    }

    /// One run. Throws ``HistoryFailure/noSuchRun(_:)``.
    package func run(_ run: RunID) throws -> RunSummary {
        try reader.read { db in
            let sql = "SELECT \(RunSummary.columns) FROM runs WHERE id = ?"
            guard let summary = try RunSummary.fetchOne(db, sql: sql, arguments: [run]) else {
                throw HistoryFailure.noSuchRun(run)
            }
            return summary
        }
    }

    /// The settings that a run was started with. Throws ``HistoryFailure/noSuchRun(_:)``.
    package func settings(of run: RunID) throws -> JSONText {
        try reader.read { db in
            let sql = "SELECT settings FROM runs WHERE id = ?"
            guard let settings = try JSONText.fetchOne(db, sql: sql, arguments: [run]) else {
                throw HistoryFailure.noSuchRun(run)
            }
            return settings
        }
    }
}
