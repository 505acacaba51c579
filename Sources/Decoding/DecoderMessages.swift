internal import System

/// The encoding of findings sent from a decoder process to the service: the kind, then numbers of 4 bytes, and texts
/// after their length of 2 bytes. Pixels aren't in it; if they were asked for, they are in the output memory, in the
/// place of each valid file. Everything that arrives is treated as hostile: a picture may have taken over the process.
enum DecoderMessages {
    /// The maximum number of files in a request.
    static let filesLimit = 64
    /// Room for that many findings.
    static let replyCapacity = filesLimit * 2 * (textLimit + 16)
    private static let textLimit = 400

    private enum Kind: UInt8 { case valid = 1, invalid, incomplete, outOfMemory }

    static func encode(_ findings: [Result<ValidationFinding, DecodeFailure>]) -> [UInt8] {
        var bytes: [UInt8] = []
        for finding in findings {
            switch finding {
            case .success(.valid(let format, let width, let height, let notes)):
                bytes.append(Kind.valid.rawValue)
                append(UInt32(clamping: width), to: &bytes)
                append(UInt32(clamping: height), to: &bytes)
                append(format, to: &bytes)
                append(notes ?? "", to: &bytes)
            case .success(.invalid(let code, let reason, let mayBeIncomplete)):
                bytes.append((mayBeIncomplete ? Kind.incomplete : .invalid).rawValue)
                append(code, to: &bytes)
                append(reason, to: &bytes)
            case .failure: bytes.append(Kind.outOfMemory.rawValue)
            }
        }
        return bytes
    }

    /// The findings for `count` files; throws if the bytes are something else.
    static func decode(_ bytes: [UInt8], count: Int, limits: DecodeLimits) throws(DecoderDeath) -> [ValidationFinding] {
        var reader = Reader(rest: bytes[...])
        var findings: [ValidationFinding] = []
        for _ in 0..<count { findings.append(try reader.finding(limits: limits)) }
        guard reader.rest.isEmpty else { throw .nonsense }
        return findings
    }

    private static func append(_ number: UInt32, to bytes: inout [UInt8]) {
        withUnsafeBytes(of: number.littleEndian) { bytes.append(contentsOf: $0) }
    }

    private static func append(_ text: String, to bytes: inout [UInt8]) {
        let text = text.utf8.prefix(textLimit)
        bytes += [UInt8(text.count & 0xFF), UInt8(text.count >> 8)] + text
    }

    private struct Reader {
        var rest: ArraySlice<UInt8>

        mutating func finding(limits: DecodeLimits) throws(DecoderDeath) -> ValidationFinding {
            guard let kind = Kind(rawValue: try take(1)[0]) else { throw .nonsense }
            switch kind {
            case .valid:
                let (width, height) = (try number(), try number())
                let (format, notes) = (try text(), try text())
                guard let known = PictureFormat(rawValue: format), width > 0, height > 0,
                    limits.allow(width: width, height: height, of: known)
                else { throw .nonsense }
                return .valid(format: format, width: width, height: height, notes: notes.isEmpty ? nil : notes)
            case .invalid, .incomplete:
                let (code, reason) = (try text(), try text())
                guard ReasonCode(rawValue: code) != nil, !reason.isEmpty else { throw .nonsense }
                return .invalid(code: code, reason: reason, mayBeIncomplete: kind == .incomplete)
            case .outOfMemory: throw .outOfMemory
            }
        }

        private mutating func number() throws(DecoderDeath) -> Int {
            try take(4).reversed().reduce(0) { $0 << 8 | Int($1) }
        }

        /// With control characters and invalid UTF-8 escaped.
        private mutating func text() throws(DecoderDeath) -> String {
            let length = try take(2).reversed().reduce(0) { $0 << 8 | Int($1) }
            return RawPath(try take(length)).escaped
        }

        private mutating func take(_ count: Int) throws(DecoderDeath) -> [UInt8] {
            guard count <= rest.count else { throw .nonsense }
            defer { rest = rest.dropFirst(count) }
            return Array(rest.prefix(count))
        }
    }
}

/// What happened to a decoder process that gave no answer.
enum DecoderDeath: Error, Hashable, CustomStringConvertible {
    case signal(Int32)
    case exited
    case tooSlow
    case outOfMemory
    case nonsense

    var description: String {
        switch self {
        case .signal(24), .tooSlow: "it took too long"
        case .signal(31): "it made a forbidden system call"
        case .signal(let number): "it was killed by signal \(number)"
        case .exited: "it exited"
        case .outOfMemory: "it ran out of memory"
        case .nonsense: "its answer was invalid"
        }
    }
}
