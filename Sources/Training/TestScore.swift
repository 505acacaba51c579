internal import Learning
internal import Numerics
internal import Records

/// A model's predictions for the current test set.
struct TestScore: Sendable {
    /// (test pictures, the model's classes).
    let probabilities: Matrix
    /// In the test set's classes; a class that the model doesn't know is never predicted.
    let confusion: ConfusionMatrix
    private let predictions: [Prediction]

    /// - Parameter modelLabels: the model's labels in class order; all of them are labels of `set`.
    init(probabilities: Matrix, modelLabels: [LabelID], set: PictureSet) {
        let places = Dictionary(uniqueKeysWithValues: set.labels.enumerated().map { ($1.id, $0) })
        let classes = modelLabels.map { places[$0]! }
        let best = Head.classes(of: probabilities).map { Int($0) }
        self.probabilities = probabilities
        confusion = ConfusionMatrix(
            truth: set.pictures.map { Int32($0.label) }, predictions: best.map { Int32(classes[$0]) },
            classCount: set.labels.count)
        predictions = zip(set.pictures, best).enumerated().map { row, pair in
            Prediction(picture: pair.0.id, label: modelLabels[pair.1], probability: probabilities[row, pair.1])
        }
    }

    /// The rows of it that the history stores.
    func evaluation(_ role: EvaluationRole, version: String?, labels: [Label]) -> NewEvaluation {
        let count = confusion.classCount
        return NewEvaluation(
            role: role, version: version, accuracy: confusion.accuracy, classes: confusion.scores(of: labels.map(\.id)),
            confusion: (0..<count).map { row in (0..<count).map { confusion[row, $0] } }, predictions: predictions)
    }
}
