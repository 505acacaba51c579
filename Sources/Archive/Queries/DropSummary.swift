import GRDB

/// A drop as `cultivar drops` lists it. Names are escaped for people.
package struct DropSummary: Codable, Hashable, Sendable {
    package let drop: DropID
    package let name: String
    package let arrived: Timestamp
    /// Nil while the drop is being taken.
    @OrNull package var finished: Timestamp?
    package let accepted: Int
    package let duplicates: Int
    package let rejected: Int
    /// How its folders were understood, in a few words; nil for drops of earlier releases.
    @OrNull package var layout: String?
    /// What looks like a mistake in its folders.
    package var warnings: [LayoutRecord.Warning] = []
}

/// A rejected file as `cultivar rejects` lists it. Names are escaped for people.
package struct RejectSummary: Codable, Hashable, Sendable {
    package let file: Int64
    package let drop: String
    package let path: String
    package let code: String
    package let reason: String
    @OrNull package var bytes: Int?
    package let recorded: Timestamp
}

/// A file with the bytes and the label of a known picture, as `cultivar duplicates` lists it. Names are escaped for people.
package struct DuplicateSummary: Codable, Hashable, Sendable {
    package let file: Int64
    package let drop: String
    package let path: String
    /// DROP/PATH of the file that the picture came from; nil if its row was lost.
    @OrNull package var repeats: String?
    package let picture: PictureID
    package let label: String
    /// That of the picture, which counts, whatever folder this file was in.
    package let split: Split
    package let splitOrigin: SplitOrigin
    package let recorded: Timestamp
}

extension History {
    /// The drops, the newest first: at most `limit`, those before the drop `before`.
    package func drops(limit: Int = 100, before: DropID = .max) throws -> [DropSummary] {
        try reader.read { db in
            let sql = """
                SELECT id, name_text, arrived_at, finished_at, accepted, duplicates, rejected, layout, warnings FROM drops
                WHERE id < ? ORDER BY id DESC LIMIT ?
                """
            return try Row.fetchAll(db, sql: sql, arguments: [before, limit]).map { row in
                try DropSummary(
                    drop: row.decode(atIndex: 0), name: row.decode(atIndex: 1), arrived: row.decode(atIndex: 2),
                    finished: row.decode(atIndex: 3), accepted: row.decode(atIndex: 4),
                    duplicates: row.decode(atIndex: 5), rejected: row.decode(atIndex: 6),
                    layout: row.decode(atIndex: 7),
                    warnings: row.decode(JSONText?.self, atIndex: 8)?.decoded() ?? [])
            }
        }
    }

    /// The rejected files, the newest first: at most `limit`, those before the file `before`.
    package func rejects(limit: Int = 100, before: Int64 = .max) throws -> [RejectSummary] {
        try reader.read { db in
            let sql = """
                SELECT f.id, d.name_text, f.path_text, f.reason_code, f.reason, f.bytes, f.recorded_at
                FROM files f JOIN drops d ON d.id = f.drop_id
                WHERE f.verdict = 'rejected' AND f.id < ? ORDER BY f.id DESC LIMIT ?
                """
            return try Row.fetchAll(db, sql: sql, arguments: [before, limit]).map { row in
                try RejectSummary(
                    file: row.decode(atIndex: 0), drop: row.decode(atIndex: 1), path: row.decode(atIndex: 2),
                    code: row.decode(atIndex: 3), reason: row.decode(atIndex: 4), bytes: row.decode(atIndex: 5),
                    recorded: row.decode(atIndex: 6))
            }
        }
    }

    /// The duplicates, the newest first: at most `limit`, those before the file `before`.
    package func duplicates(limit: Int = 100, before: Int64 = .max) throws -> [DuplicateSummary] {
        try reader.read { db in
            let sql = """
                SELECT f.id, d.name_text, f.path_text, p.id, l.name, p.split, p.split_origin, f.recorded_at,
                    (SELECT first.name_text || '/' || a.path_text FROM files a JOIN drops first ON first.id = a.drop_id
                     WHERE a.picture_id = p.id AND a.verdict = 'accepted' LIMIT 1)
                FROM files f JOIN drops d ON d.id = f.drop_id JOIN pictures p ON p.id = f.picture_id
                JOIN labels l ON l.id = p.label_id
                WHERE f.verdict = 'duplicate' AND f.id < ? ORDER BY f.id DESC LIMIT ?
                """
            return try Row.fetchAll(db, sql: sql, arguments: [before, limit]).map { row in
                try DuplicateSummary(
                    file: row.decode(atIndex: 0), drop: row.decode(atIndex: 1), path: row.decode(atIndex: 2),
                    repeats: row.decode(atIndex: 8), picture: row.decode(atIndex: 3), label: row.decode(atIndex: 4),
                    split: row.decode(atIndex: 5), splitOrigin: row.decode(atIndex: 6), recorded: row.decode(atIndex: 7)
                )
            }
        }
    }
}
