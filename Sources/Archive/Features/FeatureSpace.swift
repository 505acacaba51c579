package import Records
package import System

/// What features depend on besides the picture. Features from two different spaces have nothing to do with each other.
package struct FeatureSpace: Hashable, Sendable, CustomStringConvertible {
    /// The SHA-256 of the backbone's file.
    package let backbone: Digest
    /// How pixels become the network's input and how it is computed: input size, resizing, precision, kernels, as a
    /// stable text.
    package let preprocessing: String
    /// The augmentation settings for the copies, as a stable text. The originals don't depend on it.
    package let augmentation: String
    /// How many features a picture has.
    package let featureCount: Int

    package init(backbone: Digest, preprocessing: String, augmentation: String, featureCount: Int) {
        precondition(featureCount > 0, "features of \(featureCount) values")
        self.backbone = backbone
        self.preprocessing = preprocessing
        self.augmentation = augmentation
        self.featureCount = featureCount
    }

    package var description: String { "\(featureCount) features of \(backbone.hex.prefix(12)) (\(preprocessing))" }
}

/// What is used, and removed, together: the originals of one split in a space, or the augmented copies.
package struct FeaturePart: Hashable, Sendable, CustomStringConvertible {
    /// Originals don't depend on the augmentation; it is empty for them.
    let space: FeatureSpace
    let isOfCopies: Bool
    package let split: Split

    init(_ space: FeatureSpace, isOfCopies: Bool, split: Split) {
        self.space =
            isOfCopies
            ? space
            : FeatureSpace(
                backbone: space.backbone, preprocessing: space.preprocessing, augmentation: "",
                featureCount: space.featureCount)
        self.isOfCopies = isOfCopies
        self.split = split
    }

    package var description: String {
        "\(isOfCopies ? "augmented copies" : "\(split == .train ? "training" : "test") pictures"): \(space)"
    }
}

extension FeatureSpace {
    /// What is needed of it for the pictures of a split with `copies` augmented copies each.
    package func parts(_ split: Split, copies: Int = 0) -> [FeaturePart] {
        [FeaturePart(self, isOfCopies: false, split: split)]
            + (copies > 0 ? [FeaturePart(self, isOfCopies: true, split: split)] : [])
    }
}

/// One row of features: a picture, or one of its augmented copies.
package struct FeatureKey: Hashable, Sendable {
    package let picture: PictureDigest
    /// 0 is the picture as it is, 1 and up its augmented copies.
    package let copy: Int

    package init(picture: PictureDigest, copy: Int = 0) {
        precondition(copy >= 0, "copy \(copy)")
        self.picture = picture
        self.copy = copy
    }
}

/// What can be wrong with the feature cache, apart from damage, which it repairs itself by starting over.
package enum FeatureCacheFailure: Error, Hashable, Sendable, CustomStringConvertible {
    /// Requested but not there: not computed yet, or lost with a damaged cache.
    case missing(FeatureKey, FeatureSpace)

    package var description: String {
        switch self {
        case .missing(let key, let space):
            "the feature cache has no \(space) for the picture \(key.picture), copy \(key.copy)"
        }
    }
}
