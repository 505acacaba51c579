internal import Pictures

/// Turns the decoder's result into a finding, inside a decoder process.
struct PictureJudge: Sendable {
    private let decoder: PictureDecoder

    init(limits: DecodeLimits) { decoder = PictureDecoder(limits: limits) }

    /// Checks all of a file's data. Throws if the problem is the machine and not the bytes.
    func finding(of bytes: UnsafeRawBufferPointer) throws(DecodeFailure) -> ValidationFinding {
        try finding(of: bytes) { () throws(DecodeFailure) in try decoder.check(bytes) }
    }

    /// The same, and if the file is valid, its picture is in `pixels` afterwards: upright, resized to `side` x `side`,
    /// 3 bytes a pixel. A large JPEG is scaled down while it is decoded, as long as both sides stay at least that long.
    func finding(
        of bytes: UnsafeRawBufferPointer, side: Int, pixels: UnsafeMutableRawBufferPointer
    ) throws(DecodeFailure) -> ValidationFinding {
        try finding(of: bytes) { () throws(DecodeFailure) in
            let decoded = try decoder.decode(bytes, atLeast: side)
            pixels.copyBytes(from: decoded.image.resized(width: side, height: side).pixels)
            return decoded.info
        }
    }

    private func finding(
        of bytes: UnsafeRawBufferPointer, _ decode: () throws(DecodeFailure) -> PictureInfo
    ) throws(DecodeFailure) -> ValidationFinding {
        do throws(DecodeFailure) {
            let info = try decode()
            return .valid(
                format: info.format.rawValue, width: info.width, height: info.height,
                notes: info.notes.isEmpty ? nil : info.notes.joined(separator: "; "))
        } catch {
            if error.isOfMachine { throw error }
            return .invalid(
                code: error.code.rawValue, reason: error.description,
                mayBeIncomplete: error.isAboutTheEnd || bytes.count < Self.shortestHeader)
        }
    }

    /// With fewer bytes than this, the format of a file can't be recognised.
    private static let shortestHeader = 32
}

/// Why a file isn't an acceptable picture, as in the history's `reason_code`. Codes never change.
enum ReasonCode: String {
    case empty, truncated
    case damaged
    case notAPicture = "not_a_picture"
    case unsupportedFormat = "unsupported_format"
    case unsupportedVariant = "unsupported_variant"
    case tooManyPixels = "too_many_pixels"
    case tooManyScans = "too_many_scans"
    case tooMuchMemory = "too_much_memory"
    case tooSlow = "too_slow"
    case outOfMemory = "out_of_memory"
}

extension DecodeFailure {
    fileprivate var isAboutTheEnd: Bool {
        switch self {
        case .empty, .truncated: true
        default: false
        }
    }

    fileprivate var code: ReasonCode {
        switch self {
        case .empty: .empty
        case .notAPicture: .notAPicture
        case .unsupportedFormat: .unsupportedFormat
        case .unsupportedVariant: .unsupportedVariant
        case .tooLarge: .tooManyPixels
        case .tooManyScans: .tooManyScans
        case .tooMuchMemory: .tooMuchMemory
        case .tooSlow: .tooSlow
        case .truncated: .truncated
        case .corrupt: .damaged
        case .outOfMemory: .outOfMemory
        }
    }
}
