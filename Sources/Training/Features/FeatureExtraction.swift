package import Records
package import Archive
internal import Installation
internal import Networks
internal import Numerics
internal import Pictures
internal import Synchronization
package import System
package import Workers

/// Runs pictures through frozen backbones, each at most once: features in the cache are never computed again.
package struct FeatureExtraction: Sendable {
    private let store: PictureStore
    private let cache: FeatureCache
    private let pool: WorkerPool
    private let decoder = PictureDecoder(limits: .ofStored)

    package init(store: PictureStore, cache: FeatureCache, pool: WorkerPool) {
        self.store = store
        self.cache = cache
        self.pool = pool
    }

    /// Makes sure that the cache has the features of each original picture and of its first `copies` augmented copies.
    ///
    /// If this is cancelled or fails, finished features stay in the cache.
    ///
    /// - Parameters:
    ///   - split: the split of all these pictures; their part of the cache counts as used now.
    ///   - progress: called with the pictures done and to do, on any worker; those that are in the cache don't count.
    /// - Returns: how many images, originals and copies, had to be computed; the others were in the cache.
    /// - Throws: ``ExtractionFailure`` for a stored picture that can't be read or decoded, problems of the machine as
    ///   they are, `CancellationError`.
    @discardableResult
    package func extract(
        _ pictures: [Digest], of split: Split, copies: Int, from source: FeatureSource,
        progress: @escaping @Sendable (_ done: Int, _ total: Int) -> Void = { _, _ in }
    ) async throws -> Int {
        try cache.noteUse(of: source.space.parts(split, copies: copies), at: .now)
        let work = try missing(pictures, copies: copies, from: source)
        guard !work.isEmpty else { return 0 }
        let chunks = chunks(of: work, inputSize: source.inputSize)
        let extractors = WorkerScratch { try source.loaded.backbone.makeExtractor(inputSize: source.inputSize) }
        let done = Atomic(0)
        try await pool.forEach(chunks.count) { index, worker in
            let chunk = chunks[index]
            let extractor = try extractors.value(for: worker)
            try run(chunk, from: source, with: extractor, cancellation: worker.cancellation)
            progress(done.add(chunk.count, ordering: .relaxed).newValue, work.count)
        }
        return work.map(\.copies.count).reduce(0, +)
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
        return stride(from: 0, to: items.count, by: size).map { items[$0..<min($0 + size, items.count)] }
    }

    private static let chunkPixels = 640 << 10

    private func run(
        _ chunk: ArraySlice<Item>, from source: FeatureSource, with extractor: FeatureExtractor,
        cancellation: CancellationFlag
    ) throws {
        var keys: [FeatureKey] = []
        var pixels: [UInt8] = []
        for item in chunk {
            try cancellation.check()
            let picture = try picture(item.digest, size: source.inputSize)
            for copy in item.copies {
                keys.append(FeatureKey(picture: item.digest, copy: copy))
                pixels += source.prepared(picture, digest: item.digest, copy: copy).pixels
            }
        }
        let features = try features(of: pixels, count: keys.count, with: extractor, cancellation: cancellation)
        try features.withUnsafeBuffer { try cache.insert(keys, $0, in: source.space) }
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

    /// A stored picture at the input size. A large JPEG is scaled down while it is decoded, as long as both sides stay
    /// at least that long.
    private func picture(_ digest: Digest, size: Int) throws -> RGBImage {
        do {
            let decoded = try decoder.decode(store.read(digest), atLeast: size)
            return decoded.image.resized(width: size, height: size)
        } catch {
            if error.isProblemOfMachine { throw error }
            throw ExtractionFailure(picture: digest, reason: "\(error)")
        }
    }
}

/// A stored picture that can't be used.
package struct ExtractionFailure: Error, Sendable, CustomStringConvertible {
    package let picture: Digest
    package let reason: String

    package var description: String { "the stored picture \(picture) can't be used: \(reason)" }
}
