package import Records

/// How often each class was predicted as which: rows are the truth, columns the predictions, as in scikit-learn.
package struct ConfusionMatrix: Codable, Hashable, Sendable {
    package let classCount: Int
    /// classCount x classCount, row-major.
    package private(set) var counts: [Int]

    /// Counts pairs of truth and prediction, each in 0..<classCount.
    package init(truth: [Int32], predictions: [Int32], classCount: Int) {
        precondition(truth.count == predictions.count, "\(truth.count) labels, \(predictions.count) predictions")
        precondition((truth + predictions).allSatisfy { $0 >= 0 && $0 < classCount }, "classes: 0..<\(classCount)")
        self.classCount = classCount
        counts = [Int](repeating: 0, count: classCount * classCount)
        for (row, column) in zip(truth, predictions) { counts[Int(row) * classCount + Int(column)] += 1 }
    }

    /// How many pictures of class `truth` were predicted as class `prediction`.
    package subscript(truth: Int, prediction: Int) -> Int { counts[truth * classCount + prediction] }

    /// The number of pictures.
    package var total: Int { counts.reduce(0, +) }
    /// The sum of the diagonal.
    package var correct: Int { (0..<classCount).reduce(0) { $0 + self[$1, $1] } }

    /// The share of correct predictions, 0 if there are none at all.
    package var accuracy: Double { ratio(correct, total) }

    /// The accuracy's 95 % interval.
    package var accuracyInterval: ProportionInterval { ProportionInterval(successes: correct, trials: total) }

    /// The pictures of each class.
    package var supports: [Int] { (0..<classCount).map { row in (0..<classCount).reduce(0) { $0 + self[row, $1] } } }

    /// Precision, recall and F1 of every class, which `labels` name; 0 / 0 counts as 0, like scikit-learn's
    /// `zero_division=0`.
    package func scores<Class>(of labels: [Class]) -> [ClassScore<Class>] {
        precondition(labels.count == classCount, "\(labels.count) labels of \(classCount) classes")
        return zip(labels, supports).enumerated().map { index, pair in
            let (label, support) = pair
            let hits = self[index, index]
            let predicted = (0..<classCount).reduce(0) { $0 + self[$1, index] }
            return ClassScore(
                label: label, precision: ratio(hits, predicted), recall: ratio(hits, support),
                f1: ratio(2 * hits, support + predicted), support: support)
        }
    }

    private func ratio(_ part: Int, _ whole: Int) -> Double { whole == 0 ? 0 : Double(part) / Double(whole) }
}

/// Wilson's 95 % score interval of a proportion, without continuity correction (Wilson, 1927).
package struct ProportionInterval: Codable, Hashable, Sendable {
    /// 0 to 1.
    package let lower: Double
    /// 0 to 1.
    package let upper: Double

    /// Without trials nothing is known: 0 to 1.
    package init(successes: Int, trials: Int) {
        precondition(successes >= 0 && successes <= trials, "\(successes) successes in \(trials) trials")
        guard trials > 0 else {
            (lower, upper) = (0, 1)
            return
        }
        let z = 1.959_963_984_540_054
        let n = Double(trials)
        let share = Double(successes) / n
        let scale = 1 + z * z / n
        let center = (share + z * z / (2 * n)) / scale
        let half = z / scale * (share * (1 - share) / n + z * z / (4 * n * n)).squareRoot()
        lower = successes == 0 ? 0 : center - half
        upper = successes == trials ? 1 : center + half
    }
}
