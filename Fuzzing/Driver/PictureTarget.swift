internal import Glibc
internal import Numerics
internal import Pictures

@testable import Decoding

/// All that happens to a picture's bytes in a decoder process: judgement and pixels, with the answer that the service
/// reads. The bytes are also taken for such an answer.
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
        for count in 0...3 { read(bytes, count: count) }
        let judged = Result { () throws(DecodeFailure) in try decoder.check(bytes) }
        let full = Result { () throws(DecodeFailure) in try decoder.decode(bytes) }
        switch (judged, full) {
        case (.success(let info), .success(let picture)):
            precondition(picture.info == info, "judged as \(info), decoded as \(picture.info)")
            precondition(picture.image.width == info.width && picture.image.height == info.height, "another size")
            for side in [7, 32] { extract(bytes, info, side: side) }
            compare(bytes)
        case (.failure(let judged), .failure(let full)):
            precondition(judged == full, "judged as \(judged), decoded as \(full)")
        default: preconditionFailure("judged as \(judged), decoded as \(full)")
        }
    }

    /// As a decoder process does it for the files of a drop.
    private func judge(_ bytes: UnsafeRawBufferPointer) {
        deliver(Result { () throws(DecodeFailure) in try PictureJudge(limits: limits).finding(of: bytes) })
    }

    /// What the service makes of a process's finding.
    private func deliver(_ finding: Result<ValidationFinding, DecodeFailure>) {
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

    /// What was accepted must be usable for ever: as a decoder process makes pixels, all of them and nothing else.
    private func extract(_ bytes: UnsafeRawBufferPointer, _ info: PictureInfo, side: Int) {
        let layout = PixelLayout(side: side)
        let margin = 16
        let output = UnsafeMutableRawBufferPointer.allocate(
            byteCount: layout.pictureBytes + 2 * margin, alignment: 16)
        defer { output.deallocate() }
        output.initializeMemory(as: UInt8.self, repeating: 0xA5)
        let pixels = UnsafeMutableRawBufferPointer(rebasing: output[margin..<margin + layout.pictureBytes])
        let finding = Result { () throws(DecodeFailure) in
            try PictureJudge(limits: limits).finding(of: bytes, side: side, pixels: pixels)
        }
        deliver(finding)
        guard case .success(.valid(info.format.rawValue, info.width, info.height, _)) = finding else {
            preconditionFailure("\(info) at \(side) is \(finding)")
        }
        for edge in [output.prefix(margin), output.suffix(margin)] {
            precondition(edge.allSatisfy { $0 == 0xA5 }, "written elsewhere")
        }
        do {
            let image = try decoder.decode(bytes, atLeast: side).image
            precondition(
                image.width >= min(side, info.width) && image.height >= min(side, info.height),
                "\(info) at \(side) is \(image.width) x \(image.height)")
            precondition(pixels.elementsEqual(image.resized(width: side, height: side).pixels), "other pixels")
        } catch { preconditionFailure("\(info) can't be decoded at \(side): \(error)") }
    }

    /// As the answer of a process that a picture has taken over: it is refused, or says only what may be said.
    private func read(_ bytes: UnsafeRawBufferPointer, count: Int) {
        guard let findings = try? DecoderMessages.decode(Array(bytes), count: count, limits: limits) else { return }
        precondition(findings.count == count, "\(findings.count) findings on \(count) files")
        for finding in findings {
            switch finding {
            case .valid(let format, let width, let height, let notes):
                guard let format = PictureFormat(rawValue: format) else { preconditionFailure("a format \(format)") }
                precondition(width > 0 && height > 0 && limits.allow(width: width, height: height, of: format))
                precondition(isHarmless(notes ?? ""), "text that acts")
            case .invalid(let code, let reason, _):
                precondition(ReasonCode(rawValue: code) != nil, "a code \(code)")
                precondition(!reason.isEmpty && isHarmless(reason), "text that acts")
            }
        }
    }

    private func isHarmless(_ text: String) -> Bool { text.unicodeScalars.allSatisfy { $0.value >= 32 } }

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
