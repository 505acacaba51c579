/// A class of pictures.
package struct Label: Codable, Hashable, Sendable {
    package let id: LabelID
    /// In its first spelling.
    package let name: String

    package init(id: LabelID, name: String) {
        self.id = id
        self.name = name
    }
}

/// Every accepted picture with its label and split.
package struct Dataset: Sendable {
    package struct Picture: Hashable, Sendable {
        package let id: PictureID
        package let digest: PictureDigest
        /// The index of its label in ``Dataset/labels``.
        package let label: Int
        package let split: Split

        package init(id: PictureID, digest: PictureDigest, label: Int, split: Split) {
            self.id = id
            self.digest = digest
            self.label = label
            self.split = split
        }
    }

    /// The labels that have pictures, in the order of their keys (``LabelKey``). New pictures of known labels don't
    /// change it.
    package let labels: [Label]
    /// In the order in which they were accepted (by id).
    package let pictures: [Picture]

    package init(labels: [Label], pictures: [Picture]) {
        self.labels = labels
        self.pictures = pictures
    }
}

/// How many pictures a label has in each split.
package struct LabelCount: Codable, Hashable, Sendable {
    package let id: LabelID
    package let label: String
    package let train: Int
    package let test: Int
}
