import Foundation
import Numerics
import ONNX
import SystemPackage
import Testing

@testable import Networks

private struct Reference: Decodable {
    let size: Int
    let offset: Int
    let count: Int
}

private let references: [String: Reference] = {
    let data = try! Data(contentsOf: resources.appending(path: "networks.json"))
    return try! JSONDecoder().decode([String: Reference].self, from: data)
}()

private func expectedOutputs(_ reference: Reference) throws -> [Float] {
    let bytes = try Data(contentsOf: resources.appending(path: "networks.f32"))
    let part = bytes[reference.offset * 4..<(reference.offset + reference.count) * 4]
    return part.withUnsafeBytes { raw in
        (0..<reference.count).map { raw.loadUnaligned(fromByteOffset: $0 * 4, as: Float.self) }
    }
}

private func backbone(_ name: String, _ kernels: Kernels) throws -> Backbone {
    let model = try ModelFile.read(FilePath(resources.appending(path: "networks/\(name).onnx").path))
    return try Backbone(model, fallbackName: name, kernels: kernels)
}

@Suite("Networks give what onnxruntime gives")
struct ReferenceNetworkTests {
    @Test("All elements of the output agree", arguments: references.keys.sorted(), Kernels.available)
    func output(name: String, kernels: Kernels) throws {
        let reference = try #require(references[name])
        let extractor = try backbone(name, kernels).makeExtractor(inputSize: reference.size)
        let features = extractor.extract(picture(size: reference.size, index: 1))
        #expect(relativeError(features.values, try expectedOutputs(reference)) < 1e-5)
    }

    @Test(
        "A picture gives the same bits at every place of a group and in every company",
        arguments: references.keys.sorted(), Kernels.available)
    func grouping(name: String, kernels: Kernels) throws {
        let size = try #require(references[name]).size
        let extractor = try backbone(name, kernels).makeExtractor(inputSize: size)
        let count = extractor.suggestedGroup + extractor.suggestedGroup / 2 + 1
        let pictures = (0..<count).map { picture(size: size, index: $0 % 5) }
        let together = extractor.extract(pictures.flatMap(\.self)).rowList
        let alone = pictures.map { extractor.extract($0).values }
        #expect(together == alone)
        #expect(together[0] != together[1])
    }
}

@Suite("Fusion")
struct FusionTests {
    @Test("Batch norms and activations leave no steps of their own in a MobileNet-like network")
    func mobilenet() throws {
        let model = try ModelFile.read(FilePath(resources.appending(path: "networks/mobilenet_like.onnx").path))
        let kinds = try Graph(model).nodes.map { "\($0.operation)".prefix { $0 != "(" } }
        #expect(Set(kinds) == ["convolution", "arithmetic", "globalPool", "dense"])
        #expect(kinds.filter { $0 == "convolution" }.count == 14)
    }

    @Test("Arithmetic on the input becomes part of its conversion")
    func inputArithmetic() throws {
        let nodes = [
            node("Mul", ["x", "scale"], ["a"]), node("Sub", ["a", "mean"], ["b"]),
            node("GlobalAveragePool", ["b"], ["y"]),
        ]
        let scale = Tensor(name: "scale", dimensions: [], floats: [2])
        let mean = Tensor(name: "mean", dimensions: [1, 3, 1, 1], floats: [1, 2, 3])
        let graph = try Graph(makeModel(nodes, weights: [scale, mean]))
        #expect(graph.input.affine?.expanded(to: 3).scale == [2, 2, 2])
        #expect(graph.input.affine?.shift == [-1, -2, -3])
        #expect(graph.nodes.count == 2)
    }
}
