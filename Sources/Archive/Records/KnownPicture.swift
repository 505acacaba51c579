/// A picture that is already recorded, as far as a duplicate needs to know it.
package struct KnownPicture: Hashable, Sendable {
    package let id: PictureID
    package let digest: PictureDigest
    /// The label's name as first spelled.
    package let label: String
    package let labelID: LabelID
    package let split: Split
    /// DROP/PATH of the file that brought it, escaped.
    package let firstPath: String
}
