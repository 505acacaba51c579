import Pictures
import TestSupport
import Testing

@testable import Decoding

/// What programs do to pictures that they take for text.
@Suite("Transfers as text")
struct TextTransferTests {
    private let decoder = PictureDecoder()
    private let byLibjpeg = PictureDecoder(path: .libjpeg)

    private func verdict(_ bytes: [UInt8]) -> Result<PictureInfo, DecodeFailure> {
        Result { () throws(DecodeFailure) in try decoder.check(bytes) }
    }

    /// The words of the refusal as damaged; nil where the picture is taken. All ways of decoding must agree.
    private func damage(_ bytes: [UInt8]) throws -> String? {
        let checked = verdict(bytes)
        let others = [decoder, byLibjpeg].map { decoder in
            Result { () throws(DecodeFailure) in try decoder.decode(bytes).info }
        }
        let small = Result { () throws(DecodeFailure) in try decoder.decode(bytes, atLeast: 1).info }
        for other in others + [small] { #expect(other == checked) }
        switch checked {
        case .success: return nil
        case .failure(.corrupt(_, let message)): return message
        case .failure(let failure): return "\(failure)"
        }
    }

    private func sentence(_ change: String) -> String {
        "line ends were changed in transfer (\(change)): send it in binary mode"
    }

    @Test(
        "A JPEG in which every LF became CR LF is refused as that, whatever there was before",
        arguments: [
            "baseline-420.jpg", "baseline-444.jpg", "gray.jpg", "cmyk.jpg", "ycck.jpg", "rgb.jpg", "restarts.jpg",
            "progressive.jpg", "orientation-6.jpg",
        ])
    func doubled(_ name: String) throws { try checkDoubled(resourceBytes(name)) }

    @Test("The same of pictures of any size", arguments: [(40, 24, 0), (300, 200, 5), (900, 700, 0)])
    func doubled(_ width: Int, _ height: Int, _ restartInterval: Int) throws {
        for sampling in [[(1, 1)], [(2, 2), (1, 1), (1, 1)]] {
            let picture = HandmadeJPEG(
                width: width, height: height, sampling: sampling, restartInterval: restartInterval)
            try checkDoubled(picture.bytes(seed: 1))
        }
    }

    private func checkDoubled(_ bytes: [UInt8]) throws {
        #expect(bytes.contains(0x0A))
        #expect(try damage(bytes) == nil)
        for changed in [bytes.withCRBeforeEachLF, bytes.withCRBeforeLoneLF] {
            #expect(try damage(changed) == sentence("LF to CR LF"))
        }
    }

    @Test("LFs in the data that are all after CR tell of the change where nothing else does")
    func pairsAlone() throws {
        let bytes = HandmadeJPEG(width: 400, height: 300).bytes(seed: 5).withoutLFInTables
        let data = try #require(bytes.scan)
        #expect(!bytes[..<data].contains(0x0A) && bytes[data...].count { $0 == 0x0A } > 20)
        #expect(try damage(bytes) == nil)
        #expect(try damage(bytes.withCRBeforeEachLF) == sentence("LF to CR LF"))
    }

    @Test("Line ends of Windows in a comment are no sign where the data have no line ends")
    func comments() throws {
        let lines = (0..<200).map { "\($0) line\r\n\($0 % 7)" }.joined()
        let comment =
            [0xFF, 0xFE, UInt8((lines.utf8.count + 2) >> 8), UInt8((lines.utf8.count + 2) & 255)] + lines.utf8
        var without = 0
        for seed in 0..<40 as Range<UInt64> {
            let plain = HandmadeJPEG(width: 32, height: 16).bytes(seed: seed).withoutLFInTables
            if !plain.contains(0x0A) { without += 1 }
            #expect(try damage(Array(plain[..<2]) + comment + plain[2...]) == nil)
        }
        #expect(without > 10)
    }

    @Test("Most JPEGs in which a CR LF of the data became LF are refused, and the sentence tells of it")
    func collapsed() throws {
        var (changed, refused) = (0, 0)
        for seed in 0..<300 as Range<UInt64> {
            let bytes = HandmadeJPEG(width: 400, height: 300).bytes(seed: seed)
            let collapsed = bytes.withLFForCRLF
            guard collapsed != bytes else { continue }
            changed += 1
            guard let words = try damage(collapsed) else { continue }
            refused += 1
            #expect(words.hasSuffix("; perhaps " + sentence("CR LF to LF")))
        }
        #expect(changed > 20 && refused * 2 > changed, "\(refused) of \(changed)")
    }

    @Test("LFs that became CRs and CRs that became LFs are told in a damaged JPEG")
    func replaced() throws {
        let bytes = HandmadeJPEG(width: 900, height: 700).bytes(seed: 4)
        for (from, to, change) in [(0x0A, 0x0D, "LF to CR"), (0x0D, 0x0A, "CR to LF")] as [(UInt8, UInt8, String)] {
            let words = try #require(try damage(bytes.map { $0 == from ? to : $0 }))
            #expect(words.hasSuffix(sentence(change)))
        }
    }

    @Test("Pictures without their eighth bits are told by their first bytes", arguments: ["rgb.jpg", "rgb.png"])
    func eighthBit(_ name: String) throws {
        let words = try damage(resourceBytes(name).map { $0 & 0x7F })
        #expect(words == "the eighth bit of its bytes was cut off in transfer: send it in binary mode")
    }

    @Test(
        "Pictures that were read as text and written again are told by their first bytes",
        arguments: ["rgb.jpg", "rgb.png"])
    func characters(_ name: String) throws {
        let bytes = try resourceBytes(name)
        let texts: [[UInt8]] = [
            Array(String(decoding: bytes, as: UTF8.self).utf8),
            Array(String(String.UnicodeScalarView(bytes.map { Unicode.Scalar($0) })).utf8),
            bytes.map { $0 < 128 ? $0 : UInt8(ascii: "?") },
        ]
        for text in texts {
            #expect(
                try damage(text)
                    == "it was read as text, and its bytes above 127 were replaced: copy it as a binary file")
        }
    }

    @Test(
        "A PNG's signature tells what became of line ends", arguments: ["rgb.png", "gray-8.png", "rgb-interlaced.png"])
    func signature(_ name: String) throws {
        let bytes = try resourceBytes(name)
        let changes: [([UInt8], String)] = [
            (bytes.withCRBeforeEachLF, "LF to CR LF"), (bytes.withCRBeforeLoneLF, "LF to CR LF"),
            (bytes.withLFForCRLF, "CR LF to LF"), (bytes.map { $0 == 0x0A ? 0x0D : $0 }, "LF to CR"),
            (bytes.map { $0 == 0x0D ? 0x0A : $0 }, "CR to LF"),
        ]
        for (changed, change) in changes {
            #expect(verdict(changed) == .failure(.corrupt(.png, sentence(change))))
            // A file that is still being written is told as soon as its signature is there.
            #expect(verdict(Array(changed.prefix(9))) == .failure(.corrupt(.png, sentence(change))))
        }
    }
}

/// What libjpeg makes pixels up for and says nothing, or says what is harmless elsewhere.
@Suite("Lost data")
struct LostDataTests {
    private let decoder = PictureDecoder()

    private func verdicts(_ bytes: [UInt8]) -> [Result<PictureInfo, DecodeFailure>] {
        let byLibjpeg = PictureDecoder(path: .libjpeg)
        return [
            Result { () throws(DecodeFailure) in try decoder.check(bytes) },
            Result { () throws(DecodeFailure) in try byLibjpeg.check(bytes) },
            Result { () throws(DecodeFailure) in try decoder.decode(bytes).info },
            Result { () throws(DecodeFailure) in try decoder.decode(bytes, atLeast: 1).info },
        ]
    }

    @Test(
        "What is left behind a scan's last block is refused unless it is padding",
        arguments: [
            ([0x11], false), ([0x11, 0x22, 0x33], false), ([UInt8](repeating: 0x11, count: 7), false),
            ((0..<100).map { UInt8($0) }, false), ([UInt8](repeating: 0, count: 700) + [1], false), ([0], true),
            ([0, 0, 0], true), ([UInt8](repeating: 0, count: 700), true), ([UInt8](repeating: 0x11, count: 8), true),
            ([UInt8](repeating: 0xFF, count: 5), true), ([0xFF, 0, 0xFF, 0], true),
        ] as [([UInt8], Bool)])
    func leftOver(_ extra: [UInt8], _ isTaken: Bool) throws {
        let small = HandmadeJPEG(width: 40, height: 24).bytes(seed: 1)
        let large = HandmadeJPEG(width: 900, height: 700, sampling: [(2, 2), (1, 1), (1, 1)]).bytes(seed: 2)
        #expect(small.count < 32 << 10 && large.count > 32 << 10)
        for bytes in [small, large] {
            for verdict in verdicts(bytes.dropLast(2) + extra + bytes.suffix(2)) {
                switch verdict {
                case .success: #expect(isTaken)
                case .failure(let failure):
                    guard case .corrupt(.jpeg, let words) = failure else { throw failure }
                    #expect(!isTaken && words.hasPrefix("data of a scan are left over after its last block"))
                }
            }
        }
    }

    @Test("Data behind the last block of one of several scans are refused, bytes before a segment are not")
    func severalScans() throws {
        let bytes = try resourceBytes("progressive.jpg")
        let scans = bytes.indices.dropLast().filter { bytes[$0] == 0xFF && bytes[$0 + 1] == 0xDA }
        let second = try #require(scans.dropFirst().first)
        let table = try #require(
            bytes.indices.dropLast().last { $0 < second && bytes[$0] == 0xFF && bytes[$0 + 1] == 0xC4 })
        // Behind the data of the first scan there are tables; behind the tables there is the next scan.
        #expect(table > scans[0])
        let extra = (1...20).map { UInt8($0) }
        for verdict in verdicts(bytes[..<second] + extra + bytes[second...]) {
            #expect(try verdict.get().notes == ["extraneous bytes before a marker"])
        }
        for verdict in verdicts(bytes[..<table] + extra + bytes[table...]) {
            guard case .failure(.corrupt(.jpeg, let words)) = verdict else { throw Unexpected(verdict) }
            #expect(words.hasPrefix("data of a scan are left over"))
        }
    }

    @Test(
        "However data are changed, each way of decoding says the same, and what libjpeg is silent about stays usable where it is stored"
    )
    func changes() throws {
        let silent = [
            "a block has more than 64 coefficients", "a code doesn't stand for any run of coefficients",
            "a block is brighter or darker than samples can be", "data of a scan are left over after its last block",
        ]
        var seen: Set<String> = []
        var random = SplitMix64(state: 7)
        for seed in 0..<600 as Range<UInt64> {
            var bytes = HandmadeJPEG(
                width: 48, height: 40, sampling: [(1, 1), (1, 1), (1, 1)], restartInterval: seed % 3 == 0 ? 4 : 0
            ).bytes(seed: seed)
            let scan = try #require(bytes.scan)
            switch seed % 4 {
            case 0: bytes.remove(at: scan + Int(random.next() % UInt64(bytes.count - scan - 2)))
            default:
                let place = scan + Int(random.next() % UInt64(bytes.count - scan - 2))
                bytes[place] ^= UInt8(1 << (random.next() % 8))
            }
            let verdicts = verdicts(bytes)
            #expect(Set(verdicts.map { "\($0)" }).count == 1, "\(seed): \(verdicts)")
            guard case .failure(.corrupt(_, let words)) = verdicts[0] else { continue }
            guard let kind = silent.first(where: { words.hasPrefix($0) }) else { continue }
            // Behind what libjpeg is silent about there may be what it does tell.
            if (try? PictureDecoder(limits: .ofStored).decode(bytes)) != nil { seen.insert(kind) }
        }
        #expect(seen.count >= 3, "\(seen)")
    }

    private struct Unexpected: Error {
        let verdict: Result<PictureInfo, DecodeFailure>
        init(_ verdict: Result<PictureInfo, DecodeFailure>) { self.verdict = verdict }
    }
}

extension [UInt8] {
    /// Where the data of the first scan begin.
    fileprivate var scan: Int? {
        indices.dropLast().first { self[$0] == 0xFF && self[$0 + 1] == 0xDA }.map { $0 + 2 + Int(self[$0 + 3]) }
    }

    fileprivate var withCRBeforeEachLF: [UInt8] { flatMap { $0 == 0x0A ? [0x0D, 0x0A] : [$0] } }

    fileprivate var withCRBeforeLoneLF: [UInt8] {
        indices.flatMap { index in
            self[index] == 0x0A && (index == 0 || self[index - 1] != 0x0D) ? [0x0D, 0x0A] : [self[index]]
        }
    }

    fileprivate var withLFForCRLF: [UInt8] {
        indices.filter { !(self[$0] == 0x0D && $0 + 1 < count && self[$0 + 1] == 0x0A) }.map { self[$0] }
    }

    /// In the tables of a ``HandmadeJPEG`` there is a size of 10 bits, which it has no use for.
    fileprivate var withoutLFInTables: [UInt8] {
        guard let scan else { return self }
        return self[..<scan].map { $0 == 0x0A ? 0x0C : $0 } + self[scan...]
    }
}
