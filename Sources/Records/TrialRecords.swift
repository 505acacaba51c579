/// One epoch of one fit. A value that isn't finite is nil.
package struct EpochRecord: Codable, Hashable, Sendable {
    /// From 1.
    package let epoch: Int
    @OrNull package var loss: Double?
    @OrNull package var accuracy: Double?
    /// On the fit's own validation share; nil without one.
    @OrNull package var valLoss: Double?
    @OrNull package var valAccuracy: Double?
    package let learningRate: Double

    package init(
        epoch: Int, loss: Double?, accuracy: Double?, valLoss: Double?, valAccuracy: Double?, learningRate: Double
    ) {
        self.epoch = epoch
        self.loss = loss
        self.accuracy = accuracy
        self.valLoss = valLoss
        self.valAccuracy = valAccuracy
        self.learningRate = learningRate
    }

    enum CodingKeys: String, CodingKey {
        case epoch, loss, accuracy
        case valLoss = "val_loss"
        case valAccuracy = "val_accuracy"
        case learningRate = "learning_rate"
    }
}

/// One candidate on one fold.
package struct TrialRecord: Hashable, Sendable {
    package enum Result: Hashable, Sendable {
        /// On the fold's held-out pictures, and the epoch whose weights were kept.
        case accuracy(Double, bestEpoch: Int)
        case failure(String)
    }

    /// The candidate's index, from 0.
    package let candidate: Int
    /// From 0.
    package let fold: Int
    package let result: Result
    package let seconds: Double
    package let curve: [EpochRecord]

    package init(candidate: Int, fold: Int, result: Result, seconds: Double, curve: [EpochRecord]) {
        self.candidate = candidate
        self.fold = fold
        self.result = result
        self.seconds = seconds
        self.curve = curve
    }
}

/// The search's result for one candidate.
package struct CandidateScore: Hashable, Sendable {
    package let candidate: Int
    /// Mean and standard deviation (of the population, as numpy's default) of the folds' accuracies; nil if a trial
    /// failed.
    package let meanAccuracy: Double?
    package let stdAccuracy: Double?
    /// From 1 (the best).
    package let rank: Int

    package init(candidate: Int, meanAccuracy: Double?, stdAccuracy: Double?, rank: Int) {
        self.candidate = candidate
        self.meanAccuracy = meanAccuracy
        self.stdAccuracy = stdAccuracy
        self.rank = rank
    }
}

/// The fit of the winning candidate on all training pictures.
package struct RefitRecord: Codable, Hashable, Sendable {
    package let candidate: Int
    package let bestEpoch: Int
    package let seconds: Double
    package let curve: [EpochRecord]

    package init(candidate: Int, bestEpoch: Int, seconds: Double, curve: [EpochRecord]) {
        self.candidate = candidate
        self.bestEpoch = bestEpoch
        self.seconds = seconds
        self.curve = curve
    }

    enum CodingKeys: String, CodingKey {
        case candidate, seconds, curve
        case bestEpoch = "best_epoch"
    }
}
