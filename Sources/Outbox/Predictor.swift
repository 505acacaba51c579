package import Decoding
internal import Networks
internal import Numerics
internal import Pictures
internal import Synchronization
package import SystemPackage
package import Workers

/// A published model in use: `model.onnx` with its labels, run by this program's own engine.
package struct Predictor: Sendable {
    /// In the order of the model's output.
    package let labels: [String]
    private let classifier: Classifier
    private let decoders: DecoderPool

    /// Reads a published `model.onnx`. Throws `NetworkFileError` if something is wrong with the file.
    ///
    /// - Parameter decoders: makes the pool that decodes the pictures to predict, from their height and width in pixels.
    package init(model: FilePath, decoders: (_ side: Int) -> DecoderPool) throws {
        classifier = try Classifier(contentsOf: model)
        labels = classifier.labels
        self.decoders = decoders(classifier.inputSize)
    }

    /// For each of some pictures of any size, in their order, the probabilities of the classes; or why it can't be used:
    /// what `source` has thrown, or a `DecodingFailure`.
    ///
    /// - Parameter source: returns a picture by index; called once for each, on any worker.
    /// - Throws: problems of the machine that keep pictures from being decoded, `CancellationError`.
    package func predict(
        _ count: Int, on pool: WorkerPool, source: @escaping @Sendable (Int) throws -> PictureSource
    ) async throws -> [Result<[Float], any Error>] {
        let results = Mutex([Result<[Float], any Error>?](repeating: nil, count: count))
        let classifiers = WorkerScratch { try classifier.copy() }
        // Every worker gets several groups.
        let group = min(max(count / (pool.workerCount * 4), 1), DecoderPool.suggestedGroup)
        try await pool.forEach((count + group - 1) / group) { index, worker in
            let classifier = try classifiers.value(for: worker)
            let indices = index * group..<min((index + 1) * group, count)
            let sources = indices.map { index in Result { try source(index) } }
            let found = try predict(sources, with: classifier, on: worker)
            results.withLock { results in
                for (index, result) in zip(indices, found) { results[index] = result }
            }
        }
        return results.withLock { $0.compactMap { $0 } }
    }

    private func predict(
        _ sources: [Result<PictureSource, any Error>], with classifier: Classifier, on worker: Worker
    ) throws -> [Result<[Float], any Error>] {
        let files = sources.compactMap { try? $0.get() }
        var pictures = try decoders.pictures(files, on: worker).makeIterator()
        var results: [Result<[Float], any Error>] = []
        for source in sources {
            try worker.cancellation.check()
            switch source {
            case .failure(let error): results.append(.failure(error))
            case .success:
                guard let picture = pictures.next() else { preconditionFailure("a picture is missing") }
                results.append(Result { try classifier.probabilities(picture.get().pixels).values })
            }
        }
        return results
    }
}
