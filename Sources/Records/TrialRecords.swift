/// One epoch of one fit. A value that isn't finite is NULL in the history and nil when it is read.
package struct EpochRecord: Codable, Hashable, Sendable {
    /// From 1.
    package let epoch: Int
    /// Over the epoch's training rows.
    @OrNull package var loss: Double?
    /// Over the epoch's training rows, 0 to 1.
    @OrNull package var accuracy: Double?
    /// On the fit's own validation share; nil without one.
    @OrNull package var valLoss: Double?
    /// On the fit's own validation share, 0 to 1; nil without one.
    @OrNull package var valAccuracy: Double?
    /// In this epoch.
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
        /// On the fold's held-out pictures, 0 to 1, and the epoch whose weights were kept, from 1.
        case accuracy(Double, bestEpoch: Int)
        /// Why there is no accuracy, in words.
        case failure(String)
    }

    /// The candidate's index, from 0.
    package let candidate: Int
    /// From 0.
    package let fold: Int
    package let result: Result
    /// Of fitting and scoring.
    package let seconds: Double
    /// By epoch; empty if the trial failed.
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
    /// The candidate's index, from 0.
    package let candidate: Int
    /// The mean of the folds' accuracies, 0 to 1; nil if a trial failed.
    package let meanAccuracy: Double?
    /// Their standard deviation (of the population, as numpy's default); nil if a trial failed.
    package let stdAccuracy: Double?
    /// From 1 (the best); candidates with equal means have the same.
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
    /// The candidate's index, from 0.
    package let candidate: Int
    /// The epoch whose weights were kept, from 1.
    package let bestEpoch: Int
    /// In runs of releases that didn't record stages, those of search and refit together.
    package let seconds: Double
    /// By epoch.
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
