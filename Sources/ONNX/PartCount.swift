/// Counts the parts of a file before objects are created for them: two bytes can become two hundred.
///
/// It counts messages, and the texts and numbers of lists. It doesn't count the data of tensors, except for numbers
/// that take 8 bytes in memory and may take 1 in the file.
struct PartCount {
    private let bytes: [UInt8]
    private let limit: Int
    private var parts = 0
    /// Whether any list of numbers comes in more than one packed piece (``PieceJoining``).
    private var hasPieces = false

    /// Throws if there are more than `limit`. Bytes that aren't a message at all are left for protobuf to reject.
    ///
    /// Returns whether any list of numbers comes in several pieces.
    static func check(_ bytes: [UInt8], limit: Int) throws(ModelFileError) -> Bool {
        var count = PartCount(bytes: bytes, limit: limit)
        try count.count(bytes.indices, .model)
        return count.hasPieces
    }

    private mutating func count(_ range: Range<Int>, _ shape: MessageShape) throws(ModelFileError) {
        var reader = FieldReader(bytes, range)
        var seen: UInt64 = 0
        while let field = try reader.next() {
            guard let part = shape.part(field.number) else { continue }
            if part.isPiece(field.kind) {
                hasPieces = hasPieces || seen & 1 << field.number != 0
                seen |= 1 << field.number
            }
            try count(part, field)
        }
    }

    private mutating func count(_ part: MessageShape.Part, _ field: FieldReader.Field) throws(ModelFileError) {
        switch (part, field.kind) {
        case (.message(let shape, _), .bytes):
            try add(1)
            try count(field.content, shape)
        case (.text, .bytes): try add(1)
        case (.numbers(let coding, isData: false), .bytes): try add(numbers(coding, in: field.content))
        case (.numbers(let coding, isData: false), let kind) where coding.rawValue == kind.rawValue: try add(1)
        default: break
        }
    }

    private func numbers(_ coding: MessageShape.NumberCoding, in content: Range<Int>) -> Int {
        switch coding {
        case .varint: content.count { bytes[$0] < 0x80 }
        case .fixed32: content.count / 4
        case .fixed64: content.count / 8
        }
    }

    private mutating func add(_ count: Int) throws(ModelFileError) {
        parts += count
        guard parts <= limit else { throw .tooManyParts(limit: limit) }
    }
}

extension MessageShape.Part {
    /// Whether a field is all or part of something that occurs only once.
    fileprivate func isPiece(_ kind: FieldReader.Kind) -> Bool {
        switch self {
        case .message(_, isOfList: false), .numbers: kind == .bytes
        case .message, .text: false
        }
    }
}
