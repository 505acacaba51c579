/// A model as `cultivar models` lists it.
package struct ModelSummary: Codable, Hashable, Sendable {
    package let version: String
    package let run: RunID
    package let created: Timestamp
    package let testAccuracy: Double
    package let backbone: String
    package let inputSize: Int
    package let classes: Int
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
