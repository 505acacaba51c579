import Pictures
import Testing

@testable import Decoding

/// Segments at the start of a JPEG, and the orientation that Pillow 13 finds in them.
struct ExifCase: CustomTestStringConvertible, Sendable {
    let testDescription: String
    let head: [UInt8]
    let orientation: Int

    init(_ description: String, _ head: [UInt8], _ orientation: Int) {
        testDescription = description
        self.head = head
        self.orientation = orientation
    }

    static let places = [
        ExifCase("after extraneous bytes", [1, 2, 3] + exif(tiff()), 6),
        ExifCase("after extraneous bytes with an escaped marker", [1, 0xFF, 0, 2] + exif(tiff()), 6),
        ExifCase("after fill bytes", [0xFF, 0xFF, 0xFF] + exif(tiff()), 6),
        ExifCase("after a segment of length 0", [0xFF, 0xE5, 0, 0] + exif(tiff()), 6),
        ExifCase("after a segment of length 1", [0xFF, 0xE5, 0, 1] + exif(tiff()), 6),
        ExifCase("after a restart marker", [0xFF, 0xD3] + exif(tiff()), 6),
        ExifCase("after an empty Exif segment", exif([]) + exif(tiff()), 6),
        ExifCase("in the first of two segments", exif(tiff()) + exif(tiff(value: [0, 3, 0, 0])), 6),
        ExifCase("after a segment that has another tag", exif(tiff(tag: 0x0100)) + exif(tiff()), 1),
        ExifCase("continued in the next segment", exif(Array(tiff().prefix(12))) + exif(Array(tiff()[12...])), 6),
        ExifCase("under the name written twice", exif(Array("Exif\0\0".utf8) + tiff()), 6),
        ExifCase("in a segment of XMP", segment(Array("http://ns.adobe.com/xap/1.0/\0".utf8) + tiff()), 1),
    ]

    static let values = [
        ExifCase("two SHORTs", exif(tiff(count: 2, value: [0, 6, 0, 1])), 6),
        ExifCase("three SHORTs elsewhere", exif(tiff(count: 3, value: [0, 0, 0, 26]) + [0, 6, 0, 1, 0, 1]), 6),
        ExifCase("three SHORTs beyond the segment", exif(tiff(count: 3, value: [0, 0, 0, 26]) + [0, 6, 0, 1]), 1),
        ExifCase("no SHORT", exif(tiff(count: 0)), 1),
        ExifCase("4 billion SHORTs", exif(tiff(count: 0xFFFF_FFFF)), 1),
        ExifCase("LONG", exif(tiff(type: 4, value: [0, 0, 0, 6])), 6),
        ExifCase("two LONGs", exif(tiff(type: 4, count: 2, value: [0, 0, 0, 26]) + [0, 0, 0, 6, 0, 0, 0, 1]), 6),
        ExifCase("SBYTE", exif(tiff(type: 6, value: [6, 0, 0, 0])), 6),
        ExifCase("SSHORT", exif(tiff(type: 8)), 6),
        ExifCase("a negative SSHORT", exif(tiff(type: 8, value: [0xFF, 0xFA, 0, 0])), 1),
        ExifCase("SLONG", exif(tiff(type: 9, value: [0, 0, 0, 6])), 6),
        ExifCase("IFD", exif(tiff(type: 13, value: [0, 0, 0, 6])), 6),
        ExifCase("BYTE, which Pillow takes for text", exif(tiff(type: 1, value: [6, 0, 0, 0])), 1),
        ExifCase("ASCII", exif(tiff(type: 2, count: 2, value: [0x36, 0, 0, 0])), 1),
        ExifCase("UNDEFINED", exif(tiff(type: 7, value: [6, 0, 0, 0])), 1),
        ExifCase("a header with 42 the wrong way round", exif(Array("MM*\0".utf8) + tiff()[4...]), 6),
    ]

    private static func segment(_ content: [UInt8]) -> [UInt8] {
        [0xFF, 0xE1, UInt8((content.count + 2) >> 8), UInt8((content.count + 2) & 255)] + content
    }

    static func exif(_ tiff: [UInt8]) -> [UInt8] { segment(Array("Exif\0\0".utf8) + tiff) }

    /// A directory of one entry, 26 bytes long.
    private static func tiff(
        tag: UInt16 = 0x0112, type: UInt16 = 3, count: UInt32 = 1, value: [UInt8] = [0, 6, 0, 0]
    ) -> [UInt8] {
        Array("MM\0*".utf8) + [0, 0, 0, 8, 0, 1] + bytes(tag) + bytes(type) + bytes(count) + value + [0, 0, 0, 0]
    }

    private static func bytes(_ value: some FixedWidthInteger) -> [UInt8] {
        withUnsafeBytes(of: value.bigEndian) { Array($0) }
    }
}

@Suite("Orientation in odd files")
struct OrientationTests {
    private func orientation(head: [UInt8]) throws -> Int {
        var bytes = HandmadeJPEG(width: 16, height: 8).bytes(seed: 1)
        // A file that goes on with anything but a marker isn't taken for a JPEG at all.
        let comment: [UInt8] = [0xFF, 0xFE, 0, 2]
        bytes.insert(contentsOf: comment + head, at: 2)
        return try PictureDecoder().check(bytes).orientation.rawValue
    }

    @Test("An orientation is found where Pillow finds it, and nowhere else", arguments: ExifCase.places)
    func places(_ exif: ExifCase) throws {
        #expect(try orientation(head: exif.head) == exif.orientation)
    }

    @Test("An orientation is read as Pillow reads it, whatever its type and count", arguments: ExifCase.values)
    func values(_ exif: ExifCase) throws {
        #expect(try orientation(head: exif.head) == exif.orientation)
    }

    @Test("A directory that claims to go on beyond its segment is read as far as it goes")
    func longDirectory() throws {
        let entry: [UInt8] = [1, 0x0F, 0, 2, 0, 0, 0, 9, 0xFF, 0xFF, 0xFF, 0xF0]
        let tiff = Array("MM\0*".utf8) + [0, 0, 0, 8, 0xFF, 0xFF] + (0..<5000).flatMap { _ in entry }
        #expect(try orientation(head: ExifCase.exif(tiff)) == 1)
        let oriented = tiff + [1, 0x12, 0, 3, 0, 0, 0, 1, 0, 6, 0, 0]
        #expect(try orientation(head: ExifCase.exif(oriented)) == 6)
    }

    @Test("No byte changed in odd Exif segments stops a picture from being judged")
    func changedBytes() {
        for exif in ExifCase.places + ExifCase.values {
            for index in exif.head.indices {
                for value: UInt8 in [0, 0x7F, 0xFF] {
                    var head = exif.head
                    head[index] = value
                    // Refused or not: reading beyond the bytes would end the tests.
                    _ = try? orientation(head: head)
                }
            }
        }
    }
}
