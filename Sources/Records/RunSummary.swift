/// A run as `cultivar history` lists it.
package struct RunSummary: Codable, Hashable, Sendable {
    package let run: RunID
    package let trigger: RunTrigger
    package let started: Timestamp
    /// Nil while it runs.
    @OrNull package var finished: Timestamp?
    package let outcome: RunOutcome
    /// Nil while it runs.
    @InWords package var reason: RunReason?
    /// The winning candidate's mean over the folds, 0 to 1; nil until the search has ended.
    @OrNull package var crossValidationAccuracy: Double?
    /// As in ``RunResult``; nil while it runs.
    @OrNull package var testAccuracy: Double?
    /// As in ``RunResult``; nil while it runs.
    @OrNull package var championAccuracy: Double?
    /// The champion that the run's model was compared with.
    @OrNull package var championVersion: String?
    /// The version that the run published; nil unless it was promoted.
    @OrNull package var version: String?
    /// The winning candidate's.
    @OrNull package var parameters: JSONText?
    /// Training and test pictures together.
    package let pictures: Int
    /// As in ``NewRun``, without those that proved unusable.
    package let trainPictures: Int
    /// The same; after the evaluation, those on which the models were scored.
    package let testPictures: Int

    enum CodingKeys: String, CodingKey {
        case run, trigger, started, finished, outcome, reason, version, parameters, pictures
        case crossValidationAccuracy = "cv_accuracy"
        case testAccuracy = "test_accuracy"
        case championAccuracy = "champion_accuracy"
        case championVersion = "champion_version"
        case trainPictures = "train_pictures"
        case testPictures = "test_pictures"
    }
}
