/// Why a run started.
package enum RunTrigger: String, Codable, Hashable, Sendable, CaseIterable {
    /// `train.every` has passed.
    case schedule
    /// A drop was taken and `train.on_drop` is on.
    case drop
    /// Somebody asked for it with `cultivar train`.
    case request
}

package enum RunOutcome: String, Codable, Hashable, Sendable, CaseIterable {
    case running
    /// The challenger was better and has become the champion.
    case promoted
    /// The champion was kept.
    case kept
    /// Nothing was trained, for the reason given.
    case skipped
    case failed
}

/// What is known when a run starts.
package struct NewRun: Hashable, Sendable {
    package var trigger: RunTrigger
    /// When it was requested, if it was.
    package var requestedAt: Timestamp?
    package var startedAt: Timestamp
    /// Of its candidates, folds, trials and refit; augmented copies don't depend on it.
    package var seed: UInt64
    /// All settings that the run depends on.
    package var settings: JSONText
    /// The training pictures of the classes that it learns; for a skipped run, of all.
    package var trainPictures: Int
    /// The test pictures of the classes that it learns or the champion knows; for a skipped run, of all.
    package var testPictures: Int
    /// The newest picture that the run uses; 0 if there is none.
    package var lastPicture: PictureID
    /// The classes that it doesn't learn; it learns all others that have pictures.
    package var leftOut: [LabelID: Shortage]
    /// The pictures up to ``lastPicture`` that it doesn't use, because they were set aside when it started, or proved
    /// unusable since.
    package var leftOutPictures: Set<PictureID>

    package init(
        trigger: RunTrigger, requestedAt: Timestamp? = nil, startedAt: Timestamp, seed: UInt64, settings: JSONText,
        trainPictures: Int, testPictures: Int, lastPicture: PictureID, leftOut: [LabelID: Shortage] = [:],
        leftOutPictures: Set<PictureID> = []
    ) {
        self.trigger = trigger
        self.requestedAt = requestedAt
        self.startedAt = startedAt
        self.seed = seed
        self.settings = settings
        self.trainPictures = trainPictures
        self.testPictures = testPictures
        self.lastPicture = lastPicture
        self.leftOut = leftOut
        self.leftOutPictures = leftOutPictures
    }
}

/// The parts of a run whose time is measured.
package enum RunStage: String, Codable, Hashable, Sendable, CaseIterable {
    case features, search, refit, evaluation, publication
}

/// The result with which a run ends.
package struct RunResult: Hashable, Sendable {
    package var reason: RunReason
    /// The challenger's on the test set, 0 to 1; nil if the run didn't get that far.
    package var testAccuracy: Double?
    /// The champion's on the same test set, 0 to 1; nil if the run didn't get that far, or without a champion.
    package var championAccuracy: Double?
    /// The champion that the challenger was compared with; nil without one.
    package var championVersion: String?
    /// How many training pictures it learned from; nil keeps the number from the start of the run.
    package var trainPictures: Int?
    /// How many test pictures both were scored on; nil keeps the number from the start of the run.
    package var testPictures: Int?
    /// The winning candidate's.
    package var parameters: JSONText?

    package init(
        reason: RunReason, testAccuracy: Double? = nil, championAccuracy: Double? = nil, championVersion: String? = nil,
        trainPictures: Int? = nil, testPictures: Int? = nil, parameters: JSONText? = nil
    ) {
        self.reason = reason
        self.testAccuracy = testAccuracy
        self.championAccuracy = championAccuracy
        self.championVersion = championVersion
        self.trainPictures = trainPictures
        self.testPictures = testPictures
        self.parameters = parameters
    }
}

/// A run that has started and hasn't ended: what is needed to resume it.
package struct UnfinishedRun: Hashable, Sendable {
    package let id: RunID
    package let start: NewRun
    /// The candidates' hyperparameters by index; empty if they aren't recorded yet.
    package let candidates: [JSONText]
    /// The finished trials, by candidate and fold.
    package let trials: [TrialRecord]

    package init(id: RunID, start: NewRun, candidates: [JSONText], trials: [TrialRecord]) {
        self.id = id
        self.start = start
        self.candidates = candidates
        self.trials = trials
    }
}
