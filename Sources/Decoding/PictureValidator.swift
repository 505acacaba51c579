package import Archive
package import Workers

/// A validator's finding on one file's bytes.
package enum ValidationFinding: Sendable, Hashable {
    /// Format ("jpeg" or "png"), upright size in pixels, and what was unusual but acceptable.
    case valid(format: String, width: Int, height: Int, notes: String?)
    /// `code` is stable, for programs; `reason` is a sentence for people. `mayBeIncomplete` is set if the bytes end too
    /// early.
    case invalid(code: String, reason: String, mayBeIncomplete: Bool)
}

/// Judges whether staged copies are pictures that Cultivar can use. Throws only if it can't judge.
package protocol PictureValidator: Sendable {
    /// The findings for the copies, in their order.
    func validate(_ files: [StagedPicture], in store: PictureStore, on worker: Worker) throws -> [ValidationFinding]
}
