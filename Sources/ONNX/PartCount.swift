/// Counts the messages that a file consists of before objects are made of them: two bytes can become two hundred.
struct PartCount {
    /// The messages that may come in numbers, with those of their fields that are messages again (onnx.proto).
    private enum Message {
        case model, graph, node, attribute, tensor, value, type, tensorType, shape, leaf

        func part(_ field: UInt64) -> Message? {
            switch (self, field) {
            case (.model, 7): .graph
            case (.model, 8), (.model, 14), (.graph, 15), (.tensor, 13), (.shape, 1): .leaf
            case (.graph, 1): .node
            case (.graph, 5), (.attribute, 5): .tensor
            case (.graph, 11), (.graph, 12): .value
            case (.node, 5): .attribute
            case (.value, 2): .type
            case (.type, 1): .tensorType
            case (.tensorType, 2): .shape
            default: nil
            }
        }
    }

    private let bytes: [UInt8]
    private let limit: Int
    private var parts = 0

    /// Throws where there are more than `limit`. What is no message at all is left to protobuf to refuse.
    static func check(_ bytes: [UInt8], limit: Int) throws(ModelFileError) {
        var count = PartCount(bytes: bytes, limit: limit)
        try count.count(bytes.indices, .model)
    }

    private init(bytes: [UInt8], limit: Int) {
        self.bytes = bytes
        self.limit = limit
    }

    private mutating func count(_ range: Range<Int>, _ message: Message) throws(ModelFileError) {
        var place = range.lowerBound
        while place < range.upperBound {
            guard let tag = varint(&place, range.upperBound) else { return }
            switch tag & 7 {
            case 0: guard varint(&place, range.upperBound) != nil else { return }
            case 1: place += 8
            case 5: place += 4
            case 2:
                guard let length = varint(&place, range.upperBound), length <= range.upperBound - place else { return }
                let content = place..<place + Int(length)
                if let part = message.part(tag >> 3) { try count(part, in: content) }
                place = content.upperBound
            default: throw .malformed("a field of the wire type \(tag & 7), which ONNX doesn't use")
            }
        }
    }

    private mutating func count(_ part: Message, in content: Range<Int>) throws(ModelFileError) {
        parts += 1
        guard parts <= limit else { throw .tooManyParts(limit: limit) }
        try count(content, part)
    }

    private func varint(_ place: inout Int, _ end: Int) -> UInt64? {
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
