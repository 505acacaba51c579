/// An ONNX model in plain Swift types: the part of the format that Cultivar reads and writes.
package struct Model: Sendable, Equatable {
    /// The version of the file format, ONNX's `ir_version`.
    package var irVersion: Int
    /// The version of the default operator set (the domain "" or "ai.onnx").
    package var opsetVersion: Int
    /// The program that wrote the file, ONNX's `producer_name`.
    package var producer: String
    package var graphName: String
    /// In the order of the file, which need not be that of execution.
    package var nodes: [Node]
    /// The constants, each with the name under which nodes use it.
    package var initializers: [Tensor]
    /// The graph's inputs; files of IR version 3 and older also list initializers here.
    package var inputs: [ValueInfo]
    /// The values that the graph returns.
    package var outputs: [ValueInfo]
    /// The file's `metadata_props`.
    package var metadata: [String: String]

    package init(
        irVersion: Int = 8, opsetVersion: Int = 17, producer: String = "", graphName: String, nodes: [Node],
        initializers: [Tensor], inputs: [ValueInfo], outputs: [ValueInfo], metadata: [String: String] = [:]
    ) {
        self.irVersion = irVersion
        self.opsetVersion = opsetVersion
        self.producer = producer
        self.graphName = graphName
        self.nodes = nodes
        self.initializers = initializers
        self.inputs = inputs
        self.outputs = outputs
        self.metadata = metadata
    }
}

/// One operator of a graph. An optional input that is left out has the name "".
package struct Node: Sendable, Equatable {
    /// May be "", and need not be unique.
    package var name: String
    /// ONNX's `op_type`, such as `Conv`.
    package var operatorType: String
    /// "" is the default operator set.
    package var domain: String
    /// Names of values, in the operator's order.
    package var inputs: [String]
    /// Names of values, in the operator's order.
    package var outputs: [String]
    /// By name; those that are missing have the operator's defaults.
    package var attributes: [String: Attribute]

    package init(
        name: String, operatorType: String, domain: String = "", inputs: [String], outputs: [String],
        attributes: [String: Attribute] = [:]
    ) {
        self.name = name
        self.operatorType = operatorType
        self.domain = domain
        self.inputs = inputs
        self.outputs = outputs
        self.attributes = attributes
    }
}

/// The value of a node's attribute.
package enum Attribute: Sendable, Equatable {
    case float(Float)
    case int(Int64)
    case string(String)
    case tensor(Tensor)
    case floats([Float])
    case ints([Int64])
    case strings([String])
    /// A kind of attribute that is kept only by name (subgraphs, sparse tensors, types).
    case unsupported(kind: String)
}

/// The declared type of a graph's input or output.
package struct ValueInfo: Sendable, Equatable {
    /// The size along one axis.
    package enum Dimension: Sendable, Equatable {
        case fixed(Int)
        /// A dimension known only when the graph runs, with its symbolic name, which may be "".
        case dynamic(String)
    }

    package var name: String
    package var elementType: ElementType
    /// nil if the file doesn't even give the rank.
    package var shape: [Dimension]?

    package init(name: String, elementType: ElementType, shape: [Dimension]?) {
        self.name = name
        self.elementType = elementType
        self.shape = shape
    }
}

/// The element types of ONNX tensors, with their numbers in `TensorProto.DataType`.
package enum ElementType: Int, Sendable {
    case float32 = 1
    case uint8 = 2
    case int8 = 3
    case uint16 = 4
    case int16 = 5
    case int32 = 6
    case int64 = 7
    case string = 8
    case bool = 9
    case float16 = 10
    case float64 = 11
    case uint32 = 12
    case uint64 = 13
    case complex64 = 14
    case complex128 = 15
    case bfloat16 = 16

    /// Bytes per element in `raw_data`; nil for strings, which have no fixed size.
    package var byteCount: Int? {
        switch self {
        case .string: nil
        case .uint8, .int8, .bool: 1
        case .uint16, .int16, .float16, .bfloat16: 2
        case .float32, .int32, .uint32: 4
        case .int64, .float64, .uint64, .complex64: 8
        case .complex128: 16
        }
    }
}
