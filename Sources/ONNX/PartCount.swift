/// Counts what a file consists of before objects are made of it: two bytes can become two hundred.
///
/// Counted are messages, and the texts and numbers of lists. The data of tensors aren't, but for numbers that take 8
/// bytes in memory and may take 1 in the file.
struct PartCount {
    private enum Part {
        case message(Message)
        case text
        /// Varints, each in a field of its own or many in one.
        case integers
        /// 4 bytes each, likewise.
        case floats
    }

    /// The messages that may come in numbers or have lists (onnx.proto).
    private enum Message {
        case model, graph, node, attribute, tensor, sparseTensor, value, type, tensorType, shape, leaf

        func part(_ field: UInt64) -> Part? {
            switch (self, field) {
            case (.model, 7): .message(.graph)
            case (.model, 8), (.model, 14), (.tensor, 13), (.shape, 1): .message(.leaf)
            case (.graph, 1): .message(.node)
            case (.graph, 5), (.attribute, 5): .message(.tensor)
            case (.graph, 11), (.graph, 12): .message(.value)
            case (.graph, 15): .message(.sparseTensor)
            case (.node, 5): .message(.attribute)
            case (.value, 2): .message(.type)
            case (.type, 1): .message(.tensorType)
            case (.tensorType, 2): .message(.shape)
            case (.node, 1), (.node, 2), (.attribute, 9), (.tensor, 6): .text
            case (.attribute, 8), (.tensor, 1), (.tensor, 7), (.tensor, 11), (.sparseTensor, 3): .integers
            case (.attribute, 7): .floats
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
            let part = message.part(tag >> 3)
            switch tag & 7 {
            case 0:
                guard varint(&place, range.upperBound) != nil else { return }
                if case .integers = part { try add(1) }
            case 1: place += 8
            case 5:
                place += 4
                if case .floats = part { try add(1) }
            case 2:
                guard let length = varint(&place, range.upperBound), length <= range.upperBound - place else { return }
                let content = place..<place + Int(length)
                if let part { try count(part, in: content) }
                place = content.upperBound
            default: throw .malformed("a field of the wire type \(tag & 7), which ONNX doesn't use")
            }
        }
    }

    private mutating func count(_ part: Part, in content: Range<Int>) throws(ModelFileError) {
        switch part {
        case .message(let message):
            try add(1)
            try count(content, message)
        case .text: try add(1)
        // A varint ends with its only byte below 0x80.
        case .integers: try add(content.count { bytes[$0] < 0x80 })
        case .floats: try add(content.count / 4)
        }
    }

    private mutating func add(_ count: Int) throws(ModelFileError) {
        parts += count
        guard parts <= limit else { throw .tooManyParts(limit: limit) }
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
