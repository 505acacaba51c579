/// A picture that is already recorded: what matters for duplicates of it.
package struct KnownPicture: Hashable, Sendable {
    package let id: PictureID
    package let digest: PictureDigest
    /// The label's name in its first spelling.
    package let label: String
    package let split: Split
    /// DROP/PATH of the file that it came from, escaped.
    package let firstPath: String

    package init(id: PictureID, digest: PictureDigest, label: String, split: Split, firstPath: String) {
        self.id = id
        self.digest = digest
        self.label = label
        self.split = split
        self.firstPath = firstPath
    }
}
