internal import Archive
internal import Numerics
internal import Outbox
internal import Pictures
internal import Records
internal import System
internal import Workers

extension UnusablePicture {
    /// A picture of the store that the decoder has refused, although it was accepted once.
    init(_ digest: Digest, _ failure: DecodeFailure) {
        self.init(digest: digest, code: "damaged", reason: "\(failure)")
    }
}

extension Predictor {
    /// The probabilities of the classes, (pictures, classes), for pictures of the store.
    ///
    /// Throws ``UnusablePictures`` for those that can't be decoded, `StoreFailure` and `FileFailure` for one that can't
    /// be read, `DecodeFailure.outOfMemory`, and `CancellationError`.
    func predict(_ pictures: [Digest], in store: PictureStore, on pool: WorkerPool) async throws -> Matrix {
        let results = try await predictEach(pictures.count, on: pool) { try store.read(pictures[$0]) }
        var rows: [Float] = []
        var unusable: [UnusablePicture] = []
        for (digest, result) in zip(pictures, results) {
            do {
                rows += try result.get()
            } catch let failure as DecodeFailure where !failure.isOfMachine {
                unusable.append(UnusablePicture(digest, failure))
            }
        }
        try UnusablePictures.check(unusable)
        return Matrix(rows: pictures.count, columns: labels.count, values: rows)
    }
}
