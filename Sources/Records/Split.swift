import System

/// The set to which a picture belongs permanently.
package enum Split: String, Codable, Hashable, Sendable, CaseIterable {
    case train, test
}

/// What decided a picture's split.
package enum SplitOrigin: String, Codable, Hashable, Sendable, CaseIterable {
    /// The keyed hash of its content; see ``SplitRule``.
    case hash
    /// The drop's own train or test folder.
    case folder
}

/// Assigns a picture to the training or the test set by a keyed hash of its content.
///
/// The first 53 bits of the HMAC-SHA256 of the picture's digest under the installation's key are a number in [0, 1):
/// below `testShare` means test. So the same picture always gets the same split, and nobody without the key can choose
/// pictures that get a certain one.
package struct SplitRule: Sendable {
    private let key: [UInt8]
    /// The expected share of test pictures, 0 to 1.
    package let testShare: Double

    package init(key: [UInt8], testShare: Double) {
        precondition((0...1).contains(testShare), "a test share of \(testShare)")
        self.key = key
        self.testShare = testShare
    }

    package func split(of picture: PictureDigest) -> Split { position(of: picture) < testShare ? .test : .train }

    /// The picture's number in [0, 1).
    func position(of picture: PictureDigest) -> Double {
        let code = SHA256.authenticationCode(of: picture.bytes, key: key)
        let leading = code.bytes.prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
        return Double(leading >> 11) / Double(1 << 53 as Int64)
    }
}
