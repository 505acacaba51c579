package import ONNX
package import SystemPackage

/// A frozen network that turns pictures into features, from an ONNX file. Its weights are read-only and shared by all
/// its extractors.
///
/// The file's input is float32, (N, 3, H, W) or (N, H, W, 3); H and W may be open. Its output is (N, features), or a
/// map that is averaged over rows and columns. `metadata_props` contain the rest: `name`, `input_size`, `pixel_scale`,
/// `mean`, `std`, `source_package`, `licence`, `source_sha256`; each may be absent.
package struct Backbone: Sendable {
    /// How the file's output is turned into features.
    package enum Output: Sendable {
        /// (N, features), used as they are.
        case features
        /// The mean over rows and columns of a map (N, C, H, W), or of (N, H, W, C) if `channelsLast`.
        case map(channelsLast: Bool)
    }

    /// The name in the metadata, otherwise the file's name without its extension.
    package let name: String
    /// The side in pixels that the weights were trained for.
    package let defaultInputSize: Int
    /// Whether the file leaves the pictures' size open.
    package let acceptsAnySize: Bool
    /// Number of features per picture at the default size.
    package let featureCount: Int
    /// Total number of weights; batch normalisation counts as far as it isn't folded away.
    package let parameterCount: Int
    /// What turns bytes into the values that the network takes.
    package let preprocessing: Preprocessing
    /// The package that the weights were taken from; nil if the file doesn't say.
    package let sourcePackage: String?
    /// The licence of that package; nil if the file doesn't say.
    package let licence: String?
    /// The SHA-256 of the file that the weights were taken from, in hexadecimal.
    package let sourceChecksum: String?
    /// The part of the file's content on which its output depends, with nodes in order, for export.
    package let model: Model
    /// Whether the file wants (N, H, W, 3) rather than (N, 3, H, W).
    package let takesChannelsLast: Bool
    package let output: Output
    /// The number format of its expensive products.
    package var precision: Precision { reduction.products.precision }
    /// The mean deviation of features from those in float32, relative to their mean magnitude, as it was measured on
    /// generated pictures when the backbone was loaded; 0 for float32.
    package var precisionError: Float { reduction.error }
    /// What the bits of features depend on besides weights and pictures, as a stable text: precision and kernels.
    package var arithmetic: String { "\(reduction), \(network.kernels.family)" }
    private var network: Network
    private var reduction: Calibration.Reduction

    /// Reads, validates and packs the network in the file at `path`.
    ///
    /// Throws `NetworkFileError` with a `ModelFileError` or a `NetworkError` that names the operator, attribute, tensor
    /// or metadata entry that causes it.
    package init(contentsOf path: FilePath) throws(NetworkFileError) {
        do {
            try self.init(ModelFile.read(path), fallbackName: path.stem ?? "backbone", kernels: .chosen())
        } catch {
            throw NetworkFileError(path: path, cause: error)
        }
    }

    init(_ model: Model, fallbackName: String, kernels: Kernels) throws {
        let network = try Network(model, kernels: kernels)
        let input = network.graph.input
        guard !input.isBytes else { throw NetworkError.unsupportedInput(reason: "that of a backbone must be float32") }
        let fixedSize = try Self.fixedSize(input)
        let metadata = model.metadata
        defaultInputSize = try Self.declaredSize(metadata) ?? fixedSize ?? 224
        if let fixedSize, fixedSize != defaultInputSize {
            throw NetworkError.badMetadata(key: "input_size", value: "\(defaultInputSize)")
        }
        preprocessing = try Preprocessing(metadata: metadata)
        let measures = try network.measure(height: defaultInputSize, width: defaultInputSize)
        name = metadata["name"] ?? fallbackName
        acceptsAnySize = fixedSize == nil
        featureCount = measures.output.count
        parameterCount = network.parameterCount
        sourcePackage = metadata["source_package"]
        licence = metadata["licence"]
        sourceChecksum = metadata["source_sha256"]
        takesChannelsLast = input.layout == .channelsLast
        output =
            switch network.graph.outputLayout {
            case .matrix: .features
            case .channelsFirst: .map(channelsLast: false)
            case .channelsLast: .map(channelsLast: true)
            }
        self.model = try model.pruned()
        reduction = .none
        self.network = network
    }

    /// The same backbone with its expensive products computed in `precision`, as far as the error stays small. The
    /// choice and the error are determined on generated pictures. A backbone without such products stays as it is.
    ///
    /// Throws `NetworkError` if this machine has no kernels for `precision`.
    package func computing(in precision: Precision) throws -> Backbone {
        guard precision.runs(on: network.kernels) else {
            throw NetworkError.precisionNotAvailable(precision, kernels: network.kernels)
        }
        guard precision != self.precision, network.graph.nodes.contains(where: \.operation.isReducible) else {
            return self
        }
        let open = Calibration.inputSizes.filter { size in
            acceptsAnySize && (try? network.measure(height: size, width: size)) != nil
        }
        let calibration = Calibration(
            network: network, preprocessing: preprocessing, inputSizes: open.isEmpty ? [defaultInputSize] : open)
        var result = self
        result.reduction = try calibration.reduction(precision)
        result.network = Network(network.graph, kernels: network.kernels, reduced: result.reduction.products)
        return result
    }

    /// An extractor for pictures of `inputSize` x `inputSize` pixels.
    ///
    /// Throws `NetworkError` if the network can't take that size.
    package func makeExtractor(inputSize: Int) throws -> FeatureExtractor {
        guard (1...4096).contains(inputSize) else {
            throw NetworkError.unsupportedSize(requested: inputSize, reason: "1 to 4096 pixels are possible")
        }
        guard acceptsAnySize || inputSize == defaultInputSize else {
            throw NetworkError.unsupportedSize(
                requested: inputSize, reason: "\(name) is made for \(defaultInputSize) x \(defaultInputSize)")
        }
        return try FeatureExtractor(network, inputSize: inputSize, preprocessing: preprocessing)
    }

    /// The side of the square that the file prescribes; nil if the file leaves it open.
    static func fixedSize(_ input: Graph.Input) throws -> Int? {
        guard let height = input.height ?? input.width, let width = input.width ?? input.height else { return nil }
        guard height == width, height <= 4096 else {
            throw NetworkError.unsupportedInput(reason: "its size is \(height) x \(width), not a square up to 4096")
        }
        return height
    }

    private static func declaredSize(_ metadata: [String: String]) throws -> Int? {
        guard let text = metadata["input_size"] else { return nil }
        guard let size = Int(text), (1...4096).contains(size) else {
            throw NetworkError.badMetadata(key: "input_size", value: text)
        }
        return size
    }
}
