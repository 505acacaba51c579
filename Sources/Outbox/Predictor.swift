internal import Networks
internal import Numerics
package import Pictures
internal import Synchronization
package import SystemPackage
package import Workers

/// A published model in use: `model.onnx` with its labels, run by this program's own engine.
package struct Predictor: Sendable {
    /// In the order of the model's output.
    package let labels: [String]
    private let classifier: Classifier
    /// Height and width in pixels.
    private let size: Int
    private let decoder: PictureDecoder

    /// Reads a published `model.onnx`. Throws `NetworkFileError` if something is wrong with the file.
    ///
    /// - Parameter limits: for decoding the pictures to predict.
    package init(model: FilePath, limits: DecodeLimits) throws {
        classifier = try Classifier(contentsOf: model)
        size = classifier.inputSize
        labels = classifier.labels
        decoder = PictureDecoder(limits: limits)
    }

    /// The probabilities of the classes for pictures of any size. The others are still predicted if one can't be used:
    /// a result for each, in their order. What `bytes` throws and `DecodeFailure` are results.
    ///
    /// - Parameter bytes: returns a picture file's bytes by index; called once for each, on any worker.
    /// - Throws: `CancellationError`, and errors of the model.
    package func predictEach(
        _ count: Int, on pool: WorkerPool, bytes: @escaping @Sendable (Int) throws -> [UInt8]
    ) async throws -> [Result<[Float], any Error>] {
        let results = Mutex([Result<[Float], any Error>?](repeating: nil, count: count))
        let classifiers = WorkerScratch { try classifier.copy() }
        try await pool.forEach(count) { index, worker in
            let classifier = try classifiers.value(for: worker)
            let result = Result { try classifier.probabilities(pixels(of: bytes(index))).values }
            results.withLock { $0[index] = result }
        }
        return results.withLock { $0.compactMap { $0 } }
    }

    private func pixels(of file: [UInt8]) throws -> [UInt8] {
        try decoder.decode(file, atLeast: size).image.resized(width: size, height: size).pixels
    }
}
