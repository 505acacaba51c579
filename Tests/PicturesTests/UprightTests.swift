import Pictures
import Testing

@Suite("Turning upright")
struct UprightTests {
    @Test("Turning by each orientation moves the corners where Exif says")
    func corners() {
        // Red, green, blue of a pixel are its number: 0 1 2 / 3 4 5.
        let stored = RGBImage(width: 3, height: 2, pixels: (0..<6).flatMap { [UInt8]($0, count: 3) })
        let expected: [Orientation: [UInt8]] = [
            .upright: [0, 1, 2, 3, 4, 5], .mirrored: [2, 1, 0, 5, 4, 3], .rotated180: [5, 4, 3, 2, 1, 0],
            .flipped: [3, 4, 5, 0, 1, 2], .transposed: [0, 3, 1, 4, 2, 5], .rotated90: [3, 0, 4, 1, 5, 2],
            .transversed: [5, 2, 4, 1, 3, 0], .rotated270: [2, 5, 1, 4, 0, 3],
        ]
        for orientation in Orientation.allCases {
            let turned = stored.upright(from: orientation)
            #expect(turned.width == (orientation.swapsSides ? 2 : 3))
            #expect(stride(from: 0, to: 18, by: 3).map { turned.pixels[$0] } == expected[orientation])
        }
    }
}

extension [UInt8] {
    init(_ value: UInt8, count: Int) { self.init(repeating: value, count: count) }
}
