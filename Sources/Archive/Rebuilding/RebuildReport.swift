package import SystemPackage

/// What a new history was made from, and what couldn't be used.
package struct RebuildReport: Hashable, Sendable {
    /// What couldn't be used, by its name, and why.
    package struct Refusal: Hashable, Sendable {
        package let name: String
        package let reason: String
    }

    /// The backup that it is a copy of; nil if it began empty.
    package internal(set) var backup: FilePath?
    /// Newer backups than that, or all of them.
    package internal(set) var unusableBackups: [Refusal] = []
    /// Whether the split key was lost, and a new one was drawn.
    package internal(set) var hasNewKey = false
    /// How many pictures came with the backup.
    package internal(set) var picturesOfBackup = 0
    /// How many pictures the ledger added.
    package internal(set) var picturesOfLedger = 0
    /// The versions that the outbox gave back, the oldest first.
    package internal(set) var restoredVersions: [String] = []
    /// Versions of the outbox that contradict other rows.
    package internal(set) var refusedVersions: [Refusal] = []
    /// Whether a run that was in progress in the backup was ended as failed.
    package internal(set) var hasEndedRun = false
}
