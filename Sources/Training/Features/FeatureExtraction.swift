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
    /// - Returns: what was computed, and the pictures that can't be decoded. The cache has the features of all others.
    /// - Throws: ``ExtractionFailure`` for a stored picture that is missing or can't be read, problems of the machine as
    ///   they are, `CancellationError`.
    @discardableResult
    package func extract(
        _ pictures: [Digest], of split: Split, copies: Int, from source: FeatureSource,
        progress: @escaping @Sendable (_ done: Int, _ total: Int) -> Void = { _, _ in }
    ) async throws -> ExtractionResult {
        try cache.noteUse(of: source.space.parts(split, copies: copies), at: .now)
        let work = try missing(pictures, copies: copies, from: source)
        guard !work.isEmpty else { return ExtractionResult(computed: 0, unusable: []) }
        let chunks = chunks(of: work, inputSize: source.inputSize)
        let extractors = WorkerScratch { try source.loaded.backbone.makeExtractor(inputSize: source.inputSize) }
        let done = Atomic(0)
        let unusable = Mutex<[UnusablePicture]>([])
        try await pool.forEach(chunks.count) { index, worker in
            let chunk = chunks[index]
            let extractor = try extractors.value(for: worker)
            let found = try run(chunk, from: source, with: extractor, cancellation: worker.cancellation)
            unusable.withLock { $0 += found }
            progress(done.add(chunk.count, ordering: .relaxed).newValue, work.count)
        }
        let found = unusable.withLock { $0 }
        let digests = Set(found.map(\.digest))
        return ExtractionResult(
            computed: work.filter { !digests.contains($0.digest) }.map(\.copies.count).reduce(0, +), unusable: found)
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

    /// Returns the pictures that can't be decoded.
    private func run(
        _ chunk: ArraySlice<Item>, from source: FeatureSource, with extractor: FeatureExtractor,
        cancellation: CancellationFlag
    ) throws -> [UnusablePicture] {
        var keys: [FeatureKey] = []
        var pixels: [UInt8] = []
        var unusable: [UnusablePicture] = []
        for item in chunk {
            try cancellation.check()
            do {
                let picture = try picture(item.digest, size: source.inputSize)
                for copy in item.copies {
                    keys.append(FeatureKey(picture: item.digest, copy: copy))
                    pixels += source.prepared(picture, digest: item.digest, copy: copy).pixels
                }
            } catch let failure as DecodeFailure where !failure.isOfMachine {
                unusable.append(UnusablePicture(item.digest, failure))
            }
        }
        guard !keys.isEmpty else { return unusable }
        let features = try features(of: pixels, count: keys.count, with: extractor, cancellation: cancellation)
        try features.withUnsafeBuffer { try cache.insert(keys, $0, in: source.space) }
        return unusable
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
    /// at least that long. Throws `DecodeFailure` for one that can't be decoded.
    private func picture(_ digest: Digest, size: Int) throws -> RGBImage {
        let bytes: [UInt8]
        do {
            bytes = try store.read(digest)
        } catch {
            if error.isProblemOfMachine { throw error }
            throw ExtractionFailure(picture: digest, reason: "\(error)")
        }
        return try decoder.decode(bytes, atLeast: size).image.resized(width: size, height: size)
    }
}

/// What an extraction has done.
package struct ExtractionResult: Hashable, Sendable {
    /// How many images, originals and copies, had to be computed; the others were in the cache.
    package let computed: Int
    /// The pictures that can't be decoded, in no particular order; the cache may lack their features.
    package let unusable: [UnusablePicture]

    package init(computed: Int, unusable: [UnusablePicture]) {
        self.computed = computed
        self.unusable = unusable
    }
}

/// A stored picture that is missing or can't be read.
package struct ExtractionFailure: Error, Sendable, CustomStringConvertible {
    package let picture: Digest
    package let reason: String

    package var description: String { "the stored picture \(picture) can't be used: \(reason)" }
}
