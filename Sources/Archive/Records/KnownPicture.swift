import GRDB

/// A picture that is already recorded: what matters for duplicates of it.
package struct KnownPicture: Hashable, Sendable {
    package let id: PictureID
    package let digest: PictureDigest
    /// The label's name in its first spelling.
    package let label: String
    package let split: Split
    /// DROP/PATH of the file that it came from, escaped.
    package let firstPath: String

    package init(id: PictureID, digest: PictureDigest, label: String, split: Split, firstPath: String) {
        self.id = id
        self.digest = digest
        self.label = label
        self.split = split
        self.firstPath = firstPath
    }
}

extension KnownPicture {
    static func fetch(_ db: Database, _ digest: PictureDigest) throws -> KnownPicture? {
        let statement = try db.cachedStatement(
            sql: """
                SELECT p.id, l.name, p.split, d.name_text || '/' || f.path_text
                FROM pictures p JOIN labels l ON l.id = p.label_id
                JOIN files f ON f.picture_id = p.id AND f.verdict = 'accepted' JOIN drops d ON d.id = f.drop_id
                WHERE p.digest = ?
                """)
        guard let row = try Row.fetchOne(statement, arguments: [digest]) else { return nil }
        return try KnownPicture(
            id: row.decode(atIndex: 0), digest: digest, label: row.decode(atIndex: 1), split: row.decode(atIndex: 2),
            firstPath: row.decode(atIndex: 3))
    }
}
