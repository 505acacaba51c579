internal import Archive
internal import Installation
internal import Learning
internal import Networks
internal import Numerics
internal import Outbox
internal import Records
internal import System
internal import SystemPackage

/// Makes a challenger the champion: stages it, tests the written file, records the decision, publishes. Whether it
/// deserves that is decided before, by `PromotionGate`.
struct Promotion: Sendable {
    let plan: RunPlan
    let installation: Installation
    let source: FeatureSource
    /// The pictures on which the challenger was scored.
    let tests: PictureSet

    private var publisher: ModelPublisher {
        ModelPublisher(history: installation.history, outbox: installation.outbox, library: installation.library)
    }

    func carryOut(_ head: Head, parameters: Hyperparameters, score: TestScore, _ result: RunResult) async throws {
        let manifest = try manifest(parameters, score)
        let staged = try publisher.stage(manifest, head: head, source: source)
        try await selfTest(staged.model, against: score.probabilities)
        let model = try ModelRecord(
            version: manifest.version, testAccuracy: score.confusion.accuracy, parameters: manifest.parameters,
            manifest: JSONText(staged.manifest), head: head.serialized(), backbone: source.loaded.backbone.name,
            backboneChecksum: source.loaded.checksum, inputSize: source.inputSize, labels: plan.training.labels)
        _ = try installation.history.promote(model, in: plan.id, result, at: .now)
        try publisher.agree()
    }

    /// Runs the written file on pictures of the test set: it must give the probabilities on which the decision was
    /// based. Throws ``UnusablePictures`` if there are any by now.
    private func selfTest(_ model: FilePath, against expected: Matrix) async throws {
        let rows = Self.sample(of: expected.rows)
        let pictures = rows.map { tests.pictures[$0].digest }
        let found = try await Predictor.probabilities(by: model, of: pictures, in: installation)
        for (index, row) in rows.enumerated() {
            for column in 0..<expected.columns {
                let difference = abs(found[index, column] - expected[row, column])
                guard difference <= Self.tolerance else {
                    throw SelfTestFailure(
                        picture: pictures[index].hex, label: plan.training.labels[column].name,
                        expected: expected[row, column], found: found[index, column])
                }
            }
        }
    }

    private static let tolerance: Float = 1e-3

    /// At most a hundred rows, evenly spread.
    private static func sample(of count: Int) -> [Int] {
        let size = min(count, 100)
        return (0..<size).map { $0 * count / size }
    }

    /// How the features were computed on which the head was trained, if the model itself computes them differently.
    private func trainingArithmetic(_ parameters: Hyperparameters) -> Manifest.TrainingArithmetic? {
        guard let backbone = plan.sources[parameters.backbone]?.loaded.backbone, backbone.precision != .float32 else {
            return nil
        }
        return Manifest.TrainingArithmetic(
            precision: backbone.precision.rawValue, meanRelativeError: Double(backbone.precisionError))
    }

    private func manifest(_ parameters: Hyperparameters, _ score: TestScore) throws -> Manifest {
        let backbone = source.loaded.backbone
        let interval = score.confusion.accuracyInterval
        return try Manifest(
            version: publisher.nextVersion(), run: plan.id, created: .now, labels: plan.training.labels.map(\.name),
            backbone: Manifest.Backbone(
                name: backbone.name, sha256: source.loaded.checksum.hex, source: backbone.sourcePackage,
                licence: backbone.licence, training: trainingArithmetic(parameters)),
            input: Manifest.Input(size: source.inputSize), parameters: JSONText(parameters),
            test: Manifest.Test(
                pictures: score.confusion.total, accuracy: score.confusion.accuracy,
                interval: [interval.lower, interval.upper],
                classes: score.confusion.scores(of: tests.labels.map(\.name))),
            leftOut: plan.leftOut)
    }
}

/// The written model file doesn't give the same results as the trained model; it isn't published.
package struct SelfTestFailure: Error, Sendable, CustomStringConvertible {
    /// The test picture's SHA-256 in hexadecimal.
    package let picture: String
    package let label: String
    /// The label's probability by the trained model.
    package let expected: Float
    /// The label's probability by the written model.
    package let found: Float

    package var description: String {
        "the written model gives the test picture \(picture) the probability \(found) for \(label), "
            + "the trained model gave \(expected); it isn't published"
    }
}
