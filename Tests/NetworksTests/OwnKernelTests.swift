import Numerics
import ONNX
import Testing

@testable import Networks

/// A network whose output is compared between OpenBLAS and our own kernels.
private struct Subject: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let size: Int
    let nodes: [Node]
    let weights: [Tensor]
    /// The kind of step that our own kernels should use.
    let step: any Step.Type

    func extractor(_ kernels: Kernels) throws -> FeatureExtractor {
        let model = makeModel(nodes, weights: weights)
        return try Backbone(model, fallbackName: "subject", kernels: kernels).makeExtractor(inputSize: size)
    }

    func reduced(_ arithmetic: Reduced) throws -> FeatureExtractor {
        let model = makeModel(nodes, weights: weights)
        let network = try Network(
            Graph(model), kernels: arithmetic.kernels, reduced: ReducedProducts(precision: arithmetic.precision))
        return try FeatureExtractor(network, inputSize: size, preprocessing: Preprocessing(metadata: [:]))
    }

    func stepKinds(_ kernels: Kernels) throws -> [any Step.Type] {
        let network = try Network(makeModel(nodes, weights: weights), kernels: kernels)
        return try network.plan(height: size, width: size, group: 2).steps.map { type(of: $0) }
    }
}

/// A precision below float32, and kernels that have it.
private struct Reduced: Sendable, CustomTestStringConvertible {
    let kernels: Kernels
    let precision: Precision

    var testDescription: String { "\(precision) on \(kernels)" }
    /// What an element may deviate by, relative to the largest.
    var error: Float { precision == .int16 ? 0.004 : 0.02 }

    static let all = Kernels.available.flatMap { kernels in
        [Precision.int16, .bfloat16].filter { $0.runs(on: kernels) }.map { Reduced(kernels: kernels, precision: $0) }
    }
}

/// A 3 x 3 convolution of `channels` to `outputs`, ReLU, and a 2 x 2 pool where wanted; every element is compared.
private func threeByThree(
    size: Int, channels: Int, outputs: Int, pads: [Int64] = [1, 1, 1, 1], pools: Bool = false,
    step: any Step.Type = WinogradStep.self
) -> Subject {
    var nodes = [
        node("Conv", ["x", "widen"], ["a"]), node("Conv", ["a", "taps", "bias"], ["b"], ["pads": .ints(pads)]),
        node("Relu", ["b"], ["c"]),
    ]
    let pool: [String: Attribute] = ["kernel_shape": .ints([2, 2]), "strides": .ints([2, 2])]
    if pools { nodes.append(node("MaxPool", ["c"], ["d"], pool)) }
    nodes.append(node("Flatten", [pools ? "d" : "c"]))
    return Subject(
        testDescription: "\(size) x \(size), \(channels) to \(outputs), padded by \(pads)\(pools ? ", pooled" : "")",
        size: size, nodes: nodes,
        weights: [
            random("widen", channels, 3, 1, 1), random("taps", outputs, channels, 3, 3),
            Tensor(name: "bias", dimensions: [outputs], floats: (0..<outputs).map { Float($0 % 7) * 0.1 - 0.3 }),
        ], step: step)
}

/// 1 x 1 to `expanded` channels, depthwise, 1 x 1 back to 24, and the block's input added where the sizes agree; a clip
/// is from 0 to 1.
private func block(
    size: Int, expanded: Int, kernel: Int, stride: Int64, activation: String = "Relu"
) -> Subject {
    let attributes: [String: Attribute] = [
        "group": .int(Int64(expanded)), "strides": .ints([stride, stride]), "auto_pad": .string("SAME_UPPER"),
    ]
    let bounds = activation == "Clip" ? ["low", "high"] : []
    var nodes = [
        node("Conv", ["x", "widen"], ["a"]), node("Tanh", ["a"], ["in"]), node("Conv", ["in", "expand"], ["b"]),
        node(activation, ["b"] + bounds, ["c"]), node("Conv", ["c", "filter"], ["d"], attributes),
        node(activation, ["d"] + bounds, ["e"]), node("Conv", ["e", "project"], ["f"]),
    ]
    if stride == 1 { nodes.append(node("Add", ["f", "in"], ["g"])) }
    nodes.append(node("Flatten", [stride == 1 ? "g" : "f"]))
    return Subject(
        testDescription: "\(size) x \(size), \(expanded) channels, \(kernel) x \(kernel) by \(stride), \(activation)",
        size: size, nodes: nodes,
        weights: [
            random("widen", 24, 3, 1, 1), random("expand", expanded, 24, 1, 1),
            random("filter", expanded, 1, kernel, kernel), random("project", 24, expanded, 1, 1),
            Tensor(name: "low", dimensions: [], floats: [0]), Tensor(name: "high", dimensions: [], floats: [1]),
        ], step: InvertedResidualStep.self)
}

/// A convolution and one of 3 x 3 taps behind it, with a map between them that is too large for the cache.
private func banded(size: Int, kernel: Int, stride: Int64, pools: Bool) -> Subject {
    let pads = [Int64](repeating: Int64(kernel / 2), count: 4)
    let pool: [String: Attribute] = ["kernel_shape": .ints([2, 2]), "strides": .ints([2, 2])]
    var nodes = [
        node("Conv", ["x", "first"], ["a"], ["pads": .ints(pads), "strides": .ints([stride, stride])]),
        node("Relu", ["a"], ["b"]), node("Conv", ["b", "second"], ["c"], ["pads": .ints([1, 1, 1, 1])]),
        node("Relu", ["c"], ["d"]),
    ]
    if pools { nodes.append(node("MaxPool", ["d"], ["e"], pool)) }
    nodes.append(node("Flatten", [pools ? "e" : "d"]))
    return Subject(
        testDescription: "\(size) x \(size) in bands, \(kernel) x \(kernel) by \(stride)\(pools ? ", pooled" : "")",
        size: size, nodes: nodes, weights: [random("first", 48, 3, kernel, kernel), random("second", 16, 48, 3, 3)],
        step: ImageStep.self)
}

private let subjects = [
    threeByThree(size: 16, channels: 32, outputs: 48),
    threeByThree(size: 21, channels: 40, outputs: 24, pads: [0, 1, 2, 1]),
    threeByThree(size: 14, channels: 33, outputs: 64, pools: true),
    threeByThree(size: 13, channels: 64, outputs: 35, pools: true),
    threeByThree(size: 6, channels: 160, outputs: 160),
    threeByThree(size: 60, channels: 16, outputs: 16, pads: [0, 0, 0, 0]),
    threeByThree(size: 2, channels: 64, outputs: 64, step: DirectConvolutionStep.self),
    threeByThree(size: 9, channels: 8, outputs: 96, step: DirectConvolutionStep.self),
    banded(size: 130, kernel: 3, stride: 1, pools: true),
    banded(size: 131, kernel: 3, stride: 1, pools: true),
    banded(size: 230, kernel: 5, stride: 2, pools: false),
    block(size: 64, expanded: 96, kernel: 3, stride: 1),
    block(size: 65, expanded: 144, kernel: 3, stride: 2),
    block(size: 50, expanded: 144, kernel: 5, stride: 2),
    block(size: 48, expanded: 120, kernel: 5, stride: 1, activation: "HardSwish"),
    block(size: 7, expanded: 100, kernel: 3, stride: 1, activation: "HardSwish"),
    block(size: 5, expanded: 64, kernel: 5, stride: 2),
    block(size: 33, expanded: 100, kernel: 3, stride: 1, activation: "Clip"),
    block(size: 30, expanded: 24, kernel: 3, stride: 2, activation: "Clip"),
]

@Suite("Our own kernels give what OpenBLAS gives")
struct OwnKernelTests {
    private static let own = Kernels.available.filter { $0 != .openblas }

    @Test("All elements of the output agree", arguments: subjects, own)
    fileprivate func agreement(subject: Subject, kernels: Kernels) throws {
        let pixels = picture(size: subject.size, index: 3)
        let expected = try subject.extractor(.openblas).extract(pixels).values
        let found = try subject.extractor(kernels).extract(pixels).values
        #expect(relativeError(found, expected) < 1e-5)
        #expect(try subject.stepKinds(kernels).contains { $0 == subject.step })
    }

    @Test("A picture gives the same bits alone and in a group", arguments: subjects, own)
    fileprivate func grouping(subject: Subject, kernels: Kernels) throws {
        let extractor = try subject.extractor(kernels)
        let count = extractor.suggestedGroup + 1
        let pictures = (0..<count).map { picture(size: subject.size, index: $0 % 3) }
        let together = extractor.extract(pictures.flatMap(\.self)).rowList
        let alone = (0..<3).map { extractor.extract(picture(size: subject.size, index: $0)).values }
        #expect(together == (0..<count).map { alone[$0 % 3] })
    }
}

@Suite("Products in less than float32", .enabled(if: !Reduced.all.isEmpty))
struct ReducedProductTests {
    private static let blocks = subjects.filter { $0.step is InvertedResidualStep.Type }

    @Test("Inverted residual blocks come close to float32", arguments: blocks, Reduced.all)
    fileprivate func agreement(subject: Subject, reduced: Reduced) throws {
        let pixels = picture(size: subject.size, index: 3)
        let expected = try subject.extractor(reduced.kernels).extract(pixels).values
        let found = try subject.reduced(reduced).extract(pixels).values
        #expect(found != expected)
        #expect(relativeError(found, expected) < reduced.error)
    }

    @Test("A picture gives the same bits alone and in a group", arguments: blocks, Reduced.all)
    fileprivate func grouping(subject: Subject, reduced: Reduced) throws {
        let extractor = try subject.reduced(reduced)
        let count = extractor.suggestedGroup + 1
        let pictures = (0..<count).map { picture(size: subject.size, index: $0 % 3) }
        let together = extractor.extract(pictures.flatMap(\.self)).rowList
        let alone = (0..<3).map { extractor.extract(picture(size: subject.size, index: $0)).values }
        #expect(together == (0..<count).map { alone[$0 % 3] })
    }
}

@Suite("Products of int16")
struct IntegerProductTests {
    private static let kernels = Kernels.available.filter { Precision.int16.runs(on: $0) }

    private func extractor(
        _ nodes: [Node], _ weights: [Tensor], _ kernels: Kernels, size: Int
    ) throws -> FeatureExtractor {
        let model = makeModel(nodes + [node("Flatten", [nodes.last!.outputs[0]])], weights: weights)
        let network = try Network(Graph(model), kernels: kernels, reduced: ReducedProducts(precision: .int16))
        return try FeatureExtractor(network, inputSize: size, preprocessing: .none)
    }

    /// Integers of 12 bits and what one is worth.
    private func rounded(_ row: [Float]) -> (integers: [Int32], scale: Float) {
        let largest = row.map(abs).max()!
        let factor = 4095 / largest
        return (row.map { Int32(($0 * factor).rounded(.toNearestOrEven)) }, largest / 4095)
    }

    /// Integers as large as 16 bits and a sum of 32 bits allow, and what one is worth.
    private func rounded(column: [Float]) -> (integers: [Int32], scale: Float) {
        let magnitudes = column.map { abs(Double($0)) }
        let room = Double(Int32.max) / 4095 - Double(column.count)
        let factor = min(32767 / magnitudes.max()!, room / magnitudes.reduce(0, +))
        return (column.map { Int32((Double($0) * factor).rounded(.toNearestOrEven)) }, Float(1 / factor))
    }

    @Test("All kernels give the bits that exact sums of rounded factors give", arguments: kernels)
    func bits(kernels: Kernels) throws {
        let (depth, columns, size) = (37, 43, 5)
        let (widen, mix) = (random("widen", depth, 3, 1, 1), random("mix", columns, depth, 1, 1))
        let widened = [node("Conv", ["x", "widen"], ["a"])]
        let pixels = picture(size: size, index: 2)
        // Flattened maps have the channels outermost.
        let input = try extractor(widened, [widen], kernels, size: size).extract(pixels).values
        let mixed = widened + [node("Conv", ["a", "mix", "bias"], ["b"])]
        let bias = (0..<columns).map { Float($0) * 3 - 50 }
        let weights = [widen, mix, Tensor(name: "bias", dimensions: [columns], floats: bias)]
        let found = try extractor(mixed, weights, kernels, size: size).extract(pixels).values
        let factors = try #require(mix.floats)
        let pixelCount = size * size
        for pixel in 0..<pixelCount {
            let row = rounded((0..<depth).map { input[$0 * pixelCount + pixel] })
            for column in 0..<columns {
                let weights = rounded(column: Array(factors[column * depth..<(column + 1) * depth]))
                let sum = zip(row.integers, weights.integers).reduce(0) { $0 + $1.0 * $1.1 }
                let expected = bias[column].addingProduct(Float(sum) * weights.scale, row.scale)
                #expect(found[column * pixelCount + pixel] == expected)
            }
        }
    }

    @Test("A sum doesn't overflow where all weights and inputs are as large as can be", arguments: kernels)
    func overflow(kernels: Kernels) throws {
        let nodes = [node("Conv", ["x", "widen"], ["a"]), node("Conv", ["a", "sum"], ["b"])]
        let weights = [ones("widen", 1001, 3, 1, 1), ones("sum", 17, 1001, 1, 1)]
        let sums = try extractor(nodes, weights, kernels, size: 1).extract([255, 255, 255]).values
        #expect(sums.allSatisfy { abs($0 - 1001 * 765) < 1001 })
    }
}

@Suite("Runs of taps")
struct TapRunTests {
    @Test("Outputs at the border lack the taps outside the image")
    func border() {
        let runs = TapRun.runs(outputs: 5, size: 5, taps: 3, stride: 1, dilation: 1, padding: 1)
        let expected = [
            TapRun(outputs: 0..<1, taps: 1..<3), TapRun(outputs: 1..<4, taps: 0..<3),
            TapRun(outputs: 4..<5, taps: 0..<2),
        ]
        #expect(runs == expected)
    }

    @Test("Outputs that see nothing of the image have no taps")
    func outside() {
        let runs = TapRun.runs(outputs: 3, size: 1, taps: 1, stride: 1, dilation: 1, padding: 1)
        #expect(runs.map(\.taps.count) == [0, 1, 0])
    }
}
