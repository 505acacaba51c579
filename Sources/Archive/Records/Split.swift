import System

/// The side a picture is on for ever.
package enum Split: String, Codable, Hashable, Sendable, CaseIterable {
    case train, test
}

/// What put a picture on its side.
package enum SplitOrigin: String, Codable, Hashable, Sendable, CaseIterable {
    /// The keyed hash of its content; see ``SplitRule``.
    case hash
    /// The drop's own train or test folder.
    case folder
}

/// Puts a picture into the training or the test set by a keyed hash of its content.
///
/// HMAC-SHA256 of the picture's digest under the installation's key, its first 53 bits as a number in [0, 1): below
/// `testShare` is test. The same picture therefore always falls on the same side, and nobody without the key can
/// choose pictures that fall on one side.
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
