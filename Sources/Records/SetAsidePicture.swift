/// A picture of the store that can't be decoded, or that killed its decoder.
package struct UnusablePicture: Hashable, Sendable {
    package let digest: PictureDigest
    /// For programs, as in the history's `reason_code`; it never changes.
    package let code: String
    /// For people.
    package let reason: String

    package init(digest: PictureDigest, code: String, reason: String) {
        self.digest = digest
        self.code = code
        self.reason = reason
    }
}

/// A picture that runs leave out because it is unusable, until the same file is dropped again.
package struct SetAsidePicture: Codable, Hashable, Sendable {
    package let digest: PictureDigest
    /// The label's name in its first spelling.
    package let label: String
    package let split: Split
    /// DROP/PATH of the file that it came from, escaped.
    package let path: String
    /// As in ``UnusablePicture``.
    package let code: String
    /// As in ``UnusablePicture``.
    package let reason: String
    package let since: Timestamp
}
