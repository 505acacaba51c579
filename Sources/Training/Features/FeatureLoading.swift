package import Archive
package import Learning
package import Numerics
package import Records
package import System

/// The pictures of some classes in one split: those from which a run learns, or those on which models are tested.
package struct PictureSet: Equatable, Sendable {
    package struct Picture: Hashable, Sendable {
        package let id: PictureID
        package let digest: PictureDigest
        /// The index of its class in ``PictureSet/labels``.
        package let label: Int
    }

    /// In class order.
    package let labels: [Label]
    /// In the order in which they were accepted.
    package let pictures: [Picture]

    /// - Parameter labels: the classes whose pictures count, in class order; nil means all of the dataset, in its
    ///   order.
    package init(_ dataset: Dataset, _ split: Split, of labels: [Label]? = nil) {
        let labels = labels ?? dataset.labels
        let classes = Dictionary(uniqueKeysWithValues: labels.enumerated().map { ($1.id, $0) })
        let places = dataset.labels.map { classes[$0.id] }
        self.labels = labels
        pictures = dataset.pictures.compactMap { picture in
            guard picture.split == split, let label = places[picture.label] else { return nil }
            return Picture(id: picture.id, digest: picture.digest, label: label)
        }
    }

    package var digests: [PictureDigest] { pictures.map(\.digest) }

    /// The rows to train on: each picture, followed by its augmented copies.
    package func rows(copies: Int) -> LabeledRows {
        let each = copies + 1
        let indices = 0..<pictures.count * each
        return LabeledRows(
            labels: indices.map { Int32(pictures[$0 / each].label) }, pictures: indices.map { Int32($0 / each) },
            isAugmented: indices.map { $0 % each > 0 }, classCount: labels.count)
    }
}

extension FeatureCache {
    /// The features of the pictures, each followed by its first `copies` augmented copies: (rows, features).
    ///
    /// Blocks. Throws `FeatureCacheFailure.missing` for the first that isn't in the cache.
    package func matrix(of pictures: [Digest], copies: Int, from source: FeatureSource) throws -> Matrix {
        let keys = pictures.flatMap { digest in (0...copies).map { FeatureKey(picture: digest, copy: $0) } }
        var matrix = Matrix(rows: keys.count, columns: source.space.featureCount)
        try matrix.withUnsafeMutableBuffer { buffer in
            if let target = buffer.baseAddress { try load(keys, in: source.space, into: target) }
        }
        return matrix
    }
}
