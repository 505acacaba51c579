internal import Foundation
package import Learning
package import Networks
internal import Numerics
package import ONNX

/// Joins a frozen backbone and a trained head into one ONNX classifier: `images`, uint8 RGB (N, size, size, 3), in;
/// `probabilities`, float32 (N, classes), out. The normalisation of pixels is part of the graph, so no runtime can get
/// it wrong. A batch normalization in the head is folded into its first dense layer.
package enum ClassifierExport {
    /// The classifier as a model for `ModelFile.encode`; the same arguments give the same bytes.
    ///
    /// Its metadata contain `labels` (the classes in the order of the columns, a JSON array), `version`, `backbone` and
    /// `input_size`, and from the backbone's metadata the source, licence and checksum.
    ///
    /// - Parameters:
    ///   - inputSize: the side of the pictures in pixels, fixed in the file.
    ///   - head: takes the backbone's features.
    ///   - labels: a name for each of the head's classes.
    package static func model(
        backbone: Backbone, inputSize: Int, head: Head, labels: [String], version: String
    ) throws -> Model {
        precondition(labels.count == head.classCount, "\(labels.count) labels for \(head.classCount) classes")
        precondition(head.featureCount == backbone.featureCount, "the head is for \(head.featureCount) features")
        var export = GraphExport()
        let pixels = export.preprocessing(backbone.preprocessing, channelsLast: backbone.takesChannelsLast)
        let features = export.features(of: backbone, input: pixels)
        export.head(head, input: features)
        let source = backbone.model
        return Model(
            irVersion: max(8, source.irVersion), opsetVersion: source.opsetVersion, producer: "cultivar",
            graphName: "classifier", nodes: export.nodes, initializers: export.initializers,
            inputs: [
                ValueInfo(
                    name: "images", elementType: .uint8,
                    shape: [.dynamic("N"), .fixed(inputSize), .fixed(inputSize), .fixed(3)])
            ],
            outputs: [
                ValueInfo(
                    name: "probabilities", elementType: .float32, shape: [.dynamic("N"), .fixed(head.classCount)])
            ],
            metadata: try metadata(backbone, inputSize: inputSize, labels: labels, version: version))
    }

    private static func metadata(
        _ backbone: Backbone, inputSize: Int, labels: [String], version: String
    ) throws -> [String: String] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .withoutEscapingSlashes
        var metadata = [
            "labels": String(decoding: try encoder.encode(labels), as: UTF8.self), "version": version,
            "backbone": backbone.name, "input_size": "\(inputSize)",
        ]
        metadata["source_package"] = backbone.sourcePackage
        metadata["licence"] = backbone.licence
        metadata["source_sha256"] = backbone.sourceChecksum
        return metadata
    }
}

/// Collects the nodes and weights of the classifier. Names from the backbone get a prefix, so that none can clash.
struct GraphExport {
    private(set) var nodes: [Node] = []
    private(set) var initializers: [Tensor] = []

    /// Converts bytes to the backbone's input; returns the name of the result.
    mutating func preprocessing(_ preprocessing: Preprocessing, channelsLast: Bool) -> String {
        initializers += [
            Tensor(name: "pixel_scale", dimensions: [], floats: [preprocessing.pixelScale]),
            Tensor(name: "mean", dimensions: [3], floats: preprocessing.mean),
            Tensor(name: "std", dimensions: [3], floats: preprocessing.standardDeviation),
        ]
        add("Cast", ["images"], "pixels", ["to": .int(Int64(ElementType.float32.rawValue))])
        add("Mul", ["pixels", "pixel_scale"], "scaled")
        add("Sub", ["scaled", "mean"], "centred")
        add("Div", ["centred", "std"], "normalized")
        guard !channelsLast else { return "normalized" }
        add("Transpose", ["normalized"], "planes", ["perm": .ints([0, 3, 1, 2])])
        return "planes"
    }

    /// The backbone's own graph; returns the name of the features.
    mutating func features(of backbone: Backbone, input: String) -> String {
        let source = backbone.model
        let inputName = source.inputs[0].name
        func renamed(_ name: String) -> String {
            name.isEmpty ? "" : name == inputName ? input : "backbone/\(name)"
        }
        for tensor in source.initializers {
            var tensor = tensor
            tensor.name = renamed(tensor.name)
            initializers.append(tensor)
        }
        for node in source.nodes {
            var node = node
            node.name = "backbone/\(node.name)"
            node.inputs = node.inputs.map(renamed)
            node.outputs = node.outputs.map(renamed)
            nodes.append(node)
        }
        let output = renamed(source.outputs[0].name)
        switch backbone.output {
        case .features: return output
        case .map(let channelsLast):
            if channelsLast { add("Transpose", [output], "map", ["perm": .ints([0, 3, 1, 2])]) }
            add("GlobalAveragePool", [channelsLast ? "map" : output], "pooled")
            add("Flatten", ["pooled"], "features")
            return "features"
        }
    }

    mutating func head(_ head: Head, input: String) {
        dense("hidden", head.normalization.map { $0.folded(into: head.hidden) } ?? head.hidden, input: input)
        add(head.activation.operatorType, ["hidden"], "activations")
        dense("logits", head.output, input: "activations")
        add("Softmax", ["logits"], "probabilities", ["axis": .int(1)])
    }

    private mutating func dense(_ name: String, _ layer: Head.Dense, input: String) {
        let (rows, columns) = (layer.kernel.rows, layer.kernel.columns)
        initializers += [
            Tensor(name: "\(name)_kernel", dimensions: [rows, columns], floats: layer.kernel.values),
            Tensor(name: "\(name)_bias", dimensions: [columns], floats: layer.bias),
        ]
        add("Gemm", [input, "\(name)_kernel", "\(name)_bias"], name)
    }

    private mutating func add(
        _ type: String, _ inputs: [String], _ output: String, _ attributes: [String: Attribute] = [:]
    ) {
        nodes.append(
            Node(name: output, operatorType: type, inputs: inputs, outputs: [output], attributes: attributes))
    }
}

extension Learning.Activation {
    /// The ONNX operator that computes it.
    var operatorType: String {
        switch self {
        case .relu: "Relu"
        case .tanh: "Tanh"
        case .sigmoid: "Sigmoid"
        }
    }
}

extension Head.Normalization {
    /// The dense layer that combines this normalization with `layer`.
    fileprivate func folded(into layer: Head.Dense) -> Head.Dense {
        var kernel = layer.kernel
        var bias = layer.bias.map(Double.init)
        for row in 0..<kernel.rows {
            let scale = gamma[row] / (variance[row] + epsilon).squareRoot()
            let shift = Double(beta[row]) - Double(mean[row]) * Double(scale)
            for column in 0..<kernel.columns {
                bias[column] += shift * Double(layer.kernel[row, column])
                kernel[row, column] = layer.kernel[row, column] * scale
            }
        }
        return Head.Dense(kernel: kernel, bias: bias.map(Float.init))
    }
}
