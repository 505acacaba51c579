internal import Archive
internal import Records

/// The attempts to decode one file alone.
struct Attempt {
    private static let limit = 2

    /// Nil if nothing is recorded.
    let record: (any DecodingAttempts)?
    let digest: PictureDigest?
    /// How many of them never ended, before the present one.
    private var unfinished = -1

    init(record: (any DecodingAttempts)?, digest: PictureDigest?) {
        (self.record, self.digest) = (record, digest)
    }

    /// Whether the file is given up if the present one doesn't end either.
    var isLast: Bool { unfinished + 1 >= Self.limit }

    /// Begins another one; false if there have been enough.
    mutating func begin() throws -> Bool {
        unfinished = try change { try $0.beginAttempt(on: $1, at: .now) } ?? unfinished + 1
        return unfinished < Self.limit
    }

    func end() throws { _ = try change { try $0.endAttempt(on: $1) } }

    func cancel() throws { _ = try change { try $0.cancelAttempt(on: $1) } }

    /// If the same file comes again, counting starts again.
    func refuse(because cause: String) throws -> DecoderAnswer {
        try end()
        let reason = "it killed the decoder, even alone: \(cause)"
        return DecoderAnswer(
            finding: .invalid(code: "killed_decoder", reason: reason, mayBeIncomplete: false), picture: nil)
    }

    private func change<T>(_ body: (any DecodingAttempts, PictureDigest) throws -> T) rethrows -> T? {
        guard let record, let digest else { return nil }
        return try body(record, digest)
    }
}
