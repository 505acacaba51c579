import System
import SystemPackage
import TestSupport
import Testing

@Suite("Digests")
struct DigestTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// FIPS 180-2, appendix B.1.
    static let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

    @Test("The digest of “abc” is the standard's")
    func standard() { #expect(Digest.sha256("abc".utf8).hex == Self.abc) }

    @Test("Digests are in the order of their texts")
    func order() {
        let digests = (0..<50).map { Digest.sha256("\($0)".utf8) }
        #expect(digests.sorted().map(\.hex) == digests.map(\.hex).sorted())
    }

    @Test("Hexadecimal text and bytes lead back to the same digest")
    func roundTrip() throws {
        let digest = Digest.sha256("abc".utf8)
        #expect(Digest(hex: digest.hex) == digest)
        #expect(Digest(hex: digest.hex.uppercased()) == digest)
        #expect(Digest(bytes: digest.bytes) == digest)
    }

    @Test(
        "Text that is no digest gives none",
        arguments: ["", "ba78", String(repeating: "g", count: 64), String(repeating: "0", count: 63) + "é"])
    func otherText(text: String) { #expect(Digest(hex: text) == nil) }

    @Test("A file's digest is that of its bytes, over many chunks")
    func file() throws {
        let bytes = (0..<700_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        let path = try folder.write(bytes, to: "file")
        #expect(try Digest.sha256(of: path) == Digest.sha256(bytes))
    }

    @Test("An HMAC is that of RFC 4231's second test case")
    func authentication() {
        let code = SHA256.authenticationCode(of: Array("what do ya want for nothing?".utf8), key: Array("Jefe".utf8))
        #expect(code.hex == "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843")
    }

    @Test("Digests are made by many threads at a time")
    func threads() async {
        let expected = (0..<200).map { Digest.sha256("\($0)".utf8) }
        await withTaskGroup(of: [Digest].self) { group in
            for _ in 0..<8 { group.addTask { (0..<200).map { Digest.sha256("\($0)".utf8) } } }
            for await found in group { #expect(found == expected) }
        }
    }

    @Test("A file that isn't there is named in the error")
    func missingFile() throws {
        let failure = #expect(throws: FileFailure.self) { try Digest.sha256(of: "/nowhere/file") }
        #expect(failure?.description.contains("/nowhere/file") == true)
    }
}
