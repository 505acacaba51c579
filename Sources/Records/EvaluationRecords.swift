/// Which of the two models of a run was scored.
package enum EvaluationRole: String, Codable, Hashable, Sendable, CaseIterable {
    case champion, challenger
}

/// How well a model tells one class from the others. `ConfusionMatrix.scores` gives 0 for a score whose denominator is
/// zero; the history also admits nil.
///
/// `Class` is what names the class: an id in the history, a name for people.
package struct ClassScore<Class: Codable & Hashable & Sendable>: Codable, Hashable, Sendable {
    package let label: Class
    /// Of the pictures predicted as this class, the share that is right: 0 to 1.
    @OrNull package var precision: Double?
    /// Of the pictures of this class, the share that is right: 0 to 1.
    @OrNull package var recall: Double?
    /// The harmonic mean of precision and recall, 0 to 1.
    @OrNull package var f1: Double?
    /// Test pictures of this class.
    package let support: Int

    package init(label: Class, precision: Double?, recall: Double?, f1: Double?, support: Int) {
        self.label = label
        self.precision = precision
        self.recall = recall
        self.f1 = f1
        self.support = support
    }
}

/// What a model predicts for one test picture.
package struct Prediction: Hashable, Sendable {
    package let picture: PictureID
    /// The label that was predicted.
    package let label: LabelID
    /// Its probability; stored within 0 and 1, and as NULL if it isn't a number.
    package let probability: Float

    package init(picture: PictureID, label: LabelID, probability: Float) {
        self.picture = picture
        self.label = label
        self.probability = probability
    }
}

/// A model's scores on the current test set.
package struct NewEvaluation: Sendable {
    package var role: EvaluationRole
    /// The champion's version; nil for a challenger.
    package var version: String?
    /// 0 to 1.
    package var accuracy: Double
    /// A row for each class that the challenger or the champion knows, with or without test pictures; both models of a
    /// run have the same order.
    package var classes: [ClassScore<LabelID>]
    /// Test pictures by true class (row) and predicted class (column), in the order of `classes`.
    package var confusion: [[Int]]
    /// One for each test picture.
    package var predictions: [Prediction]

    package init(
        role: EvaluationRole, version: String?, accuracy: Double, classes: [ClassScore<LabelID>], confusion: [[Int]],
        predictions: [Prediction]
    ) {
        precondition(
            confusion.count == classes.count && confusion.allSatisfy { $0.count == classes.count },
            "a confusion matrix needs a row and a column for each class")
        self.role = role
        self.version = version
        self.accuracy = accuracy
        self.classes = classes
        self.confusion = confusion
        self.predictions = predictions
    }
}
