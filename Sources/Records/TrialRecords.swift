/// One epoch of one fit, as in Keras's history. In the history, a value that isn't finite is nil.
package struct EpochRecord: Codable, Hashable, Sendable {
    /// From 1.
    package let epoch: Int
    /// Over the epoch's training rows, with dropout: categorical cross-entropy in nats.
    @OrNull package var loss: Double?
    /// Over the epoch's training rows, 0 to 1.
    @OrNull package var accuracy: Double?
    /// The same on the fit's own validation share, in inference; nil without one.
    @OrNull package var valLoss: Double?
    /// On the fit's own validation share, 0 to 1; nil without one.
    @OrNull package var valAccuracy: Double?
    /// The rate that this epoch was trained with.
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

/// Why a fit produced no head: a code with its numbers. Its description makes the sentence.
package enum TrainingFailure: Error, Hashable, Sendable, CustomStringConvertible {
    /// The loss is infinite or not a number: the learning rate is too high, or the features aren't finite.
    case diverged(epoch: Int, learningRate: Double)
    /// The sentence that the history keeps of it.
    case sentence(String)

    package var description: String {
        switch self {
        case .diverged(let epoch, let learningRate):
            "The loss stopped being a finite number in epoch \(epoch) at learning rate \(learningRate)."
        case .sentence(let text): text
        }
    }
}

/// A finished trial: one candidate on one fold.
package struct TrialRecord: Hashable, Sendable {
    package enum Result: Hashable, Sendable {
        /// On the fold's held-out pictures (not their copies), and the epoch whose weights were kept, from 1.
        case accuracy(Double, bestEpoch: Int)
        case failure(TrainingFailure)
    }

    /// The candidate's index in sampling order, from 0.
    package let candidate: Int
    /// The fold that was tested, from 0.
    package let fold: Int
    package let result: Result
    /// Wall-clock time of the fit and the scoring.
    package let seconds: Double
    /// Empty if the training failed.
    package let curve: [EpochRecord]

    package init(candidate: Int, fold: Int, result: Result, seconds: Double, curve: [EpochRecord]) {
        self.candidate = candidate
        self.fold = fold
        self.result = result
        self.seconds = seconds
        self.curve = curve
    }
}

extension TrialRecord {
    package var accuracy: Double? { if case .accuracy(let accuracy, _) = result { accuracy } else { nil } }

    package var bestEpoch: Int? { if case .accuracy(_, let epoch) = result { epoch } else { nil } }

    package var failure: TrainingFailure? { if case .failure(let failure) = result { failure } else { nil } }
}

extension TrialRecord: Encodable {
    private enum CodingKeys: String, CodingKey {
        case fold, accuracy, failure, seconds, curve
        case bestEpoch = "best_epoch"
    }

    /// Without its candidate, in whose list it is printed.
    package func encode(to encoder: any Encoder) throws {
        var values = encoder.container(keyedBy: CodingKeys.self)
        try values.encode(fold, forKey: .fold)
        try values.encode(accuracy, forKey: .accuracy)
        try values.encode(failure?.description, forKey: .failure)
        try values.encode(bestEpoch, forKey: .bestEpoch)
        try values.encode(seconds, forKey: .seconds)
        try values.encode(curve, forKey: .curve)
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
