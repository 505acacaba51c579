import Foundation
import Pictures
import TestSupport
import Testing

/// source.png at another size by Pillow; made by scripts/references/pillow_pictures.py.
struct ResizingCase: Decodable, CustomTestStringConvertible {
    let width: Int
    let height: Int
    let rgb: Data

    var testDescription: String { "\(width) x \(height)" }
}

@Suite("Resizing")
struct ResizingTests {
    @Test("A resized picture has Pillow's bytes", arguments: try resource([ResizingCase].self, "resizing"))
    func resizesAsPillow(_ expected: ResizingCase) throws {
        let source = try resourcePicture("source.png")
        let resized = source.resized(width: expected.width, height: expected.height)
        #expect(resized == RGBImage(width: expected.width, height: expected.height, pixels: [UInt8](expected.rgb)))
    }

    @Test("A picture of one colour keeps it at any size")
    func keepsColour() {
        let pixels = (0..<13 * 11).flatMap { _ -> [UInt8] in [255, 7, 0] }
        let picture = RGBImage(width: 13, height: 11, pixels: pixels)
        for (width, height) in [(1, 1), (3, 50), (200, 2)] {
            let resized = picture.resized(width: width, height: height)
            #expect((0..<width * height).allSatisfy { Array(resized.pixels[$0 * 3..<$0 * 3 + 3]) == [255, 7, 0] })
        }
    }
}
