internal import CPixels
internal import Glibc
internal import Numerics

/// One randomly drawn set of changes, with the names of Keras's `get_random_transform`.
package struct AugmentationParameters: Codable, Hashable, Sendable {
    /// Degrees.
    package var theta = 0.0
    /// The visible part is zx times as wide as the picture: above 1, things get smaller.
    package var zx = 1.0
    /// The same for the height.
    package var zy = 1.0
    /// Mirrored left to right.
    package var flipHorizontal = false
    /// Mirrored top to bottom.
    package var flipVertical = false
    /// Gray levels; `nil` is off.
    package var channelShift: Double?
    /// A factor; `nil` is off.
    package var brightness: Double?

    /// No change.
    package init() {}

    /// Draws the changes for copy number `index` of a picture.
    ///
    /// It only depends on the seed, the picture's digest, the index and the settings. Each change has its own random
    /// numbers, so turning one off doesn't affect the others.
    package init(
        drawnFrom settings: AugmentationSettings, seed: UInt64, digest: some Sequence<UInt8>, index: Int
    ) {
        precondition(index >= 0, "copy \(index)")
        let picture = digest.reduce(seed) { SeededRandom.derive($0, UInt64($1)) }
        var random = SeededRandom(seed: picture, path: UInt64(index))
        let (angle, wide, high) = (random.unit(), random.unit(), random.unit())
        let (mirror, flip, shift, light) = (random.unit(), random.unit(), random.unit(), random.unit())
        theta = settings.rotationRange * (2 * angle - 1)
        zx = settings.zoomRange.value(at: wide)
        zy = settings.zoomRange.value(at: high)
        flipHorizontal = settings.horizontalFlip && mirror < 0.5
        flipVertical = settings.verticalFlip && flip < 0.5
        channelShift = settings.channelShiftRange == 0 ? nil : settings.channelShiftRange * (2 * shift - 1)
        brightness = settings.brightnessRange == [1, 1] ? nil : settings.brightnessRange.value(at: light)
    }
}

extension SeededRandom {
    /// Uniform in [0, 1), with 53 random bits.
    fileprivate mutating func unit() -> Double { Double(next() >> 11) * 0x1p-53 }
}

extension [Double] {
    /// Between the first and the second of two bounds.
    fileprivate func value(at share: Double) -> Double {
        precondition(count == 2, "\(self) is not a lower and an upper bound")
        return self[0] + (self[1] - self[0]) * share
    }
}

extension RGBImage {
    /// The picture changed as Keras's `ImageDataGenerator.apply_transform` changes it, with `fill_mode="nearest"` and
    /// bilinear interpolation, rounded to 8 bits.
    ///
    /// In Keras's order: rotation and zoom in one warp around the centre, channel shift clipped to the darkest and the
    /// brightest sample, flips, brightness. As in Keras, the samples are truncated to whole numbers before the
    /// brightness is changed.
    package func augmented(by parameters: AugmentationParameters) -> RGBImage {
        let count = pixels.count
        return withUnsafeTemporaryAllocation(of: Float.self, capacity: count + 1) { buffer in
            let samples = buffer.baseAddress!
            warp(by: parameters, into: samples)
            if let shift = parameters.channelShift { cpx_shift_levels(samples, Int64(count), Float(shift)) }
            // Without brightness, half a level is added, so that truncating rounds.
            let offset: Float = parameters.brightness == nil ? 0.5 : 0
            let levels = Self.levels(brightness: parameters.brightness)
            return RGBImage(width: width, height: height) { target in
                cpx_quantise(
                    samples, Int32(width), Int32(height), offset, levels, parameters.flipHorizontal,
                    parameters.flipVertical, target)
            }
        }
    }

    private func warp(by parameters: AugmentationParameters, into samples: UnsafeMutablePointer<Float>) {
        if parameters.theta == 0 && parameters.zx == 1 && parameters.zy == 1 {
            for index in pixels.indices { samples[index] = Float(pixels[index]) }
            return
        }
        let matrix = warpMatrix(parameters)
        precondition(matrix.allSatisfy(\.isFinite), "a picture can't be warped by \(parameters)")
        withUnsafeTemporaryAllocation(of: UInt32.self, capacity: width * height) { scratch in
            cpx_warp_bilinear(pixels, Int32(width), Int32(height), matrix, scratch.baseAddress!, samples)
        }
    }

    /// The rotation and the zoom about the centre, for (row, column): two rows of three.
    ///
    /// Keras computes the centre of x from the height and that of y from the width. This matters if a picture isn't
    /// square, and is also done here.
    private func warpMatrix(_ parameters: AugmentationParameters) -> [Double] {
        let angle = parameters.theta * .pi / 180
        let (sine, cosine) = (sin(angle), cos(angle))
        let (centreX, centreY) = (Double(height) / 2 - 0.5, Double(width) / 2 - 0.5)
        let xx = cosine * parameters.zx
        let xy = -sine * parameters.zy
        let yx = sine * parameters.zx
        let yy = cosine * parameters.zy
        let offsetX = xx * -centreX + xy * -centreY + centreX
        let offsetY = yx * -centreX + yy * -centreY + centreY
        return [yy, yx, offsetY, xy, xx, offsetX]
    }

    /// What each gray level becomes: Pillow's `ImageEnhance.Brightness`, a blend with black in single precision.
    private static func levels(brightness: Double?) -> [UInt8] {
        guard let factor = brightness.map(Float.init) else { return Array(0...255) }
        return (0...255).map { UInt8(min(Float($0) * factor, 255)) }
    }
}
