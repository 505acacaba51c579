internal import ONNX

/// A network as a list of operations on values, validated from an ONNX model, in an order in which every value is
/// produced before it is used. It doesn't know the picture's size yet.
struct Graph: Sendable {
    typealias Value = Int

    /// The order of a value's axes in the file. In memory, channels are always innermost.
    enum Layout: Sendable {
        case channelsFirst  // (N, C, H, W)
        case channelsLast  // (N, H, W, C)
        case matrix  // (N, C)
    }

    struct Node: Sendable {
        let label: String
        var operation: Operation
        var inputs: [Value]
        var output: Value
    }

    struct Input: Sendable {
        var value: Value
        let layout: Layout
        /// Whether the file takes bytes and converts them itself.
        let isBytes: Bool
        let height: Int?
        let width: Int?
        /// What the file's first nodes do to each channel, if they do nothing else.
        var affine: Affine?
    }

    var input: Input
    var nodes: [Node]
    var output: Value
    let outputLayout: Layout
    var valueCount: Int

    /// Reads and validates `model`; if its output is a map, the mean over rows and columns is appended.
    init(_ model: Model) throws {
        var builder = try GraphBuilder(model)
        try builder.readNodes()
        self = try builder.finish()
        fuse()
    }

    init(input: Input, nodes: [Node], output: Value, outputLayout: Layout, valueCount: Int) {
        self.input = input
        self.nodes = nodes
        self.output = output
        self.outputLayout = outputLayout
        self.valueCount = valueCount
        if outputLayout != .matrix { appendGlobalAverage() }
    }

    /// How many nodes read each value; the network's output counts as one more.
    var useCounts: [Value: Int] {
        var uses = [output: 1]
        for node in nodes { for value in node.inputs { uses[value, default: 0] += 1 } }
        return uses
    }

    private mutating func appendGlobalAverage() {
        let mean = valueCount
        valueCount += 1
        nodes.append(Node(label: "appended mean", operation: .globalPool(.average), inputs: [output], output: mean))
        output = mean
    }
}
