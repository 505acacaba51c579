package import Archive
internal import Decoding
package import Installation
internal import Networks
internal import Numerics
internal import Pictures
package import Records
internal import Synchronization
package import System
internal import Workers

/// Runs pictures through frozen backbones, each at most once: features in the cache are never computed again.
package struct FeatureExtraction: Sendable {
    private let store: PictureStore
    private let cache: FeatureCache
    private let pool: WorkerPool
    private let decoders: Decoders

    package init(_ installation: Installation) {
        store = installation.store
        cache = installation.cache
        pool = installation.pool
        decoders = installation.decoders
    }

    /// Makes sure that the cache has the features of each original picture and of its first `copies` augmented copies,
    /// except those of pictures that can't be used, which are named.
    ///
    /// Pictures are decoded in processes that end before this returns. If this is cancelled or fails, finished features
    /// stay in the cache.
    ///
    /// - Parameters:
    ///   - split: the split of all these pictures; their part of the cache counts as used now.
    ///   - progress: called with the pictures done and to do, on any worker; those that are in the cache don't count.
    /// - Throws: ``ExtractionFailure`` for a stored picture that can't be read, problems of the machine as they are,
    ///   `CancellationError`.
    package func extract(
        _ pictures: [Digest], of split: Split, copies: Int, from source: FeatureSource,
        progress: @escaping @Sendable (_ done: Int, _ total: Int) -> Void = { _, _ in }
    ) async throws -> ExtractionResult {
        try cache.noteUse(of: source.space.parts(split, copies: copies), at: .now)
        let work = try missing(pictures, copies: copies, from: source)
        guard !work.isEmpty else { return ExtractionResult(computed: 0, unusable: []) }
        let chunks = chunks(of: work, inputSize: source.inputSize)
        let extractors = WorkerScratch { try source.loaded.backbone.makeExtractor(inputSize: source.inputSize) }
        let decoders = decoders.forStored(side: source.inputSize)
        let done = Atomic(0)
        let results = Mutex([ExtractionResult?](repeating: nil, count: chunks.count))
        try await pool.forEach(chunks.count) { index, worker in
            let chunk = chunks[index]
            let extractor = try extractors.value(for: worker)
            let result = try run(chunk, from: source, with: extractor, decoders, on: worker)
            results.withLock { $0[index] = result }
            progress(done.add(chunk.count, ordering: .relaxed).newValue, work.count)
        }
        let parts = results.withLock { $0.compactMap { $0 } }
        return ExtractionResult(
            computed: parts.map(\.computed).reduce(0, +), unusable: parts.flatMap(\.unusable))
    }

    /// One picture with the copies that are missing in the cache; copy 0 is the original picture.
    private struct Item {
        let digest: Digest
        var copies: [Int]
    }

    private func missing(_ pictures: [Digest], copies: Int, from source: FeatureSource) throws -> [Item] {
        let keys = pictures.flatMap { digest in (0...copies).map { FeatureKey(picture: digest, copy: $0) } }
        var items: [Digest: [Int]] = [:]
        for key in try cache.missing(keys, in: source.space) { items[key.picture, default: []].append(key.copy) }
        return pictures.compactMap { digest in items[digest].map { Item(digest: digest, copies: $0) } }
    }

    /// Pieces of about `chunkPixels`: large enough to fill a network's groups, and small enough to be in the cache
    /// soon.
    private func chunks(of items: [Item], inputSize: Int) -> [ArraySlice<Item>] {
        let imagesEach = max(1, items.map(\.copies.count).reduce(0, +) / items.count)
        let size = max(1, Self.chunkPixels / (inputSize * inputSize * imagesEach))
        return pieces(of: items[...], size: size)
    }

    private static let chunkPixels = 640 << 10

    private func pieces(of items: ArraySlice<Item>, size: Int) -> [ArraySlice<Item>] {
        stride(from: items.startIndex, to: items.endIndex, by: size).map { start in
            items[start..<min(start + size, items.endIndex)]
        }
    }

    private func run(
        _ chunk: ArraySlice<Item>, from source: FeatureSource, with extractor: FeatureExtractor,
        _ decoders: DecoderPool, on worker: Worker
    ) throws -> ExtractionResult {
        var keys: [FeatureKey] = []
        var pixels: [UInt8] = []
        var unusable: [UnusablePicture] = []
        pixels.reserveCapacity(chunk.map(\.copies.count).reduce(0, +) * source.inputSize * source.inputSize * 3)
        for group in pieces(of: chunk, size: DecoderPool.suggestedGroup) {
            for (item, picture) in try zip(group, self.pictures(group, from: decoders, on: worker)) {
                try worker.cancellation.check()
                switch picture {
                case .success(let picture):
                    for copy in item.copies {
                        keys.append(FeatureKey(picture: item.digest, copy: copy))
                        pixels += source.prepared(picture, digest: item.digest, copy: copy).pixels
                    }
                case .failure(let failure):
                    unusable.append(
                        UnusablePicture(digest: item.digest, code: failure.code, reason: failure.reason))
                }
            }
        }
        guard !keys.isEmpty else { return ExtractionResult(computed: 0, unusable: unusable) }
        let features = try features(
            of: pixels, count: keys.count, with: extractor, cancellation: worker.cancellation)
        try features.withUnsafeBuffer { try cache.insert(keys, $0, in: source.space) }
        return ExtractionResult(computed: keys.count, unusable: unusable)
    }

    /// The stored pictures at the input size.
    private func pictures(
        _ items: ArraySlice<Item>, from decoders: DecoderPool, on worker: Worker
    ) throws -> [Result<RGBImage, DecodingFailure>] {
        var files: [PictureSource] = []
        for item in items {
            do { files.append(try PictureSource(item.digest, in: store)) } catch {
                throw ExtractionFailure.naming(item.digest, error)
            }
        }
        return try decoders.pictures(files, on: worker)
    }

    /// Runs the network group by group, so that cancellation needn't wait for the whole chunk.
    private func features(
        of pixels: [UInt8], count: Int, with extractor: FeatureExtractor, cancellation: CancellationFlag
    ) throws -> Matrix {
        var features = Matrix(rows: count, columns: extractor.featureCount)
        let pictureSize = pixels.count / count
        try pixels.withUnsafeBufferPointer { pixels in
            try features.withUnsafeMutableBuffer { features in
                for start in stride(from: 0, to: count, by: extractor.suggestedGroup) {
                    try cancellation.check()
                    let end = min(start + extractor.suggestedGroup, count)
                    extractor.extract(
                        UnsafeBufferPointer(rebasing: pixels[start * pictureSize..<end * pictureSize]),
                        count: end - start,
                        into: UnsafeMutableBufferPointer(
                            rebasing: features[start * extractor.featureCount..<end * extractor.featureCount]))
                }
            }
        }
        return features
    }
}
