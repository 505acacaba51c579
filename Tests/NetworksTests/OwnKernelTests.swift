import ONNX
import Tensors
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

    func reduced(_ precision: Precision) throws -> FeatureExtractor {
        let model = makeModel(nodes, weights: weights)
        let network = try Network(Graph(model), kernels: .bf16, reduced: ReducedProducts(precision: precision))
        return try FeatureExtractor(network, inputSize: size, preprocessing: Preprocessing(metadata: [:]))
    }

    func stepKinds(_ kernels: Kernels) throws -> [any Step.Type] {
        let network = try Network(makeModel(nodes, weights: weights), kernels: kernels)
        return try network.plan(height: size, width: size, group: 2).steps.map { type(of: $0) }
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

/// 1 x 1 to `expanded` channels, depthwise, 1 x 1 back to 24, and the block's input added where the sizes agree.
private func block(
    size: Int, expanded: Int, kernel: Int, stride: Int64, activation: String = "Relu"
) -> Subject {
    let attributes: [String: Attribute] = [
        "group": .int(Int64(expanded)), "strides": .ints([stride, stride]), "auto_pad": .string("SAME_UPPER"),
    ]
    var nodes = [
        node("Conv", ["x", "widen"], ["a"]), node("Tanh", ["a"], ["in"]), node("Conv", ["in", "expand"], ["b"]),
        node(activation, ["b"], ["c"]), node("Conv", ["c", "filter"], ["d"], attributes),
        node(activation, ["d"], ["e"]), node("Conv", ["e", "project"], ["f"]),
    ]
    if stride == 1 { nodes.append(node("Add", ["f", "in"], ["g"])) }
    nodes.append(node("Flatten", [stride == 1 ? "g" : "f"]))
    return Subject(
        testDescription: "\(size) x \(size), \(expanded) channels, \(kernel) x \(kernel) by \(stride), \(activation)",
        size: size, nodes: nodes,
        weights: [
            random("widen", 24, 3, 1, 1), random("expand", expanded, 24, 1, 1),
            random("filter", expanded, 1, kernel, kernel), random("project", 24, expanded, 1, 1),
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

@Suite("Products in less than float32", .enabled(if: Kernels.available.contains(.bf16)))
struct ReducedProductTests {
    private static let blocks = subjects.filter { $0.step is InvertedResidualStep.Type }
    private static let reduced = [(Precision.int16, Float(0.004)), (.bfloat16, 0.02)]

    @Test("Inverted residual blocks come close to float32", arguments: blocks, reduced)
    fileprivate func agreement(subject: Subject, bound: (precision: Precision, error: Float)) throws {
        let pixels = picture(size: subject.size, index: 3)
        let expected = try subject.extractor(.bf16).extract(pixels).values
        let found = try subject.reduced(bound.precision).extract(pixels).values
        #expect(found != expected)
        #expect(relativeError(found, expected) < bound.error)
    }

    @Test("A picture gives the same bits alone and in a group", arguments: blocks, reduced.map(\.0))
    fileprivate func grouping(subject: Subject, precision: Precision) throws {
        let extractor = try subject.reduced(precision)
        let count = extractor.suggestedGroup + 1
        let pictures = (0..<count).map { picture(size: subject.size, index: $0 % 3) }
        let together = extractor.extract(pictures.flatMap(\.self)).rowList
        let alone = (0..<3).map { extractor.extract(picture(size: subject.size, index: $0)).values }
        #expect(together == (0..<count).map { alone[$0 % 3] })
    }

    @Test("A product of int16 doesn't overflow where all weights and inputs are as large as can be")
    func overflow() throws {
        let model = makeModel(
            [node("Conv", ["x", "widen"], ["a"]), node("Conv", ["a", "sum"], ["b"]), node("Flatten", ["b"])],
            weights: [ones("widen", 1001, 3, 1, 1), ones("sum", 17, 1001, 1, 1)])
        let network = try Network(Graph(model), kernels: .bf16, reduced: ReducedProducts(precision: .int16))
        let extractor = try FeatureExtractor(network, inputSize: 1, preprocessing: .none)
        let sums = extractor.extract([255, 255, 255]).values
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
