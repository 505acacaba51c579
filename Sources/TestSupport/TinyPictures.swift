internal import Decoding
internal import Numerics
package import Pictures

/// Small pictures made from a seed.
package enum TinyPictures {
    /// Every sample is drawn independently.
    package static func noise(seed: UInt64, width: Int = 24, height: Int = 16) -> RGBImage {
        var random = SeededRandom(seed: seed)
        let pixels = (0..<width * height * 3).map { _ in UInt8(truncatingIfNeeded: random.next() >> 32) }
        return RGBImage(width: width, height: height, pixels: pixels)
    }

    /// A picture whose colour and stripe direction show its class, with some noise from the seed: easy to learn, and
    /// different for every seed.
    package static func ofClass(_ index: Int, of classCount: Int, seed: UInt64, side: Int = 32) -> RGBImage {
        precondition(index >= 0 && index < classCount, "class \(index) of \(classCount)")
        var random = SeededRandom(seed: seed, path: UInt64(index))
        let shade = 60 + 135 * index / classCount
        let colour = [shade, 255 - shade, index % 2 == 0 ? 80 : 180]
        let (stepX, stepY) = (index % 3 + 1, (index + 1) % 2)
        let phase = random.below(8)
        var pixels: [UInt8] = []
        pixels.reserveCapacity(side * side * 3)
        for y in 0..<side {
            for x in 0..<side {
                let stripe = (x * stepX + y * stepY + phase) % 8 < 4 ? 30 : -30
                for base in colour { pixels.append(UInt8(clamping: base + stripe + random.below(21) - 10)) }
            }
        }
        return RGBImage(width: side, height: side, pixels: pixels)
    }

    /// The same as the bytes of a PNG file.
    package static func pngOfClass(_ index: Int, of classCount: Int, seed: UInt64, side: Int = 32) -> [UInt8] {
        PNGFile.encode(ofClass(index, of: classCount, seed: seed, side: side))
    }
}
