import GRDB
package import Records
package import System

extension History {
    /// Requests that paths in the inbox are taken despite their names. Asking again changes nothing.
    package func requestTaking(_ paths: [RawPath], by requester: String, at time: Timestamp) throws {
        try write { db in
            for path in paths {
                try db.execute(
                    sql: """
                        INSERT INTO take_requests (path, path_text, requested_at, requester) VALUES (?, ?, ?, ?)
                        ON CONFLICT (path) DO NOTHING
                        """, arguments: [path, path.escaped, time, requester])
            }
        }
    }

    /// The paths in the inbox that somebody has asked to be taken, until they are gone from it.
    package func takeRequests() throws -> Set<RawPath> {
        try reader.read { db in try RawPath.fetchSet(db, sql: "SELECT path FROM take_requests") }
    }

    /// Forgets requests whose paths have left the inbox.
    package func forgetTakeRequests(_ paths: some Collection<RawPath>) throws {
        guard !paths.isEmpty else { return }
        try write { db in
            for path in paths {
                try db.execute(sql: "DELETE FROM take_requests WHERE path = ?", arguments: [path])
            }
        }
    }
}
