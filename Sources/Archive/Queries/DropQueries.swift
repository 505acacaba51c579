import GRDB
package import Records

extension DropSummary: FetchableRecord {}
extension RejectSummary: FetchableRecord {}
extension DuplicateSummary: FetchableRecord {}

extension History {
    /// The drops, the newest first: at most `limit`.
    package func drops(limit: Int = 100) throws -> [DropSummary] {
        try reader.read { db in
            let sql = """
                SELECT id AS "drop", name_text AS name, arrived_at AS arrived, finished_at AS finished, accepted,
                    duplicates, rejected, layout, coalesce(warnings, '[]') AS warnings
                FROM drops ORDER BY id DESC LIMIT ?
                """
            return try DropSummary.fetchAll(db, sql: sql, arguments: [limit])
        }
    }

    /// The rejected files, the newest first: at most `limit`.
    package func rejects(limit: Int = 100) throws -> [RejectSummary] {
        try reader.read { db in
            let sql = """
                SELECT f.id AS file, d.name_text AS "drop", f.path_text AS path, f.reason_code AS code, f.reason,
                    f.bytes, f.recorded_at AS recorded
                FROM files f JOIN drops d ON d.id = f.drop_id
                WHERE f.verdict = 'rejected' ORDER BY f.id DESC LIMIT ?
                """
            return try RejectSummary.fetchAll(db, sql: sql, arguments: [limit])
        }
    }

    /// The duplicates, the newest first: at most `limit`.
    package func duplicates(limit: Int = 100) throws -> [DuplicateSummary] {
        try reader.read { db in
            let sql = """
                SELECT f.id AS file, d.name_text AS "drop", f.path_text AS path, p.id AS picture, l.name AS label,
                    p.split, p.split_origin, f.recorded_at AS recorded,
                    (SELECT first.name_text || '/' || a.path_text FROM files a JOIN drops first ON first.id = a.drop_id
                     WHERE a.picture_id = p.id AND a.verdict = 'accepted' LIMIT 1) AS repeats
                FROM files f JOIN drops d ON d.id = f.drop_id JOIN pictures p ON p.id = f.picture_id
                JOIN labels l ON l.id = p.label_id
                WHERE f.verdict = 'duplicate' ORDER BY f.id DESC LIMIT ?
                """
            return try DuplicateSummary.fetchAll(db, sql: sql, arguments: [limit])
        }
    }
}
