internal import Foundation

extension Model {
    init(_ proto: Onnx_ModelProto, limits: ModelFile.Limits) throws(ModelFileError) {
        guard proto.hasGraph else { throw .missingGraph }
        let graph = proto.graph
        guard graph.node.count <= limits.nodes else {
            throw .tooManyNodes(count: graph.node.count, limit: limits.nodes)
        }
        guard graph.sparseInitializer.isEmpty else { throw .sparseInitializers }
        guard let opset = proto.opsetImport.first(where: { ["", "ai.onnx"].contains($0.domain) }) else {
            throw .missingOpset
        }
        self.init(
            irVersion: Int(proto.irVersion), opsetVersion: Int(opset.version), producer: proto.producerName,
            graphName: graph.name, nodes: [], initializers: [], inputs: [], outputs: [])
        for (index, node) in graph.node.enumerated() { nodes.append(try Node(node, index: index)) }
        for tensor in graph.initializer { initializers.append(try Tensor(tensor)) }
        for input in graph.input { inputs.append(try ValueInfo(input)) }
        for output in graph.output { outputs.append(try ValueInfo(output)) }
        for entry in proto.metadataProps {
            guard metadata.updateValue(entry.value, forKey: entry.key) == nil else {
                throw .duplicateMetadata(key: entry.key)
            }
        }
    }
}

extension Node {
    fileprivate init(_ proto: Onnx_NodeProto, index: Int) throws(ModelFileError) {
        self.init(
            name: proto.name.isEmpty ? "#\(index)" : proto.name, operatorType: proto.opType,
            domain: proto.domain == "ai.onnx" ? "" : proto.domain, inputs: proto.input, outputs: proto.output)
        for entry in proto.attribute {
            let attribute = try Attribute(entry, node: label)
            guard attributes.updateValue(attribute, forKey: entry.name) == nil else {
                throw .duplicateAttribute(node: label, attribute: entry.name)
            }
        }
    }

    /// The node's name in messages.
    package var label: String { "\(operatorType) \"\(name)\"" }
}

extension Attribute {
    fileprivate init(_ proto: Onnx_AttributeProto, node: String) throws(ModelFileError) {
        guard !proto.hasRefAttrName else {
            self = .unsupported(kind: "reference")
            return
        }
        switch proto.type {
        case .float: self = .float(proto.f)
        case .int: self = .int(proto.i)
        case .string: self = .string(String(decoding: proto.s, as: UTF8.self))
        case .tensor:
            guard proto.hasT else { throw .badAttribute(node: node, attribute: proto.name) }
            self = .tensor(try Tensor(proto.t))
        case .floats: self = .floats(proto.floats)
        case .ints: self = .ints(proto.ints)
        case .strings: self = .strings(proto.strings.map { String(decoding: $0, as: UTF8.self) })
        case .undefined: throw .badAttribute(node: node, attribute: proto.name)
        case .graph, .tensors, .graphs, .sparseTensor, .sparseTensors, .typeProto, .typeProtos:
            self = .unsupported(kind: "\(proto.type)")
        }
    }
}

extension ValueInfo {
    fileprivate init(_ proto: Onnx_ValueInfoProto) throws(ModelFileError) {
        guard case .tensorType(let type)? = proto.type.value else { throw .untypedValue(proto.name) }
        guard let elementType = ElementType(rawValue: Int(type.elemType)) else {
            throw .unknownElementType(value: proto.name, number: Int(type.elemType))
        }
        var shape: [Dimension]? = type.hasShape ? [] : nil
        for dimension in type.shape.dim {
            switch dimension.value {
            case .dimValue(let value):
                // Some exporters write an unknown dimension as 0 or -1.
                shape?.append(value > 0 && value <= Int32.max ? .fixed(Int(value)) : .dynamic(""))
            case .dimParam(let name): shape?.append(.dynamic(name))
            case nil: shape?.append(.dynamic(""))
            }
        }
        self.init(name: proto.name, elementType: elementType, shape: shape)
    }
}

extension Tensor {
    fileprivate init(_ proto: Onnx_TensorProto) throws(ModelFileError) {
        guard proto.dataLocation == .default, proto.externalData.isEmpty else {
            throw .externalData(tensor: proto.name)
        }
        guard let type = ElementType(rawValue: Int(proto.dataType)) else {
            throw .unknownElementType(value: proto.name, number: Int(proto.dataType))
        }
        guard let elementSize = type.byteCount else {
            throw .unsupportedTensor(tensor: proto.name, elementType: type)
        }
        let expected = try Self.byteCount(proto, elementSize: elementSize)
        let bytes = try proto.hasRawData ? proto.rawData : Self.typedData(proto, type: type)
        guard bytes.count == expected else {
            throw .dataLength(tensor: proto.name, expected: expected, found: bytes.count)
        }
        self.init(name: proto.name, elementType: type, dimensions: proto.dims.map(Int.init), bytes: bytes)
    }

    private static func byteCount(_ proto: Onnx_TensorProto, elementSize: Int) throws(ModelFileError) -> Int {
        var count = elementSize
        for dimension in proto.dims {
            guard dimension >= 0 else { throw .badDimension(tensor: proto.name, dimension: dimension) }
            let (product, overflow) = count.multipliedReportingOverflow(by: Int(dimension))
            guard !overflow else { throw .tooManyElements(tensor: proto.name, dimensions: proto.dims) }
            count = product
        }
        return count
    }

    /// The elements of the typed field that ONNX assigns to `type`, as `raw_data` would hold them.
    private static func typedData(_ proto: Onnx_TensorProto, type: ElementType) throws(ModelFileError) -> Data {
        switch type {
        case .float32: proto.floatData.withUnsafeBytes { Data($0) }
        case .float64: proto.doubleData.withUnsafeBytes { Data($0) }
        case .int64: proto.int64Data.withUnsafeBytes { Data($0) }
        case .uint64: proto.uint64Data.withUnsafeBytes { Data($0) }
        case .int32: proto.int32Data.withUnsafeBytes { Data($0) }
        case .uint8, .int8, .bool: Data(proto.int32Data.map { UInt8(truncatingIfNeeded: $0) })
        case .uint16, .int16, .float16, .bfloat16:
            proto.int32Data.map { UInt16(truncatingIfNeeded: $0) }.withUnsafeBytes { Data($0) }
        case .uint32: proto.uint64Data.map { UInt32(truncatingIfNeeded: $0) }.withUnsafeBytes { Data($0) }
        case .string, .complex64, .complex128: throw .unsupportedTensor(tensor: proto.name, elementType: type)
        }
    }
}
