import Foundation
import System
import SystemPackage
import Testing

@testable import ONNX

let sample = Model(
    producer: "tests", graphName: "graph",
    nodes: [
        Node(
            name: "first", operatorType: "Conv", inputs: ["x", "w", ""], outputs: ["a"],
            attributes: [
                "group": .int(0), "alpha": .float(0), "pads": .ints([0, 1, -2]), "scales": .floats([1.5, -2]),
                "auto_pad": .string("VALID"), "names": .strings(["a", ""]),
                "value": .tensor(Tensor(name: "inner", dimensions: [], floats: [3])),
            ]),
        Node(name: "second", operatorType: "Custom", domain: "com.example", inputs: ["a"], outputs: ["y"]),
    ],
    initializers: [
        Tensor(name: "w", dimensions: [2, 1, 3], floats: [1, -2, .infinity, 0.1, 5, 6]),
        Tensor(name: "shape", dimensions: [2], integers: [-1, 1 << 40]),
        Tensor(name: "empty", dimensions: [0, 4], floats: []),
    ],
    inputs: [ValueInfo(name: "x", elementType: .uint8, shape: [.dynamic("N"), .fixed(3), .dynamic("")])],
    outputs: [
        ValueInfo(name: "y", elementType: .float32, shape: nil), ValueInfo(name: "z", elementType: .int64, shape: []),
    ],
    metadata: ["name": "tiny", "licence": "MIT", "ü": ""])

private func temporaryFile() -> FilePath {
    FilePath(FileManager.default.temporaryDirectory.appending(path: "model-\(UUID()).onnx").path)
}

/// A list somewhere in a model that holds many small values.
struct Listing: CustomTestStringConvertible, Sendable {
    let testDescription: String
    private let write: @Sendable (inout Wire, Int) -> Void

    /// - Parameters:
    ///   - path: the fields from the graph down to the message that has the list.
    ///   - write: writes a list of so many values to that message.
    private init(_ name: String, in path: [Int], _ write: @escaping @Sendable (inout Wire, Int) -> Void) {
        testDescription = name
        var write = write
        for field in path.reversed() {
            let inner = write
            write = { wire, count in wire.message(field) { inner(&$0, count) } }
        }
        self.write = write
    }

    func model(values count: Int) -> [UInt8] { wireModel { write(&$0, count) } }

    /// A list of varints in fields of their own, and the same list in one field.
    private static func integers(_ name: String, in path: [Int], field: Int) -> [Listing] {
        [
            Listing(name, in: path) { wire, count in (0..<count).forEach { _ in wire.varint(field, 300) } },
            Listing("packed \(name)", in: path) { wire, count in
                wire.bytes(field, (0..<count).flatMap { _ in [0xAC, 0x02] as [UInt8] })
            },
        ]
    }

    private static func texts(_ name: String, in path: [Int], field: Int) -> Listing {
        Listing(name, in: path) { wire, count in (0..<count).forEach { _ in wire.bytes(field, []) } }
    }

    private static let texts = [
        texts("inputs", in: [1], field: 1), texts("outputs", in: [1], field: 2),
        texts("strings", in: [1, 5], field: 9), texts("string data", in: [5], field: 6),
    ]

    private static let floats = [
        Listing("floats", in: [1, 5]) { wire, count in (0..<count).forEach { _ in wire.float(7, 0) } },
        Listing("packed floats", in: [1, 5]) { wire, count in
            wire.bytes(7, [UInt8](repeating: 0, count: 4 * count))
        },
    ]

    private static let integers = [
        integers("ints", in: [1, 5], field: 8), integers("dimensions", in: [5], field: 1),
        integers("dimensions of an attribute", in: [1, 5, 5], field: 1),
        integers("dimensions of sparse weights", in: [15], field: 3),
        integers("int64 data", in: [5], field: 7), integers("uint64 data", in: [5], field: 11),
    ]

    static let all = texts + floats + integers.flatMap { $0 }
}

@Suite("ModelFile")
struct ModelFileTests {
    @Test("A model written and read back is the same")
    func roundTrip() throws {
        #expect(try ModelFile.decode(ModelFile.encode(sample)) == sample)
        let path = temporaryFile()
        defer { try? FileManager.default.removeItem(atPath: path.string) }
        try ModelFile.write(sample, to: path)
        #expect(try ModelFile.read(path) == sample)
    }

    @Test("A shorter model replaces a longer one in the same file")
    func overwriting() throws {
        let path = temporaryFile()
        defer { try? FileManager.default.removeItem(atPath: path.string) }
        try ModelFile.write(sample, to: path)
        var shorter = sample
        shorter.nodes = []
        try ModelFile.write(shorter, to: path)
        #expect(try ModelFile.read(path) == shorter)
    }

    @Test("Equal models give equal bytes, in whatever order their dictionaries were filled")
    func determinism() throws {
        var other = sample
        other.metadata = [:]
        for key in sample.metadata.keys.sorted().reversed() { other.metadata[key] = sample.metadata[key] }
        #expect(try ModelFile.encode(other) == ModelFile.encode(sample))
    }

    @Test("Attributes and dimensions of zero are written, as ONNX's checker demands")
    func explicitZeros() throws {
        let bytes = try ModelFile.encode(sample)
        let alpha = Wire.message { wire in
            wire.text(1, "group")
            wire.varint(3, 0)
            wire.varint(20, 2)
        }
        #expect(bytes.firstRange(of: alpha) != nil)
    }

    @Test("A file that is missing, a folder or a FIFO is refused by its path")
    func unreadable() throws {
        #expect(
            throws: ModelFileError.file(
                FileFailure(action: "read", path: "/nowhere/model.onnx", errno: .noSuchFileOrDirectory))
        ) {
            try ModelFile.read("/nowhere/model.onnx")
        }
        #expect(throws: ModelFileError.self) { try ModelFile.read("/tmp") }
        let fifo = temporaryFile()
        #expect(mkfifo(fifo.string, 0o600) == 0)
        defer { unlink(fifo.string) }
        #expect(throws: ModelFileError.notAFile(fifo)) { try ModelFile.read(fifo) }
    }

    @Test("A file that can't be written is refused by its path")
    func unwritable() {
        #expect(throws: FileFailure(action: "write", path: "/nowhere/model.onnx", errno: .noSuchFileOrDirectory)) {
            try ModelFile.write(sample, to: "/nowhere/model.onnx")
        }
    }

    @Test("A file beyond the limits is refused")
    func limits() throws {
        let bytes = try ModelFile.encode(sample)
        var limits = ModelFile.Limits()
        limits.bytes = bytes.count - 1
        #expect(throws: ModelFileError.tooLarge(bytes: bytes.count, limit: bytes.count - 1)) {
            try ModelFile.decode(bytes, limits: limits)
        }
        limits = ModelFile.Limits()
        limits.nodes = 1
        #expect(throws: ModelFileError.tooManyNodes(count: 2, limit: 1)) {
            try ModelFile.decode(bytes, limits: limits)
        }
    }

    @Test("A file of more parts than the limit is refused before anything is made of them, wherever they are")
    func parts() throws {
        let bytes = try ModelFile.encode(sample)
        var limits = ModelFile.Limits()
        // Graph, version, 2 nodes, 7 attributes and a tensor in one, 3 initializers, 7 for the input, 7 for the
        // outputs, 3 entries of metadata. In lists: 6 names of inputs and outputs, 7 values, 6 dimensions.
        limits.parts = 32 + 19
        #expect(try ModelFile.decode(bytes, limits: limits) == sample)
        limits.parts -= 1
        let refusal = ModelFileError.tooManyParts(limit: limits.parts)
        #expect(throws: refusal) { try ModelFile.decode(bytes, limits: limits) }
        for field in [1, 5, 11, 12, 15] {
            let many = wireModel { graph in (0..<60).forEach { _ in graph.bytes(field, []) } }
            #expect(throws: refusal) { try ModelFile.decode(many, limits: limits) }
        }
    }

    @Test("What is in lists counts, each value in a field of its own or many in one", arguments: Listing.all)
    func lists(_ listing: Listing) throws {
        var limits = ModelFile.Limits()
        limits.parts = 60
        #expect(throws: ModelFileError.tooManyParts(limit: 60)) {
            try ModelFile.decode(listing.model(values: 61), limits: limits)
        }
        // The messages around the list count too, but are few.
        _ = try PartCount.check(listing.model(values: 50), limit: 60)
    }

    @Test("A tensor's data may have more values than there may be parts", arguments: [4, 5, 9, 10])
    func dataOfTensors(_ field: Int) throws {
        var limits = ModelFile.Limits()
        limits.parts = 60
        let bytes = [UInt8](repeating: 0, count: 800)
        let (type, size) = try #require([4: (1, 4), 5: (6, 1), 9: (1, 4), 10: (11, 8)][field])
        let model = wireModelOfTensor { wire in
            wire.varint(1, Int64(bytes.count / size))
            wire.varint(2, Int64(type))
            wire.bytes(field, bytes)
        }
        #expect(try ModelFile.decode(model, limits: limits).initializers[0].count == bytes.count / size)
    }

    @Test("Fields that could hide parts from being counted are refused")
    func groups() throws {
        let bytes = try ModelFile.encode(sample)
        // Field 4 as a group, which protobuf would pass over.
        #expect(throws: ModelFileError.self) { try ModelFile.decode([0x23, 0x24] + bytes) }
    }

    @Test("No prefix of a model, and no model with a byte changed, does worse than throw")
    func mutilation() throws {
        let bytes = try ModelFile.encode(sample)
        var refused = 0
        for length in bytes.indices where (try? ModelFile.decode(Array(bytes[..<length]))) == nil { refused += 1 }
        #expect(refused > bytes.count / 2)
        for index in bytes.indices {
            for value in [0, 0x7f, 0x80, 0xff] as [UInt8] {
                var changed = bytes
                changed[index] = value
                let model = try? ModelFile.decode(changed)
                #expect(model.map { $0.initializers.allSatisfy { $0.rawBytes.count < bytes.count } } ?? true)
            }
        }
    }
}
