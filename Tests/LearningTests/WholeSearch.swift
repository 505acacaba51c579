import Records
import Learning
import Workers

/// The result of a search.
struct SearchResult: Sendable {
    let ranking: CandidateRanking
    /// The best candidate trained on all pictures.
    let refit: FitResult

    var candidates: [CandidateScore] { ranking.candidates }
    var trials: [TrialRecord] { ranking.trials }
    var best: CandidateScore { ranking.best }
}

extension RandomizedSearch {
    /// The trials and the refit with all features in memory, by backbone.
    func run(
        on pool: WorkerPool, features: [String: LabeledFeatures], resuming finished: [TrialRecord] = [],
        observer: SearchObserver = SearchObserver()
    ) async throws -> SearchResult {
        let ranking = try await rank(
            on: pool, features: { features[$0]! }, resuming: finished, observer: observer)
        let refit = try await refit(ranking, on: pool, features: { features[$0]! }, observer: observer)
        return SearchResult(ranking: ranking, refit: refit)
    }
}
