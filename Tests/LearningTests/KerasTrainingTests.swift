import Numerics
import Testing

@testable import Learning

/// scripts/references/keras_training.py makes the reference values.
@Suite("Training equals Keras's")
struct KerasTrainingTests {
    struct Reference: Decodable, Sendable {
        let features, hidden, classes, batchSize: Int
        let rows: [Float]
        let labels: [Int32]
        let batches: [[Int32]]
        let initial: Weights
        let cases: [Case]
    }

    struct Case: Decodable, Sendable, CustomTestStringConvertible {
        let optimizer: OptimizerKind
        let activation: Activation
        let batchNormalization: Bool
        let learningRate: Double
        let losses, probabilities: [Float]
        let final: Weights

        var testDescription: String { "\(optimizer), \(activation), batch norm \(batchNormalization)" }
    }

    struct Weights: Decodable, Sendable {
        let hiddenKernel, hiddenBias, outputKernel, outputBias: [Float]
        let gamma, beta, mean, variance: [Float]?
    }

    @Test(
        "Losses, weights and predictions after 50 steps",
        arguments: try reference("keras_training.json", as: Reference.self).cases)
    func fiftySteps(expected: Case) throws {
        let given = try reference("keras_training.json", as: Reference.self)
        let network = TrainingNetwork(
            Hyperparameters(
                backbone: "", activation: expected.activation, optimizer: expected.optimizer,
                learningRate: expected.learningRate, batchSize: given.batchSize, dropout: 0,
                hiddenUnits: given.hidden, initializer: .glorotUniform,
                batchNormalization: expected.batchNormalization),
            featureCount: given.features, classCount: given.classes, seed: 1)
        network.head = Self.initialHead(given, expected)
        let rows = Matrix(rows: given.labels.count, columns: given.features, values: given.rows)
        let losses = rows.withUnsafeBuffer { features in
            let data = TrainingData(features: features.baseAddress!, labels: given.labels)
            return given.batches.map { Float(network.train(on: $0[...], of: data).meanLoss) }
        }
        #expect(largestDifference(losses, expected.losses) < 1e-4)
        let head = network.head
        #expect(largestDifference(head.hidden.kernel.values, expected.final.hiddenKernel) < 1e-4)
        #expect(largestDifference(head.hidden.bias, expected.final.hiddenBias) < 1e-4)
        #expect(largestDifference(head.output.kernel.values, expected.final.outputKernel) < 1e-4)
        #expect(largestDifference(head.output.bias, expected.final.outputBias) < 1e-4)
        #expect((head.normalization != nil) == expected.batchNormalization)
        if let normalization = head.normalization {
            #expect(largestDifference(normalization.gamma, expected.final.gamma ?? []) < 1e-4)
            #expect(largestDifference(normalization.beta, expected.final.beta ?? []) < 1e-4)
            #expect(largestDifference(normalization.mean, expected.final.mean ?? []) < 1e-4)
            #expect(largestDifference(normalization.variance, expected.final.variance ?? []) < 1e-4)
        }
        #expect(largestDifference(head.predict(rows).values, expected.probabilities) < 1e-4)
    }

    private static func initialHead(_ given: Reference, _ expected: Case) -> Head {
        let features = given.features
        let normalization = Head.Normalization(
            gamma: given.initial.gamma ?? [], beta: given.initial.beta ?? [],
            mean: [Float](repeating: 0, count: features), variance: [Float](repeating: 1, count: features))
        return Head(
            activation: expected.activation, normalization: expected.batchNormalization ? normalization : nil,
            hidden: Head.Dense(
                kernel: Matrix(rows: features, columns: given.hidden, values: given.initial.hiddenKernel),
                bias: given.initial.hiddenBias),
            output: Head.Dense(
                kernel: Matrix(rows: given.hidden, columns: given.classes, values: given.initial.outputKernel),
                bias: given.initial.outputBias))
    }
}

@Suite("Callbacks equal Keras's")
struct KerasCallbackTests {
    struct Reference: Decodable, Sendable { let cases: [Case] }

    struct Case: Decodable, Sendable, CustomTestStringConvertible {
        let name: String
        let patience: Int
        let losses: [Double]
        let epochs, bestEpoch: Int
        let learningRates: [Double]

        var testDescription: String { "\(name), patience \(patience)" }
    }

    @Test("EarlyStopping", arguments: try reference("keras_callbacks.json", as: Reference.self).cases)
    func earlyStopping(expected: Case) {
        var stopping = EarlyStopping(patience: expected.patience)
        var epochs = 0
        for loss in expected.losses {
            epochs += 1
            if stopping.observe(loss) == .stop { break }
        }
        #expect(epochs == expected.epochs)
        #expect(stopping.bestEpoch == expected.bestEpoch)
    }

    @Test("ReduceLROnPlateau", arguments: try reference("keras_callbacks.json", as: Reference.self).cases)
    func reduceLearningRate(expected: Case) {
        var plateau = ReduceLearningRateOnPlateau(factor: 0.2, patience: expected.patience, minimum: 1e-6)
        var rate = Float(1e-3)
        var rates: [Double] = []
        for loss in expected.losses {
            rates.append(Double(rate))
            rate = plateau.observe(loss, learningRate: rate)
        }
        #expect(rates == expected.learningRates)
    }
}
