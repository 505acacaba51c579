import Testing

@testable import ONNX

/// The weights of a tensor of four values, in pieces; field numbers are those of TensorProto.
private struct Pieces: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let type: Int64
    let write: @Sendable (inout Wire) -> Void

    static let all = [
        Pieces(testDescription: "floats, four bytes each", type: 1) { wire in
            wire.bytes(4, [0, 0, 0x80, 0x3F, 0, 0, 0, 0x40])
            wire.float(4, 3)
            wire.bytes(4, [])
            wire.bytes(4, [0, 0, 0x80, 0x40])
        },
        Pieces(testDescription: "varints of one tensor", type: 7) { wire in
            for value in [1, 2] { wire.bytes(7, [UInt8(value)]) }
            wire.varint(7, 3)
            wire.bytes(7, [4])
        },
        Pieces(testDescription: "doubles, eight bytes each", type: 11) { wire in
            for value in [0x3FF0, 0x4000, 0x4008, 0x4010] as [UInt16] {
                wire.bytes(10, [0, 0, 0, 0, 0, 0, UInt8(value & 0xFF), UInt8(value >> 8)])
            }
        },
    ]
}

@Suite("Lists in pieces")
struct PieceTests {
    @Test("They are joined in their order, whether a value comes packed or not", arguments: Pieces.all)
    fileprivate func order(_ pieces: Pieces) throws {
        let bytes = wireModelOfTensor { wire in
            wire.bytes(1, [2])
            wire.varint(2, pieces.type)
            pieces.write(&wire)
            wire.bytes(1, [2])
        }
        #expect(try PartCount.check(bytes, limit: 100))
        let joined = try PieceJoining.joined(bytes)
        #expect(try !PartCount.check(joined, limit: 100))
        let tensor = try ModelFile.decode(bytes).initializers[0]
        #expect(tensor.dimensions == [2, 2])
        let values = tensor.floats ?? tensor.integers?.map(Float.init) ?? doubles(tensor)
        #expect(values == [1, 2, 3, 4])
    }

    private func doubles(_ tensor: Tensor) -> [Float] {
        tensor.rawBytes.withUnsafeBytes { bytes in
            stride(from: 0, to: bytes.count, by: 8)
                .map { Float(bytes.loadUnaligned(fromByteOffset: $0, as: Double.self)) }
        }
    }

    @Test("So is a message that occurs once and comes in pieces: later values go on with the earlier ones")
    func messages() throws {
        let bytes = wireModel { graph in
            graph.message(1) { node in
                node.text(4, "Op")
                node.message(5) { attribute in
                    attribute.text(1, "value")
                    attribute.varint(20, 4)
                    for dimension in [2, 3] as [UInt8] { attribute.message(5) { $0.bytes(1, [dimension]) } }
                    attribute.message(5) { tensor in
                        tensor.varint(2, 3)
                        tensor.bytes(9, [1, 2, 3, 4, 5, 6])
                    }
                }
            }
        }
        let joined = try PieceJoining.joined(bytes)
        #expect(try PartCount.check(bytes, limit: 100))
        #expect(try !PartCount.check(joined, limit: 100))
        let model = try ModelFile.decode(bytes)
        guard case .tensor(let tensor)? = model.nodes[0].attributes["value"] else {
            Issue.record("no tensor: \(model.nodes)")
            return
        }
        #expect(tensor.dimensions == [2, 3])
        #expect(tensor.rawBytes == [1, 2, 3, 4, 5, 6])
    }

    @Test("A model that comes whole is left as it is")
    func whole() throws {
        let bytes = try ModelFile.encode(sample)
        #expect(try !PartCount.check(bytes, limit: 1000))
        #expect(try ModelFile.decode(PieceJoining.joined(bytes)) == sample)
    }

    @Test(
        "A piece that ends within a value is refused, and isn't made whole by the next one",
        arguments: [(4, [0, 0, 0x80], [0x3F]), (7, [0x81], [1]), (10, [0, 0, 0, 0], [0, 0, 0, 0])])
    func broken(field: Int, first: [UInt8], second: [UInt8]) throws {
        let bytes = wireModelOfTensor { wire in
            wire.varint(2, 1)
            wire.bytes(field, first)
            wire.bytes(field, second)
        }
        #expect { try ModelFile.decode(bytes) } throws: { error in
            if case .malformed? = error as? ModelFileError { true } else { false }
        }
    }

    @Test("A message that ends too early is refused behind pieces too")
    func cut() throws {
        let bytes = wireModel { graph in
            graph.message(5) { tensor in
                for value in [1, 2, 3] as [UInt8] { tensor.bytes(1, [value]) }
                tensor.bytes(9, [1, 2, 3])
            }
        }
        for count in 1..<bytes.count {
            #expect(throws: ModelFileError.self) { try ModelFile.decode(Array(bytes[..<count])) }
        }
    }

    @Test("The time grows with the number of pieces, not with its square")
    func linear() throws {
        func seconds(_ pieces: Int) throws -> Double {
            let bytes = wireModelOfTensor { wire in
                wire.varint(2, 7)
                wire.varint(1, Int64(pieces))
                for _ in 0..<pieces { wire.bytes(7, [1]) }
            }
            // The best of a few: other work on the machine only ever adds.
            return try (0..<3).map { _ in
                let start = ContinuousClock.now
                let tensor = try ModelFile.decode(bytes).initializers[0]
                #expect(tensor.count == pieces)
                return start.duration(to: .now) / .seconds(1)
            }.min() ?? 0
        }
        // Sixteen times as many would take 256 times as long.
        let (few, many) = (try seconds(50_000), try seconds(800_000))
        #expect(many < 80 * few)
    }
}

extension Tensor {
    /// The elements as ONNX's `raw_data` has them.
    var rawBytes: [UInt8] { Array(bytes) }
}
