internal import CImageCodecs
internal import Glibc
package import Pictures

/// Writes PNG files.
package enum PNGFile {
    /// The bytes of a PNG file with the picture as 8-bit RGB.
    package static func encode(_ image: RGBImage) -> [UInt8] {
        var encoded: UnsafeMutablePointer<UInt8>?
        var count = 0
        let status = cic_png_encode(image.pixels, UInt32(image.width), UInt32(image.height), &encoded, &count)
        precondition(status == .ok, "no memory for a PNG of \(image.width) x \(image.height) pixels")
        defer { free(encoded) }
        return Array(UnsafeBufferPointer(start: encoded, count: count))
    }
}
