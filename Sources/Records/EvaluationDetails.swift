/// A model's scores on the test set of a run.
package struct EvaluationDetails: Codable, Hashable, Sendable {
    package let role: EvaluationRole
    /// Nil for a challenger that wasn't promoted.
    @OrNull package var version: String?
    /// 0 to 1.
    package let accuracy: Double
    /// As in ``NewEvaluation``, by the labels' names.
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
    /// That of the predicted label, 0 to 1; nil if it wasn't a number.
    @OrNull package var probability: Double?
}
