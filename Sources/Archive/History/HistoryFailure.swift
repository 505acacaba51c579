import GRDB
package import Records
import System
package import SystemPackage

/// Why a history can't be used.
package enum HistoryFailure: Error, Hashable, Sendable, CustomStringConvertible {
    /// There is no history: no daemon has run with this state folder.
    case absent(FilePath)
    /// Written by a later release.
    case newerSchema(FilePath)
    /// Written by an earlier release, and opened only for reading, so it can't be updated.
    case olderSchema(FilePath)
    /// Not a history, or a damaged one; `problem` is SQLite's message.
    case damaged(FilePath, problem: String)
    /// It can't be opened in the necessary way; `problem` is SQLite's message.
    case unusable(FilePath, problem: String)
    case noSuchVersion(String)
    case noSuchRun(RunID)
    /// The run has ended already.
    case notRunning(RunID)
    /// A backup doesn't replace what is there.
    case exists(FilePath)
    /// There are pictures or a ledger, but the history is missing or empty.
    case lost(FilePath)
    /// `cultivar doctor --repair` has been interrupted.
    case repairUnfinished(FilePath)

    package var description: String {
        switch self {
        case .absent(let path):
            "there is no history at \(path): no daemon has run with this state folder yet"
        case .newerSchema(let path):
            "the history \(path) was written by a newer release of cultivar; use that release or a later one"
        case .olderSchema(let path):
            "the history \(path) was written by an older release of cultivar; start or restart this release's daemon "
                + "to bring it up to date"
        case .damaged(let path, let problem):
            "the history \(path) is damaged or not a history (\(problem)); run `cultivar doctor`"
        case .unusable(let path, let problem):
            "the history \(path) can't be used: \(problem)"
        case .noSuchVersion(let version): "there is no model with the version \(version)"
        case .noSuchRun(let run): "there is no run \(run)"
        case .notRunning(let run): "run \(run) isn't running any more"
        case .exists(let path): "the file \(path) already exists"
        case .lost(let path):
            "the history \(path) is missing or empty, but there are pictures or a ledger; run `cultivar doctor`, which "
                + "can make a new one"
        case .repairUnfinished(let path):
            "the repair of the history \(path) was interrupted; run `cultivar doctor --repair` again"
        }
    }
}

extension DatabaseError: MachineProblem {
    package var isOfMachine: Bool {
        [.SQLITE_FULL, .SQLITE_IOERR, .SQLITE_CANTOPEN, .SQLITE_READONLY, .SQLITE_BUSY, .SQLITE_NOMEM]
            .contains(resultCode)
    }
}
