internal import ONNX

/// Turns an ONNX model's nodes into a `Graph`: names become numbered values, constants become weights.
struct GraphBuilder {
    /// The meaning of a name in the ONNX file.
    struct Named {
        let value: Graph.Value
        let layout: Graph.Layout
        var isBytes = false
    }

    let opset: Int
    private let model: Model
    private let input: Graph.Input
    private var constants: [String: Tensor] = [:]
    private var named: [String: Named] = [:]
    private var nodes: [Graph.Node] = []
    private var valueCount = 1
    private var weightCount = 0

    /// The maximum number of weights of all operations together. A small file can use one tensor in thousands of nodes,
    /// and each gets a copy in its kernel's order.
    private static let maximumWeights = 1 << 28

    init(_ model: Model) throws {
        guard (7...24).contains(model.opsetVersion) else { throw NetworkError.unsupportedOpset(model.opsetVersion) }
        self.model = model
        opset = model.opsetVersion
        for tensor in model.initializers {
            guard constants.updateValue(tensor, forKey: tensor.name) == nil else {
                throw NetworkError.duplicateValue(tensor.name)
            }
        }
        let inputs = model.inputs.filter { [constants] in constants[$0.name] == nil }
        guard inputs.count == 1 else {
            throw NetworkError.unsupportedInput(reason: "expected one, found \(inputs.map(\.name))")
        }
        input = try Graph.Input(inputs[0], value: 0)
        named[inputs[0].name] = Named(value: 0, layout: input.layout, isBytes: input.isBytes)
    }

    mutating func readNodes() throws {
        for node in try model.orderedNodes() { try read(node) }
    }

    func finish() throws -> Graph {
        let name = model.outputs[0].name
        guard let output = named[name] else {
            throw NetworkError.unsupportedOutput(reason: "\"\(name)\" is produced by no node")
        }
        return Graph(
            input: input, nodes: nodes, output: output.value, outputLayout: output.layout, valueCount: valueCount)
    }

    // MARK: What the operators' readers use

    /// The value to which operand `index` of `node` refers.
    func value(_ node: Node, _ index: Int) throws -> Named {
        let name = try operandName(node, index)
        if let value = named[name] {
            guard !value.isBytes || node.operatorType == "Cast" else {
                throw NetworkError.unsupportedOperand(node: node.label, operand: name, reason: "is not cast to float")
            }
            return value
        }
        if constants[name] != nil {
            throw NetworkError.unsupportedOperand(node: node.label, operand: name, reason: "must not be a constant")
        }
        throw NetworkError.unknownValue(node: node.label, value: name)
    }

    func isConstant(_ node: Node, _ index: Int) -> Bool {
        index < node.inputs.count && constants[node.inputs[index]] != nil
    }

    func isPresent(_ node: Node, _ index: Int) -> Bool {
        index < node.inputs.count && !node.inputs[index].isEmpty
    }

    func constant(_ node: Node, _ index: Int) throws -> Tensor {
        let name = try operandName(node, index)
        if let tensor = constants[name] { return tensor }
        guard named[name] != nil else { throw NetworkError.unknownValue(node: node.label, value: name) }
        throw NetworkError.unsupportedOperand(node: node.label, operand: name, reason: "must be a constant")
    }

    func floats(_ node: Node, _ index: Int) throws -> Tensor {
        let tensor = try constant(node, index)
        guard tensor.elementType == .float32 else {
            throw NetworkError.unsupportedOperand(
                node: node.label, operand: tensor.name, reason: "holds \(tensor.elementType), not float32")
        }
        return tensor
    }

    func integers(_ node: Node, _ index: Int) throws -> [Int] {
        let tensor = try constant(node, index)
        guard let values = tensor.integers else {
            throw NetworkError.unsupportedOperand(
                node: node.label, operand: tensor.name, reason: "holds \(tensor.elementType), not int64")
        }
        return values
    }

    /// Makes the first output of `node` the result of `operation`.
    mutating func add(_ node: Node, _ operation: Operation, _ inputs: [Named], layout: Graph.Layout) throws {
        weightCount += operation.weightCount
        guard weightCount <= Self.maximumWeights else {
            throw NetworkError.tooManyWeights(node: node.label, limit: Self.maximumWeights)
        }
        nodes.append(
            Graph.Node(label: node.label, operation: operation, inputs: inputs.map(\.value), output: valueCount))
        try define(node, Named(value: valueCount, layout: layout))
        valueCount += 1
    }

    /// Makes the first output of `node` another name for `value`.
    mutating func define(_ node: Node, _ value: Named) throws {
        let name = try outputName(node)
        named[name] = value
    }

    /// Makes the first output of `node` a constant.
    mutating func define(_ node: Node, constant tensor: Tensor) throws {
        constants[try outputName(node)] = tensor
    }

    private func outputName(_ node: Node) throws -> String {
        guard let name = node.outputs.first else {
            throw NetworkError.unsupportedOperand(node: node.label, operand: "", reason: "is missing: no output")
        }
        guard named[name] == nil, constants[name] == nil else { throw NetworkError.duplicateValue(name) }
        return name
    }

    private func operandName(_ node: Node, _ index: Int) throws -> String {
        guard isPresent(node, index) else {
            throw NetworkError.unsupportedOperand(node: node.label, operand: "#\(index)", reason: "is missing")
        }
        return node.inputs[index]
    }
}

extension Graph.Input {
    fileprivate init(_ info: ValueInfo, value: Graph.Value) throws {
        guard [.float32, .uint8].contains(info.elementType) else {
            throw NetworkError.unsupportedInput(reason: "it holds \(info.elementType), not float32")
        }
        guard let shape = info.shape, shape.count == 4 else {
            throw NetworkError.unsupportedInput(reason: "it must have four axes")
        }
        let isFirst = shape[1] == .fixed(3)
        guard isFirst || shape[3] == .fixed(3) else {
            throw NetworkError.unsupportedInput(reason: "neither its second nor its last axis has the 3 channels")
        }
        let (height, width) = isFirst ? (shape[2], shape[3]) : (shape[1], shape[2])
        self.init(
            value: value, layout: isFirst ? .channelsFirst : .channelsLast, isBytes: info.elementType == .uint8,
            height: height.size, width: width.size)
    }
}

extension ValueInfo.Dimension {
    fileprivate var size: Int? {
        if case .fixed(let size) = self { size } else { nil }
    }
}
