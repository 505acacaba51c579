import GRDB
package import Records
package import System

extension History {
    /// The files that have been taken and, as far as is known, are still in the inbox.
    package func keptSources() throws -> Set<KeptSource> {
        try reader.read { db in
            var sources: Set<KeptSource> = []
            let rows = try Row.fetchCursor(db, sql: "SELECT device, inode, size, changed FROM kept_sources")
            while let row = try rows.next() { sources.insert(try KeptSource(row)) }
            return sources
        }
    }

    /// The names under which kept files with several names have been taken.
    package func keptNames() throws -> Set<KeptName> {
        try reader.read { db in
            let rows = try Row.fetchAll(db, sql: "SELECT device, inode, path FROM kept_links")
            return try Set(
                rows.map { row in
                    try KeptName(
                        device: UInt64(bitPattern: row.decode(forColumn: "device")),
                        inode: UInt64(bitPattern: row.decode(forColumn: "inode")),
                        path: row.decode(forColumn: "path"))
                })
        }
    }

    /// Remembers files of a drop that can't be removed; each replaces what was known about its inode.
    ///
    /// - Parameter names: the names of files that have several.
    package func keepSources(
        _ sources: some Sequence<KeptSource>, names: some Sequence<KeptName> = [], of drop: DropID, at time: Timestamp
    ) throws {
        try write { db in
            let statement = try db.cachedStatement(
                sql: """
                    INSERT INTO kept_sources (device, inode, size, changed, drop_id, kept_at) VALUES (?, ?, ?, ?, ?, ?)
                    ON CONFLICT (device, inode) DO UPDATE SET size = excluded.size, changed = excluded.changed,
                    drop_id = excluded.drop_id, kept_at = excluded.kept_at
                    """)
            for source in sources {
                // Names of another file that had the same inode number before.
                try db.cachedStatement(
                    sql: """
                        DELETE FROM kept_links WHERE device = ?1 AND inode = ?2 AND EXISTS
                        (SELECT 1 FROM kept_sources k WHERE k.device = ?1 AND k.inode = ?2 AND k.changed <> ?3)
                        """
                ).execute(arguments: [
                    Int64(bitPattern: source.device), Int64(bitPattern: source.inode), source.changed,
                ])
                try statement.execute(arguments: source.arguments + [drop, time])
            }
            for name in names {
                try db.cachedStatement(sql: "INSERT OR IGNORE INTO kept_links (device, inode, path) VALUES (?, ?, ?)")
                    .execute(arguments: [
                        Int64(bitPattern: name.device), Int64(bitPattern: name.inode), name.path,
                    ])
            }
        }
    }

    /// The name of the drop that a kept file belongs to; nil if it isn't known.
    package func dropName(keeping source: KeptSource) throws -> RawPath? {
        try reader.read { db in
            let sql = """
                SELECT d.name FROM kept_sources k JOIN drops d ON d.id = k.drop_id
                WHERE k.device = ? AND k.inode = ? AND k.size = ? AND k.changed = ?
                """
            return try RawPath.fetchOne(db, sql: sql, arguments: source.arguments)
        }
    }

    /// Forgets files that are gone; if an inode has become another file since, its row is left alone.
    package func forgetSources(_ sources: some Collection<KeptSource>) throws {
        guard !sources.isEmpty else { return }
        try write { db in
            let statement = try db.cachedStatement(
                sql: "DELETE FROM kept_sources WHERE device = ? AND inode = ? AND size = ? AND changed = ?")
            for source in sources { try statement.execute(arguments: source.arguments) }
        }
    }
}

extension KeptSource {
    fileprivate init(_ row: Row) throws {
        try self.init(
            device: UInt64(bitPattern: row.decode(forColumn: "device")),
            inode: UInt64(bitPattern: row.decode(forColumn: "inode")), size: row.decode(forColumn: "size"),
            changed: row.decode(forColumn: "changed"))
    }

    /// SQLite only has signed numbers.
    fileprivate var arguments: StatementArguments {
        [Int64(bitPattern: device), Int64(bitPattern: inode), size, changed]
    }
}
