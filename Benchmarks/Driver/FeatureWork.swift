import Networks
import Numerics
import SystemPackage
import Workers

/// Features of one batch of pictures: bytes (N, H, W, 3) in, float32 (N, features) out.
///
/// Arguments: FILE.onnx SIDE BATCH PRECISION.
struct FeatureWork: Work {
    private let pool = WorkerPool(workerCount: threadCount)
    private let extractors: [FeatureExtractor]
    private let batch: Batch
    /// Pictures that a worker takes at a time.
    private let group: Int

    init(_ arguments: [String]) throws {
        guard arguments.count == 4, let side = Int(arguments[1]), let count = Int(arguments[2]) else {
            throw DriverFailure("expected FILE.onnx SIDE BATCH PRECISION, found \(arguments)")
        }
        guard let precision = Precision(rawValue: arguments[3]) else {
            throw DriverFailure("there is no precision \(arguments[3])")
        }
        let backbone = try Backbone(contentsOf: FilePath(arguments[0])).computing(in: precision)
        extractors = try (0..<threadCount).map { _ in try backbone.makeExtractor(inputSize: side) }
        group = min(extractors[0].suggestedGroup, (count + threadCount - 1) / threadCount)
        batch = Batch(count: count, pictureSize: side * side * 3, featureCount: extractors[0].featureCount)
    }

    func run() async throws {
        try await pool.forEach((batch.count + group - 1) / group) { [self] index, worker in
            batch.extract(index * group..<min((index + 1) * group, batch.count), with: extractors[worker.index])
        }
    }
}

/// Pictures of seeded noise and room for their features. Workers write to different rows.
private final class Batch: @unchecked Sendable {
    let count: Int
    private let pictureSize: Int
    private let featureCount: Int
    private let pixels: AlignedBuffer<UInt8>
    private let features: AlignedBuffer<Float>

    init(count: Int, pictureSize: Int, featureCount: Int) {
        self.count = count
        self.pictureSize = pictureSize
        self.featureCount = featureCount
        pixels = AlignedBuffer(count: count * pictureSize)
        features = AlignedBuffer(count: count * featureCount)
        var random = SeededRandom(seed: 1)
        for index in 0..<pixels.count { pixels[index] = UInt8(truncatingIfNeeded: random.next() >> 32) }
    }

    func extract(_ pictures: Range<Int>, with extractor: FeatureExtractor) {
        extractor.extract(
            UnsafeBufferPointer(
                start: pixels.baseAddress + pictures.lowerBound * pictureSize, count: pictures.count * pictureSize),
            count: pictures.count,
            into: UnsafeMutableBufferPointer(
                start: features.baseAddress + pictures.lowerBound * featureCount,
                count: pictures.count * featureCount))
    }
}
