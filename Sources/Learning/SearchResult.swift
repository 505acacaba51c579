package import Records

extension CandidateScore {
    /// Scores and ranks all candidates of a search from all of its trials: equal ones share the better rank, failed
    /// ones come last. A candidate with a failed trial has no mean (scikit-learn's `error_score=nan`).
    static func rank(_ candidates: Int, folds: Int, trials: [TrialRecord]) -> [CandidateScore] {
        var accuracies = [[Double?]](repeating: [Double?](repeating: nil, count: folds), count: candidates)
        for trial in trials { accuracies[trial.candidate][trial.fold] = trial.accuracy }
        let means = accuracies.map(mean)
        return (0..<candidates).map { index in
            let own = means[index] ?? -1
            let variance = means[index].flatMap { center in
                mean(accuracies[index].map { $0.map { ($0 - center) * ($0 - center) } })
            }
            return CandidateScore(
                candidate: index, meanAccuracy: means[index], stdAccuracy: variance?.squareRoot(),
                rank: 1 + means.count { ($0 ?? -1) > own })
        }
    }

    /// The mean, nil if a value is missing.
    static func mean(_ accuracies: [Double?]) -> Double? {
        let known = accuracies.compactMap { $0 }
        guard known.count == accuracies.count, !known.isEmpty else { return nil }
        return known.reduce(0, +) / Double(known.count)
    }
}

/// What a search's trials say about its candidates.
package struct CandidateRanking: Sendable {
    /// By candidate.
    package let candidates: [CandidateScore]
    /// By candidate, then by fold.
    package let trials: [TrialRecord]
    /// The candidate with the best mean accuracy; the earliest one if several are equal.
    package let best: CandidateScore
}

/// The progress of a search.
package struct SearchProgress: Codable, Hashable, Sendable {
    /// The candidate in training, from 0.
    package let candidate: Int
    /// The fold it will be tested on, from 0; nil while the best candidate is refitted on all pictures.
    package let fold: Int?
    /// The epoch that has just ended, from 1, and how many there are at most.
    package let epoch: Int
    package let epochs: Int
    /// Trials of all candidates, including those of an earlier, interrupted attempt.
    package let finishedTrials: Int
    package let totalTrials: Int
    /// The best candidate so far among those with all folds done, and its mean accuracy.
    package let bestCandidate: Int?
    /// 0 to 1.
    package let bestAccuracy: Double?
}

/// Why a search produced no model.
package enum SearchError: Error, Equatable, CustomStringConvertible {
    /// A finished trial that was passed in has a candidate or a fold that this search doesn't have.
    case foreignTrial(candidate: Int, fold: Int)
    /// Not one candidate could be trained on every fold; with the reason of the first trial that failed.
    case allFailed(TrainingFailure?)
    case missingFeatures(backbone: String)

    package var description: String {
        switch self {
        case .foreignTrial(let candidate, let fold):
            "The finished trial of candidate \(candidate), fold \(fold) doesn't belong to this search."
        case .allFailed(let failure):
            "No candidate could be trained on every fold. \(failure?.description ?? "")"
        case .missingFeatures(let backbone): "There are no features of the backbone '\(backbone)'."
        }
    }
}
