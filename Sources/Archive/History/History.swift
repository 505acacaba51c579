import GRDB
import SystemPackage

/// Everything the installation did, in `history.sqlite`; see docs/history-schema.md for the tables.
///
/// All calls block and may come from any thread; keep them off Swift's cooperative pool. Writing calls need a history
/// that was opened with ``open(_:)``; calling one on a history from ``openReadOnly(_:)`` is a bug.
package final class History: Sendable {
    let path: FilePath
    let reader: any DatabaseReader
    /// Nil where the history was opened for reading.
    private let pool: DatabasePool?

    init(path: FilePath, reader: any DatabaseReader, pool: DatabasePool?) {
        self.path = path
        self.reader = reader
        self.pool = pool
    }

    /// Runs `updates` in one transaction (BEGIN IMMEDIATE) that is on the disk when the call returns.
    func write<T>(_ updates: (Database) throws -> T) throws -> T {
        guard let pool else { preconditionFailure("the history \(path) is open for reading only") }
        return try pool.write(updates)
    }
}
