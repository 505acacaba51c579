import GRDB

/// The attempts to decode files that a decoder has died over. Each is on the disk before it is made, so that a file that
/// brings the service down as well isn't tried for ever.
package protocol DecodingAttempts: Sendable {
    /// Notes that an attempt begins, and gives the number of earlier ones that have not come to an end.
    func beginAttempt(on picture: PictureDigest, at time: Timestamp) throws -> Int
    /// Notes that the file was decoded or refused in peace; it starts anew then.
    func endAttempt(on picture: PictureDigest) throws
    /// Takes the last attempt back: it came to its end for reasons that have nothing to do with the file.
    func cancelAttempt(on picture: PictureDigest) throws
}

extension History: DecodingAttempts {
    package func beginAttempt(on picture: PictureDigest, at time: Timestamp) throws -> Int {
        try write { db in
            try db.execute(
                sql: """
                    INSERT INTO decoder_attempts (digest, attempts, last_attempt_at) VALUES (?, 1, ?)
                    ON CONFLICT (digest) DO UPDATE SET attempts = attempts + 1, last_attempt_at = excluded.last_attempt_at
                    """, arguments: [picture, time])
            let sql = "SELECT attempts FROM decoder_attempts WHERE digest = ?"
            return (try Int.fetchOne(db, sql: sql, arguments: [picture]) ?? 1) - 1
        }
    }

    package func endAttempt(on picture: PictureDigest) throws {
        try write { db in
            try db.execute(sql: "DELETE FROM decoder_attempts WHERE digest = ?", arguments: [picture])
        }
    }

    package func cancelAttempt(on picture: PictureDigest) throws {
        try write { db in
            try db.execute(
                sql: "DELETE FROM decoder_attempts WHERE digest = ? AND attempts = 1", arguments: [picture])
            try db.execute(
                sql: "UPDATE decoder_attempts SET attempts = attempts - 1 WHERE digest = ?", arguments: [picture])
        }
    }
}
