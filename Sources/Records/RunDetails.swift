/// Everything that is known about a run, as `cultivar show` prints it.
package struct RunDetails: Encodable, Sendable {
    package let summary: RunSummary
    /// Nil if nobody asked for it.
    @OrNull package var requested: Timestamp?
    /// Of its candidates, folds, trials and refit; augmented copies don't depend on it.
    package let seed: UInt64
    /// All settings that it depends on.
    package let settings: JSONText
    /// The time spent in each stage.
    package let seconds: StageSeconds
    /// The classes that it didn't learn, by label; none for a skipped run.
    package let leftOut: [LeftOutClass]
    /// How many pictures it didn't use because they were set aside.
    package let leftOutPictures: Int
    /// In the order of sampling; none before the search.
    package let candidates: [CandidateDetails]
    /// Nil before the winning candidate's fit has ended.
    @OrNull package var refit: RefitRecord?
    /// The champion's comes first, if there was one.
    package let evaluations: [EvaluationDetails]

    package init(
        summary: RunSummary, requested: Timestamp?, seed: UInt64, settings: JSONText, seconds: StageSeconds,
        leftOut: [LeftOutClass], leftOutPictures: Int, candidates: [CandidateDetails], refit: RefitRecord?,
        evaluations: [EvaluationDetails]
    ) {
        self.summary = summary
        self.requested = requested
        self.seed = seed
        self.settings = settings
        self.seconds = seconds
        self.leftOut = leftOut
        self.leftOutPictures = leftOutPictures
        self.candidates = candidates
        self.refit = refit
        self.evaluations = evaluations
    }

    enum CodingKeys: String, CodingKey {
        case summary, requested, seed, settings, seconds, candidates, refit, evaluations
        case leftOut = "left_out"
        case leftOutPictures = "left_out_pictures"
    }
}

/// Seconds by stage; nil if the run hasn't reached the stage or hasn't recorded it.
package struct StageSeconds: Codable, Hashable, Sendable {
    @OrNull package var features: Double?
    @OrNull package var search: Double?
    @OrNull package var refit: Double?
    @OrNull package var evaluation: Double?
    @OrNull package var publication: Double?

    package init(_ seconds: [RunStage: Double]) {
        features = seconds[.features]
        search = seconds[.search]
        refit = seconds[.refit]
        evaluation = seconds[.evaluation]
        publication = seconds[.publication]
    }

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

/// A candidate with its trials and, once the search has ended, its ``CandidateScore``.
package struct CandidateDetails: Encodable, Hashable, Sendable {
    /// From 0.
    package let candidate: Int
    /// Its hyperparameters.
    package let parameters: JSONText
    /// As in ``CandidateScore``; also nil until the search has ended.
    @OrNull package var meanAccuracy: Double?
    /// As in ``CandidateScore``; also nil until the search has ended.
    @OrNull package var stdAccuracy: Double?
    /// From 1 (the best), the same for equal means; nil until the search has ended.
    @OrNull package var rank: Int?
    package let trials: [TrialRecord]

    package init(
        candidate: Int, parameters: JSONText, meanAccuracy: Double?, stdAccuracy: Double?, rank: Int?,
        trials: [TrialRecord]
    ) {
        self.candidate = candidate
        self.parameters = parameters
        self.meanAccuracy = meanAccuracy
        self.stdAccuracy = stdAccuracy
        self.rank = rank
        self.trials = trials
    }

    enum CodingKeys: String, CodingKey {
        case candidate, parameters, rank, trials
        case meanAccuracy = "mean_accuracy"
        case stdAccuracy = "std_accuracy"
    }
}
