/// How the stored pixels are oriented, with the numbers of Exif's orientation tag (0x0112).
package enum Orientation: Int, Codable, Sendable, CaseIterable {
    case upright = 1
    case mirrored = 2
    case rotated180 = 3
    case flipped = 4
    case transposed = 5
    /// To be turned by 90 degrees clockwise.
    case rotated90 = 6
    case transversed = 7
    /// To be turned by 90 degrees counterclockwise.
    case rotated270 = 8

    /// Whether the upright picture is as wide as the stored one is high.
    package var swapsSides: Bool { rawValue >= 5 }
}

extension RGBImage {
    /// The picture turned upright from how it is stored.
    package func upright(from orientation: Orientation) -> RGBImage {
        if orientation == .upright { return self }
        // Where the upright picture begins in the stored pixels, and how far one step right and one step down move
        // there.
        let (right, down) = (width - 1, (height - 1) * width)
        let (start, stepX, stepY) =
            switch orientation {
            case .upright: (0, 1, width)
            case .mirrored: (right, -1, width)
            case .rotated180: (right + down, -1, -width)
            case .flipped: (down, 1, -width)
            case .transposed: (0, width, 1)
            case .rotated90: (down, -width, 1)
            case .transversed: (right + down, -width, -1)
            case .rotated270: (right, width, -1)
            }
        return gathered(
            width: orientation.swapsSides ? height : width, height: orientation.swapsSides ? width : height,
            start: start, stepX: stepX, stepY: stepY)
    }

    /// A picture of pixels taken at `start + x * stepX + y * stepY`, counted in pixels.
    ///
    /// Done in square blocks: if rows become columns, the pixels of a row are a whole row apart.
    private func gathered(width: Int, height: Int, start: Int, stepX: Int, stepY: Int) -> RGBImage {
        let block = 64
        return pixels.withUnsafeBufferPointer { source in
            RGBImage(width: width, height: height) { target in
                for top in stride(from: 0, to: height, by: block) {
                    for left in stride(from: 0, to: width, by: block) {
                        for y in top..<min(top + block, height) {
                            var from = source.baseAddress! + (start + left * stepX + y * stepY) * 3
                            var to = target + (y * width + left) * 3
                            for _ in left..<min(left + block, width) {
                                (to[0], to[1], to[2]) = (from[0], from[1], from[2])
                                to += 3
                                from += stepX * 3
                            }
                        }
                    }
                }
            }
        }
    }
}
