internal import Glibc
internal import Numerics

@testable import Decoding
@testable import Pictures

/// All that happens to a picture's bytes: the judgement in a decoder process with its report, and extraction.
struct PictureTarget: Target {
    private let limits: DecodeLimits
    private let decoder: PictureDecoder

    init() {
        // Tight: what is allocated by a size that a file claims is to exceed libFuzzer's limit of memory.
        limits = DecodeLimits(
            // A JPEG of that many pixels is decoded at its full size as well.
            maxSide: 1024, maxPixels: 1 << 18, maxScans: 20,
            // libFuzzer has a limit of its own, which shows what takes long.
            maxSeconds: 3600, maxMemory: 1 << 20)
        decoder = PictureDecoder(limits: limits)
    }

    func take(_ bytes: UnsafeRawBufferPointer) {
        judge(bytes)
        let judged = Result { () throws(DecodeFailure) in try decoder.check(bytes) }
        let full = Result { () throws(DecodeFailure) in try decoder.decode(bytes) }
        switch (judged, full) {
        case (.success(let info), .success(let picture)):
            precondition(picture.info == info, "judged as \(info), decoded as \(picture.info)")
            precondition(picture.image.width == info.width && picture.image.height == info.height, "another size")
            extract(bytes, info)
            compare(bytes)
        case (.failure(let judged), .failure(let full)):
            precondition(judged == full, "judged as \(judged), decoded as \(full)")
        default: preconditionFailure("judged as \(judged), decoded as \(full)")
        }
    }

    /// As a decoder process does it, with what the service makes of its report.
    private func judge(_ bytes: UnsafeRawBufferPointer) {
        let finding = Result { () throws(DecodeFailure) in try PictureJudge(limits: limits).finding(of: bytes) }
        let message = DecoderMessages.encode([finding])
        let received = Result { () throws(DecoderDeath) in
            try DecoderMessages.decode(message, count: 1, limits: limits)
        }
        switch (finding, received) {
        case (.success(.valid(let format, let width, let height, _)), .success(let received)):
            guard case .valid(format, width, height, _) = received[0] else {
                preconditionFailure("\(finding) arrives as \(received)")
            }
        case (.success(.invalid(let code, _, let mayBeIncomplete)), .success(let received)):
            guard case .invalid(code, _, mayBeIncomplete) = received[0] else {
                preconditionFailure("\(finding) arrives as \(received)")
            }
        default: preconditionFailure("\(finding) arrives as \(received)")
        }
    }

    /// What was accepted must be usable for ever.
    private func extract(_ bytes: UnsafeRawBufferPointer, _ info: PictureInfo) {
        for side in [7, 32] {
            do {
                let image = try decoder.decode(bytes, atLeast: side).image
                precondition(
                    image.width >= min(side, info.width) && image.height >= min(side, info.height),
                    "\(info) at \(side) is \(image.width) x \(image.height)")
                _ = image.resized(width: side, height: side)
            } catch { preconditionFailure("\(info) can't be decoded at \(side): \(error)") }
        }
    }

    /// The decoder for an eighth of the size must give libjpeg's pixels, or nothing.
    private func compare(_ bytes: UnsafeRawBufferPointer) {
        guard let reduced = try? PictureDecoder(limits: limits, path: .reduced).decode(bytes, atLeast: 1) else {
            return
        }
        do {
            let other = try PictureDecoder(limits: limits, path: .libjpeg).decode(bytes, atLeast: 1)
            precondition(reduced.image == other.image, "other pixels than libjpeg's")
        } catch { preconditionFailure("libjpeg refuses what was decoded without it: \(error)") }
    }

    /// A changed chunk of a PNG mostly gets its checksum made good, which no chance would.
    func mutate(_ input: [UInt8], capacity: Int, random: inout SeededRandom) -> [UInt8] {
        var bytes = anyMutation(of: input, capacity: capacity)
        guard FileKind.sniff(bytes) == .picture(.png), random.below(4) > 0 else { return bytes }
        var start = 8
        while start + 12 <= bytes.count {
            let length = bytes[start..<start + 4].reduce(0) { $0 << 8 | Int($1) }
            guard length <= bytes.count - start - 12 else { break }
            let end = start + 8 + length
            let checksum = Self.crc32(bytes[start + 4..<end])
            for place in 0..<4 { bytes[end + place] = UInt8(truncatingIfNeeded: checksum >> (24 - 8 * UInt32(place))) }
            start = end + 4
        }
        return bytes
    }

    private static func crc32(_ bytes: ArraySlice<UInt8>) -> UInt32 {
        ~bytes.reduce(~0) { crc32Table[Int(UInt8(truncatingIfNeeded: $0) ^ $1)] ^ $0 >> 8 }
    }

    private static let crc32Table: [UInt32] = (0..<256).map { byte in
        (0..<8).reduce(UInt32(byte)) { value, _ in value & 1 == 0 ? value >> 1 : value >> 1 ^ 0xEDB8_8320 }
    }
}
