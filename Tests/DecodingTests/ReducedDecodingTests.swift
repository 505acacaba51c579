import Pictures
import SystemPackage
import TestSupport
import Testing

@testable import Decoding

/// The decoder for an eighth of the size against libjpeg: the same verdicts, the same pixels.
@Suite("Decoding at an eighth of the size")
struct ReducedDecodingTests {
    private typealias Decoded = Result<DecodedPicture, DecodeFailure>

    private func decoded(_ bytes: [UInt8], _ path: JPEGPath, atLeast: Int = 1) -> Decoded {
        Result { () throws(DecodeFailure) in try PictureDecoder(path: path).decode(bytes, atLeast: atLeast) }
    }

    /// Whether the decoder took the picture on; fails where libjpeg sees it differently.
    private func agrees(_ bytes: [UInt8], atLeast: Int = 1, _ what: @autoclosure () -> String = "") -> Bool {
        guard case .success(let reduced) = decoded(bytes, .reduced, atLeast: atLeast) else { return false }
        guard case .success(let expected) = decoded(bytes, .libjpeg, atLeast: atLeast) else {
            Issue.record("libjpeg refuses what was decoded: \(what())")
            return true
        }
        #expect(reduced.image == expected.image && reduced.info == expected.info, "\(what())")
        #expect(throws: Never.self, "\(what())") { try PictureDecoder(path: .reduced).check(bytes) }
        return true
    }

    @Test(
        "What encoders usually write is taken on, and has libjpeg's pixels",
        arguments: ["baseline-420", "baseline-422", "baseline-444", "gray", "restarts", "rgb"]
            + (1...9).map { "orientation-\($0)" })
    func usualFiles(_ name: String) throws {
        #expect(agrees(try resourceBytes("\(name).jpg")))
    }

    @Test(
        "What is not sequential, or has four components, is left to libjpeg",
        arguments: ["progressive", "cmyk", "ycck"])
    func unusualFiles(_ name: String) throws {
        let bytes = try resourceBytes("\(name).jpg")
        #expect(!agrees(bytes))
        #expect(throws: Never.self) { try decoded(bytes, .automatic).get() }
    }

    @Test(
        "All sampling factors of one or two samples a block have libjpeg's pixels, at all sizes, with and without restarts",
        arguments: [
            [(1, 1)], [(2, 2)], [(1, 1), (1, 1), (1, 1)], [(2, 1), (1, 1), (1, 1)], [(1, 2), (1, 1), (1, 1)],
            [(2, 2), (1, 1), (1, 1)], [(4, 1), (1, 1), (1, 1)], [(1, 4), (1, 1), (1, 1)], [(2, 2), (2, 1), (1, 2)],
            [(1, 1), (2, 2), (1, 1)], [(3, 1), (1, 1), (1, 1)], [(4, 2), (1, 1), (1, 1)], [(2, 2), (1, 1), (2, 2)],
        ])
    func samplingFactors(_ sampling: [(Int, Int)]) {
        for size in 8...47 {
            var jpeg = HandmadeJPEG(width: size, height: 55 - size, sampling: sampling)
            jpeg.restartInterval = size % 4
            jpeg.detail = 1 + size % 5
            jpeg.transform = size % 3 == 0 && sampling.count == 3 ? 0 : nil
            let isTaken = agrees(jpeg.bytes(seed: UInt64(size)), "\(jpeg)")
            #expect(isTaken, "\(jpeg)")
        }
    }

    @Test("A picture of many blocks has libjpeg's pixels, and takes the short way by itself")
    func manyBlocks() throws {
        let bytes = HandmadeJPEG(width: 1999, height: 1501, sampling: [(2, 2), (1, 1), (1, 1)], detail: 6).bytes(
            seed: 5)
        #expect(agrees(bytes))
        #expect(try decoded(bytes, .automatic).get().image == decoded(bytes, .libjpeg).get().image)
    }

    @Test("Sampling factors that make more samples a block, and other scales, are left to libjpeg")
    func leftToLibjpeg() throws {
        #expect(!agrees(HandmadeJPEG(width: 64, height: 64, sampling: [(4, 1), (1, 4), (1, 1)]).bytes(seed: 1)))
        let bytes = HandmadeJPEG(width: 64, height: 64).bytes(seed: 1)
        #expect(agrees(bytes, atLeast: 8))
        #expect(!agrees(bytes, atLeast: 9))
    }

    @Test("Samples far out of range are left to libjpeg")
    func outOfRange() {
        var random = SplitMix64(state: 9)
        var bytes = HandmadeJPEG(width: 40, height: 40, sampling: [(2, 2), (1, 1), (1, 1)]).bytes(seed: 2)
        // The quantisation table follows 2 bytes of start, 2 of marker, 2 of length and its number.
        for index in 7..<71 { bytes[index] = 255 - UInt8(random.next() % 3) }
        #expect(!agrees(bytes))
    }

    @Test("A JPEG cut anywhere is left to libjpeg", arguments: ["baseline-420", "restarts", "gray"])
    func truncated(_ name: String) throws {
        let bytes = try resourceBytes("\(name).jpg")
        for count in 2..<bytes.count { #expect(!agrees(Array(bytes.prefix(count)))) }
    }

    @Test("Whatever bytes are changed, nothing is taken on that libjpeg sees differently")
    func corrupted() throws {
        var files = try ["baseline-420", "baseline-422", "restarts", "gray"].map { try resourceBytes("\($0).jpg") }
        var jpeg = HandmadeJPEG(width: 50, height: 30, sampling: [(2, 2), (1, 1), (1, 1)], restartInterval: 2)
        files.append(jpeg.bytes(seed: 3))
        jpeg.detail = 6
        files.append(jpeg.bytes(seed: 4))
        var random = SplitMix64(state: 1)
        var taken = 0
        for round in 0..<6000 {
            var bytes = files[round % files.count]
            let index = Int(random.next() % UInt64(bytes.count))
            bytes[index] = random.next() % 4 == 0 ? 0xFF : UInt8(random.next() & 255)
            if agrees(bytes, "round \(round), byte \(index)") { taken += 1 }
        }
        #expect(taken > 300, "of 6000 some must be decoded")
    }

    @Test("Bytes before the end, more restarts than there should be and a second scan are left to libjpeg")
    func strangeEnds() throws {
        let bytes = HandmadeJPEG(width: 20, height: 20).bytes(seed: 1)
        let body = bytes.dropLast(2)
        let comment: [UInt8] = [0xFF, 0xFE, 0, 2]
        for end: [UInt8] in [[0], [0xFF], [0xFF, 0xD0], comment] { #expect(!agrees(body + end + [0xFF, 0xD9])) }
        #expect(agrees(bytes + [1, 2, 3]))
    }

    @Test("The time limit holds")
    func timeLimit() {
        var limits = DecodeLimits.usual
        limits.maxSeconds = 0
        let bytes = HandmadeJPEG(width: 20, height: 20).bytes(seed: 1)
        let decoder = PictureDecoder(limits: limits, path: .reduced)
        #expect(throws: DecodeFailure.tooSlow(limit: 0)) { try decoder.check(bytes) }
    }

    @Test(
        "Real files have libjpeg's verdicts and pixels",
        .enabled(if: Locations.sharedData("oddball") != nil, "\(Locations.needsSharedData)"),
        arguments: ["oddball", "grocery12"])
    func realFiles(_ folder: String) throws {
        var taken = 0
        for file in Locations.files(below: Locations.sharedData(folder) ?? "") where !file.string.hasSuffix(".png") {
            if agrees(try Locations.bytes(of: file), "\(file)") { taken += 1 }
        }
        #expect(taken > 0)
    }
}
