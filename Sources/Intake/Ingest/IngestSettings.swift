internal import Archive

/// How drops are taken in.
package struct IngestSettings: Sendable, Hashable {
    /// The share of test pictures among those whose drop doesn't say, 0 to 1.
    package var testShare: Double
    package var splitFolders: SplitFolders
    /// The largest file that is looked at as a picture, in bytes.
    package var maxFileBytes: Int
    /// A file that ends too early is waited for until it has been unchanged for this long.
    package var patience: Duration
    /// How many files become durable together, with one transaction: so many that what a synchronisation and a commit
    /// cost hardly counts for each, and so few that little is done again after an interruption.
    package var batchFiles: Int
    package var batchBytes: Int64

    package init(
        testShare: Double = 0.2, splitFolders: SplitFolders = .auto, maxFileBytes: Int = 256 << 20,
        patience: Duration = .seconds(30), batchFiles: Int = 4096, batchBytes: Int64 = 256 << 20
    ) {
        self.testShare = testShare
        self.splitFolders = splitFolders
        self.maxFileBytes = maxFileBytes
        self.patience = patience
        self.batchFiles = batchFiles
        self.batchBytes = batchBytes
    }
}

/// What the preparation of a file needs.
struct IngestTools: Sendable {
    let store: PictureStore
    let validator: any PictureValidator
    let splitRule: SplitRule
    let settings: IngestSettings
}

/// How far a drop is.
package struct IngestProgress: Sendable, Hashable {
    package let drop: RawPath
    package let finishedFiles: Int
    package let totalFiles: Int
}

/// What has become of one drop, in numbers.
package struct IngestSummary: Sendable, Hashable {
    package var drop: RawPath
    package var accepted = 0
    package var duplicates = 0
    package var rejected = 0
    /// Files that stay in the inbox for now, by reason.
    package var deferred: [Deferral: Int] = [:]
    /// Files that were taken in but can't be removed with this user's permissions.
    package var kept = 0
    /// Whether the drop has left the inbox.
    package var hasLeft = false
    /// New spellings of known labels, as (spelling, label) pairs.
    package var newSpellings: [NewSpelling] = []
    /// When to look at what is left even if nothing changes; nil for never.
    package var lookAgainAfter: Duration?

    /// What an administrator has to mend before the rest of the drop can be taken in, in a sentence.
    package var fault: String? {
        let found = [Deferral.unreadable, .noSpace].first { deferred[$0] != nil }
        return found.map { "of \(deferred[$0] ?? 0) files, \($0)" }
    }

    package struct NewSpelling: Sendable, Hashable {
        package let spelling: String
        package let label: String
    }

    init(drop: RawPath) { self.drop = drop }
}
