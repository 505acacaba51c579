import GRDB

/// All that is known of a run, as `cultivar show` prints it.
package struct RunDetails: Codable, Sendable {
    package let summary: RunSummary
    @OrNull package var requested: Timestamp?
    package let seed: UInt64
    package let settings: JSONText
    package let candidates: [CandidateDetails]
    @OrNull package var refit: RefitRecord?
    /// The champion's first, where there was one.
    package let evaluations: [EvaluationDetails]
}

package struct CandidateDetails: Codable, Hashable, Sendable {
    /// From 0.
    package let candidate: Int
    package let parameters: JSONText
    @OrNull package var meanAccuracy: Double?
    @OrNull package var stdAccuracy: Double?
    /// From 1, the best; nil until the search has ended.
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
    /// All that is known of a run. Throws ``HistoryFailure/noSuchRun(_:)``.
    package func runDetails(_ run: RunID) throws -> RunDetails {
        try reader.read { db in
            let sql = "SELECT \(RunSummary.columns), requested_at, seed, settings FROM runs WHERE id = ?"
            guard let row = try Row.fetchOne(db, sql: sql, arguments: [run]) else {
                throw HistoryFailure.noSuchRun(run)
            }
            return try RunDetails(
                summary: RunSummary(row: row), requested: row.decode(atIndex: 13),
                seed: UInt64(bitPattern: row.decode(atIndex: 14)), settings: row.decode(atIndex: 15),
                candidates: CandidateDetails.fetchAll(db, of: run), refit: RefitRecord.fetch(db, of: run),
                evaluations: EvaluationDetails.fetchAll(db, of: run))
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
