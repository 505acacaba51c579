package import Archive
package import Installation
internal import Networks
package import Pictures
internal import Records
internal import Settings
internal import System

/// How pictures become features: a backbone, its input size, and how copies are augmented.
package struct FeatureSource: Sendable {
    package let loaded: LoadedBackbone
    /// Height and width of the backbone's input in pixels.
    package let inputSize: Int
    /// How copies 1, 2, … of a picture are drawn; copy 0 is the original picture.
    package let augmentation: AugmentationSettings
    /// How this is identified in the feature cache.
    package let space: FeatureSpace

    /// - Parameter inputSize: in pixels; nil is the backbone's default.
    package init(loaded: LoadedBackbone, inputSize: Int? = nil, augmentation: AugmentationSettings) throws {
        let size = inputSize ?? loaded.backbone.defaultInputSize
        self.loaded = loaded
        self.inputSize = size
        self.augmentation = augmentation
        space = try FeatureSpace(
            backbone: loaded.checksum,
            preprocessing: "\(Self.decoding), bilinear \(size) x \(size), \(loaded.backbone.arithmetic)",
            augmentation: JSONText(augmentation).text, featureCount: loaded.backbone.featureCount)
    }

    /// The source that a text of the search space names. Throws `BackboneFailure` and errors about the file.
    init(
        _ text: String, in library: BackboneLibrary, precision: Precision, augmentation: AugmentationSettings
    ) throws {
        guard let choice = BackboneChoice(text: text) else { throw BackboneFailure.badChoice(text) }
        guard !choice.isAll else { throw BackboneFailure.noneUsable(library.folder) }
        try self.init(
            loaded: library.load(choice.name, precision: precision), inputSize: choice.inputSize,
            augmentation: augmentation)
    }

    /// The backbone's input for one copy of a picture, from the picture at the input size.
    func prepared(_ picture: RGBImage, digest: Digest, copy: Int) -> RGBImage {
        guard copy > 0 else { return picture }
        let parameters = AugmentationParameters(
            drawnFrom: augmentation, seed: Self.augmentationSeed, digest: digest.bytes, index: copy - 1)
        return picture.augmented(by: parameters)
    }

    /// How far a JPEG is scaled down while it is decoded. Rename this with every change that may affect pixels.
    private static let decoding = "JPEG at least 1 x"

    /// One for all runs, so that a run with another seed finds the same copies in the cache.
    static let augmentationSeed: UInt64 = 0
}
