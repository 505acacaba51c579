package import Archive
package import Learning
package import Tensors

/// The pictures that a run learns from and is tested on, with their classes.
package struct TrainingSet: Sendable {
    package typealias Picture = Dataset.Picture

    /// In class order.
    package let labels: [Label]
    package let train: [Picture]
    package let test: [Picture]

    package init(_ dataset: Dataset) {
        labels = dataset.labels
        train = dataset.pictures.filter { $0.split == .train }
        test = dataset.pictures.filter { $0.split == .test }
    }

    /// The training rows: each picture, followed by its augmented copies.
    package func trainRows(copies: Int) -> LabeledRows {
        Self.rows(of: train, copies: copies, classCount: labels.count)
    }

    private static func rows(of pictures: [Picture], copies: Int, classCount: Int) -> LabeledRows {
        let each = copies + 1
        let indices = 0..<pictures.count * each
        return LabeledRows(
            labels: indices.map { Int32(pictures[$0 / each].label) }, pictures: indices.map { Int32($0 / each) },
            isAugmented: indices.map { $0 % each > 0 }, classCount: classCount)
    }
}

extension FeatureCache {
    /// The features of the pictures, each followed by its first `copies` augmented copies: (rows, features).
    ///
    /// All of them must be in the cache.
    package func matrix(of pictures: [Digest], copies: Int, from source: FeatureSource) throws -> Matrix {
        let keys = pictures.flatMap { digest in (0...copies).map { FeatureKey(picture: digest, copy: $0) } }
        var matrix = Matrix(rows: keys.count, columns: source.space.featureCount)
        try matrix.withUnsafeMutableBuffer { buffer in
            if let target = buffer.baseAddress { try load(keys, in: source.space, into: target) }
        }
        return matrix
    }
}
