package import System

/// A picture that Intake has validated and put into the store, to be recorded.
package struct NewPicture: Hashable, Sendable {
    package let digest: PictureDigest
    package let byteCount: Int
    /// "jpeg" or "png".
    package let format: String
    /// Width and height in pixels, upright.
    package let width: Int
    package let height: Int
    package let label: LabelName
    package let split: Split
    package let splitOrigin: SplitOrigin
    /// What the decoder found unusual but acceptable; it is displayed, not interpreted.
    package let notes: String?

    package init(
        digest: PictureDigest, byteCount: Int, format: String, width: Int, height: Int, label: LabelName, split: Split,
        splitOrigin: SplitOrigin, notes: String? = nil
    ) {
        self.digest = digest
        self.byteCount = byteCount
        self.format = format
        self.width = width
        self.height = height
        self.label = label
        self.split = split
        self.splitOrigin = splitOrigin
        self.notes = notes
    }
}

/// Intake's verdict on one file of a drop.
package struct FileOutcome: Sendable {
    package enum Finding: Sendable {
        /// A valid picture; whether it is new, a duplicate or a contradiction is decided when it is recorded.
        case picture(NewPicture)
        /// A rejected file: a stable code for programs ("truncated"), a sentence for people, its size (nil if it isn't
        /// a regular file), and the digest of its content or of a link's target (nil if it wasn't read).
        case refused(code: String, reason: String, byteCount: Int?, digest: PictureDigest? = nil)
    }

    /// Relative to the drop.
    package let path: RawPath
    package let finding: Finding

    package init(path: RawPath, finding: Finding) {
        self.path = path
        self.finding = finding
    }
}

/// What happened to a file, according to its row.
package enum Verdict: Hashable, Sendable {
    case accepted(PictureID)
    /// The same bytes with the same label are known; `firstPath` is DROP/PATH of the file that they came from.
    case duplicate(of: PictureID, firstPath: String)
    /// Rejected, also for a contradiction (code `DuplicateRule.contradictionCode`).
    case rejected(code: String, reason: String)
}

/// What `History.recordOutcomes` has recorded.
package struct RecordedOutcomes: Sendable {
    /// In the order of the outcomes.
    package let verdicts: [Verdict]
    /// Spellings of a known label that were seen for the first time, as (new spelling, label's name).
    package let newSpellings: [(spelling: String, label: String)]

    package init(verdicts: [Verdict], newSpellings: [(spelling: String, label: String)]) {
        self.verdicts = verdicts
        self.newSpellings = newSpellings
    }
}
