internal import Numerics

/// A message in protobuf's wire format, read without its schema, so that a change leaves the lengths around it right.
struct WireMessage {
    private var fields: [Field] = []

    private struct Field {
        var number: UInt64
        var value: Value
    }

    private enum Value {
        case varint(UInt64)
        /// Four bytes or eight.
        case fixed([UInt8])
        case bytes([UInt8])
        case message(WireMessage)
    }

    /// nil where the bytes aren't one message or more than that.
    init?(_ bytes: some Collection<UInt8>, depth: Int = 0) {
        var rest = Array(bytes)[...]
        while !rest.isEmpty {
            guard let tag = Self.varint(&rest), tag >> 3 > 0, let value = Self.value(tag & 7, &rest, depth: depth)
            else {
                return nil
            }
            fields.append(Field(number: tag >> 3, value: value))
        }
    }

    private static let deepest = 8

    private static func value(_ type: UInt64, _ rest: inout ArraySlice<UInt8>, depth: Int) -> Value? {
        switch type {
        case 0: return varint(&rest).map(Value.varint)
        case 1: return taken(8, from: &rest).map { .fixed(Array($0)) }
        case 5: return taken(4, from: &rest).map { .fixed(Array($0)) }
        case 2:
            guard let count = varint(&rest), let bytes = taken(Int(clamping: count), from: &rest) else { return nil }
            guard depth < deepest, !bytes.isEmpty, let message = WireMessage(bytes, depth: depth + 1) else {
                return .bytes(Array(bytes))
            }
            return .message(message)
        default: return nil
        }
    }

    private static func taken(_ count: Int, from rest: inout ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
        guard count <= rest.count else { return nil }
        defer { rest = rest.dropFirst(count) }
        return rest.prefix(count)
    }

    private static func varint(_ rest: inout ArraySlice<UInt8>) -> UInt64? {
        var result: UInt64 = 0
        for shift in stride(from: UInt64(0), to: 64, by: 7) {
            guard let byte = rest.popFirst() else { return nil }
            result |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 { return result }
        }
        return nil
    }

    var bytes: [UInt8] {
        var bytes: [UInt8] = []
        for field in fields {
            switch field.value {
            case .varint(let value): bytes += Self.coded(field.number << 3) + Self.coded(value)
            case .fixed(let value): bytes += Self.coded(field.number << 3 | (value.count == 8 ? 1 : 5)) + value
            case .bytes(let value): bytes += Self.coded(field.number << 3 | 2) + Self.coded(UInt64(value.count)) + value
            case .message(let message):
                let value = message.bytes
                bytes += Self.coded(field.number << 3 | 2) + Self.coded(UInt64(value.count)) + value
            }
        }
        return bytes
    }

    private static func coded(_ value: UInt64) -> [UInt8] {
        var (bytes, rest): ([UInt8], UInt64) = ([], value)
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        return bytes + [UInt8(rest)]
    }

    // MARK: - Changes

    /// Every field is as likely to be met, wherever it is.
    mutating func mutate(_ random: inout SeededRandom) {
        guard !fields.isEmpty else { return }
        var place = random.below(fieldCount)
        mutateField(&place, &random)
    }

    private var fieldCount: Int {
        fields.reduce(fields.count) { count, field in
            if case .message(let message) = field.value { count + message.fieldCount } else { count }
        }
    }

    /// Counts `place` down to the field that is changed.
    private mutating func mutateField(_ place: inout Int, _ random: inout SeededRandom) {
        for index in fields.indices {
            if place == 0 {
                changeField(index, &random)
                place = -1
                return
            }
            place -= 1
            guard case .message(var message) = fields[index].value else { continue }
            message.mutateField(&place, &random)
            if place < 0 {
                fields[index].value = .message(message)
                return
            }
        }
    }

    private mutating func changeField(_ index: Int, _ random: inout SeededRandom) {
        switch random.below(10) {
        case 0: fields.remove(at: index)
        case 1: fields.insert(fields[index], at: index)
        case 2: fields.swapAt(index, random.below(fields.count))
        case 3: fields[index].value = fields[random.below(fields.count)].value
        case 4 where random.below(4) == 0: fields[index].number = UInt64(1 + random.below(24))
        default: fields[index].value = changed(fields[index].value, &random)
        }
    }

    private func changed(_ value: Value, _ random: inout SeededRandom) -> Value {
        switch value {
        case .varint(let value): return .varint(Self.changed(value, &random))
        case .fixed(let bytes): return .fixed(bytes.map { _ in random.below(3) == 0 ? 0xFF : UInt8(random.below(256)) })
        case .bytes(let bytes):
            return .bytes(anyMutation(of: bytes, capacity: bytes.count + (random.below(2) == 0 ? 0 : 16)))
        case .message(var message):
            message.mutate(&random)
            return .message(message)
        }
    }

    private static func changed(_ value: UInt64, _ random: inout SeededRandom) -> UInt64 {
        switch random.below(5) {
        case 0: value &+ 1
        case 1: value &- 1
        case 2: UInt64(random.below(20))
        case 3: UInt64(1) << UInt64(random.below(64))
        default: extremes[random.below(extremes.count)]
        }
    }

    private static let extremes: [UInt64] = [
        0, UInt64(Int32.max), UInt64(UInt32.max), UInt64(Int64.max), UInt64(bitPattern: .min), .max,
        UInt64(bitPattern: -2), UInt64(bitPattern: Int64(Int32.min)), 1 << 16, 65_535, 4096, 224,
    ]
}
