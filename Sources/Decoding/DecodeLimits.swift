internal import System

/// How much a picture may demand of the decoder before it is rejected.
package struct DecodeLimits: Hashable, Sendable {
    /// The longest side, in pixels.
    package var maxSide: Int
    /// The pixels in memory at once. For a PNG, that is all of them. A JPEG is never in memory completely: it is scaled
    /// down by up to 8 per side while it is decoded, and its reduced size counts.
    package var maxPixels: Int
    /// The number of scans of a progressive JPEG.
    package var maxScans: Int
    /// Seconds of processor time; a busy machine rejects nothing that an idle one accepts.
    package var maxSeconds: Double
    /// Bytes that the decoder may hold in addition to its output, for a progressive JPEG's coefficients.
    package var maxMemory: Int
    /// Whether a JPEG is decoded as well as possible if data were lost or changed and libjpeg silently invents pixels
    /// for them.
    package var isLenient: Bool

    package init(
        maxSide: Int, maxPixels: Int, maxScans: Int, maxSeconds: Double, maxMemory: Int, isLenient: Bool = false
    ) {
        self.maxSide = maxSide
        self.maxPixels = maxPixels
        self.maxScans = maxScans
        self.maxSeconds = maxSeconds
        self.maxMemory = maxMemory
        self.isLenient = isLenient
    }

    /// Whether a picture of this size may be decoded; only the size is checked.
    package func allow(width: Int, height: Int, of format: PictureFormat) -> Bool {
        // Sides may be any number, and their product more than one can be.
        guard max(width, height) <= maxSide else { return false }
        let reduction = format == .jpeg ? 8 : 1
        let held = ((width + reduction - 1) / reduction) * ((height + reduction - 1) / reduction)
        return held <= maxPixels
    }

    /// For bytes that have been accepted once: the highest value of each limit, so that accepted pictures stay usable
    /// when a setting is lowered, or when new pictures are checked more strictly.
    package static let ofStored = DecodeLimits(
        // JPEG doesn't allow longer sides.
        maxSide: 65_500, maxPixels: 1_000_000_000, maxScans: 100_000, maxSeconds: 600, maxMemory: 1 << 40,
        isLenient: true)
}

/// Why a file isn't an acceptable picture.
package enum DecodeFailure: Error, Equatable, Sendable {
    case empty
    case notAPicture
    /// A known format that isn't supported, such as WebP.
    case unsupportedFormat(String)
    /// A kind of JPEG that isn't supported, such as arithmetic-coded.
    case unsupportedVariant(String)
    /// In pixels: the claimed sides, and the limits.
    case tooLarge(width: Int, height: Int, maxSide: Int, maxPixels: Int)
    case tooManyScans(limit: Int)
    /// In bytes.
    case tooMuchMemory(needed: Int, limit: Int)
    /// In seconds of processor time.
    case tooSlow(limit: Double)
    /// The data end before the picture does; the file may still be incomplete.
    case truncated(PictureFormat)
    /// The data violate the format; the text is the library's message.
    case corrupt(PictureFormat, String)
    /// The machine ran out of memory; the picture may be fine.
    case outOfMemory

}

extension DecodeFailure: MachineProblem {
    /// Only ``DecodeFailure/outOfMemory`` is the machine's problem; all others are the file's.
    package var isOfMachine: Bool { self == .outOfMemory }
}

extension DecodeFailure: CustomStringConvertible {
    package var description: String {
        switch self {
        case .empty: "the file is empty"
        case .notAPicture: "not a picture: neither JPEG nor PNG, nor any other known format"
        case .unsupportedFormat(let name): "\(name) is not supported, only JPEG and PNG are"
        case .unsupportedVariant(let name): "\(name) is not supported"
        case .tooLarge(let width, let height, let maxSide, let maxPixels):
            "\(width) x \(height) pixels are too many: at most \(maxSide) a side, and \(maxPixels) in memory, where "
                + "a JPEG is held at an eighth of its sides"
        case .tooManyScans(let limit): "a progressive JPEG with more than \(limit) scans"
        case .tooMuchMemory(let needed, let limit):
            "decoding takes \(max(needed, limit + 1)) bytes or more, at most \(limit) are allowed"
        case .tooSlow(let limit): "decoding took longer than \(limit) seconds"
        case .truncated(let format): "the \(format.rawValue.uppercased()) is truncated: its data end too early"
        case .corrupt(let format, let message): "the \(format.rawValue.uppercased()) is damaged: \(message)"
        case .outOfMemory: "out of memory while decoding"
        }
    }
}
