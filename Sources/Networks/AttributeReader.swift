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
        switch take(name) {
        case nil: return value
        case .int(let value)?: return Int(value)
        case let other?: throw unsupported(name, other)
        }
    }

    mutating func ints(_ name: String) throws -> [Int]? {
        switch take(name) {
        case nil: return nil
        case .ints(let values)?: return values.map(Int.init)
        case let other?: throw unsupported(name, other)
        }
    }

    mutating func float(_ name: String, default value: Float) throws -> Float {
        switch take(name) {
        case nil: return value
        case .float(let value)?: return value
        case let other?: throw unsupported(name, other)
        }
    }

    mutating func string(_ name: String, default value: String) throws -> String {
        switch take(name) {
        case nil: return value
        case .string(let value)?: return value
        case let other?: throw unsupported(name, other)
        }
    }

    mutating func tensor(_ name: String) throws -> Tensor? {
        switch take(name) {
        case nil: return nil
        case .tensor(let value)?: return value
        case let other?: throw unsupported(name, other)
        }
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
