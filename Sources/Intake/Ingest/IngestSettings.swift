internal import Archive
internal import Decoding
package import Records
package import System

/// How drops are taken.
package struct IngestSettings: Sendable, Hashable {
    /// The share of test pictures among pictures whose drop doesn't specify the split, 0 to 1.
    package var testShare: Double
    /// Which folder names mean training and test.
    package var splitFolders: SplitFolders
    /// The largest file that is examined, in bytes.
    package var maxFileBytes: Int
    /// What happens to a larger file.
    package var tooLarge: TooLargeRule
    /// A file that ends too early is only rejected after it has been unchanged for this long.
    package var patience: Duration = .seconds(30)
    /// How many files become durable together, in one transaction: enough that the cost of synchronising and committing
    /// hardly matters per file, and few enough that little has to be repeated after an interruption.
    package var batchFiles = 4096
    /// The same as a sum of file sizes, in bytes.
    package var batchBytes: Int64 = 256 << 20

    package init(
        testShare: Double, splitFolders: SplitFolders, maxFileBytes: Int, tooLarge: TooLargeRule
    ) {
        self.testShare = testShare
        self.splitFolders = splitFolders
        self.tooLarge = tooLarge
        self.maxFileBytes = maxFileBytes
    }
}

/// What happens to a file that is too large. It is never copied or deleted.
package enum TooLargeRule: String, Sendable, CaseIterable {
    /// It stays where it is, and so does its drop.
    case leave
    /// It is rejected, and moved to the inbox's folder `.too-large`.
    case move
}

/// What preparing a file needs.
struct IngestTools: Sendable {
    let store: PictureStore
    let validator: any PictureValidator
    let splitRule: SplitRule
    let settings: IngestSettings
}

/// The progress of a drop.
package struct IngestProgress: Sendable, Hashable {
    /// The drop's name.
    package let drop: RawPath
    /// Files with a verdict, or left for later.
    package let finishedFiles: Int
    /// Files of the drop that may be taken.
    package let totalFiles: Int
}

/// What happened to one drop, in numbers.
package struct IngestSummary: Sendable, Hashable {
    /// The drop's name.
    package var drop: RawPath
    /// Files that became pictures.
    package var accepted = 0
    /// Files that repeat a known picture.
    package var duplicates = 0
    /// Files with a reject reason.
    package var rejected = 0
    /// Files that stay in the inbox for now, and why.
    package var deferred: [InboxFile: Deferral] = [:]
    /// Files that have been taken but can't be removed with this user's permissions.
    package var kept = 0
    /// Clutter that was removed with the drop.
    package var passedOver = 0
    /// Whether the drop has left the inbox.
    package var hasLeft = false
    /// New spellings of known labels, as (spelling, label) pairs.
    package var newSpellings: [NewSpelling] = []
    /// When to look at what is left even if nothing changes; nil for never.
    package var lookAgainAfter: Duration?
    /// How the drop's folders were understood; nil if there was nothing to take.
    package var layout: LayoutRecord?
    /// The entry that has the name which a drop that was set aside would get back.
    package var blockedBy: RawPath?

    /// Whether anything happened to any file.
    package var hasNews: Bool { accepted + duplicates + rejected + deferred.count > 0 || hasLeft }

    /// How many files stay, by reason.
    package var deferredCounts: [Deferral: Int] { deferred.values.reduce(into: [:]) { $0[$1, default: 0] += 1 } }

    /// Another spelling of a known label, such as `CATS` for `cats`.
    package struct NewSpelling: Sendable, Hashable {
        package let spelling: String
        package let label: String
    }

    init(drop: RawPath) { self.drop = drop }
}
