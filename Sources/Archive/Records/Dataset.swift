/// A class of pictures.
package struct Label: Codable, Hashable, Sendable {
    package let id: LabelID
    /// As first spelled.
    package let name: String
}

/// Every accepted picture with its label and side.
package struct Dataset: Sendable {
    package struct Picture: Hashable, Sendable {
        package let id: PictureID
        package let digest: PictureDigest
        /// The index of its label in ``Dataset/labels``.
        package let label: Int
        package let split: Split
    }

    /// The labels that have pictures, in the order of their keys (``LabelKey``), which no new picture of a known label
    /// changes.
    package let labels: [Label]
    /// In the order in which they were accepted (by id).
    package let pictures: [Picture]
}

/// How many pictures a label has on each side.
package struct LabelCount: Codable, Hashable, Sendable {
    package let id: LabelID
    package let label: String
    package let train: Int
    package let test: Int

    package init(id: LabelID, label: String, train: Int, test: Int) {
        self.id = id
        self.label = label
        self.train = train
        self.test = test
    }
}
