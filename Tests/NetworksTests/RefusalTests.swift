import Foundation
import ONNX
import SystemPackage
import Testing

@testable import Networks

/// A model that must be refused, and what the message must name.
private struct Refusal: Sendable, CustomTestStringConvertible {
    let name: String
    let model: Model
    let mentions: [String]

    var testDescription: String { name }

    init(_ name: String, _ nodes: [Node], weights: [Tensor] = [], mentions: String...) {
        self.init(name, makeModel(nodes, weights: weights), mentions: mentions)
    }

    init(_ name: String, _ model: Model, mentions: [String]) {
        self.name = name
        self.model = model
        self.mentions = mentions
    }
}

private let kernel = ones("w", 4, 3, 3, 3)

private func conv(_ attributes: [String: Attribute], _ kernel: Tensor = kernel, group: String = "") -> [Node] {
    [node("Conv", ["x", kernel.name], ["y"], attributes)]
}

private let operatorRefusals = [
    Refusal("unknown operator", [node("Einsum")], mentions: "Einsum", "the node"),
    Refusal(
        "operator of another domain",
        [Node(name: "odd", operatorType: "Conv", domain: "com.example", inputs: ["x"], outputs: ["y"])],
        mentions: "com.example.Conv", "odd"),
    Refusal("unknown attribute", [node("Relu", ["x"], ["y"], ["slope": .int(3)])], mentions: "slope", "3"),
    Refusal("attribute of another type", conv(["group": .float(2)]), weights: [kernel], mentions: "group", "2.0"),
    Refusal(
        "kernel shape that isn't the kernel's", conv(["kernel_shape": .ints([5, 5])]), weights: [kernel],
        mentions: "kernel_shape", "[5, 5]"),
    Refusal("negative padding", conv(["pads": .ints([0, -1, 0, 0])]), weights: [kernel], mentions: "pads", "-1"),
    Refusal("huge padding", conv(["pads": .ints([0, 1 << 40, 0, 0])]), weights: [kernel], mentions: "pads"),
    Refusal("stride of zero", conv(["strides": .ints([0, 1])]), weights: [kernel], mentions: "strides", "[0, 1]"),
    Refusal("three strides", conv(["strides": .ints([1, 1, 1])]), weights: [kernel], mentions: "strides"),
    Refusal(
        "unknown padding mode", conv(["auto_pad": .string("SAME")]), weights: [kernel], mentions: "auto_pad", "SAME"),
    Refusal("groups that don't divide", conv(["group": .int(3)]), weights: [kernel], mentions: "group", "3"),
    Refusal("no groups", conv(["group": .int(0)]), weights: [kernel], mentions: "group"),
    Refusal(
        "convolution in one dimension", conv([:], ones("w", 4, 3, 3)), weights: [ones("w", 4, 3, 3)],
        mentions: "w", "[4, 3, 3]"),
    Refusal(
        "weights of another type", conv([:]),
        weights: [Tensor(name: "w", dimensions: [1, 3, 1, 1], integers: [1, 1, 1])],
        mentions: "w", "int64"),
    Refusal("computed weights", [node("Relu", ["x"], ["w"]), node("Conv", ["x", "w"])], mentions: "w", "constant"),
    Refusal(
        "storage order", [node("MaxPool", ["x"], ["y"], ["kernel_shape": .ints([2, 2]), "storage_order": .int(1)])],
        mentions: "storage_order"),
    Refusal("pool without a window", [node("MaxPool")], mentions: "kernel_shape"),
    Refusal("mean over channels", [node("ReduceMean", ["x"], ["y"], ["axes": .ints([1])])], mentions: "axes", "[1]"),
    Refusal("other permutation", [node("Transpose", ["x"], ["y"], ["perm": .ints([0, 2, 1, 3])])], mentions: "perm"),
    Refusal(
        "reflection padding", [node("Pad", ["x", "p"], ["y"], ["mode": .string("reflect")])], mentions: "mode",
        "reflect"),
    Refusal(
        "padding of channels", [node("Pad", ["x", "p"])],
        weights: [Tensor(name: "p", dimensions: [8], integers: [0, 1, 0, 0, 0, 0, 0, 0])], mentions: "pads"),
    Refusal("concatenation of rows", [node("Concat", ["x", "x"], ["y"], ["axis": .int(2)])], mentions: "axis", "2"),
    Refusal("cast to another type", [node("Cast", ["x"], ["y"], ["to": .int(10)])], mentions: "to", "10"),
    Refusal(
        "reshaping to a fixed batch", [node("Reshape", ["x", "s"])],
        weights: [Tensor(name: "s", dimensions: [2], integers: [1, -1])], mentions: "[1, -1]"),
    Refusal(
        "constant of every pixel", [node("Add", ["x", "c"])], weights: [ones("c", 3, 8, 8)], mentions: "c", "[3, 8, 8]"),
    Refusal("dense layer on a map", [node("Gemm", ["x", "c"])], weights: [ones("c", 3, 8)], mentions: "two axes"),
    Refusal("flattening behind all axes", [node("Flatten", ["x"], ["y"], ["axis": .int(.max)])], mentions: "axis"),
    Refusal(
        "attribute without bearing that can't be written again",
        [node("Dropout", ["x"], ["y"], ["ratio": .unsupported(kind: "graph")])], mentions: "ratio", "graph"),
    Refusal(
        "subgraph", [node("Relu", ["x"], ["y"], ["then_branch": .unsupported(kind: "graph")])], mentions: "then_branch"),
]

private let graphRefusals = [
    Refusal(
        "cycle", [node("Add", ["x", "b"], ["a"]), node("Relu", ["a"], ["b"]), node("Relu", ["b"])],
        mentions: "itself|own output"),
    Refusal("own input", [node("Add", ["x", "y"])], mentions: "own output"),
    Refusal("unknown value", [node("Add", ["x", "ghost"])], mentions: "ghost"),
    Refusal("value produced twice", [node("Relu"), node("Tanh")], mentions: "y"),
    Refusal(
        "value that is also a weight", [node("Relu", ["x"], ["w"]), node("Relu", ["w"])], weights: [kernel],
        mentions: "w"),
    Refusal("weight given twice", conv([:]), weights: [kernel, kernel], mentions: "w"),
    Refusal("missing operand", [node("Relu", [])], mentions: "missing"),
    Refusal("output that nobody produces", [node("Relu", ["x"], ["z"])], mentions: "y"),
    Refusal("output that is a constant", makeModel([], weights: [ones("y", 3)]), mentions: ["y"]),
    Refusal("old operator set", makeModel([node("Relu")], opset: 6), mentions: ["6"]),
    Refusal("future operator set", makeModel([node("Relu")], opset: 99), mentions: ["99"]),
    Refusal(
        "input of doubles",
        makeModel(
            [node("Relu")],
            input: ValueInfo(
                name: "x", elementType: .float64, shape: [.dynamic(""), .fixed(3), .fixed(8), .fixed(8)])),
        mentions: ["float64"]),
    Refusal(
        "gray input",
        makeModel(
            [node("Relu")],
            input: ValueInfo(
                name: "x", elementType: .float32, shape: [.dynamic(""), .fixed(1), .fixed(8), .fixed(8)])),
        mentions: ["channels"]),
    Refusal(
        "input of three axes",
        makeModel(
            [node("Relu")],
            input: ValueInfo(
                name: "x", elementType: .float32, shape: [.fixed(3), .fixed(8), .fixed(8)])), mentions: ["four axes"]),
    Refusal(
        "input of which one side is beyond all measure",
        makeModel(
            [node("GlobalAveragePool")],
            input: ValueInfo(
                name: "x", elementType: .float32,
                shape: [.dynamic(""), .fixed(3), .fixed(Int(Int32.max)), .dynamic("")])),
        mentions: ["2147483647"]),
    Refusal(
        "input without a shape",
        makeModel(
            [node("Relu")],
            input: ValueInfo(
                name: "x", elementType: .float32, shape: nil)), mentions: ["four axes"]),
]

/// Weights that are used again and again: a megabyte of file, as many as there are nodes in memory.
private func manyConvolutions(_ count: Int) -> [Node] {
    (0..<count).map { index in
        let input = index == 0 ? "x" : "v\(index)"
        let output = index == count - 1 ? "y" : "v\(index + 1)"
        return node("Conv", [input, "w"], [output])
    }
}

/// A map that is padded to 53 million values, flattened to as many channels, and multiplied between other functions.
private func manyFactors(_ count: Int) -> [Node] {
    var nodes = [node("Pad", ["x", "p"], ["a"]), node("Flatten", ["a"], ["v0"])]
    for index in 0..<count {
        let output = index == count - 1 ? "y" : "v\(index + 1)"
        nodes.append(node("Mul", ["v\(index)", "c"], ["s\(index)"]))
        nodes.append(node("Sigmoid", ["s\(index)"], [output]))
    }
    return nodes
}

private let shapeRefusals = [
    Refusal(
        "weights for other channels", conv([:], ones("w", 4, 5, 1, 1)), weights: [ones("w", 4, 5, 1, 1)], mentions: "5",
        "3"),
    Refusal(
        "sizes that don't go together",
        [node("MaxPool", ["x"], ["a"], ["kernel_shape": .ints([2, 2])]), node("Add", ["x", "a"])],
        mentions: "224 x 224 x 3"),
    Refusal(
        "an axis beyond all measure", [node("Flatten", ["x"], ["y"], ["axis": .int(.max)])], mentions: "axis",
        "\(Int64.max)"),
    Refusal(
        "one tensor as the weights of many nodes", manyConvolutions(1100), weights: [ones("w", 512, 512, 1, 1)],
        mentions: "weights", "\(1 << 28)"),
    Refusal(
        "one factor for more channels than there is memory for", manyFactors(8),
        weights: [ones("c", 1), Tensor(name: "p", dimensions: [8], integers: [0, 0, 2000, 2000, 0, 0, 2000, 2000])],
        mentions: "limit"),
    Refusal("squeezing a map", [node("Squeeze", ["x"], ["y"])], mentions: "224 x 224"),
    Refusal(
        "features that don't fit", [node("Flatten", ["x"], ["a"]), node("Gemm", ["a", "c"])],
        weights: [ones("c", 3, 8)], mentions: "150528"),
    Refusal(
        "a map beyond all measure",
        [node("Pad", ["x", "p"], ["a"]), node("Pad", ["a", "p"])],
        weights: [Tensor(name: "p", dimensions: [8], integers: [0, 0, 65536, 65536, 0, 0, 65536, 65536])],
        mentions: "limit"),
    Refusal(
        "padding as large as the window",
        [node("MaxPool", ["x"], ["y"], ["kernel_shape": .ints([2, 2]), "pads": .ints([2, 2, 2, 2])])],
        mentions: "padding"),
    Refusal(
        "a byte input",
        makeModel(
            [node("Cast", ["x"], ["y"], ["to": .int(1)])],
            input: ValueInfo(
                name: "x", elementType: .uint8, shape: [.dynamic(""), .fixed(8), .fixed(8), .fixed(3)])),
        mentions: ["float32"]),
]

@Suite("What can't be run is refused with its name")
struct RefusalTests {
    @Test("Operators and attributes", arguments: operatorRefusals)
    fileprivate func operators(refusal: Refusal) { check(refusal) }

    @Test("Graphs", arguments: graphRefusals)
    fileprivate func graphs(refusal: Refusal) { check(refusal) }

    @Test("Shapes", arguments: shapeRefusals)
    fileprivate func shapes(refusal: Refusal) { check(refusal) }

    private func check(_ refusal: Refusal) {
        let error = #expect(throws: NetworkError.self) {
            try Backbone(refusal.model, fallbackName: "refused", kernels: .chosen())
        }
        for word in refusal.mentions {
            let alternatives = word.split(separator: "|")
            let text = error?.description ?? ""
            #expect(alternatives.contains { text.contains($0) }, "\(text)")
        }
    }

    @Test("Nodes that the output doesn't need may be anything")
    func deadNodes() throws {
        let model = makeModel([node("Einsum", ["x"], ["unused"]), node("GlobalAveragePool")])
        #expect(try Backbone(model, fallbackName: "dead", kernels: .chosen()).featureCount == 3)
    }

    @Test("Finding out that a network needs much memory needs little")
    func measuring() throws {
        // Values of 2^25 * 3 channels out of 27 nodes.
        var nodes = [node("GlobalAveragePool", ["x"], ["v0"])]
        nodes += (0..<25).map { node("Concat", ["v\($0)", "v\($0)"], ["v\($0 + 1)"], ["axis": .int(1)]) }
        nodes.append(node("Mul", ["v25", "k"]))
        let network = try Network(makeModel(nodes, weights: [ones("k", 1)]), kernels: .chosen())
        try resetPeakMemory()
        let before = try peakMemory()
        #expect(try network.measure(height: 8, width: 8).scratchCount > 100 << 20)
        #expect(try peakMemory() - before < 50 << 10)
    }

    @Test("Nodes in any order are sorted, however many")
    func order() throws {
        let count = 20_000
        var nodes = (0..<count).map { node("Tanh", [$0 == 0 ? "x" : "v\($0)"], ["v\($0 + 1)"]) }
        nodes.append(node("GlobalAveragePool", ["v\(count)"]))
        let graph = try Graph(makeModel(nodes.reversed()))
        #expect(graph.nodes.count == count + 2)
    }
}

/// The process's peak of memory so far, in KiB (proc(5)).
private func peakMemory() throws -> Int {
    let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
    let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") })
    return try #require(line.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Int($0) })
}

private func resetPeakMemory() throws {
    let file = try FileDescriptor.open("/proc/self/clear_refs", .writeOnly)
    try file.closeAfter { _ = try file.writeAll("5".utf8) }
}
