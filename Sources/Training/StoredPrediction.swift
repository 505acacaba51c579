internal import Decoding
internal import Installation
internal import Numerics
internal import Outbox
internal import System
internal import SystemPackage

extension Predictor {
    /// The probabilities that the model in a published `model.onnx` gives stored pictures: (pictures, classes).
    ///
    /// Throws ``ExtractionFailure`` for a picture that can't be used, problems of the machine as they are,
    /// `NetworkFileError`, `CancellationError`.
    static func probabilities(
        by model: FilePath, of pictures: [Digest], in installation: Installation
    ) async throws -> Matrix {
        let predictor = try Predictor(model: model) { installation.decoders.forStored(side: $0) }
        let store = installation.store
        let results = try await predictor.predict(pictures.count, on: installation.pool) {
            try PictureSource(pictures[$0], in: store)
        }
        var values: [Float] = []
        for (picture, result) in zip(pictures, results) {
            do { values += try result.get() } catch { throw ExtractionFailure.naming(picture, error) }
        }
        return Matrix(rows: pictures.count, columns: predictor.labels.count, values: values)
    }
}
