/// A model's scores on the test set of a run.
package struct EvaluationDetails: Codable, Hashable, Sendable {
    package let role: EvaluationRole
    /// Nil for a challenger that wasn't promoted.
    @OrNull package var version: String?
    package let accuracy: Double
    package let classes: [ClassScore<String>]
    /// Test pictures by true class (row) and predicted class (column), in the order of `classes`.
    package let confusion: [[Int]]

    package init(
        role: EvaluationRole, version: String?, accuracy: Double, classes: [ClassScore<String>], confusion: [[Int]]
    ) {
        self.role = role
        self.version = version
        self.accuracy = accuracy
        self.classes = classes
        self.confusion = confusion
    }
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
