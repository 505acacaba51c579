/// Writes protobuf's wire format by hand, so that tests can make files that no writer would.
struct Wire {
    private(set) var bytes: [UInt8] = []

    static func message(_ body: (inout Wire) -> Void) -> [UInt8] {
        var wire = Wire()
        body(&wire)
        return wire.bytes
    }

    mutating func varint(_ field: Int, _ value: Int64) {
        append(UInt64(field << 3))
        append(UInt64(bitPattern: value))
    }

    mutating func float(_ field: Int, _ value: Float) {
        append(UInt64(field << 3 | 5))
        withUnsafeBytes(of: value.bitPattern.littleEndian) { bytes += $0 }
    }

    mutating func bytes(_ field: Int, _ value: [UInt8]) {
        append(UInt64(field << 3 | 2))
        append(UInt64(value.count))
        bytes += value
    }

    mutating func text(_ field: Int, _ value: String) { bytes(field, Array(value.utf8)) }

    mutating func message(_ field: Int, _ body: (inout Wire) -> Void) { bytes(field, Wire.message(body)) }

    private mutating func append(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(rest & 0x7f) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }
}

/// A model whose graph is made by `graph`; field numbers are those of ModelProto.
func wireModel(opset: Bool = true, _ graph: (inout Wire) -> Void) -> [UInt8] {
    Wire.message { model in
        model.varint(1, 8)
        if opset { model.message(8) { $0.varint(2, 17) } }
        model.message(7, graph)
    }
}

/// A model with one initializer; field numbers are those of TensorProto.
func wireModelOfTensor(_ tensor: (inout Wire) -> Void) -> [UInt8] {
    wireModel { graph in
        graph.message(5) { wire in
            wire.text(8, "weights")
            tensor(&wire)
        }
    }
}
