package import Archive
internal import Pictures
package import Workers

/// A validator's finding on one file's bytes.
package enum ValidationFinding: Sendable, Hashable {
    /// Format ("jpeg" or "png"), upright size in pixels, and what was unusual but acceptable.
    case valid(format: String, width: Int, height: Int, notes: String?)
    /// `code` is stable, for programs; `reason` is a sentence for people. `mayBeIncomplete` is set if the bytes end too
    /// early.
    case invalid(code: String, reason: String, mayBeIncomplete: Bool)
}

extension ValidationFinding {
    /// Whether more memory might have led to another finding.
    var isOfMemory: Bool {
        if case .invalid(code: PictureJudge.memoryCode, _, _) = self { true } else { false }
    }
}

/// Judges whether staged copies are pictures that Cultivar can use. Throws only if it can't judge.
package protocol PictureValidator: Sendable {
    /// The findings for the copies, in their order.
    func validate(_ files: [StagedPicture], in store: PictureStore, on worker: Worker) throws -> [ValidationFinding]
}

/// Turns the decoder's result into a finding.
struct PictureJudge: Sendable {
    static let memoryCode = "too_much_memory"

    private let decoder: PictureDecoder

    init(limits: DecodeLimits) { decoder = PictureDecoder(limits: limits) }

    /// Throws if the problem is the machine and not the bytes.
    func finding(of bytes: UnsafeRawBufferPointer) throws(DecodeFailure) -> ValidationFinding {
        do {
            let info = try decoder.check(bytes)
            return .valid(
                format: info.format.rawValue, width: info.width, height: info.height,
                notes: info.notes.isEmpty ? nil : info.notes.joined(separator: "; "))
        } catch {
            if error.isOfMachine { throw error }
            return .invalid(
                code: error.code, reason: error.description,
                mayBeIncomplete: error.isAboutTheEnd || bytes.count < Self.shortestHeader)
        }
    }

    /// With fewer bytes than this, the format of a file can't be recognised.
    private static let shortestHeader = 32
}

extension DecodeFailure {
    fileprivate var isAboutTheEnd: Bool {
        switch self {
        case .empty, .truncated: true
        default: false
        }
    }

    /// As in the history's `reason_code`.
    fileprivate var code: String {
        switch self {
        case .empty: "empty"
        case .notAPicture: "not_a_picture"
        case .unsupportedFormat: "unsupported_format"
        case .unsupportedVariant: "unsupported_variant"
        case .tooLarge: "too_many_pixels"
        case .tooManyScans: "too_many_scans"
        case .tooMuchMemory: PictureJudge.memoryCode
        case .tooSlow: "too_slow"
        case .truncated: "truncated"
        case .corrupt: "damaged"
        case .outOfMemory: "out_of_memory"
        }
    }
}
