/// A picture that is already recorded: what matters for duplicates of it.
package struct KnownPicture: Hashable, Sendable {
    package let id: PictureID
    /// The label's name in its first spelling.
    package let label: String
    /// DROP/PATH of the file that it came from, escaped.
    package let firstPath: String

    package init(id: PictureID, label: String, firstPath: String) {
        self.id = id
        self.label = label
        self.firstPath = firstPath
    }
}
