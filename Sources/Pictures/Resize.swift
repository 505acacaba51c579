internal import CPixels

extension RGBImage {
    /// The picture at another size, bilinear with antialiasing, the same as Pillow's
    /// `resize((width, height), BILINEAR)`. Sides are scaled independently of each other.
    ///
    /// The filter is a triangle as wide as two output pixels, or two input pixels if the picture is enlarged; weights
    /// are fixed-point, and the result of the first pass is rounded to 8 bits. Columns are done first if Pillow 13 does
    /// so; earlier versions never do, and differ by rounding in that case.
    package func resized(width newWidth: Int, height newHeight: Int) -> RGBImage {
        precondition(newWidth > 0 && newHeight > 0, "a picture can't be \(newWidth) x \(newHeight)")
        let columnsFirst = newHeight < height && height - newHeight > 2 * (width - newWidth)
        return columnsFirst
            ? resampledColumns(to: newHeight).resampledRows(to: newWidth)
            : resampledRows(to: newWidth).resampledColumns(to: newHeight)
    }

    private func resampledRows(to newWidth: Int) -> RGBImage {
        if newWidth == width { return self }
        return ResamplingTaps(from: width, to: newWidth).withCTaps { taps in
            RGBImage(width: newWidth, height: height) { target in
                cpx_resample_rows(pixels, Int32(width), Int32(height), target, Int32(newWidth), taps)
            }
        }
    }

    private func resampledColumns(to newHeight: Int) -> RGBImage {
        if newHeight == height { return self }
        return ResamplingTaps(from: height, to: newHeight).withCTaps { taps in
            RGBImage(width: width, height: newHeight) { target in
                withUnsafeTemporaryAllocation(of: Int32.self, capacity: width * 3) { sums in
                    cpx_resample_columns(
                        pixels, Int32(width * 3), target, Int32(newHeight), taps, sums.baseAddress!)
                }
            }
        }
    }
}

/// For each output position of one axis, the input positions that contribute and their weights, as in Pillow.
private struct ResamplingTaps {
    private var first: [Int32] = []
    private var count: [Int32] = []
    private var weights: [Int32]
    private let stride: Int

    init(from inputLength: Int, to outputLength: Int) {
        let scale = Double(inputLength) / Double(outputLength)
        let support = max(scale, 1)
        stride = Int(support.rounded(.up)) * 2 + 1
        weights = [Int32](repeating: 0, count: outputLength * stride)
        for position in 0..<outputLength {
            let center = (Double(position) + 0.5) * scale
            let lower = max(Int(center - support + 0.5), 0)
            let upper = min(Int(center + support + 0.5), inputLength)
            first.append(Int32(lower))
            count.append(Int32(upper - lower))
            setWeights(at: position * stride, taps: lower..<upper, center: center, support: support)
        }
    }

    /// A triangle around `center`, normalised to a sum of 1, with 22 bits of fraction.
    private mutating func setWeights(at start: Int, taps: Range<Int>, center: Double, support: Double) {
        let inverse = 1 / support
        let triangle = taps.map { max(1 - abs((Double($0) - center + 0.5) * inverse), 0) }
        let sum = triangle.reduce(0, +)
        for (index, weight) in triangle.enumerated() {
            weights[start + index] = Int32(0.5 + weight / sum * Double(1 << 22))
        }
    }

    func withCTaps<Result>(_ body: (UnsafePointer<cpx_taps>) -> Result) -> Result {
        first.withUnsafeBufferPointer { first in
            count.withUnsafeBufferPointer { count in
                weights.withUnsafeBufferPointer { weights in
                    var taps = cpx_taps(
                        first: first.baseAddress, count: count.baseAddress, weights: weights.baseAddress,
                        stride: Int32(stride))
                    return withUnsafePointer(to: &taps, body)
                }
            }
        }
    }
}
