import Numerics
import Records
import TestSupport
import Testing
import Workers

@testable import Learning

extension HeadTraining {
    /// With the usual settings.
    fileprivate init(_ hyperparameters: Hyperparameters, seed: UInt64) {
        self.init(hyperparameters, settings: .usual, seed: seed)
    }
}

@Suite("Fitting a head")
struct HeadTrainingTests {
    private let parameters = changing(Hyperparameters.usual) {
        ($0.learningRate, $0.batchSize, $0.hiddenUnits) = (0.01, 16, 16)
    }

    @Test(
        "Clusters are learned with every optimiser, activation and initialiser", arguments: OptimizerKind.allCases,
        Activation.allCases)
    func learns(optimizer: OptimizerKind, activation: Activation) throws {
        var parameters = parameters
        parameters.optimizer = optimizer
        parameters.activation = activation
        parameters.initializer = activation == .relu ? .heNormal : .glorotUniform
        parameters.batchNormalization = optimizer == .rmsprop
        let data = clusters()
        let result = try HeadTraining(parameters, seed: 1).fit(data)
        let predicted = Head.classes(of: result.head.predict(data.features))
        #expect(ConfusionMatrix(truth: data.rows.labels, predictions: predicted, classCount: 3).accuracy > 0.95)
        #expect(result.history[result.bestEpoch - 1].monitoredLoss == result.history.map(\.monitoredLoss).min())
    }

    @Test("The same seed gives the same head bit for bit, another seed another head")
    func deterministic() throws {
        let data = clusters(copies: 1)
        let first = try HeadTraining(parameters, seed: 1).fit(data)
        #expect(try HeadTraining(parameters, seed: 1).fit(data) == first)
        #expect(try HeadTraining(parameters, seed: 2).fit(data).head != first.head)
    }

    @Test("The head has the weights of the best epoch, not of the last")
    func restoresBest() throws {
        var settings = FitSettings.usual
        settings.epochs = 12
        let data = clusters(perClass: 30, spread: 3)
        let whole = try HeadTraining(parameters, settings: settings, seed: 3).fit(data)
        try #require(whole.bestEpoch < whole.history.count)
        settings.epochs = whole.bestEpoch
        #expect(try HeadTraining(parameters, settings: settings, seed: 3).fit(data).head == whole.head)
    }

    @Test(
        "A rate is told to six digits, also where a Float that was multiplied is the neighbour of the nearest one",
        arguments: [0.001, 0.0002, 1e-8, 10, 0.05, 1.23456e-5, 0.3])
    func sixDigits(rate: Double) {
        for float in [Float(rate), Float(rate).nextUp, Float(rate).nextDown] { #expect(float.sixDigits == rate) }
        #expect(Float(Double(Float(0.001)) * 0.2).description == "0.00020000001")
        #expect(Float(Double(Float(0.001)) * 0.2).sixDigits == 0.0002)
        #expect(Float(0).sixDigits == 0)
    }

    @Test("Training stops once the patience is over, and lowers the rate before")
    func callbacks() throws {
        var settings = FitSettings.usual
        settings.epochs = 200
        settings.stoppingPatience = 4
        settings.plateauPatience = 2
        let result = try HeadTraining(parameters, settings: settings, seed: 3).fit(clusters(perClass: 30, spread: 3))
        #expect(result.history.count == result.bestEpoch + 4)
        #expect((result.history.last?.learningRate ?? 1) < 0.01)
    }

    @Test("Every epoch is reported in order, and what the report throws ends the fit")
    func reports() throws {
        struct Enough: Error {}
        var epochs: [Int] = []
        #expect(throws: Enough.self) {
            try HeadTraining(parameters, seed: 1).fit(clusters()) { metrics in
                epochs.append(metrics.epoch)
                if metrics.epoch == 3 { throw Enough() }
            }
        }
        #expect(epochs == [1, 2, 3])
    }

    @Test("A cancelled worker ends the fit")
    func cancellation() {
        let cancellation = CancellationFlag()
        var epochs = 0
        #expect(throws: CancellationError.self) {
            try HeadTraining(parameters, seed: 1).fit(clusters(), worker: Worker(cancellation: cancellation)) { _ in
                epochs += 1
                cancellation.cancel()
            }
        }
        #expect(epochs == 1)
    }

    @Test("Features that aren't finite end the fit with a reason")
    func diverges() {
        let rows = LabeledRows(
            labels: [0, 1, 0, 1], pictures: [0, 1, 2, 3], isAugmented: [false, false, false, false], classCount: 2)
        let data = LabeledFeatures(
            features: Matrix(rows: 4, columns: 1, values: [0, .nan, 1, 2]), rows: rows)
        #expect(throws: TrainingFailure.diverged(epoch: 1, learningRate: 0.01)) {
            try HeadTraining(parameters, seed: 1).fit(data)
        }
    }

    @Test("Only the chosen pictures are trained on")
    func chosenPictures() throws {
        let data = clusters(copies: 1)
        let chosen = Array(0..<Int32(30))
        let first = try HeadTraining(parameters, seed: 1).fit(data, pictures: chosen)
        var others = data.features
        for row in data.rows.rows(ofPictures: Array(30..<60), withCopies: true) { others[Int(row), 0] = .nan }
        let changed = LabeledFeatures(features: others, rows: data.rows)
        #expect(try HeadTraining(parameters, seed: 1).fit(changed, pictures: chosen) == first)
    }
}

@Suite("Holding pictures out for validation")
struct ValidationSplitTests {
    @Test("A share of every class is held out, with its copies, and copies aren't scored")
    func share() {
        let rows = clusters(classes: 4, perClass: 25, copies: 2).rows
        let split = ValidationSplit(rows, pictures: Array(0..<100), share: 0.2, seed: 1)
        #expect(split.validation.count == 20)
        #expect(split.training.count == 80 * 3)
        #expect(split.validation.allSatisfy { !rows.isAugmented[Int($0)] })
        let held = Set(split.validation.map { rows.pictures[Int($0)] })
        #expect(split.training.allSatisfy { !held.contains(rows.pictures[Int($0)]) })
        for label in 0..<4 as Range<Int32> {
            #expect(split.validation.count { rows.labels[Int($0)] == label } == 5)
        }
    }

    @Test("Uneven classes give their proportional parts, and the parts add up")
    func proportional() {
        let labels = [Int32](repeating: 0, count: 70) + [Int32](repeating: 1, count: 24) + [2, 2, 2, 2, 2, 2]
        let rows = LabeledRows(
            labels: labels, pictures: Array(0..<100), isAugmented: [Bool](repeating: false, count: 100), classCount: 3)
        let split = ValidationSplit(rows, pictures: Array(0..<100), share: 0.1, seed: 1)
        let counts = (0..<3).map { label in split.validation.count { Int(labels[Int($0)]) == label } }
        #expect(counts == [7, 2, 1])
    }

    @Test("Of a set too small for a picture a class nothing is held out")
    func tooSmall() {
        let rows = clusters(classes: 3, perClass: 8).rows
        let split = ValidationSplit(rows, pictures: Array(0..<24), share: 0.1, seed: 1)
        #expect(split.validation.isEmpty)
        #expect(split.training.count == 24)
    }

    @Test("A class keeps at least one picture for training")
    func keepsOne() {
        let rows = LabeledRows(
            labels: [0, 0, 0, 0, 1], pictures: [0, 1, 2, 3, 4], isAugmented: [Bool](repeating: false, count: 5),
            classCount: 2)
        let split = ValidationSplit(rows, pictures: Array(0..<5), share: 0.8, seed: 1)
        #expect(split.training.contains(4))
        #expect(split.training.contains { $0 < 4 })
    }

    @Test("Without a validation share the training loss is watched")
    func noValidation() throws {
        var settings = FitSettings.usual
        settings.validationShare = 0
        settings.epochs = 3
        let history = try HeadTraining(.usual, settings: settings, seed: 1).fit(clusters()).history
        #expect(history.allSatisfy { $0.valLoss == nil && $0.monitoredLoss == $0.loss })
    }
}
