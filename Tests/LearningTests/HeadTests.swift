import Foundation
import Numerics
import TestSupport
import Testing

@testable import Learning

@Suite("Heads")
struct HeadTests {
    /// A head of random weights.
    static func head(_ activation: Activation, normalized: Bool, features: Int = 7, hidden: Int = 5) -> Head {
        var random = SeededRandom(seed: 8)
        func list(_ count: Int, _ lower: Float = -1) -> [Float] { (0..<count).map { _ in random.uniform(lower, 1) } }
        let normalization = Head.Normalization(
            gamma: list(features), beta: list(features), mean: list(features), variance: list(features, 0.1))
        return Head(
            activation: activation, normalization: normalized ? normalization : nil,
            hidden: .init(
                kernel: Matrix(rows: features, columns: hidden, values: list(features * hidden)), bias: list(hidden)),
            output: .init(kernel: Matrix(rows: hidden, columns: 3, values: list(hidden * 3)), bias: list(3)))
    }

    @Test("Probabilities are those of the written-out formula", arguments: Activation.allCases, [false, true])
    func predict(activation: Activation, normalized: Bool) {
        let head = Self.head(activation, normalized: normalized)
        var random = SeededRandom(seed: 9)
        // More rows than go through the network at a time.
        let rows = Matrix(rows: 300, columns: 7, values: (0..<2100).map { _ in random.uniform(-2, 2) })
        let probabilities = head.predict(rows)
        #expect(probabilities.rows == 300 && probabilities.columns == 3)
        for row in [0, 1, 127, 128, 299] {
            let expected = Self.formula(head, rows.row(row))
            #expect(largestDifference(probabilities.row(row), expected) < 1e-6)
        }
    }

    private static func formula(_ head: Head, _ row: [Float]) -> [Float] {
        var x = row.map(Double.init)
        if let norm = head.normalization {
            for index in x.indices {
                let deviation = (Double(norm.variance[index]) + Double(norm.epsilon)).squareRoot()
                x[index] = (x[index] - Double(norm.mean[index])) / deviation * Double(norm.gamma[index])
                x[index] += Double(norm.beta[index])
            }
        }
        let hidden = dense(head.hidden, x).map { value in
            switch head.activation {
            case .relu: max(value, 0)
            case .tanh: tanh(value)
            case .sigmoid: 1 / (1 + exp(-value))
            }
        }
        let powers = dense(head.output, hidden).map { exp($0) }
        return powers.map { Float($0 / powers.reduce(0, +)) }
    }

    private static func dense(_ layer: Head.Dense, _ x: [Double]) -> [Double] {
        layer.bias.indices.map { output in
            x.indices.reduce(Double(layer.bias[output])) { $0 + x[$1] * Double(layer.kernel[$1, output]) }
        }
    }

    @Test("No rows give no probabilities")
    func noRows() {
        #expect(Self.head(.relu, normalized: false).predict(Matrix(rows: 0, columns: 7)).rows == 0)
    }

    @Test("Large logits give probabilities, not NaN")
    func largeLogits() {
        let head = Head(
            activation: .relu, hidden: .init(kernel: Matrix(rows: 1, columns: 1, values: [1]), bias: [0]),
            output: .init(kernel: Matrix(rows: 1, columns: 2, values: [1000, -1000]), bias: [0, 0]))
        #expect(head.predict(Matrix(rows: 1, columns: 1, values: [5])).values[0] == 1)
    }

    @Test("The predicted class is the most probable, of equals the first")
    func classes() {
        let probabilities = Matrix(rows: 2, columns: 3, values: [0.2, 0.3, 0.5, 0.4, 0.4, 0.2])
        #expect(Head.classes(of: probabilities) == [2, 0])
    }

    @Test("A head read back from its bytes is the same", arguments: Activation.allCases, [false, true])
    func roundTrip(activation: Activation, normalized: Bool) throws {
        let head = Self.head(activation, normalized: normalized)
        let bytes = head.serialized()
        let copy = try Head(serialized: bytes)
        #expect(copy == head)
        #expect(copy.serialized() == bytes)
    }

    @Test("Bytes that were cut or added to are refused")
    func wrongLength() {
        let bytes = Self.head(.tanh, normalized: true).serialized()
        #expect(throws: HeadFormatError.wrongLength(found: bytes.count - 1, expected: bytes.count)) {
            try Head(serialized: bytes.dropLast())
        }
        #expect(throws: HeadFormatError.self) { try Head(serialized: bytes + [0]) }
        #expect(throws: HeadFormatError.self) { try Head(serialized: Array(bytes.prefix(20))) }
        #expect(throws: HeadFormatError.notAHead) { try Head(serialized: []) }
    }

    @Test("Bytes of something else or with absurd sizes are refused")
    func notAHead() {
        var bytes = Self.head(.tanh, normalized: true).serialized()
        bytes.replaceSubrange(24..<28, with: [255, 255, 255, 255])
        #expect(throws: HeadFormatError.self) { try Head(serialized: bytes) }
        bytes[16] = 9
        #expect(throws: HeadFormatError.unknownKind([9, 1])) { try Head(serialized: bytes) }
        bytes[0] = 0
        #expect(throws: HeadFormatError.notAHead) { try Head(serialized: bytes) }
    }
}

@Suite("Vector functions")
struct VectorMathTests {
    @Test("Exponential, hyperbolic tangent and sigmoid are exact to a few units in the last place")
    func functions() {
        for step in -8000...8000 {
            let x = Float(step) * 0.01
            let exact = Double(x)
            let negative = -x.magnitude
            #expect(isClose(VectorMath.expOfNegative(negative), exp(Double(negative))))
            #expect(isClose(VectorMath.expMinus1OfNegative(negative), expm1(Double(negative))))
            #expect(isClose(VectorMath.tanh(x), tanh(exact)))
            #expect(isClose(VectorMath.sigmoid(x), 1 / (1 + exp(-exact))))
        }
        #expect(isClose(VectorMath.tanh(1e-5), tanh(1e-5)))
    }

    @Test("A sum of products of any length is right", arguments: [0, 1, 15, 16, 17, 100])
    func dot(count: Int) {
        let a = (0..<count).map { Float($0 % 7) }
        let b = (0..<count).map { Float($0 % 5) - 2 }
        #expect(VectorMath.dot(a, b, count: count) == zip(a, b).reduce(0) { $0 + $1.0 * $1.1 })
    }

    private func isClose(_ found: Float, _ exact: Double) -> Bool {
        abs(Double(found) - exact) <= 4e-7 * abs(exact) + 1e-38
    }
}

@Suite("Initial weights")
struct InitializerTests {
    private func kernel(_ initializer: Initializer) -> [Float] {
        let parameters = changing(Hyperparameters.usual) { ($0.hiddenUnits, $0.initializer) = (100, initializer) }
        return TrainingNetwork(parameters, featureCount: 200, classCount: 3, seed: 4).head.hidden.kernel.values
    }

    private func deviation(_ values: [Float]) -> Double {
        (values.reduce(0) { $0 + Double($1) * Double($1) } / Double(values.count)).squareRoot()
    }

    @Test("Glorot's uniform distribution reaches its limit sqrt(6 / (in + out)) and stays inside")
    func glorot() throws {
        let values = kernel(.glorotUniform)
        let limit = Float(6.0 / 300).squareRoot()
        let largest = try #require(values.map(\.magnitude).max())
        #expect(largest <= limit && largest > limit * 0.999)
        #expect(abs(deviation(values) / (Double(limit) / 3.0.squareRoot()) - 1) < 0.02)
    }

    @Test("He's normal distribution has the deviation sqrt(2 / in) and is cut at two of the untruncated one")
    func he() throws {
        let values = kernel(.heNormal)
        let largest = try #require(values.map(\.magnitude).max())
        let cut = 2 * Float(0.1) / 0.879_625_66
        #expect(largest <= cut && largest > cut * 0.99)
        #expect(abs(deviation(values) / 0.1 - 1) < 0.02)
    }

    @Test("Biases start at zero, a normalization as the identity")
    func rest() throws {
        let parameters = changing(Hyperparameters.usual) { ($0.hiddenUnits, $0.batchNormalization) = (4, true) }
        let head = TrainingNetwork(parameters, featureCount: 3, classCount: 2, seed: 4).head
        #expect(head.hidden.bias == [0, 0, 0, 0] && head.output.bias == [0, 0])
        let normalization = try #require(head.normalization)
        #expect(normalization.gamma == [1, 1, 1] && normalization.beta == [0, 0, 0])
        #expect(normalization.mean == [0, 0, 0] && normalization.variance == [1, 1, 1])
    }
}
