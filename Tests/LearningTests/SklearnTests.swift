import Records
import Testing

@testable import Learning

/// scripts/references/sklearn_search.py makes the reference values.
private struct Reference: Decodable {
    let folds: [FoldCase]
    let metrics: [MetricsCase]
    let wilson: [WilsonCase]
}

struct FoldCase: Decodable, Sendable, CustomTestStringConvertible {
    let name: String
    let labels: [Int32]
    let folds: Int
    let testFold: [Int]

    var testDescription: String { "\(name), \(folds) folds" }
}

struct MetricsCase: Decodable, Sendable, CustomTestStringConvertible {
    let classes: Int
    let truth, predictions: [Int32]
    let matrix, support: [Int]
    let accuracy: Double
    let precision, recall, f1: [Double]

    var testDescription: String { "\(classes) classes" }
}

struct WilsonCase: Decodable, Sendable {
    let successes, trials: Int
    let lower, upper: Double
}

@Suite("Stratified folds")
struct FoldsTests {
    @Test(
        "Without shuffling the allocation is scikit-learn's",
        arguments: try reference("sklearn_search.json", as: Reference.self).folds)
    func allocation(expected: FoldCase) throws {
        let folds = try StratifiedFolds(labels: expected.labels, count: expected.folds, seed: nil)
        #expect(folds.testFold == expected.testFold)
    }

    @Test(
        "Shuffling changes which samples of a class a fold gets, but not how many",
        arguments: try reference("sklearn_search.json", as: Reference.self).folds)
    func shuffled(expected: FoldCase) throws {
        let folds = try StratifiedFolds(labels: expected.labels, count: expected.folds, seed: 5)
        func shares(_ testFold: [Int]) -> [[Int32]: Int] {
            zip(expected.labels, testFold).reduce(into: [:]) { $0[[$1.0, Int32($1.1)], default: 0] += 1 }
        }
        #expect(shares(folds.testFold) == shares(expected.testFold))
        #expect(folds == (try StratifiedFolds(labels: expected.labels, count: expected.folds, seed: 5)))
    }

    @Test("Seeds give different folds")
    func seeds() throws {
        let labels = (0..<60).map { Int32($0 % 3) }
        #expect(
            try StratifiedFolds(labels: labels, count: 3, seed: 1) != StratifiedFolds(labels: labels, count: 3, seed: 2)
        )
    }

    @Test("Training and test samples of a fold are all samples, each once")
    func partition() throws {
        let folds = try StratifiedFolds(labels: (0..<31).map { Int32($0 % 4) }, count: 3, seed: 9)
        for fold in 0..<3 { #expect((folds.training(fold) + folds.test(fold)).sorted() == Array(0..<31)) }
    }

    @Test("Fewer samples in every class than folds is an error")
    func tooFew() {
        #expect(throws: FoldError(folds: 3, largestClass: 2)) {
            try StratifiedFolds(labels: [0, 1, 0, 1], count: 3, seed: 1)
        }
    }
}

@Suite("Metrics")
struct MetricsTests {
    @Test(
        "The confusion matrix and its ratios are scikit-learn's",
        arguments: try reference("sklearn_search.json", as: Reference.self).metrics)
    func metrics(expected: MetricsCase) {
        let matrix = ConfusionMatrix(
            truth: expected.truth, predictions: expected.predictions, classCount: expected.classes)
        #expect(matrix.counts == expected.matrix)
        #expect(abs(matrix.accuracy - expected.accuracy) < 1e-12)
        let scores = matrix.scores(of: Array(0..<expected.classes))
        #expect(scores.map(\.label) == Array(0..<expected.classes))
        #expect(scores.map(\.support) == expected.support && matrix.supports == expected.support)
        func isClose(_ found: [Double?], _ wanted: [Double]) -> Bool {
            found.count == wanted.count && zip(found, wanted).allSatisfy { abs(($0 ?? .nan) - $1) < 1e-12 }
        }
        #expect(isClose(scores.map(\.precision), expected.precision))
        #expect(isClose(scores.map(\.recall), expected.recall))
        #expect(isClose(scores.map(\.f1), expected.f1))
    }

    @Test(
        "Wilson's interval is scipy's", arguments: try reference("sklearn_search.json", as: Reference.self).wilson)
    func wilson(expected: WilsonCase) {
        let interval = ProportionInterval(successes: expected.successes, trials: expected.trials)
        #expect(abs(interval.lower - expected.lower) < 1e-12)
        #expect(abs(interval.upper - expected.upper) < 1e-12)
    }

    @Test("Without any picture the accuracy is 0 and its interval everything")
    func empty() {
        let matrix = ConfusionMatrix(truth: [], predictions: [], classCount: 2)
        #expect(matrix.accuracy == 0)
        #expect(matrix.accuracyInterval.lower == 0 && matrix.accuracyInterval.upper == 1)
    }
}

@Suite("The promotion gate")
struct PromotionGateTests {
    /// `correct` of `total` pictures of one class right.
    private func matrix(_ correct: Int, of total: Int) -> ConfusionMatrix {
        ConfusionMatrix(
            truth: [Int32](repeating: 0, count: total), predictions: (0..<total).map { $0 < correct ? 0 : 1 },
            classCount: 2)
    }

    @Test("The first model is promoted")
    func first() {
        let decision = PromotionGate(minGain: 0).decide(challenger: matrix(5, of: 10), champion: nil)
        #expect(decision.isPromoted)
        #expect(decision.text == "It is the first model: 5 of 10 test pictures right (50.00 %).")
    }

    @Test("A model that isn't better isn't promoted", arguments: [50, 49])
    func notBetter(correct: Int) {
        #expect(
            !PromotionGate(minGain: 0).decide(challenger: matrix(correct, of: 100), champion: matrix(50, of: 100))
                .isPromoted)
    }

    @Test("A model that is better by one picture is promoted")
    func better() {
        let decision = PromotionGate(minGain: 0).decide(challenger: matrix(51, of: 100), champion: matrix(50, of: 100))
        #expect(decision.isPromoted)
        #expect(decision.text.contains("51 of 100") && decision.text.contains("50 of 100"))
    }

    @Test("The gain must be strictly more than the least gain", arguments: [0.01, 0.07, 0.29])
    func leastGain(minGain: Double) {
        let gate = PromotionGate(minGain: minGain)
        let gain = Int((minGain * 100).rounded())
        let decision = gate.decide(challenger: matrix(50 + gain, of: 100), champion: matrix(50, of: 100))
        #expect(!decision.isPromoted && decision.verdict == .gainTooSmall)
        #expect(gate.decide(challenger: matrix(51 + gain, of: 100), champion: matrix(50, of: 100)).isPromoted)
    }

    @Test("Without test pictures nothing is promoted")
    func noPictures() {
        #expect(!PromotionGate(minGain: 0).decide(challenger: matrix(0, of: 0), champion: nil).isPromoted)
    }
}
