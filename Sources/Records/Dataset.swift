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

/// Accepted pictures, each with its label and split.
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

extension Dataset {
    /// The same without some of its pictures, and without the labels of which none is left then.
    package func without(_ leftOut: Set<PictureID>) -> Dataset {
        guard !leftOut.isEmpty else { return self }
        let rest = pictures.filter { !leftOut.contains($0.id) }
        let used = Set(rest.map(\.label))
        var places = [Int?](repeating: nil, count: labels.count)
        for (place, index) in labels.indices.filter(used.contains).enumerated() { places[index] = place }
        return Dataset(
            labels: labels.indices.filter(used.contains).map { labels[$0] },
            pictures: rest.compactMap { picture in
                places[picture.label].map {
                    Picture(id: picture.id, digest: picture.digest, label: $0, split: picture.split)
                }
            })
    }

    /// How many pictures each of its labels has.
    package var labelCounts: [LabelCount] {
        var train = [Int](repeating: 0, count: labels.count)
        var test = train
        for picture in pictures {
            switch picture.split {
            case .train: train[picture.label] += 1
            case .test: test[picture.label] += 1
            }
        }
        return labels.enumerated().map {
            LabelCount(id: $1.id, label: $1.name, train: train[$0], test: test[$0])
        }
    }
}

/// The pictures on which a run is based that starts now; all of it is from one moment.
package struct RunBasis: Sendable {
    /// The newest picture; 0 if there is none.
    package let lastPicture: PictureID
    /// How many pictures each label has, without those that are set aside, in the order of ``Dataset/labels``. Labels
    /// without any are missing.
    package let labels: [LabelCount]
    package let setAside: Set<PictureID>

    package init(lastPicture: PictureID, labels: [LabelCount], setAside: Set<PictureID>) {
        self.lastPicture = lastPicture
        self.labels = labels
        self.setAside = setAside
    }
}

/// How many pictures a label has in each split.
package struct LabelCount: Codable, Hashable, Sendable {
    package let id: LabelID
    package let label: String
    package let train: Int
    package let test: Int
}
