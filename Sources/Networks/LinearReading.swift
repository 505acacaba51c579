internal import ONNX

extension GraphBuilder {
    mutating func readConvolution(_ node: Node) throws {
        let input = try map(node, 0)
        let kernel = try floats(node, 1)
        guard kernel.dimensions.count == 4, kernel.count > 0 else { throw badOperand(node, kernel) }
        var attributes = AttributeReader(node)
        let size = Window.Size(height: kernel.dimensions[2], width: kernel.dimensions[3])
        let window = try readWindow(&attributes, kernel: size)
        let groups = try attributes.int("group", default: 1)
        try attributes.finish()
        guard groups > 0, kernel.dimensions[0] % groups == 0 else {
            throw attributes.unsupported("group", .int(Int64(groups)))
        }
        let bias = try readBias(node, 2, count: kernel.dimensions[0])
        let convolution = Convolution(window: window, groups: groups, kernel: kernel, scale: nil, bias: bias)
        try add(node, .convolution(convolution), [input], layout: .channelsFirst)
    }

    /// Y = alpha * A * B + beta * C with B and C constant.
    mutating func readGemm(_ node: Node) throws {
        let input = try matrix(node, 0)
        let weights = try floats(node, 1)
        guard weights.dimensions.count == 2, weights.count > 0 else { throw badOperand(node, weights) }
        var attributes = AttributeReader(node)
        let alpha = try attributes.float("alpha", default: 1)
        let beta = try attributes.float("beta", default: 1)
        let isTransposed = try attributes.int("transB", default: 0) != 0
        try attributes.require("transA", equals: 0)
        try attributes.finish()
        var dense = Dense(weights: weights, isTransposed: isTransposed, scale: nil, bias: [])
        dense.bias = try readBias(node, 2, count: dense.outputs).map { $0 * beta }
        if alpha != 1 { dense.scale = [Float](repeating: alpha, count: dense.outputs) }
        try add(node, .dense(dense), [input], layout: .matrix)
    }

    mutating func readMatMul(_ node: Node) throws {
        try AttributeReader(node).finish()
        let input = try matrix(node, 0)
        let weights = try floats(node, 1)
        guard weights.dimensions.count == 2, weights.count > 0 else { throw badOperand(node, weights) }
        var dense = Dense(weights: weights, isTransposed: false, scale: nil, bias: [])
        dense.bias = [Float](repeating: 0, count: dense.outputs)
        try add(node, .dense(dense), [input], layout: .matrix)
    }

    /// Inference: (x - mean) / sqrt(variance + epsilon) * scale + bias.
    mutating func readBatchNormalization(_ node: Node) throws {
        let input = try value(node, 0)
        guard input.layout != .channelsLast else { throw badLayout(node) }
        var attributes = AttributeReader(node)
        let epsilon = try attributes.float("epsilon", default: 1e-5)
        try attributes.ignore("momentum")
        try attributes.require("training_mode", equals: 0)
        try attributes.require("spatial", equals: 1)
        try attributes.finish()
        let parameters = try (1...4).map { index in
            let tensor = try floats(node, index)
            guard tensor.dimensions.count == 1, let values = tensor.floats else { throw badOperand(node, tensor) }
            return values
        }
        guard let count = parameters.first?.count, parameters.allSatisfy({ $0.count == count }) else {
            throw NetworkError.unsupportedShape(
                node: node.label, reason: "its parameters have \(parameters.map(\.count)) values")
        }
        let scale = zip(parameters[0], parameters[3]).map { $0 / ($1 + epsilon).squareRoot() }
        let shift = (0..<count).map { parameters[1][$0] - parameters[2][$0] * scale[$0] }
        try add(node, .affine(Affine(scale: scale, shift: shift)), [input], layout: input.layout)
    }

    mutating func readArithmetic(_ node: Node) throws {
        let operation = try arithmetic(node)
        if isConstant(node, 0) || isConstant(node, 1) {
            let isFirst = isConstant(node, 0)
            let input = try value(node, isFirst ? 1 : 0)
            let values = try channelValues(node, isFirst ? 0 : 1, layout: input.layout)
            let affine = try affine(node, operation, values, constantFirst: isFirst)
            try add(node, .affine(affine), [input], layout: input.layout)
        } else {
            let operands = try [value(node, 0), value(node, 1)]
            guard operands[0].layout == operands[1].layout else {
                throw NetworkError.unsupportedShape(
                    node: node.label, reason: "its operands have different axis orders")
            }
            try add(node, .arithmetic(operation, .none), operands, layout: operands[0].layout)
        }
    }

    private func arithmetic(_ node: Node) throws -> Arithmetic {
        try AttributeReader(node).finish()
        return switch node.operatorType {
        case "Add": .add
        case "Sub": .subtract
        case "Mul": .multiply
        default: .divide
        }
    }

    private func affine(
        _ node: Node, _ operation: Arithmetic, _ values: [Float], constantFirst: Bool
    ) throws -> Affine {
        let ones = values.map { _ in Float(1) }
        let zeros = values.map { _ in Float(0) }
        switch operation {
        case .add: return Affine(scale: ones, shift: values)
        case .multiply: return Affine(scale: values, shift: zeros)
        case .subtract:
            return constantFirst
                ? Affine(scale: ones.map { -$0 }, shift: values) : Affine(scale: ones, shift: values.map { -$0 })
        case .divide:
            guard !constantFirst else {
                throw NetworkError.unsupportedOperand(
                    node: node.label, operand: node.inputs[0], reason: "must not be a constant that is divided")
            }
            return Affine(scale: values.map { 1 / $0 }, shift: zeros)
        }
    }

    /// The values of a constant that is the same at every pixel: one per channel, or a single one.
    private func channelValues(_ node: Node, _ index: Int, layout: Graph.Layout) throws -> [Float] {
        let tensor = try floats(node, index)
        let rank = layout == .matrix ? 2 : 4
        let channelAxis = layout == .channelsLast ? 3 : 1
        let leading = rank - tensor.dimensions.count
        let isPerChannel = tensor.dimensions.enumerated().allSatisfy { axis, size in
            size == 1 || axis + leading == channelAxis
        }
        guard leading >= 0, isPerChannel, tensor.count > 0, let values = tensor.floats else {
            throw badOperand(node, tensor)
        }
        return values
    }

    private func readBias(_ node: Node, _ index: Int, count: Int) throws -> [Float] {
        guard isPresent(node, index) else { return [Float](repeating: 0, count: count) }
        let tensor = try floats(node, index)
        let leading = tensor.dimensions.dropLast()
        guard let values = tensor.floats, leading.allSatisfy({ $0 == 1 }), [1, count].contains(values.count) else {
            throw badOperand(node, tensor)
        }
        return values.count == count ? values : [Float](repeating: values[0], count: count)
    }

    // MARK: Operands

    /// Operand `index`, which must be a map in ONNX's usual order of axes.
    func map(_ node: Node, _ index: Int) throws -> Named {
        let operand = try value(node, index)
        guard operand.layout == .channelsFirst else { throw badLayout(node) }
        return operand
    }

    func matrix(_ node: Node, _ index: Int) throws -> Named {
        let operand = try value(node, index)
        guard operand.layout == .matrix else {
            throw NetworkError.unsupportedShape(node: node.label, reason: "its input must have two axes")
        }
        return operand
    }

    func badLayout(_ node: Node) -> NetworkError {
        .unsupportedShape(node: node.label, reason: "its input must have the axes (N, C, H, W)")
    }

    func badOperand(_ node: Node, _ tensor: Tensor) -> NetworkError {
        .unsupportedOperand(
            node: node.label, operand: tensor.name, reason: "has the unsupported shape \(tensor.dimensions)")
    }
}
