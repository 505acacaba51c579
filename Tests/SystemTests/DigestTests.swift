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
