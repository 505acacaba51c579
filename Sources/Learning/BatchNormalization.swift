/// Batch normalization of the features with Keras's defaults: momentum 0.99, epsilon 1e-3, the batch's biased variance
/// in training and in the moving statistics.
enum BatchNormalization {
    static let epsilon: Float = 1e-3
    static let momentum: Float = 0.99

    /// The statistics of the current batch; each has one value per feature.
    struct Statistics {
        let mean: UnsafeMutablePointer<Float>
        let variance: UnsafeMutablePointer<Float>
    }

    /// The mean and the biased variance of each column.
    static func measure(_ x: UnsafePointer<Float>, rows: Int, columns: Int, into statistics: Statistics) {
        let mean = statistics.mean
        let variance = statistics.variance
        let share = 1 / Float(rows)
        mean.update(repeating: 0, count: columns)
        variance.update(repeating: 0, count: columns)
        for row in 0..<rows {
            let values = x + row * columns
            for column in 0..<columns { mean[column] += values[column] }
        }
        for column in 0..<columns { mean[column] *= share }
        for row in 0..<rows {
            let values = x + row * columns
            for column in 0..<columns {
                let deviation = values[column] - mean[column]
                variance[column] += deviation * deviation
            }
        }
        for column in 0..<columns { variance[column] *= share }
    }

    /// Replaces x by (x - mean) / sqrt(variance + epsilon) and puts that times gamma plus beta into `output`.
    ///
    /// Afterwards, `variance` contains 1 / sqrt(variance + epsilon).
    static func normalize(
        _ x: UnsafeMutablePointer<Float>, rows: Int, columns: Int, with statistics: Statistics,
        gamma: UnsafePointer<Float>, beta: UnsafePointer<Float>, into output: UnsafeMutablePointer<Float>
    ) {
        let mean = statistics.mean
        let inverse = statistics.variance
        for column in 0..<columns { inverse[column] = 1 / (inverse[column] + epsilon).squareRoot() }
        for row in 0..<rows {
            let values = x + row * columns
            for column in 0..<columns { values[column] = (values[column] - mean[column]) * inverse[column] }
            let target = output + row * columns
            for column in 0..<columns { target[column] = values[column] * gamma[column] + beta[column] }
        }
    }

    /// Moves a moving statistic 1 - momentum of the way to the batch's.
    static func follow(_ moving: UnsafeMutablePointer<Float>, _ batch: UnsafePointer<Float>, count: Int) {
        let step = 1 - momentum
        for index in 0..<count { moving[index] = moving[index] * momentum + batch[index] * step }
    }
}
