/// Stops when the monitored loss hasn't improved for `patience` epochs, and knows which epoch was the best: Keras's
/// EarlyStopping(min_delta=0, restore_best_weights=True).
package struct EarlyStopping: Sendable {
    /// In epochs.
    package let patience: Int
    /// The best epoch so far, counted from 1; 0 before the first.
    package private(set) var bestEpoch = 0
    private var best: Float?
    private var wait = 0
    private var epoch = 0

    package init(patience: Int) { self.patience = patience }

    /// What follows from an epoch's loss.
    package enum Verdict: Sendable, Equatable {
        /// The best epoch so far: keep its weights.
        case improved
        /// No improvement, but there is patience left.
        case goOn
        /// The patience is used up.
        case stop
    }

    /// Processes the loss of the next epoch. Losses are compared in single precision, as in Keras.
    package mutating func observe(_ loss: Double) -> Verdict {
        epoch += 1
        wait += 1
        if best.map({ Float(loss) < $0 }) ?? true {
            best = Float(loss)
            bestEpoch = epoch
            wait = 0
            return .improved
        }
        return wait >= patience && epoch > 1 ? .stop : .goOn
    }
}

/// Lowers the learning rate when the monitored loss has stopped improving: Keras's ReduceLROnPlateau with its
/// defaults min_delta=1e-4, cooldown=0.
package struct ReduceLearningRateOnPlateau: Sendable {
    /// What the rate is multiplied with, below 1.
    package let factor: Double
    /// In epochs.
    package let patience: Int
    /// The rate is never lowered below this.
    package let minimum: Double
    private static let minimumImprovement = 1e-4
    private var best: Double?
    private var wait = 0

    package init(factor: Double, patience: Int, minimum: Double) {
        self.factor = factor
        self.patience = patience
        self.minimum = minimum
    }

    /// Processes the loss of an epoch and the rate that it was trained with; returns the rate for the next epoch.
    package mutating func observe(_ loss: Double, learningRate: Float) -> Float {
        if best.map({ Float(loss + Self.minimumImprovement) < Float($0) }) ?? true {
            best = loss
            wait = 0
            return learningRate
        }
        wait += 1
        guard wait >= patience, learningRate > Float(minimum) else { return learningRate }
        wait = 0
        return Float(max(Double(learningRate) * factor, minimum))
    }
}
