internal import ONNX

extension Graph {
    /// Folds what can be folded without knowing the picture's size: channelwise factors and activations into the
    /// convolution or product before them, zero padding into the convolution after it, x * sigmoid(x) into one
    /// function, and channelwise arithmetic on the input into the input's own conversion.
    mutating func fuse() {
        var fusion = GraphFusion(self)
        for node in nodes { fusion.take(node) }
        nodes = fusion.nodes.compactMap(\.self)
        input = fusion.input
    }
}

private struct GraphFusion {
    var input: Graph.Input
    /// The nodes so far; nil if a node has been folded into another.
    var nodes: [Graph.Node?] = []
    private var producers: [Graph.Value: Int] = [:]
    private var uses: [Int]

    init(_ graph: Graph) {
        input = graph.input
        uses = [Int](repeating: 0, count: graph.valueCount)
        for node in graph.nodes {
            for value in node.inputs { uses[value] += 1 }
        }
        uses[graph.output] += 1
    }

    mutating func take(_ node: Graph.Node) {
        switch node.operation {
        case .affine(let affine):
            if !foldIntoInput(affine, node) && !fold(node, { $0.absorb(affine) }) { append(node) }
        case .activation(let activation):
            if !fold(node, { $0.absorb(activation) }) { append(node) }
        case .arithmetic(.multiply, .none):
            if !foldGate(node) { append(node) }
        case .convolution(let convolution):
            append(foldPadding(convolution, node))
        default: append(node)
        }
    }

    private mutating func append(_ node: Graph.Node) {
        producers[node.output] = nodes.count
        nodes.append(node)
    }

    /// The node that produces `value`, if it has only one user.
    private func soleProducer(of value: Graph.Value) -> Int? { uses[value] == 1 ? producers[value] : nil }

    private mutating func fold(_ node: Graph.Node, _ absorb: (inout Operation) -> Bool) -> Bool {
        guard let index = soleProducer(of: node.inputs[0]), absorb(&nodes[index]!.operation) else { return false }
        nodes[index]!.output = node.output
        producers[node.output] = index
        return true
    }

    private mutating func foldIntoInput(_ affine: Affine, _ node: Graph.Node) -> Bool {
        guard node.inputs[0] == input.value, uses[input.value] == 1 else { return false }
        guard [1, 3].contains(affine.scale.count) else { return false }
        if let before = input.affine { input.affine = before.followed(by: affine) } else { input.affine = affine }
        input.value = node.output
        return true
    }

    /// x * sigmoid(x) and x * hardSigmoid(x) with the constants of HardSwish.
    private mutating func foldGate(_ node: Graph.Node) -> Bool {
        for (gate, value) in [(node.inputs[0], node.inputs[1]), (node.inputs[1], node.inputs[0])] {
            guard let index = soleProducer(of: gate), nodes[index]!.inputs == [value],
                case .activation(let activation) = nodes[index]!.operation, let fused = activation.gated
            else { continue }
            nodes[index] = nil
            uses[value] -= 1
            let whole = Graph.Node(
                label: node.label, operation: .activation(fused), inputs: [value], output: node.output)
            take(whole)
            return true
        }
        return false
    }

    private mutating func foldPadding(_ convolution: Convolution, _ node: Graph.Node) -> Graph.Node {
        guard let index = soleProducer(of: node.inputs[0]), let pad = nodes[index],
            case .pad(let outer, value: 0) = pad.operation,
            case .explicit(let inner) = convolution.window.padding
        else { return node }
        nodes[index] = nil
        var node = node
        var convolution = convolution
        convolution.window.padding = .explicit(outer + inner)
        node.operation = .convolution(convolution)
        node.inputs = pad.inputs
        return node
    }
}

extension Padding {
    fileprivate static func + (left: Padding, right: Padding) -> Padding {
        Padding(
            top: left.top + right.top, left: left.left + right.left, bottom: left.bottom + right.bottom,
            right: left.right + right.right)
    }
}

extension Activation {
    /// x * self(x), if that has a name.
    fileprivate var gated: Activation? {
        switch self {
        case .sigmoid: .silu
        case .hardSigmoid(let alpha, let beta) where abs(alpha - 1 / 6) < 1e-6 && beta == 0.5: .hardSwish
        default: nil
        }
    }
}

extension Operation {
    /// Applies `affine` after this operation, if that only changes its weights.
    fileprivate mutating func absorb(_ affine: Affine) -> Bool {
        switch self {
        case .convolution(var convolution) where convolution.activation == .none:
            guard affine.fits(convolution.outputChannels) else { return false }
            affine.apply(&convolution.scale, &convolution.bias)
            convolution.activation = affine.activation
            self = .convolution(convolution)
        case .dense(var dense) where dense.activation == .none:
            guard affine.fits(dense.outputs) else { return false }
            affine.apply(&dense.scale, &dense.bias)
            dense.activation = affine.activation
            self = .dense(dense)
        case .affine(let before) where before.activation == .none:
            guard affine.fits(before.scale.count) || before.scale.count == 1 else { return false }
            self = .affine(before.followed(by: affine))
        default: return false
        }
        return true
    }

    fileprivate mutating func absorb(_ activation: Activation) -> Bool {
        switch self {
        case .convolution(var convolution) where convolution.activation == .none:
            convolution.activation = activation
            self = .convolution(convolution)
        case .dense(var dense) where dense.activation == .none:
            dense.activation = activation
            self = .dense(dense)
        case .affine(var affine) where affine.activation == .none:
            affine.activation = activation
            self = .affine(affine)
        case .arithmetic(let operation, .none): self = .arithmetic(operation, activation)
        default: return false
        }
        return true
    }
}

extension Affine {
    fileprivate func fits(_ channels: Int) -> Bool { scale.count == 1 || scale.count == channels }

    /// This function and then `next`, which must fit.
    func followed(by next: Affine) -> Affine {
        let count = max(scale.count, next.scale.count)
        let (before, after) = (expanded(to: count), next.expanded(to: count))
        return Affine(
            scale: (0..<count).map { before.scale[$0] * after.scale[$0] },
            shift: (0..<count).map { before.shift[$0] * after.scale[$0] + after.shift[$0] },
            activation: next.activation)
    }

    /// The same function with a value for each of `channels` channels.
    func expanded(to channels: Int) -> Affine {
        guard scale.count == 1 else { return self }
        return Affine(
            scale: [Float](repeating: scale[0], count: channels), shift: [Float](repeating: shift[0], count: channels),
            activation: activation)
    }

    fileprivate func apply(_ factors: inout [Float]?, _ bias: inout [Float]) {
        let affine = expanded(to: bias.count)
        let before = factors ?? [Float](repeating: 1, count: bias.count)
        factors = zip(before, affine.scale).map(*)
        for index in bias.indices { bias[index] = bias[index] * affine.scale[index] + affine.shift[index] }
    }
}
