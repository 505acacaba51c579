internal import Glibc
internal import Numerics
package import Records
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

extension EpochRecord {
    /// What the callbacks watch: the validation loss, or the training loss, which every epoch of a fit has, if there
    /// is none.
    var monitoredLoss: Double {
        guard let loss else { preconditionFailure("epoch \(epoch) has no training loss") }
        return valLoss ?? loss
    }
}

/// A trained head and its history.
package struct FitResult: Sendable, Equatable {
    /// The weights of the best epoch.
    package let head: Head
    /// One entry per epoch that was run.
    package let history: [EpochRecord]
    /// Counted from 1.
    package let bestEpoch: Int
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
        onEpoch: (EpochRecord) throws -> Void = { _ in }
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

    private func run(_ loop: inout EpochLoop, _ onEpoch: (EpochRecord) throws -> Void) throws -> FitResult {
        var stopping = EarlyStopping(patience: settings.stoppingPatience)
        var plateau = ReduceLearningRateOnPlateau(
            factor: settings.plateauFactor, patience: settings.plateauPatience, minimum: settings.minimumLearningRate)
        var history: [EpochRecord] = []
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

    mutating func run(_ epoch: Int) throws -> EpochRecord {
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
        return EpochRecord(
            epoch: epoch, loss: training.meanLoss, accuracy: training.accuracy,
            valLoss: validated?.meanLoss, valAccuracy: validated?.accuracy, learningRate: rate)
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
