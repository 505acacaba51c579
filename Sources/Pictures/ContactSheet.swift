/// Several small pictures in one, for viewing.
package enum ContactSheet {
    /// White between and around the tiles, in pixels.
    static let gap = 4

    /// Tiles of one size, row by row from the top left.
    package static func draw(_ tiles: [RGBImage], columns: Int) -> RGBImage {
        precondition(!tiles.isEmpty && columns > 0, "\(tiles.count) tiles in \(columns) columns")
        let (width, height) = (tiles[0].width, tiles[0].height)
        precondition(tiles.allSatisfy { $0.width == width && $0.height == height }, "tiles of different sizes")
        let rows = (tiles.count + columns - 1) / columns
        let sheetWidth = columns * (width + gap) + gap
        let sheetHeight = rows * (height + gap) + gap
        var pixels = [UInt8](repeating: 255, count: sheetWidth * sheetHeight * 3)
        for (index, tile) in tiles.enumerated() {
            let left = gap + index % columns * (width + gap)
            let top = gap + index / columns * (height + gap)
            for y in 0..<height {
                let start = ((top + y) * sheetWidth + left) * 3
                let row = tile.pixels[y * width * 3..<(y + 1) * width * 3]
                pixels.replaceSubrange(start..<start + width * 3, with: row)
            }
        }
        return RGBImage(width: sheetWidth, height: sheetHeight, pixels: pixels)
    }

    /// A 3 x 3 sheet: the picture at `side` x `side` pixels, then its augmented copies 0 to 7.
    package static func augmentations(
        of image: RGBImage, settings: AugmentationSettings, seed: UInt64, digest: some Sequence<UInt8>, side: Int = 224
    ) -> RGBImage {
        let original = image.resized(width: side, height: side)
        let copies = (0..<8).map { index in
            original.augmented(
                by: AugmentationParameters(drawnFrom: settings, seed: seed, digest: digest, index: index))
        }
        return draw([original] + copies, columns: 3)
    }
}
