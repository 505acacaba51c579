internal import Numerics

/// A head as bytes, all little-endian: the magic number, the activation, the sizes, then every tensor's values.
/// The same head always gives the same bytes.
extension Head {
    private static let magic: [UInt8] = Array("CULTIVARHEAD1\0\0\0".utf8)
    private static let headerSize = 16 + 5 * 4

    /// The bytes that ``init(serialized:)`` reads.
    package func serialized() -> [UInt8] {
        var bytes = Self.magic
        func append(_ value: UInt32) { withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) } }
        append(Self.code(of: activation))
        append(layout.hasBatchNormalization ? 1 : 0)
        for size in [layout.features, layout.hidden, layout.classes] { append(UInt32(size)) }
        bytes.reserveCapacity(Self.headerSize + layout.count * 4)
        parameters.withUnsafeBuffer { values in
            for tensor in layout.tensors {
                for index in tensor { append(values[index].bitPattern) }
            }
        }
        return bytes
    }

    /// Reads what `serialized` wrote; throws if the bytes are something else, too short or too long.
    package init(serialized bytes: [UInt8]) throws(HeadFormatError) {
        guard bytes.starts(with: Self.magic) else { throw .notAHead }
        guard bytes.count >= Self.headerSize else { throw .wrongLength(found: bytes.count, expected: Self.headerSize) }
        func word(_ offset: Int) -> UInt32 {
            bytes.withUnsafeBytes { UInt32(littleEndian: $0.loadUnaligned(fromByteOffset: offset, as: UInt32.self)) }
        }
        let header = (0..<5).map { word(16 + 4 * $0) }
        guard header[0] < Activation.allCases.count, header[1] <= 1 else { throw .unknownKind(Array(header[0...1])) }
        let sizes = header[2...4].map(Int.init)
        // These bounds are far above any real head, so that no product below can overflow and no absurd size is
        // allocated.
        guard sizes.allSatisfy({ (1...1 << 20).contains($0) }) else { throw .absurdSizes(sizes) }
        let values = sizes[0] * sizes[1] + sizes[1] + sizes[1] * sizes[2] + sizes[2] + Int(header[1]) * 4 * sizes[0]
        let expected = Self.headerSize + 4 * values
        guard bytes.count == expected else { throw .wrongLength(found: bytes.count, expected: expected) }

        let layout = HeadLayout(
            features: sizes[0], hidden: sizes[1], classes: sizes[2], hasBatchNormalization: header[1] == 1)
        var parameters = Matrix(rows: 1, columns: layout.count)
        parameters.withUnsafeMutableBuffer { block in
            for (place, index) in layout.tensors.joined().enumerated() {
                block[index] = Float(bitPattern: word(Self.headerSize + 4 * place))
            }
        }
        self.init(activation: Activation.allCases[Int(header[0])], layout: layout, parameters: parameters)
    }

    /// The position in `allCases`, to which new cases must therefore only be added at the end.
    private static func code(of activation: Activation) -> UInt32 {
        UInt32(Activation.allCases.firstIndex(of: activation)!)
    }
}

/// Why some bytes aren't a head.
package enum HeadFormatError: Error, Equatable, CustomStringConvertible {
    case notAHead
    /// The numbers of the activation and of the normalisation (0 or 1).
    case unknownKind([UInt32])
    /// Features, hidden units, classes.
    case absurdSizes([Int])
    /// In bytes.
    case wrongLength(found: Int, expected: Int)

    package var description: String {
        switch self {
        case .notAHead: "The stored head doesn't begin with the magic number of a head."
        case .unknownKind(let codes): "The stored head has the unknown kind \(codes)."
        case .absurdSizes(let sizes): "The stored head claims impossible sizes: \(sizes)."
        case .wrongLength(let found, let expected):
            "The stored head has \(found) bytes; its sizes require \(expected)."
        }
    }
}
