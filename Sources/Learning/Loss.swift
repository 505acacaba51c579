internal import Glibc

/// The softmax and its categorical cross-entropy.
enum Softmax {
    /// Turns each row of logits into probabilities, in place.
    static func apply(_ x: UnsafeMutablePointer<Float>, rows: Int, columns: Int) {
        for row in 0..<rows {
            let values = x + row * columns
            let (_, sum) = exponentiate(values, count: columns)
            let inverse = 1 / sum
            for index in 0..<columns { values[index] *= inverse }
        }
    }

    /// The index of the largest value; the first one if several are equal, like numpy's argmax.
    static func firstMaximum(_ values: UnsafePointer<Float>, count: Int) -> Int {
        var best = 0
        for index in 1..<max(count, 1) where values[index] > values[best] { best = index }
        return best
    }

    /// Turns a row of logits x into e^(x - max) and returns the maximum and the sum.
    static func exponentiate(_ values: UnsafeMutablePointer<Float>, count: Int) -> (maximum: Float, sum: Float) {
        let maximum = values[firstMaximum(values, count: count)]
        for index in 0..<count { values[index] = VectorMath.expOfNegative(values[index] - maximum) }
        var sum: Float = 0
        for index in 0..<count { sum += values[index] }
        return (maximum, sum)
    }
}

/// Sums over some rows: divided by `count` they are Keras's `loss` and `accuracy`.
package struct Score {
    var loss = 0.0
    var correct = 0
    var count = 0

    /// Per row; not a number without rows.
    package var meanLoss: Double { loss / Double(count) }
    /// 0 to 1; not a number without rows.
    package var accuracy: Double { Double(correct) / Double(count) }

    static func += (total: inout Score, part: Score) {
        total.loss += part.loss
        total.correct += part.correct
        total.count += part.count
    }
}

/// Categorical cross-entropy, computed from the logits as log(sum of e^x) - x[label].
///
/// Keras does the same in a compiled step, where it uses the logits from before the softmax. Then nothing has to be
/// clipped: the loss of a confident wrong answer is large but finite, and its gradient doesn't vanish.
enum CrossEntropy {
    /// The score of a batch: `logits` (rows.count x columns) belong to `rows`, which index `labels`. The logits are
    /// overwritten.
    static func score(
        _ logits: UnsafeMutablePointer<Float>, rows: ArraySlice<Int32>, labels: [Int32], columns: Int
    ) -> Score {
        var score = Score(count: rows.count)
        var values = logits
        for row in rows {
            score += Self.row(values, label: Int(labels[Int(row)]), columns: columns).score
            values += columns
        }
        return score
    }

    /// The same, and replaces the logits by the gradient of the mean loss.
    static func scoreAndGradient(
        _ logits: UnsafeMutablePointer<Float>, rows: ArraySlice<Int32>, labels: [Int32], columns: Int
    ) -> Score {
        var score = Score(count: rows.count)
        let share = 1 / Float(rows.count)
        var values = logits
        for row in rows {
            let label = Int(labels[Int(row)])
            let (rowScore, sum) = Self.row(values, label: label, columns: columns)
            score += rowScore
            let scale = share / sum
            for index in 0..<columns { values[index] *= scale }
            values[label] -= share
            values += columns
        }
        return score
    }

    /// The score of one row, with a count of 0; `sum` is the sum of the exponentials left in `values`.
    @inline(__always)
    private static func row(
        _ values: UnsafeMutablePointer<Float>, label: Int, columns: Int
    ) -> (score: Score, sum: Float) {
        let guess = Softmax.firstMaximum(values, count: columns)
        let labelled = values[label]
        let (maximum, sum) = Softmax.exponentiate(values, count: columns)
        let loss = log(Double(sum)) - Double(labelled - maximum)
        return (Score(loss: loss, correct: guess == label ? 1 : 0), sum)
    }
}
