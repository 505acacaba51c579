import System
import Testing

@testable import Records

@Suite("The split rule")
struct SplitRuleTests {
    let key = [UInt8](0..<32)

    @Test("A picture's position is the head of its HMAC-SHA256 under the key")
    func reference() throws {
        // Python:
        // int.from_bytes(hmac.digest(bytes(range(32)), hashlib.sha256(b"abc").digest(), "sha256")[:8], "big") / 2**64
        let position = SplitRule(key: key, testShare: 0.2).position(of: .sha256("abc".utf8))
        #expect(abs(position - 0.5666315092151157) < 1e-12)
    }

    @Test("About the share asked for goes to the test set")
    func share() {
        let rule = SplitRule(key: key, testShare: 0.2)
        let tests = (0..<10_000).count { rule.split(of: digest($0)) == .test }
        #expect((1850...2150).contains(tests))
    }

    @Test("A larger share only adds test pictures")
    func nested() {
        let (small, large) = (SplitRule(key: key, testShare: 0.1), SplitRule(key: key, testShare: 0.3))
        #expect((0..<1000).allSatisfy { small.split(of: digest($0)) == .train || large.split(of: digest($0)) == .test })
    }

    @Test("Shares of nothing and of everything are taken literally", arguments: [(0.0, Split.train), (1.0, .test)])
    func extremes(share: Double, expected: Split) {
        let rule = SplitRule(key: key, testShare: share)
        #expect((0..<200).allSatisfy { rule.split(of: digest($0)) == expected })
    }

    @Test("Another key splits otherwise")
    func otherKey() {
        let (one, other) = (
            SplitRule(key: key, testShare: 0.5), SplitRule(key: Array(key.reversed()), testShare: 0.5)
        )
        #expect((0..<100).contains { one.split(of: digest($0)) != other.split(of: digest($0)) })
    }
}

private func digest(_ number: Int) -> PictureDigest { .sha256("picture \(number)".utf8) }
