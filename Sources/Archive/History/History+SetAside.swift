import GRDB
package import Records

extension SetAsidePicture: FetchableRecord {}

extension History {
    /// Sets pictures aside: runs that start from now on leave them out. A picture that is set aside already keeps its
    /// reason, and one that isn't known is ignored.
    ///
    /// - Returns: those that weren't set aside before, in the order in which they were accepted.
    package func setAside(_ pictures: [UnusablePicture], at time: Timestamp) throws -> [SetAsidePicture] {
        try write { db in
            let statement = try db.cachedStatement(
                sql: """
                    INSERT INTO set_aside_pictures (picture_id, reason_code, reason, set_aside_at)
                    SELECT id, ?, ?, ? FROM pictures WHERE digest = ? ON CONFLICT (picture_id) DO NOTHING
                    """)
            var new: Set<PictureDigest> = []
            for picture in pictures {
                try statement.execute(arguments: [picture.code, picture.reason, time, picture.digest])
                if db.changesCount > 0 { new.insert(picture.digest) }
            }
            return try SetAsidePicture.all(db).filter { new.contains($0.digest) }
        }
    }

    /// The pictures that are set aside, in the order in which they were accepted.
    package func setAsidePictures() throws -> [SetAsidePicture] { try reader.read { try SetAsidePicture.all($0) } }

    /// The ids of those up to a picture.
    static func setAside(_ db: Database, upTo last: PictureID) throws -> Set<PictureID> {
        let sql = "SELECT picture_id FROM set_aside_pictures WHERE picture_id <= ?"
        return Set(try PictureID.fetchAll(db, sql: sql, arguments: [last]))
    }
}

extension SetAsidePicture {
    fileprivate static func all(_ db: Database) throws -> [SetAsidePicture] {
        let sql = """
            SELECT p.digest, l.name AS label, p.split, d.name_text || '/' || f.path_text AS path,
                s.reason_code AS code, s.reason, s.set_aside_at AS since
            FROM set_aside_pictures s JOIN pictures p ON p.id = s.picture_id JOIN labels l ON l.id = p.label_id
            JOIN files f ON f.picture_id = p.id AND f.verdict = 'accepted' JOIN drops d ON d.id = f.drop_id
            ORDER BY s.picture_id
            """
        return try fetchAll(db, sql: sql)
    }
}
