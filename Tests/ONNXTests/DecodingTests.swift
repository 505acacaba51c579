import Testing

@testable import ONNX

private func decodeTensor(_ tensor: (inout Wire) -> Void) throws -> Tensor {
    try ModelFile.decode(wireModelOfTensor(tensor)).initializers[0]
}

@Suite("Tensors in a file")
struct TensorDecodingTests {
    @Test("Typed fields and raw data give the same elements")
    func typedFields() throws {
        let floats = try decodeTensor { wire in
            wire.varint(1, 2)
            wire.varint(2, 1)
            wire.bytes(4, [0, 0, 0x80, 0x3f, 0, 0, 0, 0xc0])
        }
        #expect(floats.floats == [1, -2])
        #expect(floats == Tensor(name: "weights", dimensions: [2], floats: [1, -2]))
        let integers = try decodeTensor { wire in
            wire.varint(1, 1)
            wire.varint(2, 7)
            wire.varint(7, -3)
        }
        #expect(integers.integers == [-3])
        #expect(integers.floats == nil)
        let bytes = try decodeTensor { wire in
            wire.varint(1, 3)
            wire.varint(2, 2)
            wire.bytes(5, [1, 2, 3])
        }
        #expect(bytes.rawBytes == [1, 2, 3])
    }

    @Test("Dimensions may be packed or not")
    func packedDimensions() throws {
        let tensor = try decodeTensor { wire in
            wire.bytes(1, [1, 2])
            wire.varint(2, 1)
            wire.bytes(9, [UInt8](repeating: 0, count: 8))
        }
        #expect(tensor.dimensions == [1, 2])
    }

    @Test("Less or more data than the dimensions ask for is refused", arguments: [0, 4, 7, 9, 12])
    func dataLength(count: Int) {
        #expect(throws: ModelFileError.dataLength(tensor: "weights", expected: 8, found: count)) {
            try decodeTensor { wire in
                wire.varint(1, 2)
                wire.varint(2, 1)
                wire.bytes(9, [UInt8](repeating: 0, count: count))
            }
        }
    }

    @Test("Huge dimensions are refused before anything is allocated")
    func hugeDimensions() {
        #expect(throws: ModelFileError.tooManyElements(tensor: "weights", dimensions: [1 << 40, 1 << 40])) {
            try decodeTensor { wire in
                wire.varint(1, 1 << 40)
                wire.varint(1, 1 << 40)
                wire.varint(2, 1)
            }
        }
        #expect(throws: ModelFileError.dataLength(tensor: "weights", expected: 1 << 42, found: 0)) {
            try decodeTensor { wire in
                wire.varint(1, 1 << 40)
                wire.varint(2, 1)
            }
        }
    }

    @Test("A negative dimension is refused")
    func negativeDimension() {
        #expect(throws: ModelFileError.badDimension(tensor: "weights", dimension: -1)) {
            try decodeTensor { wire in
                wire.varint(1, -1)
                wire.varint(2, 1)
            }
        }
    }

    @Test("Data in another file are refused")
    func externalData() {
        #expect(throws: ModelFileError.externalData(tensor: "weights")) {
            try decodeTensor { wire in
                wire.varint(2, 1)
                wire.varint(14, 1)
            }
        }
        #expect(throws: ModelFileError.externalData(tensor: "weights")) {
            try decodeTensor { wire in
                wire.varint(2, 1)
                wire.message(13) { entry in
                    entry.text(1, "location")
                    entry.text(2, "../../etc/passwd")
                }
                wire.bytes(9, [0, 0, 0, 0])
            }
        }
    }

    @Test("Strings and unknown element types are refused")
    func elementTypes() {
        #expect(throws: ModelFileError.unsupportedTensor(tensor: "weights", elementType: .string)) {
            try decodeTensor { wire in
                wire.varint(2, 8)
                wire.text(6, "text")
            }
        }
        #expect(throws: ModelFileError.unknownElementType(value: "weights", number: 99)) {
            try decodeTensor { $0.varint(2, 99) }
        }
    }
}

@Suite("Graphs in a file")
struct GraphDecodingTests {
    @Test("A file without a graph or without an operator set is no model")
    func missingParts() {
        #expect(throws: ModelFileError.missingGraph) { try ModelFile.decode([]) }
        #expect(throws: ModelFileError.missingGraph) { try ModelFile.decode(Wire.message { $0.varint(1, 8) }) }
        #expect(throws: ModelFileError.missingOpset) { try ModelFile.decode(wireModel(opset: false) { _ in }) }
        #expect(throws: ModelFileError.self) { try ModelFile.decode(Array("not a model at all".utf8)) }
    }

    @Test("An attribute twice, or without a type, is refused with its node")
    func attributes() {
        func model(_ attributes: @escaping (inout Wire) -> Void) -> [UInt8] {
            wireModel { graph in
                graph.message(1) { node in
                    node.text(4, "Relu")
                    node.text(3, "here")
                    attributes(&node)
                }
            }
        }
        let alpha: (inout Wire) -> Void = { attribute in
            attribute.text(1, "alpha")
            attribute.varint(3, 1)
            attribute.varint(20, 2)
        }
        #expect(throws: ModelFileError.duplicateAttribute(node: "Relu \"here\"", attribute: "alpha")) {
            try ModelFile.decode(
                model { node in
                    node.message(5, alpha)
                    node.message(5, alpha)
                })
        }
        #expect(throws: ModelFileError.badAttribute(node: "Relu \"here\"", attribute: "beta")) {
            try ModelFile.decode(model { node in node.message(5) { $0.text(1, "beta") } })
        }
    }

    @Test("Attributes that hold a graph are kept by their kind alone")
    func subgraph() throws {
        let bytes = wireModel { graph in
            graph.message(1) { node in
                node.text(4, "If")
                node.message(5) { attribute in
                    attribute.text(1, "then_branch")
                    attribute.varint(20, 5)
                }
            }
        }
        let node = try ModelFile.decode(bytes).nodes[0]
        #expect(node.attributes == ["then_branch": .unsupported(kind: "graph")])
        #expect(node.name == "#0")
    }

    @Test("Sparse initializers, untyped values and metadata given twice are refused")
    func otherRefusals() {
        #expect(throws: ModelFileError.sparseInitializers) {
            try ModelFile.decode(wireModel { $0.message(15) { $0.varint(3, 4) } })
        }
        #expect(throws: ModelFileError.untypedValue("x")) {
            try ModelFile.decode(wireModel { $0.message(11) { $0.text(1, "x") } })
        }
        let entry = Wire.message { wire in
            wire.text(1, "name")
            wire.text(2, "value")
        }
        #expect(throws: ModelFileError.duplicateMetadata(key: "name")) {
            try ModelFile.decode(
                wireModel { _ in }
                    + Wire.message { model in
                        model.bytes(14, entry)
                        model.bytes(14, entry)
                    })
        }
    }

    @Test("What the subset doesn't know is passed over")
    func unknownFields() throws {
        let bytes = wireModel { graph in
            graph.text(10, "a doc string")
            graph.message(13) { $0.text(1, "value_info") }
        }
        #expect(try ModelFile.decode(bytes).nodes.isEmpty)
    }
}
