import Records
import GRDB
import System
import SystemPackage

/// The feature cache's file and tables.
enum FeatureSchema {
    /// A cache with an unknown number is from another release and is replaced.
    private static let version = 2
    /// The number of caches that don't know when their features were used; they are upgraded.
    private static let versionWithoutUses = 1

    /// Large enough that a row of a usual backbone (1280 values of 4 bytes) needs no overflow page, and that several
    /// rows share a page.
    private static let pageSize = 32 << 10

    /// Opens or creates the cache; throws SQLITE_CORRUPT or SQLITE_NOTADB if it has to be replaced.
    static func open(_ path: FilePath) throws -> DatabasePool {
        var configuration = Configuration()
        configuration.busyMode = .timeout(10)
        configuration.prepareDatabase { db in
            try db.execute(sql: "PRAGMA cache_size = -8192; PRAGMA journal_size_limit = \(64 << 20)")
            // Both only affect a new file.
            if !db.configuration.readonly {
                try db.execute(sql: "PRAGMA page_size = \(pageSize); PRAGMA auto_vacuum = INCREMENTAL")
            }
            try keepJournal(of: db)
        }
        let pool = try DatabasePool(path: path.string, configuration: configuration)
        try pool.write { db in
            let found = try Int.fetchOne(db, sql: "PRAGMA user_version") ?? 0
            let isEmpty = try Int.fetchOne(db, sql: "SELECT count(*) FROM sqlite_master") == 0
            if isEmpty {
                try db.execute(sql: tables + uses)
            } else if found == versionWithoutUses {
                try db.execute(sql: uses)
                try FeatureUse.begin(db, at: .now)
            } else if found != version {
                throw DatabaseError(resultCode: .SQLITE_NOTADB, message: "its version is \(found), not \(version)")
            }
        }
        return pool
    }

    static func remove(_ path: FilePath) throws {
        for file in files(path) { try Files.remove(file) }
    }

    static func files(_ path: FilePath) -> [FilePath] { ["", "-wal", "-shm"].map { FilePath(path.string + $0) } }

    private static let tables = """
        CREATE TABLE spaces (
            id INTEGER NOT NULL PRIMARY KEY,
            backbone BLOB NOT NULL CHECK (length(backbone) = 32),
            preprocessing TEXT NOT NULL,
            augmentation TEXT,
            feature_count INTEGER NOT NULL CHECK (feature_count > 0)
        ) STRICT;

        CREATE TABLE features (
            id INTEGER NOT NULL PRIMARY KEY,
            space_id INTEGER NOT NULL REFERENCES spaces (id),
            picture BLOB NOT NULL CHECK (length(picture) = 32),
            copy INTEGER NOT NULL CHECK (copy >= 0),
            vector BLOB NOT NULL,
            UNIQUE (space_id, picture, copy)
        ) STRICT;
        """

    private static let uses = """
        CREATE TABLE uses (
            space_id INTEGER NOT NULL REFERENCES spaces (id) ON DELETE CASCADE,
            split TEXT NOT NULL CHECK (split IN ('train', 'test')),
            last_used TEXT NOT NULL,
            PRIMARY KEY (space_id, split)
        ) STRICT, WITHOUT ROWID;
        PRAGMA user_version = \(version);
        """
}
