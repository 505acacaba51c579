/// A picture in memory: height x width x 3 samples of 8 bits, row by row from the top left; red, green, blue.
package struct RGBImage: Sendable, Equatable {
    /// In pixels, at least 1.
    package let width: Int
    /// In pixels, at least 1.
    package let height: Int
    /// height x width x 3 samples, row by row from the top left; red, green, blue.
    package let pixels: [UInt8]

    package init(width: Int, height: Int, pixels: [UInt8]) {
        precondition(width > 0 && height > 0, "a picture can't be \(width) x \(height)")
        precondition(
            pixels.count == width * height * 3, "\(width) x \(height) pixels are not \(pixels.count) samples")
        self.width = width
        self.height = height
        self.pixels = pixels
    }

    /// Creates a picture in uninitialised memory: `fill` must set all of its width * height * 3 samples.
    package init<E: Error>(
        width: Int, height: Int, fill: (UnsafeMutablePointer<UInt8>) throws(E) -> Void
    ) throws(E) {
        var failure: E?
        let count = width * height * 3
        let pixels = [UInt8](unsafeUninitializedCapacity: count) { buffer, initializedCount in
            do throws(E) {
                try fill(buffer.baseAddress!)
                initializedCount = count
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
        self.init(width: width, height: height, pixels: pixels)
    }
}
