internal import ONNX

/// Reads a node's attributes and remembers which ones were read: an unknown attribute may change the node's meaning.
struct AttributeReader {
    private let node: Node
    private var unread: Set<String>

    init(_ node: Node) {
        self.node = node
        unread = Set(node.attributes.keys)
    }

    mutating func int(_ name: String, default value: Int) throws -> Int {
        try read(name) { if case .int(let value) = $0 { Int(value) } else { nil } } ?? value
    }

    mutating func ints(_ name: String) throws -> [Int]? {
        try read(name) { if case .ints(let values) = $0 { values.map { Int($0) } } else { nil } }
    }

    mutating func float(_ name: String, default value: Float) throws -> Float {
        try read(name) { if case .float(let value) = $0 { value } else { nil } } ?? value
    }

    mutating func string(_ name: String, default value: String) throws -> String {
        try read(name) { if case .string(let value) = $0 { value } else { nil } } ?? value
    }

    mutating func tensor(_ name: String) throws -> Tensor? {
        try read(name) { if case .tensor(let value) = $0 { value } else { nil } }
    }

    /// Accepts the attribute if it is absent or has exactly this value.
    mutating func require(_ name: String, equals expected: Int) throws {
        let value = try int(name, default: expected)
        guard value == expected else { throw unsupported(name, .int(Int64(value))) }
    }

    /// Skips an attribute that doesn't affect inference. It must be of a kind that can be written again.
    mutating func ignore(_ name: String) throws {
        if let value = take(name), case .unsupported = value { throw unsupported(name, value) }
    }

    /// Rejects attributes that nobody has read.
    func finish() throws {
        if let name = unread.min(), let value = node.attributes[name] { throw unsupported(name, value) }
    }

    func unsupported(_ name: String, _ value: Attribute) -> NetworkError {
        .unsupportedAttribute(node: node.label, attribute: name, value: value.text)
    }

    func missing(_ name: String) -> NetworkError { .missingAttribute(node: node.label, attribute: name) }

    /// Throws if the attribute has another type.
    private mutating func read<Value>(_ name: String, _ content: (Attribute) -> Value?) throws -> Value? {
        guard let attribute = take(name) else { return nil }
        guard let value = content(attribute) else { throw unsupported(name, attribute) }
        return value
    }

    private mutating func take(_ name: String) -> Attribute? {
        unread.remove(name)
        return node.attributes[name]
    }
}

extension Attribute {
    fileprivate var text: String {
        switch self {
        case .float(let value): "\(value)"
        case .int(let value): "\(value)"
        case .string(let value): "\"\(value)\""
        case .tensor(let value): "a tensor \(value.dimensions)"
        case .floats(let values): "\(values)"
        case .ints(let values): "\(values)"
        case .strings(let values): "\(values)"
        case .unsupported(let kind): "a \(kind)"
        }
    }
}
