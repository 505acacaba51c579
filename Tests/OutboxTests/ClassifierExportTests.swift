import Foundation
import Networks
import Numerics
import ONNX
import SystemPackage
import TestSupport
import Testing

@testable import Learning
@testable import Outbox

private let packageRoot: URL = URL(filePath: #filePath).resolvingSymlinksInPath()
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

private let networks = packageRoot.appending(path: "Tests/NetworksTests/Resources/networks")
private let resources = packageRoot.appending(path: "Tests/OutboxTests/Resources")

private let labels = ["apple", "pear \"Conference\"", "plum/damson", "quince ü"]

/// Picture `index` of scripts/references/onnx_networks.py, (size, size, 3).
private func picture(size: Int, index: Int) -> [UInt8] {
    (0..<size * size * 3).map { place in
        let (y, x, c) = (place / 3 / size, place / 3 % size, place % 3)
        let value = y * 31 + x * 17 + c * 101 + index * 53 + (x * y) % 7 * 13 + (x * x + y * y) / 5
        return UInt8(value % 256)
    }
}

private func head(features: Int, _ activation: Learning.Activation, isNormalized: Bool) -> Head {
    var random = SeededRandom(seed: 5)
    func values(_ count: Int, _ range: ClosedRange<Float> = -1...1) -> [Float] {
        (0..<count).map { _ in random.uniform(range.lowerBound, range.upperBound) }
    }
    let hidden = Head.Dense(
        kernel: Matrix(rows: features, columns: 6, values: values(features * 6)), bias: values(6))
    let output = Head.Dense(kernel: Matrix(rows: 6, columns: 4, values: values(24)), bias: values(4))
    let normalization = Head.Normalization(
        gamma: values(features, 0.5...1.5), beta: values(features), mean: values(features),
        variance: values(features, 0.2...2))
    return Head(
        activation: activation, normalization: isNormalized ? normalization : nil, hidden: hidden, output: output)
}

private func backbone(_ name: String) throws -> Backbone {
    try Backbone(contentsOf: FilePath(networks.appending(path: "\(name).onnx").path))
}

private func export(_ backbone: Backbone, _ head: Head, size: Int) throws -> Model {
    try ClassifierExport.model(backbone: backbone, inputSize: size, head: head, labels: labels, version: "v0007")
}

/// Writes the model to a file and reads it back, as publishing does.
private func readBack(_ model: Model) throws -> Classifier {
    let file = FileManager.default.temporaryDirectory.appending(path: "classifier-\(UUID()).onnx")
    defer { try? FileManager.default.removeItem(at: file) }
    try ModelFile.write(model, to: FilePath(file.path))
    return try Classifier(contentsOf: FilePath(file.path))
}

private struct Case: Sendable, CustomTestStringConvertible {
    let network: String
    let size: Int
    let activation: Learning.Activation
    let isNormalized: Bool

    var testDescription: String { "\(network), \(activation)" }
}

@Suite("Classifier export")
struct ClassifierExportTests {
    @Test(
        "The file read back gives the probabilities of backbone and head",
        arguments: [
            Case(network: "mobilenet_like", size: 20, activation: .relu, isNormalized: true),
            Case(network: "efficientnet_like", size: 24, activation: .tanh, isNormalized: false),
            Case(network: "map_output", size: 11, activation: .sigmoid, isNormalized: true),
            Case(network: "keras_like", size: 16, activation: .relu, isNormalized: false),
            Case(network: "other_preprocessing", size: 9, activation: .tanh, isNormalized: true),
        ])
    fileprivate func readBackEquals(example: Case) throws {
        let backbone = try backbone(example.network)
        let head = head(
            features: backbone.featureCount, example.activation, isNormalized: example.isNormalized)
        let classifier = try readBack(export(backbone, head, size: example.size))
        let pixels = (0..<5).flatMap { picture(size: example.size, index: $0) }
        let expected = head.predict(try backbone.makeExtractor(inputSize: example.size).extract(pixels))
        let found = classifier.probabilities(pixels)
        #expect(found.rows == 5)
        #expect(zip(found.values, expected.values).allSatisfy { abs($0 - $1) < 1e-5 })
    }

    @Test(
        "The head comes back from the file with the same bytes, and a folded one gives the same file again",
        arguments: Learning.Activation.allCases, [false, true])
    func headComesBack(activation: Learning.Activation, isNormalized: Bool) throws {
        let backbone = try backbone("map_output")
        let head = head(features: backbone.featureCount, activation, isNormalized: isNormalized)
        let bytes = try ModelFile.encode(export(backbone, head, size: 11))
        let found = try #require(try ClassifierExport.head(of: ModelFile.decode(bytes)))
        #expect((found.serialized() == head.serialized()) != isNormalized)
        #expect(found.normalization == nil)
        let again = try ModelFile.encode(export(backbone, found, size: 11))
        #expect(again == bytes)
    }

    @Test("What Cultivar hasn't exported has no head")
    func noHead() throws {
        let backbone = try backbone("map_output")
        let model = try export(
            backbone, head(features: backbone.featureCount, .relu, isNormalized: false), size: 11)
        #expect(ClassifierExport.head(of: backbone.model) == nil)
        var other = model
        other.nodes[other.nodes.count - 3].operatorType = "Elu"
        #expect(ClassifierExport.head(of: other) == nil)
        other = model
        other.nodes[other.nodes.count - 2].attributes["alpha"] = .float(2)
        #expect(ClassifierExport.head(of: other) == nil)
        other = model
        other.initializers.swapAt(other.initializers.count - 1, other.initializers.count - 2)
        #expect(ClassifierExport.head(of: other) == nil)
        other = model
        other.initializers.removeLast()
        #expect(ClassifierExport.head(of: other) == nil)
    }

    @Test("Labels, version and input size come back")
    func metadata() throws {
        let backbone = try backbone("map_output")
        let classifier = try readBack(
            export(backbone, head(features: backbone.featureCount, .relu, isNormalized: false), size: 12))
        #expect(classifier.labels == labels)
        #expect(classifier.inputSize == 12)
        #expect(classifier.metadata["version"] == "v0007")
        #expect(classifier.metadata["backbone"] == "map_output")
    }

    @Test("The model's metadata have the labels' own characters")
    func ownCharacters() throws {
        let backbone = try backbone("map_output")
        let names = ["x\u{200C}y", "a\\b", "👩\u{200D}🌾", "caf\u{e9}"]
        let model = try ClassifierExport.model(
            backbone: backbone, inputSize: 12,
            head: head(features: backbone.featureCount, .relu, isNormalized: false), labels: names, version: "v0001")
        #expect(model.metadata["labels"]?.contains("\"x\u{200C}y\"") == true)
        #expect(try readBack(model).labels.map { Array($0.utf8) } == names.map { Array($0.utf8) })
    }

    /// The committed file is what this test exports; onnxruntime has run it (scripts/references/onnx_networks.py).
    /// Where it is absent it is written, to be run by that script.
    @Test("onnxruntime gives the same probabilities")
    func reference() throws {
        let backbone = try backbone("fixed_size")
        let model = try export(backbone, head(features: backbone.featureCount, .tanh, isNormalized: true), size: 9)
        let file = resources.appending(path: "classifier.onnx")
        let bytes = try Data(ModelFile.encode(model))
        if !FileManager.default.fileExists(atPath: file.path) { try bytes.write(to: file) }
        #expect(try Data(contentsOf: file) == bytes, "the export has changed; delete \(file.path) and see above")
        let expected = try JSONDecoder().decode(
            [[Float]].self, from: Data(contentsOf: resources.appending(path: "classifier.json")))
        let found = try readBack(model).probabilities((0..<3).flatMap { picture(size: 9, index: $0) })
        for (index, row) in expected.enumerated() {
            #expect(zip(found.row(index), row).allSatisfy { abs($0 - $1) < 1e-5 })
        }
        #expect(expected.count == 3)
    }

    @Test("A backbone's file is no classifier")
    func notAClassifier() throws {
        let path = FilePath(networks.appending(path: "fixed_size.onnx").path)
        #expect(throws: NetworkFileError.self) { try Classifier(contentsOf: path) }
    }

    @Test("Labels that don't fit the probabilities are refused")
    func badLabels() throws {
        let backbone = try backbone("fixed_size")
        var model = try export(backbone, head(features: backbone.featureCount, .relu, isNormalized: false), size: 9)
        model.metadata["labels"] = "[\"one\"]"
        #expect(throws: NetworkFileError.self) { try readBack(model) }
        model.metadata["labels"] = "not JSON"
        #expect(throws: NetworkFileError.self) { try readBack(model) }
    }
}
