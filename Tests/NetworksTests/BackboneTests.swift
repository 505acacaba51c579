import Workers
import Foundation
import Numerics
import ONNX
import SystemPackage
import TestSupport
import Testing

@testable import Networks

private struct BackboneReference: Decodable {
    let norm: Double
    let step: Int
    let features: [Float]
}

private let references: [String: [String: BackboneReference]] = {
    let data = try! Data(contentsOf: resources.appending(path: "backbones.json"))
    return try! JSONDecoder().decode([String: [String: BackboneReference]].self, from: data)
}()

private func path(_ name: String) -> FilePath { FilePath(packageRoot.appending(path: "backbones/\(name).onnx").path) }

private struct Case: Sendable, CustomTestStringConvertible {
    let name: String
    let size: Int
    let kernels: Kernels

    var testDescription: String { "\(name) at \(size) on \(kernels)" }

    func backbone() throws -> Backbone {
        try Backbone(ModelFile.read(path(name)), fallbackName: name, kernels: kernels)
    }
}

/// Every backbone whose file is there, at every size and on all kernels.
private let present: [Case] = references.sorted { $0.key < $1.key }.flatMap { name, sizes in
    guard FileManager.default.fileExists(atPath: path(name).string) else { return [Case]() }
    return sizes.keys.compactMap(Int.init).sorted().flatMap { size in
        Kernels.available.map { Case(name: name, size: size, kernels: $0) }
    }
}

@Suite("Real backbones", .enabled(if: !present.isEmpty, "needs the backbones (make backbones)"))
struct RealBackboneTests {
    @Test("Features equal onnxruntime's", arguments: present)
    fileprivate func features(_ subject: Case) throws {
        let size = subject.size
        let expected = try #require(references[subject.name]?["\(size)"])
        let extractor = try subject.backbone().makeExtractor(inputSize: size)
        let features = extractor.extract(picture(size: size, index: 1)).values
        let norm = features.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
        #expect(abs(norm - expected.norm) < 1e-4 * expected.norm)
        let sample = stride(from: 0, to: features.count, by: expected.step).map { features[$0] }
        #expect(relativeError(sample, expected.features) < 1e-3)
    }

    @Test("A picture gives the same bits at every place of a group", arguments: present.filter { $0.size < 224 })
    fileprivate func grouping(_ subject: Case) throws {
        let size = subject.size
        let extractor = try subject.backbone().makeExtractor(inputSize: size)
        let probe = picture(size: size, index: 7)
        let alone = extractor.extract(probe).values
        let count = extractor.suggestedGroup + 1
        for place in Set([0, 1, count / 2, count - 2, count - 1]) {
            let group = (0..<count).flatMap { $0 == place ? probe : picture(size: size, index: $0 * 3) }
            #expect(extractor.extract(group).row(place) == alone)
        }
    }
}

@Suite("Backbones in less than float32")
struct ReducedBackboneTests {
    /// The fastest kernels, and what they have.
    private static let kernels = Kernels.available.last!
    private static let precisions = [Precision.int16, .bfloat16].filter { $0.runs(on: kernels) }
    private static let subjects = present.filter { $0.kernels == kernels && $0.size < 224 }

    @Test("The error found when loading holds for other pictures", arguments: subjects, precisions)
    fileprivate func error(subject: Case, precision: Precision) throws {
        let exact = try subject.backbone()
        let reduced = try exact.computing(in: precision)
        #expect(reduced.precisionError <= Calibration.target)
        let pixels = (0..<4).flatMap { picture(size: subject.size, index: $0) }
        let expected = try exact.makeExtractor(inputSize: subject.size).extract(pixels).values
        let found = try reduced.makeExtractor(inputSize: subject.size).extract(pixels).values
        let deviation = zip(found, expected).reduce(Float(0)) { $0 + abs($1.0 - $1.1) }
        #expect(deviation < 3 * Calibration.target * expected.reduce(0) { $0 + abs($1) })
    }

    @Test("A backbone with 1 x 1 convolutions has features of another arithmetic, one without has the same")
    func arithmetic() throws {
        func backbone(_ size: Int) throws -> Backbone {
            try Backbone(
                makeModel(
                    [node("Conv", ["x", "widen"], ["a"]), node("Conv", ["a", "mix"])],
                    weights: [random("widen", 32, 3, 1, 1), random("mix", 16, 32, size, size)]),
                fallbackName: "two", kernels: Self.kernels)
        }
        let reducible = try backbone(1)
        #expect(reducible.arithmetic == "float32, \(Self.kernels.family)")
        for precision in Self.precisions {
            let arithmetic = try reducible.computing(in: precision).arithmetic
            #expect(arithmetic.hasPrefix(precision.rawValue))
            #expect(try backbone(3).computing(in: precision).arithmetic == reducible.arithmetic)
        }
    }

    @Test("Kernels that lack a precision say so")
    func notAvailable() throws {
        let backbone = try Backbone(
            makeModel([node("GlobalAveragePool")]), fallbackName: "mean", kernels: .openblas)
        #expect(backbone.arithmetic == "float32, openblas")
        for precision in [Precision.bfloat16, .int16] {
            let error = #expect(throws: NetworkError.self) { try backbone.computing(in: precision) }
            #expect(error == .precisionNotAvailable(precision, kernels: .openblas))
        }
    }
}

@Suite("Backbone")
struct BackboneTests {
    private func pooled(_ metadata: [String: String], input: ValueInfo? = nil) throws -> Backbone {
        try Backbone(
            makeModel([node("GlobalAveragePool")], input: input, metadata: metadata), fallbackName: "file",
            kernels: .chosen())
    }

    private func fixed(_ height: Int, _ width: Int) -> ValueInfo {
        ValueInfo(name: "x", elementType: .float32, shape: [.fixed(1), .fixed(3), .fixed(height), .fixed(width)])
    }

    @Test("Metadata say how pictures are prepared")
    func metadata() throws {
        let backbone = try pooled([
            "name": "tiny", "input_size": "12", "pixel_scale": "1", "mean": "127, 127,127", "std": "128,128,64",
            "source_package": "somewhere 1.0", "licence": "MIT", "source_sha256": "ab",
        ])
        #expect(backbone.name == "tiny")
        #expect(backbone.defaultInputSize == 12)
        #expect(backbone.preprocessing.standardDeviation == [128, 128, 64])
        #expect(backbone.sourcePackage == "somewhere 1.0")
        #expect(backbone.licence == "MIT")
        #expect(backbone.sourceChecksum == "ab")
        let features = try backbone.makeExtractor(inputSize: 1).extract([127, 255, 63]).values
        #expect(features == [0, 1, -1])
    }

    @Test("Without metadata, ImageNet's values and 224 pixels are taken")
    func noMetadata() throws {
        let backbone = try pooled([:])
        #expect(backbone.name == "file")
        #expect(backbone.defaultInputSize == 224)
        #expect(backbone.preprocessing == .imageNet)
        #expect(backbone.featureCount == 3)
    }

    @Test(
        "Malformed metadata are refused by name",
        arguments: [
            ("input_size", "big"), ("input_size", "0"), ("input_size", "100000"), ("mean", "1,2"), ("mean", "1,2,x"),
            ("std", "1,1,0"), ("std", "nan,1,1"), ("pixel_scale", "-1"), ("pixel_scale", ""), ("mean", "1,2,inf"),
        ])
    func malformedMetadata(key: String, value: String) {
        #expect(throws: NetworkError.badMetadata(key: key, value: value)) { try pooled([key: value]) }
    }

    @Test("A file's fixed size is the only one it takes")
    func fixedSize() throws {
        let backbone = try pooled([:], input: fixed(20, 20))
        #expect(backbone.defaultInputSize == 20)
        #expect(!backbone.acceptsAnySize)
        #expect(throws: NetworkError.self) { try backbone.makeExtractor(inputSize: 21) }
        #expect(throws: NetworkError.self) { try pooled([:], input: fixed(20, 24)) }
        #expect(throws: NetworkError.self) { try pooled(["input_size": "24"], input: fixed(20, 20)) }
    }

    @Test("A size that leaves nothing of the map is refused")
    func tooSmall() throws {
        let kernel = ones("w", 1, 3, 9, 9)
        let backbone = try Backbone(
            makeModel([node("Conv", ["x", "w"])], weights: [kernel]), fallbackName: "deep", kernels: .chosen())
        #expect(throws: NetworkError.self) { try backbone.makeExtractor(inputSize: 8) }
        #expect(throws: NetworkError.self) { try backbone.makeExtractor(inputSize: 0) }
        #expect(try backbone.makeExtractor(inputSize: 9).featureCount == 1)
    }

    @Test("An error names the file")
    func missingFile() {
        let error = #expect(throws: NetworkFileError.self) { try Backbone(contentsOf: "/nowhere/at-all.onnx") }
        #expect(error?.description.contains("/nowhere/at-all.onnx") == true)
    }

    @Test("Several workers share a backbone")
    func sharing() async throws {
        let kernel = ones("w", 8, 3, 3, 3)
        let backbone = try Backbone(
            makeModel([node("Conv", ["x", "w"])], weights: [kernel]), fallbackName: "shared", kernels: .chosen())
        let pool = WorkerPool(workerCount: 3)
        let extractors = try (0..<pool.workerCount).map { _ in try backbone.makeExtractor(inputSize: 16) }
        let expected = extractors[0].extract(picture(size: 16, index: 2)).values
        try await pool.forEach(24) { _, worker in
            let found = extractors[worker.index].extract(picture(size: 16, index: 2)).values
            #expect(found == expected)
        }
    }
}
