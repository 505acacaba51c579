internal import Archive
package import Installation
package import Learning
internal import Networks
internal import Numerics
internal import ONNX
package import Outbox
package import Records
internal import System
import SystemPackage
internal import Training

/// Models made of random weights, brought as far towards publication as a test wants, by the steps of a run.
extension Installation {
    package struct Draft {
        package let run: RunID
        package let head: Head
        package let manifest: Manifest
        package let model: [UInt8]
    }

    /// Starts a run and makes a model of it; pictures of at least two classes must be there.
    package func draft(_ version: String, seed: UInt64) throws -> Draft {
        let labels = try history.dataset().labels
        let source = try source()
        let head = randomHead(features: source.space.featureCount, classes: labels.count, seed: seed)
        let run = try history.startRun(
            NewRun(
                trigger: .request, startedAt: .now, seed: seed, settings: JSONText(settings), trainPictures: 1,
                testPictures: 1, lastPicture: history.lastPicture()))
        let model = try ClassifierExport.model(
            backbone: source.loaded.backbone, inputSize: source.inputSize, head: head, labels: labels.map(\.name),
            version: version)
        let manifest = try Manifest(
            version: version, run: run, created: .now, labels: labels.map(\.name),
            backbone: Manifest.Backbone(
                name: "tiny", sha256: source.loaded.checksum.hex, source: "tests 1.0", licence: nil),
            input: Manifest.Input(size: source.inputSize), parameters: JSONText(["learning_rate": 0.0001]),
            test: Manifest.Test(pictures: 1, accuracy: 1, interval: [0.2, 1], classes: []))
        return try Draft(run: run, head: head, manifest: manifest, model: ModelFile.encode(model))
    }

    /// Stages a draft and commits the decision for it; the outbox doesn't follow yet.
    package func decide(_ draft: Draft) throws {
        let staged = try outbox.stage(draft.manifest, model: draft.model)
        let source = try source()
        _ = try history.promote(
            ModelRecord(
                version: draft.manifest.version, testAccuracy: 1, parameters: draft.manifest.parameters,
                manifest: JSONText(staged.manifest), head: draft.head.serialized(), backbone: "tiny",
                backboneChecksum: source.loaded.checksum, inputSize: source.inputSize,
                labels: history.dataset().labels),
            in: draft.run, RunResult(reason: .sentence("a test")), at: .now)
    }

    /// Promotes a model as a run does, to the end.
    package func promote(_ version: String, seed: UInt64) throws {
        try decide(draft(version, seed: seed))
        try publisher.agree()
    }
}

private func randomHead(features: Int, classes: Int, seed: UInt64) -> Head {
    var random = SeededRandom(seed: seed)
    func dense(_ rows: Int, _ columns: Int) -> Head.Dense {
        Head.Dense(
            kernel: Matrix(
                rows: rows, columns: columns, values: (0..<rows * columns).map { _ in random.uniform(-1, 1) }),
            bias: (0..<columns).map { _ in random.uniform(-1, 1) })
    }
    return Head(activation: .relu, normalization: nil, hidden: dense(features, 5), output: dense(5, classes))
}
