import GRDB

/// What made a run start.
package enum RunTrigger: String, Codable, Hashable, Sendable, CaseIterable {
    /// `train.every` has passed.
    case schedule
    /// A drop came in and `train.on_drop` is set.
    case drop
    /// Someone asked: `cultivar train`.
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

extension RunTrigger: DatabaseValueConvertible {}
extension RunOutcome: DatabaseValueConvertible {}

/// What is known when a run starts.
package struct NewRun: Hashable, Sendable {
    package var trigger: RunTrigger
    /// When it was asked for, where it was.
    package var requestedAt: Timestamp?
    package var startedAt: Timestamp
    package var seed: UInt64
    /// All settings that the run depends on.
    package var settings: JSONText
    package var trainPictures: Int
    package var testPictures: Int
    /// The newest picture that the run takes part of; 0 where there is none.
    package var lastPicture: PictureID
    /// The classes that it doesn't learn, by label; it learns all others that have pictures.
    package var leftOut: [ShortClass]

    package init(
        trigger: RunTrigger, requestedAt: Timestamp? = nil, startedAt: Timestamp, seed: UInt64, settings: JSONText,
        trainPictures: Int, testPictures: Int, lastPicture: PictureID, leftOut: [ShortClass] = []
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
    }
}

/// A class that has too few pictures to be learned.
package struct ShortClass: Hashable, Sendable {
    package let label: LabelID
    /// The pictures that it has.
    package let train: Int
    package let test: Int
    /// The training pictures that it needs; it needs a test picture as well.
    package let needed: Int

    package init(label: LabelID, train: Int, test: Int, needed: Int) {
        self.label = label
        self.train = train
        self.test = test
        self.needed = needed
    }
}

/// The parts of a run whose time is taken.
package enum RunStage: String, Codable, Hashable, Sendable, CaseIterable {
    case features, search, refit, evaluation, publication
}

extension RunStage: DatabaseValueConvertible {}

/// What a run has found out, with which it ends.
package struct RunResult: Hashable, Sendable {
    /// In plain words, for people.
    package var reason: String
    /// The challenger's and the champion's, on the same test set; nil where it didn't come to that.
    package var testAccuracy: Double?
    package var championAccuracy: Double?
    /// The champion that the challenger was compared with.
    package var championVersion: String?
    /// How many test pictures both were scored on; nil leaves the number with which the run started.
    package var testPictures: Int?
    /// The winning candidate's.
    package var parameters: JSONText?

    package init(
        reason: String, testAccuracy: Double? = nil, championAccuracy: Double? = nil, championVersion: String? = nil,
        testPictures: Int? = nil, parameters: JSONText? = nil
    ) {
        self.reason = reason
        self.testAccuracy = testAccuracy
        self.championAccuracy = championAccuracy
        self.championVersion = championVersion
        self.testPictures = testPictures
        self.parameters = parameters
    }
}

/// A run that was started and hasn't ended: what is needed to go on with it.
package struct UnfinishedRun: Hashable, Sendable {
    package let id: RunID
    package let start: NewRun
    /// The candidates' parameters by index; empty where they aren't recorded yet.
    package let candidates: [JSONText]
    /// The trials that are finished.
    package let trials: [TrialRecord]
}
