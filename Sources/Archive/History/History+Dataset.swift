import GRDB
package import Records

extension Label: FetchableRecord {}
extension LabelCount: FetchableRecord {}

extension History {
    /// All pictures up to `last` (all pictures without it), for a training run.
    ///
    /// Reads the table once; this takes about a tenth of a second for 60,000 pictures.
    package func dataset(upTo last: PictureID = .max) throws -> Dataset {
        try reader.read { db in
            let labels = try Self.labels(db, upTo: last)
            let indices = Dictionary(uniqueKeysWithValues: labels.enumerated().map { ($1.id, $0) })
            let sql = "SELECT id, digest, label_id, split FROM pictures WHERE id <= ? ORDER BY id"
            var pictures: [Dataset.Picture] = []
            // By position, because there may be a million rows.
            let rows = try Row.fetchCursor(db, sql: sql, arguments: [last])
            while let row = try rows.next() {
                guard let label = indices[try row.decode(atIndex: 2)] else {
                    throw HistoryFailure.damaged(path, problem: "a picture's label is missing")
                }
                pictures.append(
                    Dataset.Picture(
                        id: try row.decode(atIndex: 0), digest: try row.decode(atIndex: 1), label: label,
                        split: try row.decode(atIndex: 3)))
            }
            return Dataset(labels: labels, pictures: pictures)
        }
    }

    /// How many pictures up to `last` (all pictures without it) each label has, in the order of `Dataset.labels`.
    /// Labels without any are missing.
    package func labelCounts(upTo last: PictureID = .max) throws -> [LabelCount] {
        try reader.read { db in
            // The sign makes SQLite use the index, which contains all needed columns; that is four times as fast as
            // using the ids.
            let sql = """
                SELECT l.id, l.name AS label, count(*) FILTER (WHERE p.split = 'train') AS train,
                    count(*) FILTER (WHERE p.split = 'test') AS test
                FROM labels l JOIN pictures p ON p.label_id = l.id WHERE +p.id <= ? GROUP BY l.id ORDER BY l.key
                """
            return try LabelCount.fetchAll(db, sql: sql, arguments: [last])
        }
    }

    /// The newest picture's id; 0 if there is none.
    package func lastPicture() throws -> PictureID {
        try reader.read { db in try PictureID.fetchOne(db, sql: "SELECT max(id) FROM pictures") ?? 0 }
    }

    /// How many pictures up to `last` each label has that the last finished run (promoted or kept) didn't use: those
    /// that came later, and all of a class that it left out. Labels without any are missing.
    package func newPictures(upTo last: PictureID = .max) throws -> [LabelID: Int] {
        try reader.read { db in
            let sql = """
                WITH latest AS (SELECT id, last_picture_id FROM runs WHERE outcome IN ('promoted', 'kept')
                    ORDER BY last_picture_id DESC, id DESC LIMIT 1)
                SELECT label_id, count(*) AS new FROM pictures
                WHERE id <= ? AND (id > coalesce((SELECT last_picture_id FROM latest), 0) OR label_id IN (
                    SELECT label_id FROM left_out_classes WHERE run_id = (SELECT id FROM latest)))
                GROUP BY label_id
                """
            let rows = try Row.fetchAll(db, sql: sql, arguments: [last])
            return try Dictionary(
                uniqueKeysWithValues: rows.map { row in
                    try (row.decode(forColumn: "label_id"), row.decode(forColumn: "new"))
                })
        }
    }

    private static func labels(_ db: Database, upTo last: PictureID) throws -> [Label] {
        let sql = """
            SELECT id, name FROM labels l
            WHERE EXISTS (SELECT 1 FROM pictures p WHERE p.label_id = l.id AND p.id <= ?) ORDER BY key
            """
        return try Label.fetchAll(db, sql: sql, arguments: [last])
    }
}
