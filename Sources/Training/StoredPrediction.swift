internal import Decoding
internal import Installation
internal import Numerics
internal import Outbox
internal import Records
internal import System
internal import SystemPackage

extension Predictor {
    /// The probabilities that the model in a published `model.onnx` gives stored pictures: (pictures, classes).
    ///
    /// Throws ``UnusablePictures`` for those that can't be decoded, ``ExtractionFailure`` for one that can't be read,
    /// problems of the machine as they are, `NetworkFileError`, `CancellationError`.
    static func probabilities(
        by model: FilePath, of pictures: [Digest], in installation: Installation
    ) async throws -> Matrix {
        let predictor = try Predictor(model: model) { installation.decoders.forStored(side: $0) }
        let store = installation.store
        let results = try await predictor.predict(pictures.count, on: installation.pool) {
            try PictureSource(pictures[$0], in: store)
        }
        var values: [Float] = []
        var unusable: [UnusablePicture] = []
        for (picture, result) in zip(pictures, results) {
            do { values += try result.get() } catch let failure as DecodingFailure {
                unusable.append(UnusablePicture(digest: picture, code: failure.code, reason: failure.reason))
            } catch {
                throw ExtractionFailure.naming(picture, error)
            }
        }
        try UnusablePictures.check(unusable)
        return Matrix(rows: pictures.count, columns: predictor.labels.count, values: values)
    }
}
