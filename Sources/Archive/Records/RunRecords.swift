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

    package init(
        trigger: RunTrigger, requestedAt: Timestamp? = nil, startedAt: Timestamp, seed: UInt64, settings: JSONText,
        trainPictures: Int, testPictures: Int, lastPicture: PictureID
    ) {
        self.trigger = trigger
        self.requestedAt = requestedAt
        self.startedAt = startedAt
        self.seed = seed
        self.settings = settings
        self.trainPictures = trainPictures
        self.testPictures = testPictures
        self.lastPicture = lastPicture
    }
}

/// What a run has found out, with which it ends.
package struct RunResult: Hashable, Sendable {
    /// In plain words, for people.
    package var reason: String
    /// The challenger's and the champion's, on the same test set; nil where it didn't come to that.
    package var testAccuracy: Double?
    package var championAccuracy: Double?
    /// The champion that the challenger was compared with.
    package var championVersion: String?
    /// The winning candidate's.
    package var parameters: JSONText?

    package init(
        reason: String, testAccuracy: Double? = nil, championAccuracy: Double? = nil, championVersion: String? = nil,
        parameters: JSONText? = nil
    ) {
        self.reason = reason
        self.testAccuracy = testAccuracy
        self.championAccuracy = championAccuracy
        self.championVersion = championVersion
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
