internal import Foundation
package import Numerics
internal import ONNX
package import SystemPackage

/// A published classifier, read back from its ONNX file: bytes (N, size, size, 3) in, probabilities (N, classes) out,
/// with the normalisation inside the graph and the class names in the metadata entry `labels` (a JSON array).
package final class Classifier: Sendable {
    /// The class of each column of the probabilities.
    package let labels: [String]
    /// The pictures' side in pixels.
    package let inputSize: Int
    /// All `metadata_props` of the file.
    package let metadata: [String: String]
    private let network: Network
    private let extractor: FeatureExtractor

    /// Reads and validates the classifier in the file at `path`.
    package convenience init(contentsOf path: FilePath) throws(NetworkFileError) {
        do {
            try self.init(ModelFile.read(path), kernels: .chosen())
        } catch {
            throw NetworkFileError(path: path, cause: error)
        }
    }

    init(_ model: Model, kernels: Kernels) throws {
        let network = try Network(model, kernels: kernels)
        let input = network.graph.input
        guard input.isBytes, input.layout == .channelsLast, let size = try Backbone.fixedSize(input) else {
            throw NetworkError.unsupportedInput(reason: "that of a classifier must be uint8 (N, size, size, 3)")
        }
        guard case .softmax? = network.graph.nodes.last?.operation else {
            throw NetworkError.unsupportedOutput(reason: "a classifier ends with Softmax")
        }
        inputSize = size
        metadata = model.metadata
        self.network = network
        extractor = try FeatureExtractor(network, inputSize: size, preprocessing: .none)
        labels = try Self.labels(model.metadata, count: extractor.featureCount)
    }

    private init(_ other: Classifier) throws {
        (labels, inputSize, metadata, network) = (other.labels, other.inputSize, other.metadata, other.network)
        extractor = try FeatureExtractor(network, inputSize: inputSize, preprocessing: .none)
    }

    /// The same classifier with its own scratch memory, for another worker; they share the weights.
    package func copy() throws -> Classifier { try Classifier(self) }

    /// The probabilities of the pictures in `pixels`, (N, inputSize, inputSize, 3), RGB.
    package func probabilities(_ pixels: [UInt8]) -> Matrix { extractor.extract(pixels) }

    private static func labels(_ metadata: [String: String], count: Int) throws -> [String] {
        let text = metadata["labels"] ?? ""
        guard let labels = try? JSONDecoder().decode([String].self, from: Data(text.utf8)), labels.count == count else {
            throw NetworkError.badMetadata(key: "labels", value: text)
        }
        return labels
    }
}
