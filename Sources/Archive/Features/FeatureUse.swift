import Records
import GRDB

/// When a part of the cache was last used, as stored in `uses`.
///
/// Every space has a row for each of its parts, from its first row of features until the part is removed.
struct FeatureUse {
    let spaceID: Int64
    let part: FeaturePart
    let lastUsed: Timestamp

    /// All parts, the least recently used first.
    static func fetchAll(_ db: Database) throws -> [FeatureUse] {
        let sql = """
            SELECT s.id, s.backbone, s.preprocessing, s.augmentation, s.feature_count, u.split, u.last_used
            FROM uses u JOIN spaces s ON s.id = u.space_id ORDER BY u.last_used, s.id, u.split
            """
        return try Row.fetchAll(db, sql: sql).map { row in
            let augmentation = try row.decode(String?.self, forColumn: "augmentation")
            let space = FeatureSpace(
                backbone: try row.decode(forColumn: "backbone"),
                preprocessing: try row.decode(forColumn: "preprocessing"),
                augmentation: augmentation ?? "", featureCount: try row.decode(forColumn: "feature_count"))
            return FeatureUse(
                spaceID: try row.decode(forColumn: "id"),
                part: FeaturePart(
                    space, isOfCopies: augmentation != nil, split: try row.decode(forColumn: "split")),
                lastUsed: try row.decode(forColumn: "last_used"))
        }
    }

    static func note(_ db: Database, _ part: FeaturePart, at time: Timestamp) throws {
        let id = try FeatureRows.declare(db, part.space, copies: part.isOfCopies)
        try db.execute(
            sql: """
                INSERT INTO uses (space_id, split, last_used) VALUES (?, ?, ?)
                ON CONFLICT (space_id, split) DO UPDATE SET last_used = excluded.last_used
                """, arguments: [id, part.split, time])
    }

    /// Begins the times of spaces that have none: they count as used now. Only training pictures have copies.
    static func begin(_ db: Database, at time: Timestamp) throws {
        try db.execute(
            sql: """
                INSERT INTO uses (space_id, split, last_used)
                SELECT s.id, p.split, ? FROM spaces s JOIN (SELECT 'train' AS split UNION ALL SELECT 'test') p
                ON s.augmentation IS NULL OR p.split = 'train'
                WHERE NOT EXISTS (SELECT 1 FROM uses u WHERE u.space_id = s.id)
                """, arguments: [time])
    }

    /// The ids of the part's features, in the order in which they are stored; the last part of a space has all that are
    /// left.
    func rows(_ db: Database, testPictures: Set<PictureDigest>) throws -> [Int64] {
        let parts = try Int.fetchOne(db, sql: "SELECT count(*) FROM uses WHERE space_id = ?", arguments: [spaceID])
        var ids: [Int64] = []
        let rows = try Row.fetchCursor(
            db, sql: "SELECT id, picture FROM features WHERE space_id = ?", arguments: [spaceID])
        while let row = try rows.next() {
            let isTest = testPictures.contains(try row.decode(forColumn: "picture"))
            if parts == 1 || isTest == (part.split == .test) { ids.append(try row.decode(forColumn: "id")) }
        }
        return ids.sorted()
    }

    /// Forgets the part, whose features are removed, and with the last part the space.
    func remove(_ db: Database) throws {
        try db.execute(
            sql: "DELETE FROM uses WHERE space_id = ? AND split = ?", arguments: [spaceID, part.split])
        try db.execute(
            sql: "DELETE FROM spaces WHERE id = ? AND NOT EXISTS (SELECT 1 FROM uses WHERE space_id = spaces.id)",
            arguments: [spaceID])
    }
}
