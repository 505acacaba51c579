import GRDB
package import Records

/// The attempts to decode files whose decoder has died. Each attempt is on the disk before it starts, so that a file
/// that also kills the service isn't tried forever.
package protocol DecodingAttempts: Sendable {
    /// Records that an attempt begins; returns the number of earlier attempts that never ended.
    func beginAttempt(on picture: PictureDigest, at time: Timestamp) throws -> Int
    /// Records that the file was decoded or rejected; its count starts again then.
    func endAttempt(on picture: PictureDigest) throws
    /// Withdraws the last attempt: it ended for reasons that have nothing to do with the file.
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
