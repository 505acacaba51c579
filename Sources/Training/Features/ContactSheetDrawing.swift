package import Decoding
internal import Pictures
package import Settings
internal import System
internal import Workers

/// The contact sheet of `cultivar augment`: a picture next to the copies that training would make of it.
package enum ContactSheetDrawing {
    /// The bytes of a PNG file of 3 x 3 tiles of `side` x `side` pixels, from the bytes of a JPEG or PNG file.
    ///
    /// Blocks. Throws `DecodingFailure`, and problems of the machine.
    ///
    /// - Parameter decoders: for pictures of `side` x `side` pixels.
    package static func draw(
        _ file: [UInt8], side: Int, with settings: Settings, by decoders: DecoderPool
    ) throws -> [UInt8] {
        let sheets = try decoders.pictures([PictureSource(file)], on: Worker()).map { picture in
            ContactSheet.augmentations(
                of: try picture.get(), settings: settings.augment.transforms,
                seed: FeatureSource.augmentationSeed, digest: Digest.sha256(file).bytes, side: side)
        }
        return PNGFile.encode(sheets[0])
    }
}
