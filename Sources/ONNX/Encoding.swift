internal import Foundation

extension Onnx_ModelProto {
    init(_ model: Model) {
        irVersion = Int64(model.irVersion)
        producerName = model.producer
        var opset = Onnx_OperatorSetIdProto()
        opset.domain = ""
        opset.version = Int64(model.opsetVersion)
        opsetImport = [opset]
        graph.name = model.graphName
        graph.node = model.nodes.map(Onnx_NodeProto.init)
        graph.initializer = model.initializers.map(Onnx_TensorProto.init)
        graph.input = model.inputs.map(Onnx_ValueInfoProto.init)
        graph.output = model.outputs.map(Onnx_ValueInfoProto.init)
        metadataProps = model.metadata.sorted { $0.key < $1.key }.map { key, value in
            var entry = Onnx_StringStringEntryProto()
            entry.key = key
            entry.value = value
            return entry
        }
    }
}

extension Onnx_NodeProto {
    fileprivate init(_ node: Node) {
        name = node.name
        opType = node.operatorType
        if !node.domain.isEmpty { domain = node.domain }
        input = node.inputs
        output = node.outputs
        attribute = node.attributes.sorted { $0.key < $1.key }.map(Onnx_AttributeProto.init)
    }
}

extension Onnx_AttributeProto {
    fileprivate init(name: String, value: Attribute) {
        self.name = name
        switch value {
        case .float(let value):
            type = .float
            f = value
        case .int(let value):
            type = .int
            i = value
        case .string(let value):
            type = .string
            s = Data(value.utf8)
        case .tensor(let value):
            type = .tensor
            t = Onnx_TensorProto(value)
        case .floats(let values):
            type = .floats
            floats = values
        case .ints(let values):
            type = .ints
            ints = values
        case .strings(let values):
            type = .strings
            strings = values.map { Data($0.utf8) }
        case .unsupported(let kind):
            preconditionFailure("an attribute of kind \(kind) isn't kept and can't be written")
        }
    }
}

extension Onnx_ValueInfoProto {
    fileprivate init(_ value: ValueInfo) {
        name = value.name
        var tensor = Onnx_TypeProto.Tensor()
        tensor.elemType = Int32(value.elementType.rawValue)
        if let shape = value.shape {
            tensor.shape.dim = shape.map { dimension in
                var proto = Onnx_TensorShapeProto.Dimension()
                switch dimension {
                case .fixed(let value): proto.dimValue = Int64(value)
                case .dynamic(let name): proto.dimParam = name
                }
                return proto
            }
        }
        type.tensorType = tensor
    }
}

extension Onnx_TensorProto {
    fileprivate init(_ tensor: Tensor) {
        name = tensor.name
        dims = tensor.dimensions.map(Int64.init)
        dataType = Int32(tensor.elementType.rawValue)
        rawData = tensor.bytes
    }
}
