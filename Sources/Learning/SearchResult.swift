/// A finished trial of one candidate on one fold; kept so that an interrupted search needn't repeat it.
package struct TrialResult: Codable, Hashable, Sendable {
    /// The number of the candidate in sampling order, from 0.
    package let candidate: Int
    /// The fold that was tested, from 0.
    package let fold: Int
    package let hyperparameters: Hyperparameters
    /// The share of the fold's pictures (not copies) that were recognised; nil if the training failed.
    package let accuracy: Double?
    /// Why the training failed, in plain words.
    package let failure: String?
    /// Every epoch's figures; empty if the training failed.
    package let history: [EpochMetrics]
    /// The epoch whose weights were scored, from 1; nil if the training failed.
    package let bestEpoch: Int?
    package let seconds: Double

    package init(
        candidate: Int, fold: Int, hyperparameters: Hyperparameters, accuracy: Double?, failure: String?,
        history: [EpochMetrics], bestEpoch: Int?, seconds: Double
    ) {
        self.candidate = candidate
        self.fold = fold
        self.hyperparameters = hyperparameters
        self.accuracy = accuracy
        self.failure = failure
        self.history = history
        self.bestEpoch = bestEpoch
        self.seconds = seconds
    }
}

/// The summary of one candidate's trials.
package struct CandidateScore: Codable, Hashable, Sendable {
    /// The number in sampling order, from 0.
    package let candidate: Int
    package let hyperparameters: Hyperparameters
    /// By fold; nil if the training failed.
    package let foldAccuracies: [Double?]
    /// The mean over the folds; nil if one failed (scikit-learn's `error_score=nan`).
    package let meanAccuracy: Double?
    /// From 1; equal candidates share the better rank, failed ones come last.
    package let rank: Int

    /// Scores and ranks all candidates of a search from all of its trials.
    static func rank(_ candidates: [Hyperparameters], folds: Int, trials: [TrialResult]) -> [CandidateScore] {
        var accuracies = [[Double?]](repeating: [Double?](repeating: nil, count: folds), count: candidates.count)
        for trial in trials { accuracies[trial.candidate][trial.fold] = trial.accuracy }
        let means = accuracies.map(mean)
        return candidates.indices.map { index in
            let own = means[index] ?? -1
            return CandidateScore(
                candidate: index, hyperparameters: candidates[index], foldAccuracies: accuracies[index],
                meanAccuracy: means[index], rank: 1 + means.count { ($0 ?? -1) > own })
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
    package let trials: [TrialResult]
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
    package let finishedTrials: Int
    package let totalTrials: Int
    /// The best candidate so far among those with all folds done, and its mean accuracy.
    package let bestCandidate: Int?
    package let bestAccuracy: Double?
}

/// Why a search produced no model.
package enum SearchError: Error, Equatable, CustomStringConvertible {
    /// A finished trial that was passed in doesn't belong to this search.
    case foreignTrial(candidate: Int, fold: Int)
    /// Not one candidate could be trained on every fold.
    case allFailed(reason: String)
    case missingFeatures(backbone: String)

    package var description: String {
        switch self {
        case .foreignTrial(let candidate, let fold):
            "The finished trial of candidate \(candidate), fold \(fold) doesn't belong to this search."
        case .allFailed(let reason): "No candidate could be trained on every fold. \(reason)"
        case .missingFeatures(let backbone): "There are no features of the backbone '\(backbone)'."
        }
    }
}
