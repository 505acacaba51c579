import Pictures
import TestSupport
import Testing

@testable import Decoding

@Suite("Refusing")
struct RefusalTests {
    private let decoder = PictureDecoder()

    /// `check` must refuse what `decode` refuses, for the same reason.
    private func failure(_ bytes: [UInt8], limits: DecodeLimits = .usual) throws -> DecodeFailure {
        let decoder = PictureDecoder(limits: limits)
        let checked = #expect(throws: DecodeFailure.self) { _ = try decoder.check(bytes) }
        let decoded = #expect(throws: DecodeFailure.self) { _ = try decoder.decode(bytes) }
        #expect(checked == decoded)
        return try #require(decoded)
    }

    @Test(
        "A JPEG cut anywhere after its first bytes is refused",
        arguments: ["baseline-420.jpg", "progressive.jpg", "cmyk.jpg"])
    func truncatedJPEG(_ name: String) throws {
        let bytes = try resourceBytes(name)
        for count in 2..<bytes.count { #expect(try failure(Array(bytes.prefix(count))) == .truncated(.jpeg)) }
    }

    @Test("A PNG cut anywhere after its first bytes is refused", arguments: ["rgb.png", "rgb-interlaced.png"])
    func truncatedPNG(_ name: String) throws {
        let bytes = try resourceBytes(name)
        for count in 2..<bytes.count { #expect(try failure(Array(bytes.prefix(count))) == .truncated(.png)) }
    }

    @Test("Bytes changed in a PNG are noticed")
    func damagedPNG() throws {
        var bytes = try resourceBytes("rgb.png")
        bytes[60] ^= 0x10
        guard case .corrupt(.png, _) = try failure(bytes) else {
            Issue.record("a damaged PNG must be refused as corrupt")
            return
        }
    }

    @Test("A JPEG with a bad code in its data is refused as damaged")
    func damagedJPEG() throws {
        var bytes = try resourceBytes("baseline-444.jpg")
        let scan = try #require(bytes.indices.first { bytes[$0] == 0xFF && bytes[$0 + 1] == 0xDA })
        for index in scan + 40..<scan + 120 { bytes[index] = index % 2 == 0 ? 0xFF : 0 }
        guard case .corrupt(.jpeg, _) = try failure(bytes) else {
            Issue.record("a damaged JPEG must be refused as corrupt")
            return
        }
    }

    @Test("Bytes before a marker are passed over and noted; bytes after the end are ignored")
    func extraneousBytes() throws {
        var bytes = try resourceBytes("baseline-444.jpg")
        let expected = try decoder.decode(bytes).image
        bytes.insert(contentsOf: [1, 2, 3], at: 20)  // JFIF's segment ends there.
        bytes += [UInt8](repeating: 0xAB, count: 1000)
        let picture = try decoder.decode(bytes)
        #expect(picture.image == expected)
        #expect(picture.info.notes == ["extraneous bytes before a marker"])
    }

    @Test(
        "A JPEG is refused unless there is a scan of each component, in whatever order",
        arguments: [
            ([[0, 1, 2]], true), ([[0], [1], [2]], true), ([[2], [0, 1]], true), ([[0], [1, 2], [0]], true),
            ([[0]], false), ([[0, 1]], false), ([[1], [2]], false), ([[0], [0], [0]], false),
        ])
    func missingScans(_ scans: [[UInt8]], _ isComplete: Bool) throws {
        for isProgressive in [false, true] {
            let bytes = scannedJPEG(scans, isProgressive: isProgressive)
            if isComplete {
                #expect(try decoder.check(bytes) == decoder.decode(bytes).info)
            } else {
                #expect(try failure(bytes) == .corrupt(.jpeg, "a component has no scan"))
            }
        }
    }

    @Test("Kinds of JPEG that aren't decoded are named")
    func unsupportedVariants() throws {
        let names: [UInt8: String] = [
            0xC3: "lossless JPEG", 0xC5: "hierarchical JPEG", 0xC9: "arithmetic-coded JPEG",
            0xCA: "arithmetic-coded JPEG", 0xCB: "lossless arithmetic-coded JPEG", 0xF7: "JPEG-LS",
        ]
        for (marker, name) in names {
            #expect(try failure(jpeg(frameMarker: marker)) == .unsupportedVariant(name))
        }
        #expect(try failure(jpeg(precision: 12)) == .unsupportedVariant("12-bit JPEG"))
    }

    @Test(
        "A JPEG whose sampling factors don't divide each other is named",
        arguments: ["baseline-420.jpg", "progressive.jpg"])
    func fractionalSampling(_ name: String) throws {
        var bytes = try resourceBytes(name)
        let frame = try #require(bytes.indices.first { bytes[$0] == 0xFF && [0xC0, 0xC2].contains(bytes[$0 + 1]) })
        for (index, sampling) in [UInt8(0x31), 0x21, 0x11].enumerated() { bytes[frame + 11 + 3 * index] = sampling }
        #expect(try failure(bytes) == .unsupportedVariant("JPEG with fractional sampling"))
    }

    @Test("A claimed size beyond the limits is refused before anything is allocated")
    func claimedSize() throws {
        let limits = DecodeLimits.usual
        func tooLarge(_ width: Int, _ height: Int) -> DecodeFailure {
            .tooLarge(width: width, height: height, maxSide: limits.maxSide, maxPixels: limits.maxPixels)
        }
        for (width, height) in [(65_500, 65_500), (65_535, 65_535), (16_385, 1), (1, 16_385)] {
            #expect(try failure(jpeg(width: width, height: height)) == tooLarge(width, height))
        }
        for (width, height) in [(8000, 6251), (16_385, 1)] {
            let bytes = HandmadePNG(width: width, height: height, samples: [0]).bytes
            #expect(try failure(bytes) == tooLarge(width, height))
        }
        let png = HandmadePNG(width: 0x7FFF_FFFF, height: 0x7FFF_FFFF, samples: [0]).bytes
        #expect(try failure(png).description.hasPrefix("2147483647 x 2147483647 pixels are too many"))
    }

    @Test("Of a JPEG's pixels those count that are held at an eighth of its sides")
    func scaledSize() throws {
        var limits = DecodeLimits.usual
        // Nothing is wrong with the size of the largest of phones' pictures, but this one is a header only.
        let headerOnly = DecodeFailure.corrupt(.jpeg, "Quantization table 0x00 was not defined")
        #expect(try failure(jpeg(width: 16_320, height: 12_240), limits: limits) == headerOnly)
        limits.maxPixels = 2041 * 1530
        #expect(try failure(jpeg(width: 16_321, height: 12_240), limits: limits) == headerOnly)
        limits.maxPixels -= 1
        #expect(
            try failure(jpeg(width: 16_321, height: 12_240), limits: limits)
                == .tooLarge(width: 16_321, height: 12_240, maxSide: limits.maxSide, maxPixels: limits.maxPixels))
        for (width, height) in [(16_321, 12_240), (16_320, 12_240), (1, 16_384)] {
            let isRefused = width == 16_321
            #expect(limits.allow(width: width, height: height, of: .jpeg) != isRefused)
        }
        #expect(
            !limits.allow(width: 16_385, height: 1, of: .jpeg) && !limits.allow(width: 2041, height: 1530, of: .png))
    }

    @Test("A picture of 108 megapixels is taken in little time, and decoded small")
    func manyPixels() throws {
        let bytes = HandmadeJPEG(width: 12_000, height: 9000, sampling: [(1, 1)], detail: 1).bytes(seed: 3)
        let info = try decoder.check(bytes)
        #expect((info.width, info.height) == (12_000, 9000))
        let image = try decoder.decode(bytes, atLeast: 224).image
        #expect((image.width, image.height) == (1500, 1125))
    }

    @Test("A progressive JPEG whose coefficients don't fit the memory limit is refused")
    func coefficientMemory() throws {
        var limits = DecodeLimits.usual
        // 29 x 19 pixels at 4:2:0 are 2 x 2 units of 6 blocks of 128 bytes: 3,072.
        limits.maxMemory = 3000
        let refused = try failure(resourceBytes("progressive.jpg"), limits: limits)
        #expect(refused == .tooMuchMemory(needed: 3072, limit: 3000))
    }

    @Test("A limit of memory that lets a picture pass when it is judged lets it pass when it is decoded")
    func rowsMemory() throws {
        var bytes = try resourceBytes("progressive.jpg")
        // Behind marker, length and precision of the frame: height and width. The data are for fewer pixels.
        let frame = try #require(bytes.indices.first { bytes[$0...].starts(with: [0xFF, 0xC2]) })
        bytes.replaceSubrange(frame + 5..<frame + 9, with: [640, 4000].flatMap { [UInt8($0 >> 8), UInt8($0 & 255)] })
        var limits = DecodeLimits.usual
        for spare in [0, 50_000, 200_000] {
            limits.maxMemory = (500 * 80 + 2 * 250 * 40) * 128 + spare
            guard case .corrupt(.jpeg, _) = try failure(bytes, limits: limits) else {
                Issue.record("what is damaged must be refused as that, with \(spare) bytes to spare")
                continue
            }
        }
    }

    @Test("Scans and time are limited")
    func scansAndTime() throws {
        var limits = DecodeLimits.usual
        limits.maxScans = 3
        #expect(try failure(resourceBytes("progressive.jpg"), limits: limits) == .tooManyScans(limit: 3))
        limits = DecodeLimits.usual
        limits.maxSeconds = 0
        for name in ["progressive.jpg", "baseline-420.jpg", "rgb.png"] {
            #expect(try failure(resourceBytes(name), limits: limits) == .tooSlow(limit: 0))
        }
    }

    @Test("The limits for what is stored already let everything through, and are limits")
    func limitsOfStored() throws {
        let generous = PictureDecoder(limits: .ofStored)
        for name in ["progressive.jpg", "baseline-420.jpg", "rgb-interlaced.png"] {
            let bytes = try resourceBytes(name)
            #expect(try generous.decode(bytes).image == decoder.decode(bytes).image)
        }
        let refused = try failure(
            HandmadePNG(width: 65_500, height: 65_500, samples: [0]).bytes, limits: .ofStored)
        #expect(
            refused == .tooLarge(width: 65_500, height: 65_500, maxSide: 65_500, maxPixels: 1_000_000_000))
    }

    @Test("A side of 0 is refused")
    func zeroSides() throws {
        guard case .corrupt(.jpeg, _) = try failure(jpeg(width: 8, height: 0)),
            case .corrupt(.png, _) = try failure(HandmadePNG(width: 0, height: 1, samples: [0]).bytes)
        else {
            Issue.record("a picture without pixels must be refused as corrupt")
            return
        }
    }

    @Test(
        "Other formats are told by content and named",
        arguments: [
            ("RIFF\0\0\0\0WEBPVP8 ", "WebP"), ("GIF89a", "GIF"), ("\0\0\0\u{18}ftypheic\0\0\0\0mif1heic", "HEIC"),
            ("\0\0\0\u{1C}ftypmif1\0\0\0\0mif1avif", "AVIF"), ("\0\0\0\u{0C}jP  \r\n", "JPEG 2000"),
            ("\0\0\0\u{0C}JXL \r\n", "JPEG XL"), ("II*\0", "TIFF"), ("MM\0*", "TIFF"),
            ("8BPS\0\u{1}", "Photoshop (PSD)"),
            ("BM\0\0\0\0\0\0\0\0\0\0\0\0\u{28}\0\0\0", "BMP"),
            ("%PDF-1.7", "PDF"), ("\0\0\u{1}\0\u{1}\0\u{10}\u{10}\0\0", "ICO"),
            ("\0\0\u{2}\0\0\u{1}\u{10}\u{10}\0\0", "Windows cursor"),
            ("<?xml version='1.0'?>\n<svg xmlns='x'>", "SVG"), ("\n <!DOCTYPE html><html>", "HTML"),
            ("\0\0\0\u{14}ftypisom\0\0\0\0", "ISO media (video)"),
            ("\0\0\0\u{18}ftypcrx \0\0\0\u{1}crx isom", "Canon raw (CR3)"),
            ("version https://git-lfs.github.com", "Git LFS pointer"),
        ])
    func otherFormats(_ text: String, _ name: String) throws {
        #expect(try failure(Array(text.utf8)) == .unsupportedFormat(name))
    }

    @Test(
        "Every brand of HEIF is named, whatever the box says of its size",
        arguments: [
            ("HEIC", ["heic", "heix", "heim", "heis", "hevc", "hevx"]),
            ("HEIF", ["heif", "mif1", "msf1", "avci", "avcs"]), ("HEIF (JPEG 2000)", ["j2ki", "j2is"]),
            ("JPEG 2000", ["jp2 "]),
        ])
    func brandsOfHEIF(_ name: String, _ brands: [String]) throws {
        for brand in brands {
            let (text, rest) = (Array("ftyp".utf8), Array("\(brand)\0\0\0\0isom".utf8))
            let none = Array("ftypabcd\0\0\0\0".utf8)
            #expect(try failure([0, 0, 0, 20] + text + rest) == .unsupportedFormat(name))
            #expect(try failure([0, 0, 0, 20] + none + brand.utf8) == .unsupportedFormat(name))
            #expect(try failure([0, 0, 0, 0] + text + rest) == .unsupportedFormat(name))
            #expect(try failure([0, 0, 0, 1] + text + [0, 0, 0, 0, 0, 0, 0, 28] + rest) == .unsupportedFormat(name))
            #expect(
                try failure([0, 0, 0, 1] + text + [UInt8](repeating: 0xFF, count: 8) + rest)
                    == .unsupportedFormat(name))
            // A brand behind the box's end is none of its brands.
            #expect(try failure([0, 0, 0, 16] + none + brand.utf8) == .unsupportedFormat("ISO media (video)"))
        }
        #expect(try failure([0, 0, 0, 1] + Array("ftypheic".utf8)) == .unsupportedFormat("ISO media (video)"))
    }

    @Test(
        "Formats of other programs are named",
        arguments: [
            ("QOI", "qoif"), ("PNM", "P6\n2 2"), ("PNM", "P1 2 2"), ("SGI", "01DA0001"), ("DDS", "DDS |"),
            ("ICNS", "icns"), ("PostScript (EPS)", "%!PS-Adobe-3.0 EPSF-3.0"), ("PostScript (EPS)", "C5D0D3C6"),
            ("GIMP (XCF)", "gimp xcf v011"), ("Radiance HDR", "#?RADIANCE\n"), ("Radiance HDR", "#?RGBE\n"),
            ("DjVu", "AT&TFORM"), ("JNG", "8B4A4E470D0A1A0A"), ("Windows metafile (WMF)", "D7CDC69A"),
            ("FLIF", "FLIF1"), ("BPG", "425047FB"), ("farbfeld", "farbfeld"), ("Olympus raw (ORF)", "IIRO"),
            ("Panasonic raw (RW2)", "49495500"), ("Fujifilm raw (RAF)", "FUJIFILMCCD-RAW 0201"),
            ("Sigma raw (X3F)", "FOVb"), ("Canon raw (CR2)", "49492A00100000004352020000"),
            ("AVI (video)", "RIFF1234AVI LIST"), ("WAV (sound)", "RIFF1234WAVEfmt "),
            ("Matroska (video)", "1A45DFA3"), ("RAR", "526172211A0700"), ("7-Zip", "377ABCAF271C"),
            ("xz", "FD377A585A00"), ("bzip2", "BZh91AY&SY"), ("Zstandard", "28B52FFD"),
            ("UTF-16 text", "FFFE680069000A00"), ("SVG", "FEFF003C0073007600670020"), ("SVG", "FFFE3C00730076006700"),
        ])
    func formatsOfOtherPrograms(_ name: String, _ head: String) throws {
        #expect(try failure(hexadecimal(head) ?? Array(head.utf8)) == .unsupportedFormat(name))
    }

    @Test(
        "Formats that are told by bytes further on are named",
        arguments: [
            ("DICOM", [(128, "DICM")]), ("tar", [(257, "ustar")]),
            ("Windows metafile (EMF)", [(0, "\u{1}"), (40, " EMF")]),
            ("PCX", [(0, "\n\u{5}\u{1}\u{8}")]),
        ])
    func distantSignatures(_ name: String, _ parts: [(Int, String)]) throws {
        var bytes = [UInt8](repeating: 0, count: 512)
        for (offset, text) in parts { bytes.replaceSubrange(offset..<offset + text.utf8.count, with: text.utf8) }
        #expect(try failure(bytes) == .unsupportedFormat(name))
    }

    @Test("What only begins like a format isn't called by its name")
    func namesakes() throws {
        // A TGA of 16 x 16 pixels of 24 bits, without compression.
        let tga: [UInt8] =
            [0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 16, 0, 16, 0, 24, 0] + [UInt8](repeating: 9, count: 768)
        #expect(try failure(tga) == .notAPicture)
        #expect(try failure([0, 0, 1, 0, 1, 0, 16, 16, 0, 1]) == .notAPicture)
        for text in ["P8\n", "P65", "Pages", "DICM, at last", "ustar", "BZh9", "RIFF1234ABCD", "#?RUBBISH", "\n\u{5}"] {
            #expect(try failure(Array(text.utf8)) == .notAPicture)
        }
    }

    @Test("What is no picture at all is said to be none")
    func noPicture() throws {
        #expect(try failure([]) == .empty)
        #expect(try failure(Array("just text".utf8)) == .notAPicture)
        #expect(try failure([UInt8](repeating: 0, count: 4096)) == .notAPicture)
        #expect(try failure([0xFF]) == .notAPicture)
    }

    @Test("A broken Exif segment leaves the picture as it is stored")
    func brokenExif() throws {
        let bytes = try resourceBytes("orientation-6.jpg")
        let exif = try #require(bytes.indices.first { bytes[$0...].starts(with: Array("Exif\0\0".utf8)) })
        // The TIFF structure: 8 bytes of header, 2 + 2 * 12 + 4 bytes of directory.
        for offset in 6..<44 {
            for value: UInt8 in [0, 0x7F, 0xFF] {
                var damaged = bytes
                damaged[exif + offset] = value
                let picture = try decoder.decode(damaged)
                // Stored as 19 x 29.
                #expect(picture.image.width == (picture.info.orientation.swapsSides ? 29 : 19))
            }
        }
    }

    /// A JPEG of one block for each of three components, in these scans; progressive ones have DC coefficients only.
    private func scannedJPEG(_ scans: [[UInt8]], isProgressive: Bool) -> [UInt8] {
        let whole = HandmadeJPEG(width: 8, height: 8, sampling: [(1, 1), (1, 1), (1, 1)]).bytes(seed: 1)
        let isMarker = { (index: Int, code: UInt8) in whole[index] == 0xFF && whole[index + 1] == code }
        var bytes = whole.indices.first { isMarker($0, 0xDA) }.map { Array(whole[..<$0]) } ?? []
        if isProgressive, let frame = bytes.indices.first(where: { isMarker($0, 0xC0) }) { bytes[frame + 1] = 0xC2 }
        for components in scans {
            let selection: [UInt8] = components.flatMap { [$0, 0] }
            let spectrum: [UInt8] = [0, isProgressive ? 0 : 63, 0]
            bytes += [0xFF, 0xDA, 0, UInt8(selection.count + 6), UInt8(components.count)]
            bytes += selection
            bytes += spectrum
            // A block's codes are zeros: 4 for a difference of 0, then 2 for the end. Ones fill the last byte.
            let bits = components.count * (isProgressive ? 4 : 6)
            bytes += [UInt8](repeating: 0, count: bits / 8)
            if bits % 8 > 0 { bytes.append(UInt8(0xFF >> (bits % 8))) }
        }
        return bytes + [0xFF, 0xD9]
    }

    /// The bytes that an even number of hexadecimal digits stands for.
    private func hexadecimal(_ digits: String) -> [UInt8]? {
        let values = digits.compactMap { $0.isUppercase || $0.isNumber ? $0.hexDigitValue.map { UInt8($0) } : nil }
        guard values.count == digits.count, values.count.isMultiple(of: 2) else { return nil }
        return stride(from: 0, to: values.count, by: 2).map { values[$0] << 4 | values[$0 + 1] }
    }

    /// A JPEG of one frame header and one scan header, without data.
    private func jpeg(
        frameMarker: UInt8 = 0xC0, precision: UInt8 = 8, width: Int = 8, height: Int = 8
    ) -> [UInt8] {
        let size = [height >> 8, height & 255, width >> 8, width & 255].map { UInt8($0) }
        return [0xFF, 0xD8, 0xFF, frameMarker, 0, 11, precision] + size + [1, 1, 0x11, 0]
            + [0xFF, 0xDA, 0, 8, 1, 1, 0, 0, 63, 0]
    }
}
