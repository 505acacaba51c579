package import Learning
internal import Numerics
package import ONNX
package import Records
internal import System
internal import SystemPackage

extension OutboxFolder {
    /// What the history records of a published version, read back from its files.
    ///
    /// Throws ``OutboxFailure`` if a file is missing, doesn't match the manifest or isn't what Cultivar publishes, and
    /// `FileFailure` if one can't be read.
    package func model(_ version: String) throws -> PublishedModel {
        let folder = try folder(of: version)
        let manifest = try verify(folder)
        let manifestPath = folder.appending(Self.manifestName)
        let modelPath = folder.appending(Self.modelName)
        guard manifest.version == version else {
            throw OutboxFailure.damaged(path: manifestPath, reason: "it is that of \(manifest.version)")
        }
        guard manifest.files[Self.modelName] != nil, let checksum = Digest(hex: manifest.backbone.sha256) else {
            throw OutboxFailure.damaged(path: manifestPath, reason: "the SHA-256 of model or backbone is missing")
        }
        guard let head = try ClassifierExport.head(of: read(modelPath)), head.classCount == manifest.labels.count else {
            throw OutboxFailure.damaged(
                path: modelPath, reason: "its head isn't one that Cultivar makes for \(manifest.labels.count) labels")
        }
        let record = try ModelRecord(
            version: version, testAccuracy: manifest.test.accuracy, parameters: manifest.parameters,
            manifest: JSONText(manifest), head: head.serialized(), backbone: manifest.backbone.name,
            backboneChecksum: checksum, inputSize: manifest.input.height, labels: [])
        return PublishedModel(record: record, labels: manifest.labels, run: manifest.run, created: manifest.created)
    }

    private func read(_ path: FilePath) throws -> Model {
        do { return try ModelFile.read(path) } catch ModelFileError.file(let failure) { throw failure } catch {
            throw OutboxFailure.damaged(path: path, reason: "\(error)")
        }
    }
}

extension ClassifierExport {
    /// The head of a classifier that ``model(backbone:inputSize:head:labels:version:)`` has made; nil for any other.
    ///
    /// It gives the same classifier again, byte for byte. If the original had a batch normalization, that stays folded
    /// into the first dense layer.
    package static func head(of model: Model) -> Head? {
        let (nodes, weights) = (Array(model.nodes.suffix(4)), Array(model.initializers.suffix(4)))
        guard nodes.count == 4, weights.count == 4, let input = nodes[0].inputs.first,
            let activation = Learning.Activation.allCases.first(where: { $0.operatorType == nodes[1].operatorType }),
            let hidden = dense(weights[0], weights[1]), let output = dense(weights[2], weights[3]),
            hidden.kernel.columns == output.kernel.rows
        else { return nil }
        let head = Head(activation: activation, hidden: hidden, output: output)
        var export = GraphExport()
        export.head(head, input: input)
        return export.nodes == nodes && export.initializers == weights ? head : nil
    }

    private static func dense(_ kernel: Tensor, _ bias: Tensor) -> Head.Dense? {
        guard kernel.dimensions.count == 2, let values = kernel.floats, let biases = bias.floats, !values.isEmpty,
            biases.count == kernel.dimensions[1]
        else { return nil }
        return Head.Dense(
            kernel: Matrix(rows: kernel.dimensions[0], columns: kernel.dimensions[1], values: values), bias: biases)
    }
}
