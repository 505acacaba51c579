import GRDB

/// Everything that is known about a run, as `cultivar show` prints it.
package struct RunDetails: Codable, Sendable {
    package let summary: RunSummary
    @OrNull package var requested: Timestamp?
    package let seed: UInt64
    package let settings: JSONText
    /// The time spent in each stage.
    package let seconds: StageSeconds
    /// The classes that it didn't learn, by label; none for a skipped run.
    package let leftOut: [LeftOutClass]
    package let candidates: [CandidateDetails]
    @OrNull package var refit: RefitRecord?
    /// The champion's comes first, if there was one.
    package let evaluations: [EvaluationDetails]

    enum CodingKeys: String, CodingKey {
        case summary, requested, seed, settings, seconds, candidates, refit, evaluations
        case leftOut = "left_out"
    }
}

/// Seconds by stage; nil if the run hasn't reached the stage or hasn't recorded it.
package struct StageSeconds: Codable, Hashable, Sendable {
    @OrNull package var features: Double?
    @OrNull package var search: Double?
    @OrNull package var refit: Double?
    @OrNull package var evaluation: Double?
    @OrNull package var publication: Double?

    package subscript(stage: RunStage) -> Double? {
        switch stage {
        case .features: features
        case .search: search
        case .refit: refit
        case .evaluation: evaluation
        case .publication: publication
        }
    }
}

/// A class that had too few pictures to be learned by a run.
package struct LeftOutClass: Codable, Hashable, Sendable {
    package let label: String
    /// The pictures that it had.
    package let train: Int
    package let test: Int
    /// The training pictures that it needed; it also needed a test picture.
    package let needed: Int
    /// Whether its test pictures counted anyway because the champion knows it; nil before the evaluation.
    @OrNull package var tested: Bool?
}

package struct CandidateDetails: Codable, Hashable, Sendable {
    /// From 0.
    package let candidate: Int
    package let parameters: JSONText
    @OrNull package var meanAccuracy: Double?
    @OrNull package var stdAccuracy: Double?
    /// From 1 (the best); nil until the search has ended.
    @OrNull package var rank: Int?
    package let trials: [TrialDetails]

    enum CodingKeys: String, CodingKey {
        case candidate, parameters, rank, trials
        case meanAccuracy = "mean_accuracy"
        case stdAccuracy = "std_accuracy"
    }
}

package struct TrialDetails: Codable, Hashable, Sendable {
    /// From 0.
    package let fold: Int
    @OrNull package var accuracy: Double?
    /// Why there is no accuracy.
    @OrNull package var failure: String?
    @OrNull package var bestEpoch: Int?
    package let seconds: Double
    package let curve: [EpochRecord]

    enum CodingKeys: String, CodingKey {
        case fold, accuracy, failure, seconds, curve
        case bestEpoch = "best_epoch"
    }

    init(_ trial: TrialRecord) {
        fold = trial.fold
        seconds = trial.seconds
        curve = trial.curve
        switch trial.result {
        case .accuracy(let accuracy, let epoch): (self.accuracy, bestEpoch, failure) = (accuracy, epoch, nil)
        case .failure(let reason): (accuracy, bestEpoch, failure) = (nil, nil, reason)
        }
    }
}

extension History {
    /// Everything that is known about a run. Throws ``HistoryFailure/noSuchRun(_:)``.
    package func runDetails(_ run: RunID) throws -> RunDetails {
        try reader.read { db in
            let sql = "SELECT \(RunSummary.columns), requested_at, seed, settings FROM runs WHERE id = ?"
            guard let row = try Row.fetchOne(db, sql: sql, arguments: [run]) else {
                throw HistoryFailure.noSuchRun(run)
            }
            return try RunDetails(
                summary: RunSummary(row: row), requested: row.decode(atIndex: 14),
                seed: UInt64(bitPattern: row.decode(atIndex: 15)), settings: row.decode(atIndex: 16),
                seconds: StageSeconds.fetch(db, of: run), leftOut: LeftOutClass.fetchAll(db, of: run),
                candidates: CandidateDetails.fetchAll(db, of: run), refit: RefitRecord.fetch(db, of: run),
                evaluations: EvaluationDetails.fetchAll(db, of: run))
        }
    }
}

extension StageSeconds {
    fileprivate static func fetch(_ db: Database, of run: RunID) throws -> StageSeconds {
        let sql = "SELECT stage, seconds FROM run_stages WHERE run_id = ?"
        let stages: [RunStage: Double] = try Dictionary(
            uniqueKeysWithValues: Row.fetchAll(db, sql: sql, arguments: [run]).map { row in
                try (row.decode(atIndex: 0), row.decode(atIndex: 1))
            })
        return StageSeconds(
            features: stages[.features], search: stages[.search], refit: stages[.refit],
            evaluation: stages[.evaluation], publication: stages[.publication])
    }
}

extension LeftOutClass {
    fileprivate static func fetchAll(_ db: Database, of run: RunID) throws -> [LeftOutClass] {
        let sql = """
            SELECT l.name, c.train_pictures, c.test_pictures, c.needed, (
                SELECT max(s.label_id = c.label_id) FROM evaluations e JOIN class_scores s ON s.evaluation_id = e.id
                WHERE e.run_id = c.run_id)
            FROM left_out_classes c JOIN labels l ON l.id = c.label_id WHERE c.run_id = ? ORDER BY l.key
            """
        return try Row.fetchAll(db, sql: sql, arguments: [run]).map { row in
            try LeftOutClass(
                label: row.decode(atIndex: 0), train: row.decode(atIndex: 1), test: row.decode(atIndex: 2),
                needed: row.decode(atIndex: 3), tested: row.decode(atIndex: 4))
        }
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
            let candidate: Int = try row.decode(atIndex: 0)
            return try CandidateDetails(
                candidate: candidate, parameters: row.decode(atIndex: 1), meanAccuracy: row.decode(atIndex: 2),
                stdAccuracy: row.decode(atIndex: 3), rank: row.decode(atIndex: 4),
                trials: (trials[candidate] ?? []).map(TrialDetails.init))
        }
    }
}
