import GRDB
import GRDBSQLite
import Glibc
import System
package import SystemPackage

/// Everything the installation did, in `history.sqlite`; see docs/history-schema.md for the tables.
///
/// All calls block and may come from any thread; keep them off Swift's cooperative pool. What fails in SQLite is thrown
/// as GRDB's `DatabaseError`, and ``HistoryFailure`` where a call says so. Each writing call is one transaction, which
/// is on the disk when it returns. Writing calls need a history that was opened with ``open(_:)`` or
/// ``openChecked(in:)``; calling one on a history from ``openReadOnly(_:)`` is a bug.
package final class History: Sendable {
    package let path: FilePath
    let reader: any DatabaseReader
    /// Nil if the history was opened for reading.
    private let pool: DatabasePool?

    private init(path: FilePath, reader: any DatabaseReader, pool: DatabasePool?) {
        self.path = path
        self.reader = reader
        self.pool = pool
    }

    /// Opens a history for writing, creates it if there is none, and brings its schema up to date.
    ///
    /// Several processes may do this at the same time; only one writes at a time. Throws ``HistoryFailure``, and
    /// `FileFailure` if something can't be looked at.
    package static func open(_ path: FilePath) throws -> History { try open(path) { _ in } }

    /// The same for the process that will use a state folder for a long time. It refuses a history that is damaged, or
    /// missing although there are pictures or a ledger.
    ///
    /// Reads the whole file: docs/architecture.md says how long that takes.
    package static func openChecked(in state: StateFolder) throws -> History {
        let isInUse = try state.hasPictures() || state.hasLedger()
        if isInUse, try HistoryRepair.isEmpty(state.history) { throw HistoryFailure.lost(state.history) }
        return try open(state.history) { db in
            if isInUse, try Migrations.all.appliedIdentifiers(db).isEmpty {
                throw HistoryFailure.lost(state.history)
            }
            try requireUndamaged(db, at: state.history)
        }
    }

    private static func open(_ path: FilePath, check: (Database) throws -> Void) throws -> History {
        guard try !Files.exists(HistoryRepair.rebuilt(path)) else { throw HistoryFailure.repairUnfinished(path) }
        return try naming(path) {
            let pool = try DatabasePool(path: path.string, configuration: configuration)
            // After opening, because DatabasePool itself sets NORMAL, with which a power loss could lose acknowledged
            // rows.
            try pool.writeWithoutTransaction { try $0.execute(sql: "PRAGMA synchronous = FULL") }
            try pool.read { try checkTables(of: $0, at: path) }
            if try pool.read(Migrations.all.hasBeenSuperseded) { throw HistoryFailure.newerSchema(path) }
            try pool.read(check)
            try Migrations.all.migrate(pool)
            return History(path: path, reader: pool, pool: pool)
        }
    }

    /// Opens a history for reading, with or without a running daemon, even if the reader may not write there.
    ///
    /// Throws ``HistoryFailure`` if there is none, or if its schema is from another release, and `FileFailure` if it
    /// can't be looked at. If a daemon has just started, it has two seconds to bring the schema up to date.
    package static func openReadOnly(_ path: FilePath) throws -> History {
        guard try Files.exists(path) else { throw HistoryFailure.absent(path) }
        return try naming(path) {
            var configuration = configuration
            configuration.readonly = true
            let queue = try DatabaseQueue(path: path.string, configuration: configuration)
            try queue.inDatabase { try $0.execute(sql: "PRAGMA query_only = ON") }
            try queue.read { db in
                try checkTables(of: db, at: path)
                if try Migrations.all.hasBeenSuperseded(db) { throw HistoryFailure.newerSchema(path) }
            }
            try waitForMigrations(of: queue, at: path)
            return History(path: path, reader: queue, pool: nil)
        }
    }

    /// A daemon that has just started may be about to create or update the tables; no other process does that.
    private static func waitForMigrations(of queue: DatabaseQueue, at path: FilePath) throws {
        let state = StateFolder(path.removingLastComponent())
        for _ in 0..<20 {
            // Checked first: a process that has ended since may have updated them.
            let isStarting = try DaemonLock.wasTakenJustNow(in: state)
            if try queue.read(Migrations.all.hasCompletedMigrations) { return }
            guard isStarting else { break }
            usleep(100_000)
        }
        throw HistoryFailure.olderSchema(path)
    }

    /// Refuses a database in which something else has the name of a table, before it is queried: a view may be a query
    /// that never ends.
    static func checkTables(of db: Database, at path: FilePath) throws {
        let sql = """
            SELECT type || ' ' || name FROM sqlite_master
            WHERE lower(name) IN ('\(Schema.tables.joined(separator: "', '"))') AND (type <> 'table' OR rootpage = 0)
            """
        guard let stranger = try String.fetchOne(db, sql: sql) else { return }
        throw HistoryFailure.damaged(path, problem: "the \(stranger) has replaced a table")
    }

    static var configuration: Configuration {
        var configuration = Configuration()
        configuration.foreignKeysEnabled = true
        configuration.busyMode = .timeout(10)
        configuration.prepareDatabase { db in
            try db.execute(sql: "PRAGMA journal_size_limit = \(64 << 20)")
            try keepJournal(of: db)
        }
        return configuration
    }

    /// Runs `updates` in one transaction (BEGIN IMMEDIATE) that is on the disk when the call returns.
    func write<T>(_ updates: (Database) throws -> T) throws -> T {
        guard let pool else { preconditionFailure("the history \(path) is open for reading only") }
        return try pool.write(updates)
    }

    static func naming<R>(_ path: FilePath, _ body: () throws -> R) throws -> R {
        do {
            return try body()
        } catch let error as DatabaseError where [.SQLITE_CORRUPT, .SQLITE_NOTADB].contains(error.resultCode) {
            throw HistoryFailure.damaged(path, problem: error.message ?? "\(error.resultCode)")
        } catch let error as DatabaseError where [.SQLITE_READONLY, .SQLITE_CANTOPEN].contains(error.resultCode) {
            throw HistoryFailure.unusable(path, problem: error.message ?? "\(error.resultCode)")
        }
    }
}

/// Makes the last connection keep the write-ahead log and its index: without them, readers without write permission in
/// the folder can't open the database.
func keepJournal(of db: Database) throws {
    var keep: CInt = 1
    let code = sqlite3_file_control(db.sqliteConnection, nil, SQLITE_FCNTL_PERSIST_WAL, &keep)
    guard code == SQLITE_OK else { throw DatabaseError(resultCode: ResultCode(rawValue: code)) }
}
