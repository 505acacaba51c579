import GRDB
package import Records
package import System
package import SystemPackage

extension History {
    /// SQLite's quick_check, which reads the whole file: the first problems that it finds (at most 5), none in an
    /// undamaged history.
    static func quickCheck(of db: Database) throws -> [String] {
        try String.fetchAll(db, sql: "PRAGMA quick_check(\(problemLimit))").filter { $0 != "ok" }
    }

    /// Throws ``HistoryFailure/damaged(_:problem:)`` if quick_check finds problems in the history at this path.
    static func requireUndamaged(_ db: Database, at path: FilePath) throws {
        let problems = try naming(path) { try quickCheck(of: db) }
        if !problems.isEmpty { throw HistoryFailure.damaged(path, problem: problems.joined(separator: "; ")) }
    }

    /// What is wrong with a database as a whole: damaged pages, rows that violate their constraints, indexes that don't
    /// match their tables, references to missing rows.
    static func problems(of db: Database) throws -> [String] {
        let damage = try String.fetchAll(db, sql: "PRAGMA integrity_check(\(problemLimit))").filter { $0 != "ok" }
        guard damage.isEmpty else { return damage }
        let dangling = try Row.fetchAll(db, sql: "SELECT DISTINCT \"table\", parent FROM pragma_foreign_key_check")
        return try dangling.map { row in
            let table: String = try row.decode(forColumn: "table")
            let parent: String = try row.decode(forColumn: "parent")
            return "rows of \(table) refer to missing rows of \(parent)"
        }
    }

    /// A damaged page causes many problems; the first few are enough.
    private static let problemLimit = 5

    /// The size in bytes of every accepted picture, by its digest.
    package func pictureSizes() throws -> [PictureDigest: Int] {
        try reader.read { db in
            var sizes: [PictureDigest: Int] = [:]
            // By position, because there may be a million rows.
            let rows = try Row.fetchCursor(db, sql: "SELECT digest, bytes FROM pictures")
            while let row = try rows.next() { sizes[try row.decode(atIndex: 0)] = try row.decode(atIndex: 1) }
            return sizes
        }
    }

    /// Checks the history (quick_check) and writes a consistent copy to one file while others keep reading and writing.
    /// `progress` gets the number of pages written so far; the copy ends if it throws.
    ///
    /// The file appears complete or not at all, and is on the disk when this returns. Throws
    /// ``HistoryFailure/exists(_:)`` if something with that name already exists, ``HistoryFailure/damaged(_:problem:)``
    /// if the history is damaged, and `FileFailure` if no file can be created there.
    package func backup(
        to target: FilePath, disk: any Disk = SystemDisk(),
        progress: @escaping (_ done: Int, _ total: Int) throws -> Void = { _, _ in }
    ) throws {
        let partial = try Self.makePartial(of: target)
        var unfinished = partial
        do {
            try copy(to: partial, progress)
            try Files.reading(partial) { try disk.synchronize($0, path: partial) }
            try disk.rename(partial, to: target)
            unfinished = target
            let parent = target.removingLastComponent()
            let folder: FilePath = parent.isEmpty ? "." : parent
            try Files.reading(folder, action: "synchronise") { try disk.synchronize($0, path: folder) }
        } catch {
            try Files.remove(unfinished)
            throw error
        }
    }

    /// How the names of unfinished backups begin.
    static let partialPrefix = ".cultivar-backup-"

    /// An empty file beside the target, with a unique hidden name. Throws as ``backup(to:disk:progress:)`` does.
    private static func makePartial(of target: FilePath) throws -> FilePath {
        let suffix = String(UInt64.random(in: .min ... .max), radix: 36)
        let partial = target.removingLastComponent().appending("\(partialPrefix)\(suffix)")
        // A failure names the target, and what was to be done with it: nobody knows the other name.
        do {
            guard try Files.status(of: target) == nil else { throw HistoryFailure.exists(target) }
            try Files.writingNew(partial, permissions: [.ownerReadWrite, .groupRead, .otherRead]) { _ in }
        } catch let failure as FileFailure {
            throw FileFailure(action: "write", path: target, errno: failure.errno)
        }
        return partial
    }

    private func copy(to partial: FilePath, _ progress: @escaping (_ done: Int, _ total: Int) throws -> Void) throws {
        let copy = try DatabaseQueue(path: partial.string)
        try reader.read { source in
            // Reading begins the transaction; otherwise each step would see what others have written since. It is
            // checked on the same connection, because another one may have read a page before it was damaged.
            _ = try Int.fetchOne(source, sql: "SELECT count(*) FROM sqlite_master")
            try Self.requireUndamaged(source, at: path)
            try copy.writeWithoutTransaction { target in
                try source.backup(to: target, pagesPerStep: 4096) {
                    try progress($0.completedPageCount, $0.totalPageCount)
                }
            }
        }
        // A single file without a write-ahead log beside it.
        try copy.inDatabase { db in try db.execute(sql: "PRAGMA journal_mode = DELETE") }
        try copy.close()
    }
}
