/// A model as `cultivar models` lists it.
package struct ModelSummary: Codable, Hashable, Sendable {
    package let version: String
    package let run: RunID
    package let created: Timestamp
    /// On the test set of its run, 0 to 1.
    package let testAccuracy: Double
    package let backbone: String
    /// Height and width of the input in pixels.
    package let inputSize: Int
    /// How many it knows.
    package let classes: Int
    /// The head's hyperparameters.
    package let parameters: JSONText
    /// When it first became current in the outbox; nil if it never did.
    @OrNull package var published: Timestamp?
    /// Whether the latest decision names it.
    package let current: Bool

    enum CodingKeys: String, CodingKey {
        case version, run, created, backbone, classes, parameters, published, current
        case testAccuracy = "test_accuracy"
        case inputSize = "input_size"
    }
}
