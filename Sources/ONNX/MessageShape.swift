/// The ONNX messages that can be repeated or have lists (onnx.proto), and which of their fields.
enum MessageShape {
    case model, graph, node, attribute, tensor, sparseTensor, value, type, tensorType, shape, leaf

    enum Part {
        /// One element of a list, or a message that later ones of its kind continue.
        case message(MessageShape, isOfList: Bool)
        case text
        /// A list of numbers: each in a separate field, or many packed in one field.
        case numbers(NumberCoding, isData: Bool)
    }

    /// How a number is written.
    enum NumberCoding: Int {
        /// 1 to 10 bytes, of which only the last is below 0x80.
        case varint = 0
        case fixed64 = 1
        case fixed32 = 5
    }

    func part(_ field: UInt64) -> Part? {
        switch (self, field) {
        case (.model, 7): .message(.graph, isOfList: false)
        case (.model, 8), (.model, 14), (.tensor, 13), (.shape, 1): .message(.leaf, isOfList: true)
        case (.graph, 1): .message(.node, isOfList: true)
        case (.graph, 5): .message(.tensor, isOfList: true)
        case (.graph, 11), (.graph, 12): .message(.value, isOfList: true)
        case (.graph, 15): .message(.sparseTensor, isOfList: true)
        case (.node, 5): .message(.attribute, isOfList: true)
        case (.attribute, 5): .message(.tensor, isOfList: false)
        case (.value, 2): .message(.type, isOfList: false)
        case (.type, 1): .message(.tensorType, isOfList: false)
        case (.tensorType, 2): .message(.shape, isOfList: false)
        case (.node, 1), (.node, 2), (.attribute, 9), (.tensor, 6): .text
        case (.attribute, 8), (.tensor, 1), (.tensor, 7), (.tensor, 11), (.sparseTensor, 3):
            .numbers(.varint, isData: false)
        case (.attribute, 7): .numbers(.fixed32, isData: false)
        case (.tensor, 4): .numbers(.fixed32, isData: true)
        case (.tensor, 5): .numbers(.varint, isData: true)
        case (.tensor, 10): .numbers(.fixed64, isData: true)
        default: nil
        }
    }
}

/// The fields of a message in protobuf's wire format, one after the other.
struct FieldReader {
    enum Kind: Int {
        case varint = 0
        case fixed64 = 1
        case bytes = 2
        case fixed32 = 5
    }

    struct Field {
        let number: UInt64
        let kind: Kind
        /// Where the tag and the length begin.
        let start: Int
        let content: Range<Int>
    }

    private let bytes: [UInt8]
    private let end: Int
    private var place: Int
    /// The rest, from the point where it isn't a valid message any more.
    private(set) var rest: Range<Int>

    init(_ bytes: [UInt8], _ range: Range<Int>) {
        self.bytes = bytes
        place = range.lowerBound
        end = range.upperBound
        rest = end..<end
    }

    /// The next field; nil after the last one, and from ``rest`` on. Throws for a kind of field that ONNX doesn't use.
    mutating func next() throws(ModelFileError) -> Field? {
        let start = place
        guard start < end else { return nil }
        guard let tag = varint() else { return give(up: start) }
        guard let kind = Kind(rawValue: Int(tag & 7)) else {
            throw .malformed("a field of the wire type \(tag & 7), which ONNX doesn't use")
        }
        var first = place
        switch kind {
        case .varint: guard varint() != nil else { return give(up: start) }
        case .fixed64: place += 8
        case .fixed32: place += 4
        case .bytes:
            guard let length = varint(), length <= end - place else { return give(up: start) }
            first = place
            place += Int(length)
        }
        guard place <= end else { return give(up: start) }
        return Field(number: tag >> 3, kind: kind, start: start, content: first..<place)
    }

    private mutating func give(up start: Int) -> Field? {
        rest = start..<end
        place = end
        return nil
    }

    private mutating func varint() -> UInt64? {
        var result: UInt64 = 0
        for shift in stride(from: UInt64(0), to: 64, by: 7) {
            guard place < end else { return nil }
            let byte = bytes[place]
            place += 1
            result |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 { return result }
        }
        return nil
    }
}
