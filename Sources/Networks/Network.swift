internal import Numerics
internal import ONNX
internal import Synchronization

/// A graph with its weights in the orders that the kernels read them: read-only, shared by all plans and workers.
final class Network: Sendable {
    let graph: Graph
    let kernels: Kernels
    let reduced: ReducedProducts
    let parameterCount: Int
    private let weights = Mutex<[WeightKey: SharedWeights]>([:])

    private struct WeightKey: Hashable {
        let node: Int
        let layout: WeightLayout
    }

    convenience init(_ model: Model, kernels: Kernels) throws {
        self.init(try Graph(model), kernels: kernels, reduced: .none)
    }

    init(_ graph: Graph, kernels: Kernels, reduced: ReducedProducts) {
        self.graph = graph
        self.kernels = kernels
        self.reduced = reduced
        parameterCount = graph.nodes.reduce(0) { $0 + $1.operation.weightCount }
    }

    /// The weights of `graph.nodes[node]`. They are rearranged when they are first requested, and exist as long as a
    /// plan uses them.
    func weights(of node: Int, _ layout: WeightLayout = .rows) -> Weights {
        weights.withLock { known in
            let key = WeightKey(node: node, layout: layout)
            if let weights = known[key]?.weights { return weights }
            let weights = Weights(graph.nodes[node].operation)!.arranged(layout, kernels)
            known[key] = SharedWeights(weights)
            return weights
        }
    }

    /// The precision of the product of `graph.nodes[node]`.
    func precision(of node: Int) -> Precision {
        graph.nodes[node].operation.isReducible ? reduced.precision(of: node) : .float32
    }

    /// The input and output of a plan for one picture of `height` x `width` pixels.
    func measure(height: Int, width: Int) throws -> Plan.Measures {
        try Plan.measure(self, input: Shape(height: height, width: width, channels: 3), group: 1)
    }

    /// The plan for pictures of `height` x `width` pixels, `group` at a time.
    func plan(height: Int, width: Int, group: Int) throws -> Plan {
        try Plan(self, input: Shape(height: height, width: width, channels: 3), group: group)
    }
}

/// Weights that are owned by others.
private struct SharedWeights {
    private weak var factors: AlignedBuffer<Float>?
    private weak var bias: AlignedBuffer<Float>?
    private weak var scales: AlignedBuffer<Float>?
    private let precision: Precision
    private let isScaled: Bool

    init(_ weights: Weights) {
        factors = weights.factors
        bias = weights.bias
        scales = weights.scales
        precision = weights.precision
        isScaled = weights.scales != nil
    }

    /// The weights; nil if nobody has kept them.
    var weights: Weights? {
        guard let factors, let bias, !isScaled || scales != nil else { return nil }
        return Weights(factors: factors, bias: bias, precision: precision, scales: scales)
    }
}

extension Operation {
    /// Weights and summands, including those of a batch normalisation that isn't folded away.
    var weightCount: Int {
        switch self {
        case .convolution(let convolution): convolution.kernel.count + convolution.bias.count
        case .dense(let dense): dense.weights.count + dense.bias.count
        case .affine(let affine): affine.scale.count + affine.shift.count
        default: 0
        }
    }
}
