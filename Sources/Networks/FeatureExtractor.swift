internal import CKernels
package import Numerics
internal import Synchronization

/// Runs a network over pictures of one size. It owns its scratch memory, so a call allocates nothing. Create one for
/// each worker (a second caller at the same time would wait for the first).
///
/// A picture's result is the same, bit for bit, whatever else is in the call and at any position in it.
package final class FeatureExtractor: Sendable {
    /// The pictures' side in pixels.
    package let inputSize: Int
    /// Number of values per picture.
    package let featureCount: Int
    /// How many pictures are computed together: calls with a multiple of this waste nothing.
    package let suggestedGroup: Int
    private let plan: Plan
    private let scale: [Float]
    private let shift: [Float]
    private let scratch: Mutex<Scratch>

    private struct Scratch {
        let memory: AlignedBuffer<Float>
    }

    /// Scratch memory that a group of several pictures may take, in floats.
    private static let scratchTarget = 32 << 20

    init(_ network: Network, inputSize: Int, preprocessing: Preprocessing) throws {
        self.inputSize = inputSize
        let single = try network.measure(height: inputSize, width: inputSize)
        let group = Self.group(inputSize: inputSize, scratchCount: single.scratchCount)
        plan = try network.plan(height: inputSize, width: inputSize, group: group)
        suggestedGroup = group
        featureCount = plan.output.shape.count
        var affine = preprocessing.affine
        if let own = network.graph.input.affine { affine = affine.followed(by: own) }
        scale = affine.scale
        shift = affine.shift
        scratch = Mutex(Scratch(memory: AlignedBuffer(count: plan.scratchCount)))
    }

    /// Enough pictures to fill a tile of the last layers, few enough for the first layers to stay in the cache.
    private static func group(inputSize: Int, scratchCount: Int) -> Int {
        let wanted = max(73_728 / (inputSize * inputSize), 2)
        let groups = (0...5).map { 1 << $0 }
        return groups.last { $0 <= wanted && $0 * scratchCount <= scratchTarget } ?? 1
    }

    /// Computes the features of `count` pictures.
    ///
    /// - Parameters:
    ///   - pixels: the pictures' bytes, (count, inputSize, inputSize, 3), RGB.
    ///   - features: room for (count, featureCount) values.
    package func extract(
        _ pixels: UnsafeBufferPointer<UInt8>, count: Int, into features: UnsafeMutableBufferPointer<Float>
    ) {
        let pictureSize = inputSize * inputSize * 3
        precondition(pixels.count == count * pictureSize, "\(count) pictures have \(count * pictureSize) bytes")
        precondition(features.count == count * featureCount, "\(count) pictures give \(count * featureCount) values")
        guard let pixels = pixels.baseAddress, let features = features.baseAddress else { return }
        scratch.withLock { scratch in
            for first in stride(from: 0, to: count, by: suggestedGroup) {
                let images = min(suggestedGroup, count - first)
                let memory = scratch.memory.baseAddress
                cultivar_normalize(
                    pixels + first * pictureSize, images * inputSize * inputSize, scale, shift,
                    plan.input.pointer(memory))
                plan.run(memory, images: images)
                (features + first * featureCount).update(
                    from: plan.output.pointer(memory), count: images * featureCount)
            }
        }
    }

    /// The features of the pictures in `pixels`, (N, inputSize, inputSize, 3), RGB, as a matrix (N, featureCount).
    package func extract(_ pixels: [UInt8]) -> Matrix {
        let pictureSize = inputSize * inputSize * 3
        precondition(pixels.count % pictureSize == 0, "\(pixels.count) bytes are not pictures of \(pictureSize) bytes")
        var features = Matrix(rows: pixels.count / pictureSize, columns: featureCount)
        let count = features.rows
        pixels.withUnsafeBufferPointer { pixels in
            features.withUnsafeMutableBuffer { extract(pixels, count: count, into: $0) }
        }
        return features
    }
}
