import GRDB
package import Records

extension Label: FetchableRecord {}
extension LabelCount: FetchableRecord {}

extension History {
    /// The pictures up to `last` (all pictures without it), for a training run.
    ///
    /// Reads the table once; this takes about a tenth of a second for 60,000 pictures.
    ///
    /// - Parameter leftOut: the pictures that the run leaves out; nil means those that are set aside now.
    package func dataset(upTo last: PictureID = .max, leavingOut leftOut: Set<PictureID>? = nil) throws -> Dataset {
        try reader.read { db in
            let leftOut = try leftOut ?? Self.setAside(db, upTo: last)
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
            return Dataset(labels: labels, pictures: pictures).without(leftOut)
        }
    }

    /// How many pictures up to `last` (all pictures without it) each label has, without those that are set aside, in the
    /// order of `Dataset.labels`. Labels without any are missing.
    package func labelCounts(upTo last: PictureID = .max) throws -> [LabelCount] {
        try reader.read { db in try Self.labelCounts(db, upTo: last) }
    }

    /// What a run is based on that starts now.
    package func runBasis() throws -> RunBasis {
        try reader.read { db in
            let last = try Self.lastPicture(db)
            return try RunBasis(
                lastPicture: last, labels: Self.labelCounts(db, upTo: last), setAside: Self.setAside(db, upTo: last))
        }
    }

    /// The newest picture's id; 0 if there is none.
    package func lastPicture() throws -> PictureID { try reader.read { db in try Self.lastPicture(db) } }

    /// How many pictures up to `last` each label has that the last finished run (promoted or kept) didn't use: those
    /// that came later, all of a class that it left out, and those that it left out because they were set aside. Those
    /// that are set aside now don't count. Labels without any are missing.
    package func newPictures(upTo last: PictureID = .max) throws -> [LabelID: Int] {
        try reader.read { db in
            let sql = """
                WITH latest AS (SELECT id, last_picture_id FROM runs WHERE outcome IN ('promoted', 'kept')
                    ORDER BY last_picture_id DESC, id DESC LIMIT 1)
                SELECT label_id, count(*) AS new FROM pictures
                WHERE id <= ? AND (id > coalesce((SELECT last_picture_id FROM latest), 0) OR label_id IN (
                    SELECT label_id FROM left_out_classes WHERE run_id = (SELECT id FROM latest)) OR id IN (
                    SELECT picture_id FROM left_out_pictures WHERE run_id = (SELECT id FROM latest)))
                AND id NOT IN (SELECT picture_id FROM set_aside_pictures) GROUP BY label_id
                """
            let rows = try Row.fetchAll(db, sql: sql, arguments: [last])
            return try Dictionary(
                uniqueKeysWithValues: rows.map { row in
                    try (row.decode(forColumn: "label_id"), row.decode(forColumn: "new"))
                })
        }
    }

    private static func labelCounts(_ db: Database, upTo last: PictureID) throws -> [LabelCount] {
        // The sign makes SQLite use the index, which contains all needed columns; that is four times as fast as using
        // the ids.
        let sql = """
            SELECT l.id, l.name AS label, count(*) FILTER (WHERE p.split = 'train') AS train,
                count(*) FILTER (WHERE p.split = 'test') AS test
            FROM labels l JOIN pictures p ON p.label_id = l.id
            WHERE +p.id <= ? AND p.id NOT IN (SELECT picture_id FROM set_aside_pictures)
            GROUP BY l.id ORDER BY l.key
            """
        return try LabelCount.fetchAll(db, sql: sql, arguments: [last])
    }

    private static func lastPicture(_ db: Database) throws -> PictureID {
        try PictureID.fetchOne(db, sql: "SELECT max(id) FROM pictures") ?? 0
    }

    private static func labels(_ db: Database, upTo last: PictureID) throws -> [Label] {
        let sql = """
            SELECT id, name FROM labels l
            WHERE EXISTS (SELECT 1 FROM pictures p WHERE p.label_id = l.id AND p.id <= ?) ORDER BY key
            """
        return try Label.fetchAll(db, sql: sql, arguments: [last])
    }
}
