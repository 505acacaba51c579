import System
package import SystemPackage

/// The layout of a state folder: everything that one Cultivar installation keeps.
package struct StateFolder: Sendable, Hashable {
    package let root: FilePath

    package init(_ root: FilePath) { self.root = root }

    /// The history: drops, pictures, runs, models. Irreplaceable; see ``History``.
    package var history: FilePath { root.appending("history.sqlite") }
    /// The feature cache, which may be deleted at any time; see ``FeatureCache``.
    package var features: FilePath { root.appending("features.sqlite") }
    /// The bytes of the accepted pictures, by digest; see ``PictureStore``.
    package var pictures: FilePath { root.appending("pictures") }
    /// What people gave, in plain text, a file for each day; see ``Ledger``.
    package var ledger: FilePath { root.appending("ledger") }
    /// The backups that the daemon makes of the history, made with the first of them; see ``HistoryBackups``.
    package var backups: FilePath { root.appending("backups") }
    /// Unfinished copies on their way into `pictures`; emptied at start.
    package var temporary: FilePath { root.appending("tmp") }
    /// Rejected files, by drop, each with its reason beside it.
    package var rejected: FilePath { root.appending("rejected") }
    /// Held by the one process that may write here; see ``DaemonLock``.
    package var lock: FilePath { root.appending("daemon.lock") }
    /// What the daemon is doing right now, for `cultivar status`.
    package var status: FilePath { root.appending("status.json") }
    /// What waits in the inbox, for `cultivar status`.
    package var waiting: FilePath { root.appending("waiting.json") }

    /// Creates missing folders; the owner may write, the group may read (0750).
    ///
    /// Throws `FileFailure` if one can't be created, or if something other than a folder has its name.
    package func prepare() throws {
        for folder in [root, pictures, ledger, temporary, rejected] {
            try Files.makeFolder(folder, permissions: [.ownerReadWriteExecute, .groupReadExecute])
        }
        try Files.synchronize(folder: root)
    }

    /// Whether there is a history that isn't empty, or a repair of one.
    package func hasHistory() throws -> Bool {
        try Files.exists(HistoryRepair.rebuilt(history)) || !HistoryRepair.isEmpty(history)
    }

    /// Whether there is a ledger, whatever can be read from it.
    package func hasLedger() throws -> Bool { try !LedgerReading.files(in: ledger).isEmpty }

    /// Whether there is any file in the folders in `pictures`; links aren't followed. Throws `FileFailure` if none is
    /// found and a folder can't be listed.
    package func hasPictures() throws -> Bool {
        guard try Files.exists(pictures) else { return false }
        var failure: (any Error)?
        for shard in try Files.names(in: pictures) {
            let folder = pictures.appending(shard)
            do {
                guard try Files.status(of: folder)?.kind == .directory else { continue }
                if try !Files.names(in: folder).isEmpty { return true }
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
        return false
    }
}
