internal import Glibc
internal import Numerics
package import Workers

/// How long a fit lasts and what it watches.
package struct FitSettings: Hashable, Sendable {
    /// The most that a fit takes; early stopping may end it sooner.
    package var epochs: Int
    /// The share of the pictures, in [0, 1), whose loss the callbacks watch; 0 for none.
    package var validationShare: Double
    /// EarlyStopping's patience, in epochs.
    package var stoppingPatience = 10
    /// ReduceLROnPlateau's factor, patience (in epochs) and lowest rate.
    package var plateauFactor = 0.2
    package var plateauPatience = 5
    package var minimumLearningRate = 1e-6

    package init(epochs: Int, validationShare: Double) {
        self.epochs = epochs
        self.validationShare = validationShare
    }
}

/// The results of one epoch, as in Keras's history. Training figures are means over the epoch's batches, with dropout.
package struct EpochMetrics: Codable, Hashable, Sendable {
    /// Counted from 1.
    package let epoch: Int
    /// Categorical cross-entropy, in nats.
    package let loss: Double
    /// 0 to 1.
    package let accuracy: Double
    /// For the validation pictures in inference; nil if none are held out.
    package let validationLoss: Double?
    /// 0 to 1; nil if none are held out.
    package let validationAccuracy: Double?
    /// The rate that this epoch was trained with.
    package let learningRate: Double

    package init(
        epoch: Int, loss: Double, accuracy: Double, validationLoss: Double?, validationAccuracy: Double?,
        learningRate: Double
    ) {
        self.epoch = epoch
        self.loss = loss
        self.accuracy = accuracy
        self.validationLoss = validationLoss
        self.validationAccuracy = validationAccuracy
        self.learningRate = learningRate
    }

    /// What the callbacks watch: the validation loss, or the training loss if there is none.
    package var monitoredLoss: Double { validationLoss ?? loss }

    private enum CodingKeys: String, CodingKey {
        case epoch, loss, accuracy
        case validationLoss = "val_loss"
        case validationAccuracy = "val_accuracy"
        case learningRate = "learning_rate"
    }
}

/// A trained head and its history.
package struct FitResult: Sendable, Equatable {
    /// The weights of the best epoch.
    package let head: Head
    /// One entry per epoch that was run.
    package let history: [EpochMetrics]
    /// Counted from 1.
    package let bestEpoch: Int
}

/// Why a fit produced no head.
package enum TrainingFailure: Error, Equatable, CustomStringConvertible {
    /// The loss is infinite or not a number: the learning rate is too high, or the features aren't finite.
    case diverged(epoch: Int, learningRate: Double)

    package var description: String {
        switch self {
        case .diverged(let epoch, let learningRate):
            "The loss stopped being a finite number in epoch \(epoch) at learning rate \(learningRate)."
        }
    }
}

/// One fit of one head: Keras's `fit` with shuffling, validation split, EarlyStopping (restoring the best weights) and
/// ReduceLROnPlateau. The same data, settings and seed give the same head, bit for bit.
package struct HeadTraining: Sendable {
    package let hyperparameters: Hyperparameters
    package let settings: FitSettings
    /// Decides the initial weights, the validation split, the order of the batches, and dropout.
    package let seed: UInt64

    package init(_ hyperparameters: Hyperparameters, settings: FitSettings, seed: UInt64) {
        precondition(settings.epochs > 0, "a fit needs at least one epoch")
        self.hyperparameters = hyperparameters
        self.settings = settings
        self.seed = seed
    }

    /// Trains on the given pictures (all by default) and their augmented copies.
    ///
    /// A share of the pictures is held out for validation, with their copies; copies are never scored. If the set is
    /// too small for that (the share is less than one picture per class), nothing is held out, and the training loss is
    /// watched instead.
    ///
    /// - Parameter onEpoch: called after every epoch, on the calling thread.
    /// - Throws: `TrainingFailure`, `CancellationError` once the worker is cancelled, and what `onEpoch` throws.
    package func fit(
        _ data: LabeledFeatures, pictures: [Int32]? = nil, worker: Worker = Worker(),
        onEpoch: (EpochMetrics) throws -> Void = { _ in }
    ) throws -> FitResult {
        let chosen = pictures ?? Array(0..<Int32(data.rows.pictureCount))
        precondition(!chosen.isEmpty, "a fit needs at least one picture")
        let split = ValidationSplit(
            data.rows, pictures: chosen, share: settings.validationShare, seed: SeededRandom.derive(seed, 0))
        let network = TrainingNetwork(
            hyperparameters, featureCount: data.features.columns, classCount: data.rows.classCount,
            seed: SeededRandom.derive(seed, 1))
        return try data.features.withUnsafeBuffer { features in
            let source = TrainingData(features: features.baseAddress!, labels: data.rows.labels)
            var loop = EpochLoop(
                network: network, data: source, split: split, worker: worker,
                random: SeededRandom(seed: seed, path: 2), batchSize: hyperparameters.batchSize)
            return try Subnormals.flushed { try run(&loop, onEpoch) }
        }
    }

    private func run(_ loop: inout EpochLoop, _ onEpoch: (EpochMetrics) throws -> Void) throws -> FitResult {
        var stopping = EarlyStopping(patience: settings.stoppingPatience)
        var plateau = ReduceLearningRateOnPlateau(
            factor: settings.plateauFactor, patience: settings.plateauPatience, minimum: settings.minimumLearningRate)
        var history: [EpochMetrics] = []
        var best = loop.network.head
        for epoch in 1...settings.epochs {
            let metrics = try loop.run(epoch)
            history.append(metrics)
            try onEpoch(metrics)
            let verdict = stopping.observe(metrics.monitoredLoss)
            if verdict == .improved { best = loop.network.head }
            if verdict == .stop { break }
            loop.network.learningRate = plateau.observe(
                metrics.monitoredLoss, learningRate: loop.network.learningRate)
        }
        return FitResult(head: best, history: history, bestEpoch: stopping.bestEpoch)
    }
}

/// The passes over the data of one fit.
private struct EpochLoop {
    let network: TrainingNetwork
    let data: TrainingData
    let validation: [Int32]
    let worker: Worker
    let batchSize: Int
    private var order: [Int32]
    private var random: SeededRandom

    init(
        network: TrainingNetwork, data: TrainingData, split: ValidationSplit, worker: Worker, random: SeededRandom,
        batchSize: Int
    ) {
        self.network = network
        self.data = data
        self.worker = worker
        self.batchSize = batchSize
        self.random = random
        order = split.training
        validation = split.validation
    }

    mutating func run(_ epoch: Int) throws -> EpochMetrics {
        order.shuffle(using: &random)
        let rate = network.learningRate.sixDigits
        var training = Score()
        for start in stride(from: 0, to: order.count, by: batchSize) {
            try worker.cancellation.check()
            training += network.train(on: order[start..<min(start + batchSize, order.count)], of: data)
            guard training.loss.isFinite else { throw TrainingFailure.diverged(epoch: epoch, learningRate: rate) }
        }
        let validated = validation.isEmpty ? nil : network.evaluate(validation[...], of: data)
        if let validated, !validated.loss.isFinite {
            throw TrainingFailure.diverged(epoch: epoch, learningRate: rate)
        }
        return EpochMetrics(
            epoch: epoch, loss: training.meanLoss, accuracy: training.accuracy,
            validationLoss: validated?.meanLoss, validationAccuracy: validated?.accuracy, learningRate: rate)
    }
}

extension Float {
    /// The number with six digits, which a Float always preserves: readers of the curve see 0.0002 for 0.001 * 0.2, not
    /// the nearest Float, 0.00020000001.
    var sixDigits: Double {
        guard isFinite, self != 0 else { return Double(self) }
        let scale = pow(10, 5 - floor(log10(Double(magnitude))))
        return (Double(self) * scale).rounded() / scale
    }
}
