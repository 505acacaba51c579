import GRDB
package import Records

extension LeftOutClass: FetchableRecord {}

extension History {
    /// Everything that is known about a run. Throws ``HistoryFailure/noSuchRun(_:)``.
    package func runDetails(_ run: RunID) throws -> RunDetails {
        try reader.read { db in
            let sql = "SELECT \(RunSummary.columns), requested_at, seed, settings FROM runs WHERE id = ?"
            guard let row = try Row.fetchOne(db, sql: sql, arguments: [run]) else {
                throw HistoryFailure.noSuchRun(run)
            }
            return try RunDetails(
                summary: RunSummary(row: row), requested: row.decode(forColumn: "requested_at"),
                seed: UInt64(bitPattern: row.decode(forColumn: "seed")), settings: row.decode(forColumn: "settings"),
                seconds: StageSeconds.fetch(db, of: run), leftOut: LeftOutClass.fetchAll(db, of: run),
                leftOutPictures: Self.leftOutPictures(db, of: run),
                candidates: CandidateDetails.fetchAll(db, of: run), refit: RefitRecord.fetch(db, of: run),
                evaluations: EvaluationDetails.fetchAll(db, of: run))
        }
    }

    private static func leftOutPictures(_ db: Database, of run: RunID) throws -> Int {
        let sql = "SELECT count(*) FROM left_out_pictures WHERE run_id = ?"
        return try Int.fetchOne(db, sql: sql, arguments: [run]) ?? 0
    }
}

extension StageSeconds {
    fileprivate static func fetch(_ db: Database, of run: RunID) throws -> StageSeconds {
        let rows = try Row.fetchAll(db, sql: "SELECT stage, seconds FROM run_stages WHERE run_id = ?", arguments: [run])
        return try StageSeconds(
            Dictionary(
                uniqueKeysWithValues: rows.map { row in
                    try (row.decode(forColumn: "stage"), row.decode(forColumn: "seconds"))
                }))
    }
}

extension LeftOutClass {
    fileprivate static func fetchAll(_ db: Database, of run: RunID) throws -> [LeftOutClass] {
        let sql = """
            SELECT l.name AS label, c.train_pictures AS train, c.test_pictures AS test, c.needed, (
                SELECT max(s.label_id = c.label_id) FROM evaluations e JOIN class_scores s ON s.evaluation_id = e.id
                WHERE e.run_id = c.run_id) AS tested
            FROM left_out_classes c JOIN labels l ON l.id = c.label_id WHERE c.run_id = ? ORDER BY l.key
            """
        return try fetchAll(db, sql: sql, arguments: [run])
    }
}

extension CandidateDetails {
    fileprivate static func fetchAll(_ db: Database, of run: RunID) throws -> [CandidateDetails] {
        let trials = Dictionary(grouping: try TrialRecord.fetchAll(db, of: run), by: \.candidate)
        let sql = """
            SELECT candidate, parameters, mean_accuracy, std_accuracy, rank FROM candidates
            WHERE run_id = ? ORDER BY candidate
            """
        return try Row.fetchAll(db, sql: sql, arguments: [run]).map { row in
            let candidate: Int = try row.decode(forColumn: "candidate")
            return try CandidateDetails(
                candidate: candidate, parameters: row.decode(forColumn: "parameters"),
                meanAccuracy: row.decode(forColumn: "mean_accuracy"),
                stdAccuracy: row.decode(forColumn: "std_accuracy"), rank: row.decode(forColumn: "rank"),
                trials: trials[candidate] ?? [])
        }
    }
}
