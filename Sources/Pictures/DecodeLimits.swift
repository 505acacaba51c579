internal import System

/// How much a picture may ask of the decoder before it is refused.
package struct DecodeLimits: Codable, Hashable, Sendable {
    /// The longest side, in pixels.
    package var maxSide = 16_384
    /// The pixels that are held in memory at once. A PNG's are all held. A JPEG's never are: it is scaled down by up to 8
    /// a side while it is decoded, and counts as it is then.
    package var maxPixels = 50_000_000
    /// The number of scans of a progressive JPEG.
    package var maxScans = 100
    /// Seconds of processor time; a busy machine refuses nothing that an idle one takes.
    package var maxSeconds = 5.0
    /// Bytes that the decoder may hold beside the pixels it gives, for a progressive JPEG's coefficients.
    package var maxMemory = 256 << 20
    /// Whether a JPEG is given as well as it can be where data were lost or changed and libjpeg, which makes pixels up for
    /// them, doesn't say so.
    package var isLenient = false

    package init() {}

    /// Whether a picture of this size may be decoded, as far as its size goes.
    package func allow(width: Int, height: Int, of format: PictureFormat) -> Bool {
        let reduction = format == .jpeg ? 8 : 1
        let held = ((width + reduction - 1) / reduction) * ((height + reduction - 1) / reduction)
        return max(width, height) <= maxSide && held <= maxPixels
    }

    /// For bytes that have passed a limit once: the highest that each can be set to, so that pictures which were taken in
    /// stay usable when a setting is lowered, or when what is looked for in new ones is more.
    package static let ofStored: DecodeLimits = {
        var limits = DecodeLimits()
        // JPEG has no longer sides.
        limits.maxSide = 65_500
        limits.maxPixels = 1_000_000_000
        limits.maxScans = 100_000
        limits.maxSeconds = 600
        limits.maxMemory = 1 << 40
        limits.isLenient = true
        return limits
    }()
}

/// Why a file isn't a picture that is taken.
package enum DecodeFailure: Error, Equatable, Sendable {
    case empty
    case notAPicture
    /// A known format that isn't decoded, such as WebP.
    case unsupportedFormat(String)
    /// A kind of JPEG that isn't decoded, such as arithmetic-coded.
    case unsupportedVariant(String)
    case tooLarge(width: Int, height: Int, maxSide: Int, maxPixels: Int)
    case tooManyScans(limit: Int)
    case tooMuchMemory(needed: Int, limit: Int)
    case tooSlow(limit: Double)
    /// The data end before the picture does: the file may still be being written.
    case truncated(PictureFormat)
    /// The data contradict their format, in the words of the library that found it.
    case corrupt(PictureFormat, String)
    /// The machine ran out of memory; the picture may be fine.
    case outOfMemory

}

extension DecodeFailure: MachineProblem {
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
            "\(width) x \(height) pixels are too many: at most \(maxSide) a side, and \(maxPixels) in memory, where a JPEG "
                + "is held at an eighth of its sides"
        case .tooManyScans(let limit): "a progressive JPEG of more than \(limit) scans"
        case .tooMuchMemory(let needed, let limit):
            "decoding takes \(max(needed, limit + 1)) bytes or more, at most \(limit) are allowed"
        case .tooSlow(let limit): "decoding took longer than \(limit) seconds"
        case .truncated(let format): "the \(format.rawValue.uppercased()) is truncated: its data end too early"
        case .corrupt(let format, let message): "the \(format.rawValue.uppercased()) is damaged: \(message)"
        case .outOfMemory: "out of memory while decoding"
        }
    }
}
