import GRDB

/// A run as `cultivar history` lists it.
package struct RunSummary: Codable, Hashable, Sendable {
    package let run: RunID
    package let trigger: RunTrigger
    package let started: Timestamp
    @OrNull package var finished: Timestamp?
    package let outcome: RunOutcome
    /// Nil while it runs.
    @OrNull package var reason: String?
    /// The winning candidate's mean over the folds.
    @OrNull package var crossValidationAccuracy: Double?
    @OrNull package var testAccuracy: Double?
    @OrNull package var championAccuracy: Double?
    /// The champion that the run's model was compared with.
    @OrNull package var championVersion: String?
    /// The version that the run published.
    @OrNull package var version: String?
    /// The winning candidate's.
    @OrNull package var parameters: JSONText?
    /// Training and test pictures together.
    package let pictures: Int
    package let trainPictures: Int
    package let testPictures: Int

    enum CodingKeys: String, CodingKey {
        case run, trigger, started, finished, outcome, reason, version, parameters, pictures
        case crossValidationAccuracy = "cv_accuracy"
        case testAccuracy = "test_accuracy"
        case championAccuracy = "champion_accuracy"
        case championVersion = "champion_version"
        case trainPictures = "train_pictures"
        case testPictures = "test_pictures"
    }
}

extension RunSummary: FetchableRecord {
    static let columns = """
        id, trigger, started_at, finished_at, outcome, reason, test_accuracy, champion_accuracy, champion_version, \
        version, parameters, train_pictures, test_pictures, \
        (SELECT c.mean_accuracy FROM candidates c WHERE c.run_id = runs.id AND c.rank = 1 ORDER BY c.candidate LIMIT 1)
        """

    init(row: Row) throws {
        let train: Int = try row.decode(atIndex: 11)
        let test: Int = try row.decode(atIndex: 12)
        try self.init(
            run: row.decode(atIndex: 0), trigger: row.decode(atIndex: 1), started: row.decode(atIndex: 2),
            finished: row.decode(atIndex: 3), outcome: row.decode(atIndex: 4), reason: row.decode(atIndex: 5),
            crossValidationAccuracy: row.decode(atIndex: 13), testAccuracy: row.decode(atIndex: 6),
            championAccuracy: row.decode(atIndex: 7),
            championVersion: row.decode(atIndex: 8), version: row.decode(atIndex: 9),
            parameters: row.decode(atIndex: 10), pictures: train.saturatingSum(test),
            trainPictures: train, testPictures: test)
    }
}

extension History {
    /// The runs, the newest first: at most `limit`, those before the run `before`.
    package func runs(limit: Int = 100, before: RunID = .max) throws -> [RunSummary] {
        try reader.read { db in
            let sql = "SELECT \(RunSummary.columns) FROM runs WHERE id < ? ORDER BY id DESC LIMIT ?"
            return try RunSummary.fetchAll(db, sql: sql, arguments: [before, limit])
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
