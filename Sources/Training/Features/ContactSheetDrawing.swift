internal import Pictures
package import Settings
internal import System

/// The contact sheet of `cultivar augment`: a picture next to the copies that training would make of it.
package enum ContactSheetDrawing {
    /// The bytes of a PNG file of 3 x 3 tiles of `side` x `side` pixels, from the bytes of a JPEG or PNG file.
    ///
    /// Throws `DecodeFailure`.
    package static func draw(_ file: [UInt8], side: Int, with settings: Settings) throws -> [UInt8] {
        let picture = try PictureDecoder(limits: settings.limits).decode(file, atLeast: side).image
        let sheet = ContactSheet.augmentations(
            of: picture, settings: settings.augment.transforms, seed: FeatureSource.augmentationSeed,
            digest: Digest.sha256(file).bytes, side: side)
        return PNGFile.encode(sheet)
    }
}
