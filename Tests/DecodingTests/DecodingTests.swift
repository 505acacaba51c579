import Foundation
import Pictures
import TestSupport
import Testing

@testable import Decoding

/// What Pillow gives for a file of Resources; made by scripts/references/pillow_pictures.py.
struct DecodingCase: Decodable, CustomTestStringConvertible {
    let file: String
    let width: Int
    let height: Int
    let orientation: Int
    let rgb: Data

    var testDescription: String { file }
}

@Suite("Decoding")
struct DecodingTests {
    @Test("A picture decodes to Pillow's pixels", arguments: try resource([DecodingCase].self, "decoding"))
    func decodesAsPillow(_ expected: DecodingCase) throws {
        let decoded = try PictureDecoder().decode(resourceBytes(expected.file))
        #expect(decoded.info.orientation.rawValue == expected.orientation)
        #expect(decoded.info.notes.isEmpty)
        #expect(decoded.info.format == (expected.file.hasSuffix("png") ? .png : .jpeg))
        #expect(decoded.info.width == expected.width && decoded.info.height == expected.height)
        let pixels = [UInt8](expected.rgb)
        #expect(decoded.image == RGBImage(width: expected.width, height: expected.height, pixels: pixels))
    }

    @Test("A picture turned in any of the eight ways comes out upright")
    func uprights() throws {
        let reference = try PictureDecoder().decode(resourceBytes("orientation-1.jpg")).image
        for orientation in 2...8 {
            let picture = try PictureDecoder().decode(resourceBytes("orientation-\(orientation).jpg"))
            #expect(picture.info.orientation.rawValue == orientation)
            #expect((picture.image.width, picture.image.height) == (reference.width, reference.height))
            // Lossy coding of turned blocks differs a little; a wrong turn differs by hundreds of levels.
            #expect(zip(picture.image.pixels, reference.pixels).allSatisfy { abs(Int($0) - Int($1)) < 40 })
        }
    }

    @Test("A JPEG is scaled down while both sides stay as long as asked for")
    func scaledDecoding() throws {
        let bytes = try resourceBytes("baseline-420.jpg")  // 29 x 19
        let sizes = [nil: (29, 19), 20: (29, 19), 19: (29, 19), 9: (15, 10), 4: (8, 5), 2: (4, 3), 1: (4, 3)]
        for (hint, size) in sizes {
            let picture = try PictureDecoder().decode(bytes, atLeast: hint)
            #expect((picture.image.width, picture.image.height) == size)
            #expect((picture.info.width, picture.info.height) == (29, 19))
        }
        let png = try PictureDecoder().decode(resourceBytes("rgb.png"), atLeast: 1)
        #expect(png.image.width == 29)
    }

    @Test("Sixteen-bit gray keeps its upper eight bits")
    func sixteenBitGray() throws {
        let gray = try PictureDecoder().decode(HandmadePNG(samples: [0x0000, 0x00FF, 0x8001, 0xFFFF]).bytes).image
        #expect(stride(from: 0, to: 12, by: 3).map { gray.pixels[$0] } == [0, 0, 0x80, 0xFF])
    }

    @Test("An encoded PNG decodes to the same picture")
    func encodesPNG() throws {
        let image = TinyPictures.noise(seed: 3, width: 33, height: 21)
        #expect(try PictureDecoder().decode(PNGFile.encode(image)).image == image)
    }
}
