internal import Archive
internal import Installation
internal import Learning
internal import Numerics
internal import Outbox
internal import Pictures
internal import Records
internal import System
internal import SystemPackage

/// Scores the champion on the current test set, which has grown since it was promoted.
struct ChampionScoring: Sendable {
    let installation: Installation
    let extraction: FeatureExtraction

    /// Throws ``UnusablePictures`` if there are any in the set, and what makes scoring impossible.
    func score(_ champion: ModelRecord, on set: PictureSet) async throws -> TestScore {
        let probabilities = try await probabilities(of: champion, on: set.digests)
        return TestScore(probabilities: probabilities, modelLabels: champion.labels.map(\.id), set: set)
    }

    /// Where a model's features come from; nil if its backbone is no longer available.
    static func source(of model: ModelRecord, in library: BackboneLibrary) throws -> FeatureSource? {
        try library.find(model.backboneChecksum, name: model.backbone).map {
            try FeatureSource(loaded: $0, inputSize: model.inputSize, augmentation: .off)
        }
    }

    /// From cached features if its backbone is still available, otherwise by running the published model.
    private func probabilities(of champion: ModelRecord, on pictures: [Digest]) async throws -> Matrix {
        guard let source = try Self.source(of: champion, in: installation.library) else {
            let path = try installation.outbox.folder(of: champion.version).appending(OutboxFolder.modelName)
            return try await Predictor.probabilities(by: path, of: pictures, in: installation)
        }
        try await extraction.extract(pictures, of: .test, copies: 0, from: source).usable()
        let features = try installation.cache.matrix(of: pictures, copies: 0, from: source)
        return try Head(serialized: champion.head).predict(features)
    }
}
