/// A model's scores on the test set of a run.
package struct EvaluationDetails: Codable, Hashable, Sendable {
    package let role: EvaluationRole
    /// Nil for a challenger that wasn't promoted.
    @OrNull package var version: String?
    package let accuracy: Double
    package let classes: [ClassDetails]
    /// Test pictures by true class (row) and predicted class (column), in the order of `classes`.
    package let confusion: [[Int]]

    package init(
        role: EvaluationRole, version: String?, accuracy: Double, classes: [ClassDetails], confusion: [[Int]]
    ) {
        self.role = role
        self.version = version
        self.accuracy = accuracy
        self.classes = classes
        self.confusion = confusion
    }
}

package struct ClassDetails: Codable, Hashable, Sendable {
    package let label: String
    @OrNull package var precision: Double?
    @OrNull package var recall: Double?
    @OrNull package var f1: Double?
    package let support: Int
}

/// What a model predicted for one test picture.
package struct PredictionDetails: Codable, Hashable, Sendable {
    package let picture: PictureID
    package let digest: PictureDigest
    /// The true label.
    package let label: String
    package let predicted: String
    @OrNull package var probability: Double?
}
