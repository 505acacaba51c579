package import Records
import GRDB

/// What may stay in the cache.
package struct FeatureRule: Sendable {
    /// Parts that were last used before this are removed.
    let start: Timestamp
    /// As long as the cache needs more bytes than this, parts are removed; nil is no limit.
    let maxBytes: Int?

    /// Parts that were last used before `start` go, then the least recently used ones until the cache needs at most
    /// `maxBytes` bytes; nil is no limit.
    package init(usedSince start: Timestamp, maxBytes: Int?) {
        self.start = start
        self.maxBytes = maxBytes
    }
}

/// What is never removed from the cache.
package struct FeaturesInUse: Sendable {
    let parts: Set<FeaturePart>
    /// All pictures of the test set; the others are training pictures.
    let testPictures: Set<PictureDigest>

    /// - Parameter testPictures: all pictures of the test set; every other one counts as a training picture.
    package init(parts: Set<FeaturePart>, testPictures: Set<PictureDigest>) {
        self.parts = parts
        self.testPictures = testPictures
    }
}

/// A part that was removed.
package struct FeatureRemoval: Sendable {
    package let part: FeaturePart
    package let rows: Int
    /// What the cache needs less now.
    package let bytes: Int
}

/// Makes the cache smaller, in transactions that are short enough to wait for.
///
/// A part's features are removed before the part is forgotten, and pages are freed before the file is shortened. So
/// after an interruption, everything that is left to do can be seen in the file.
struct FeatureTrimming {
    let pool: DatabasePool
    let check: () throws -> Void

    /// Returns the bytes that the cache needs afterwards.
    func carryOut(
        _ rule: FeatureRule, inUse: () throws -> FeaturesInUse, removed: (FeatureRemoval) -> Void
    ) throws -> Int {
        let uses = try pool.read { try FeatureUse.fetchAll($0) }
        func mustGo(_ use: FeatureUse) throws -> Bool {
            try use.lastUsed < rule.start || usedBytes() > rule.maxBytes ?? .max
        }
        if let oldest = uses.first, try mustGo(oldest) {
            let inUse = try inUse()
            for use in uses where !inUse.parts.contains(use.part) {
                guard try mustGo(use) else { break }
                let removal = try remove(use, testPictures: inUse.testPictures)
                if removal.rows > 0 { removed(removal) }
            }
        }
        try shorten()
        return try usedBytes()
    }

    private func remove(_ use: FeatureUse, testPictures: Set<PictureDigest>) throws -> FeatureRemoval {
        let before = try usedBytes()
        let rows = try pool.read { try use.rows($0, testPictures: testPictures) }
        for start in stride(from: 0, to: rows.count, by: Self.rowsAtOnce) {
            try check()
            try pool.write { db in
                let statement = try db.cachedStatement(sql: "DELETE FROM features WHERE id = ?")
                for row in rows[start..<min(start + Self.rowsAtOnce, rows.count)] {
                    try statement.execute(arguments: [row])
                }
            }
        }
        try pool.write { try use.remove($0) }
        return FeatureRemoval(part: use.part, rows: rows.count, bytes: try before - usedBytes())
    }

    /// Moves pages from the file's end to free places, cuts the end off, and empties the write-ahead log.
    private func shorten() throws {
        var free = try pool.read { try Self.freePages($0) }
        while free > 0 {
            try check()
            let left = try pool.writeWithoutTransaction { db in
                try db.execute(sql: "PRAGMA incremental_vacuum(\(Self.pagesAtOnce))")
                return try Self.freePages(db)
            }
            guard left < free else { break }
            free = left
        }
        try pool.writeWithoutTransaction { try $0.execute(sql: "PRAGMA wal_checkpoint(TRUNCATE)") }
    }

    /// The bytes of all pages that aren't free.
    private func usedBytes() throws -> Int {
        try pool.read { db in
            let pages = try Int.fetchOne(db, sql: "PRAGMA page_count") ?? 0
            return try (pages - Self.freePages(db)) * (Int.fetchOne(db, sql: "PRAGMA page_size") ?? 0)
        }
    }

    private static func freePages(_ db: Database) throws -> Int {
        try Int.fetchOne(db, sql: "PRAGMA freelist_count") ?? 0
    }

    private static let rowsAtOnce = 1024
    /// 32 MB.
    private static let pagesAtOnce = 1024
}
