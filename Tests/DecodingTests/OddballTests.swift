import Pictures
import SystemPackage
import TestSupport
import Testing

@testable import Decoding

/// Strange real files: what is decided for each kind is listed in docs/pictures.md.
@Suite("Odd files", .enabled(if: Locations.sharedData("oddball") != nil, "\(Locations.needsSharedData)"))
struct OddballTests {
    private static var folder: FilePath { Locations.sharedData("oddball") ?? "" }
    private let decoder = PictureDecoder()

    private static func files(ofKind kind: String) -> [FilePath] { Locations.files(below: folder.appending(kind)) }

    private func verdict(_ file: FilePath) throws -> Result<PictureInfo, DecodeFailure> {
        let bytes = try Locations.bytes(of: file)
        return Result { () throws(DecodeFailure) in try decoder.check(bytes) }
    }

    @Test(
        "Kinds of picture that are taken are taken, whatever their oddities",
        arguments: [
            "exif_rotated", "odd_sampling", "png_modes", "apng", "rgb_adobe0", "tiny_le8px", "no_eoi_decodes",
            "grayscale_jpeg", "progressive",
        ])
    func taken(_ kind: String) throws {
        let files = Self.files(ofKind: kind)
        #expect(!files.isEmpty)
        for file in files { #expect(throws: Never.self, "\(file)") { _ = try verdict(file).get() } }
    }

    @Test(
        "Formats that aren't taken are named",
        arguments: [
            ("webp", "WebP"), ("gif", "GIF"), ("heic_heif", "HEIC"), ("avif", "AVIF"), ("jp2", "JPEG 2000"),
        ])
    func named(_ kind: String, _ name: String) throws {
        let files = Self.files(ofKind: kind)
        #expect(!files.isEmpty)
        for file in files { #expect(try verdict(file) == .failure(.unsupportedFormat(name)), "\(file)") }
    }

    @Test(
        "Kinds that can't be taken are refused",
        arguments: ["lossless_sof3", "zero_dim", "truncated", "prec12_16"])
    func refused(_ kind: String) throws {
        let files = Self.files(ofKind: kind)
        #expect(!files.isEmpty)
        for file in files { #expect(throws: DecodeFailure.self, "\(file)") { _ = try verdict(file).get() } }
    }

    @Test("All CMYK pictures but the one with bad codes are taken")
    func cmyk() throws {
        let refused = try Self.files(ofKind: "cmyk_ycck").filter { file in
            if case .failure = try verdict(file) { true } else { false }
        }
        #expect(refused.map { $0.lastComponent?.string } == ["jpeg-decoder__5482a54657765056f1a94116a8dbffe7.jpg"])
    }

    @Test("Checking, decoding and decoding smaller agree on every file, and none of them crashes")
    func agreement() throws {
        for file in Locations.files(below: Self.folder) {
            let bytes = try Locations.bytes(of: file)
            let checked = Result { () throws(DecodeFailure) in try decoder.check(bytes) }
            let decoded = Result { () throws(DecodeFailure) in try decoder.decode(bytes) }
            let smaller = Result { () throws(DecodeFailure) in try decoder.decode(bytes, atLeast: 100) }
            #expect(decoded.map(\.info) == checked && smaller.map(\.info) == checked, "\(file)")
            guard case .success(let picture) = decoded, case .success(let small) = smaller else { continue }
            #expect((picture.image.width, picture.image.height) == (picture.info.width, picture.info.height))
            #expect(min(small.image.width, small.image.height) >= min(100, picture.image.width, picture.image.height))
        }
    }
}
