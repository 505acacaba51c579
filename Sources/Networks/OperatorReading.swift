internal import ONNX

extension GraphBuilder {
    /// Adds what `node` computes, with the semantics of the ONNX operator set for its operator.
    mutating func read(_ node: Node) throws {
        guard node.domain.isEmpty else {
            throw NetworkError.unsupportedOperator(
                node: node.label, operatorType: "\(node.domain).\(node.operatorType)")
        }
        switch node.operatorType {
        case "Conv": try readConvolution(node)
        case "Gemm": try readGemm(node)
        case "MatMul": try readMatMul(node)
        case "BatchNormalization": try readBatchNormalization(node)
        case "MaxPool", "AveragePool": try readPool(node)
        case "GlobalAveragePool": try readGlobalPool(node, .average)
        case "GlobalMaxPool": try readGlobalPool(node, .maximum)
        case "ReduceMean": try readReduceMean(node)
        case "Add", "Sub", "Mul", "Div": try readArithmetic(node)
        case "Flatten": try readFlatten(node)
        case "Reshape": try readReshape(node)
        case "Squeeze": try readSqueeze(node)
        case "Unsqueeze": try readUnsqueeze(node)
        case "Transpose": try readTranspose(node)
        case "Concat": try readConcat(node)
        case "Pad": try readPad(node)
        case "Cast": try readCast(node)
        case "Constant": try readConstant(node)
        case "Identity", "Dropout": try readIdentity(node)
        case "Softmax": try readSoftmax(node)
        default: try readActivation(node)
        }
    }

    private mutating func readActivation(_ node: Node) throws {
        var attributes = AttributeReader(node)
        let activation: Activation
        switch node.operatorType {
        case "Relu": activation = .relu
        case "Clip": activation = try readClip(node, &attributes)
        case "LeakyRelu": activation = .leakyRelu(alpha: try attributes.float("alpha", default: 0.01))
        case "Sigmoid": activation = .sigmoid
        case "HardSigmoid":
            activation = .hardSigmoid(
                alpha: try attributes.float("alpha", default: 0.2), beta: try attributes.float("beta", default: 0.5))
        case "HardSwish": activation = .hardSwish
        case "Tanh": activation = .tanh
        default: throw NetworkError.unsupportedOperator(node: node.label, operatorType: node.operatorType)
        }
        try attributes.finish()
        let input = try value(node, 0)
        try add(node, .activation(activation), [input], layout: input.layout)
    }

    private func readClip(_ node: Node, _ attributes: inout AttributeReader) throws -> Activation {
        var low = try attributes.float("min", default: -.infinity)
        var high = try attributes.float("max", default: .infinity)
        if isPresent(node, 1) { low = try scalar(node, 1) }
        if isPresent(node, 2) { high = try scalar(node, 2) }
        return .clip(low: low, high: high)
    }

    func scalar(_ node: Node, _ index: Int) throws -> Float {
        let tensor = try floats(node, index)
        guard tensor.count == 1, let value = tensor.floats?.first else {
            throw NetworkError.unsupportedOperand(
                node: node.label, operand: tensor.name, reason: "must hold one value, not \(tensor.dimensions)")
        }
        return value
    }

    // MARK: Nodes that compute nothing

    private mutating func readCast(_ node: Node) throws {
        var attributes = AttributeReader(node)
        let type = try attributes.int("to", default: 0)
        try attributes.ignore("saturate")
        try attributes.finish()
        guard type == ElementType.float32.rawValue else {
            throw attributes.unsupported("to", .int(Int64(type)))
        }
        var input = try value(node, 0)
        input.isBytes = false
        try define(node, input)
    }

    private mutating func readConstant(_ node: Node) throws {
        var attributes = AttributeReader(node)
        let tensor: Tensor
        if let value = try attributes.tensor("value") {
            tensor = value
        } else if let values = try attributes.ints("value_ints") {
            tensor = Tensor(name: "", dimensions: [values.count], integers: values)
        } else if node.attributes["value_int"] != nil {
            tensor = Tensor(name: "", dimensions: [], integers: [try attributes.int("value_int", default: 0)])
        } else if node.attributes["value_float"] != nil {
            tensor = Tensor(name: "", dimensions: [], floats: [try attributes.float("value_float", default: 0)])
        } else {
            try attributes.finish()
            throw NetworkError.missingAttribute(node: node.label, attribute: "value")
        }
        try attributes.finish()
        try define(node, constant: tensor)
    }

    private mutating func readIdentity(_ node: Node) throws {
        var attributes = AttributeReader(node)
        if node.operatorType == "Dropout" {
            try attributes.ignore("ratio")
            try attributes.ignore("seed")
        }
        try attributes.finish()
        if isConstant(node, 0) {
            try define(node, constant: constant(node, 0))
        } else {
            try define(node, value(node, 0))
        }
    }
}
