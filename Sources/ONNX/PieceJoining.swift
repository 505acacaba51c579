/// Joins what protobuf allows to be split: a packed list of numbers may be spread over any number of fields, and so may
/// a message that occurs once.
///
/// For each further piece, swift-protobuf allocates exactly the memory that the list needs and copies the previous
/// pieces, so its time grows with the square of the number of pieces. After joining, each list is one piece. No ONNX
/// writer splits lists, so the copies made here cost nobody anything.
struct PieceJoining {
    private let bytes: [UInt8]

    /// A model with the same meaning, or one that is rejected for the same reason.
    static func joined(_ bytes: [UInt8]) throws(ModelFileError) -> [UInt8] {
        try PieceJoining(bytes: bytes).message([bytes.indices], .model)
    }

    /// The message that begins in the first range and continues in the others.
    private func message(_ ranges: [Range<Int>], _ shape: MessageShape) throws(ModelFileError) -> [UInt8] {
        var (result, lists, pieces) = ([UInt8](), [UInt64: [UInt8]](), [UInt64: [Range<Int>]]())
        var rest = 0..<0
        for range in ranges where rest.isEmpty {
            var reader = FieldReader(bytes, range)
            while let field = try reader.next() {
                switch shape.part(field.number) {
                case .message(let inner, isOfList: true)? where field.kind == .bytes:
                    append(try message([field.content], inner), field.number, to: &result)
                case .message(_, isOfList: false)? where field.kind == .bytes:
                    pieces[field.number, default: []].append(field.content)
                case .numbers(let coding, _)? where areWhole(field, coding):
                    lists[field.number, default: []] += bytes[field.content]
                default: result += bytes[field.start..<field.content.upperBound]
                }
            }
            rest = reader.rest
        }
        for (field, content) in lists.sorted(by: { $0.key < $1.key }) { append(content, field, to: &result) }
        for (field, ranges) in pieces.sorted(by: { $0.key < $1.key }) {
            guard case .message(let inner, _)? = shape.part(field) else { continue }
            append(try message(ranges, inner), field, to: &result)
        }
        // The part that isn't a valid message comes last, where it is rejected as before.
        return result + bytes[rest]
    }

    /// Whether a field contains complete numbers of this coding.
    private func areWhole(_ field: FieldReader.Field, _ coding: MessageShape.NumberCoding) -> Bool {
        guard field.kind == .bytes else { return field.kind.rawValue == coding.rawValue }
        return switch coding {
        case .varint: field.content.last.map { bytes[$0] < 0x80 } ?? true
        case .fixed32: field.content.count.isMultiple(of: 4)
        case .fixed64: field.content.count.isMultiple(of: 8)
        }
    }

    private func append(_ content: [UInt8], _ field: UInt64, to result: inout [UInt8]) {
        append(varint: field << 3 | UInt64(FieldReader.Kind.bytes.rawValue), to: &result)
        append(varint: UInt64(content.count), to: &result)
        result += content
    }

    private func append(varint value: UInt64, to result: inout [UInt8]) {
        var rest = value
        while rest >= 0x80 {
            result.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        result.append(UInt8(rest))
    }
}
