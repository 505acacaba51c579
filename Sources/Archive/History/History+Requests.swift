import GRDB
package import Records

extension RunRequest: FetchableRecord {
    static let columns = "id, requested_at, requester, taken_at, run_id AS run"
}

extension History {
    /// Asks for a run now.
    package func requestRun(by requester: String, at time: Timestamp) throws -> RunRequestID {
        try write { db in
            try db.execute(
                sql: "INSERT INTO run_requests (requested_at, requester) VALUES (?, ?)", arguments: [time, requester])
            return db.lastInsertedRowID
        }
    }

    /// The requests that no run has taken up, the oldest first.
    package func pendingRequests() throws -> [RunRequest] {
        try reader.read { db in
            let sql = "SELECT \(RunRequest.columns) FROM run_requests WHERE taken_at IS NULL ORDER BY id"
            return try RunRequest.fetchAll(db, sql: sql)
        }
    }

    /// Records that a run (or a skipped one) answers these requests. Those that another run has taken up are left
    /// alone.
    package func takeRequests(_ requests: [RunRequestID], for run: RunID, at time: Timestamp) throws {
        try write { db in
            for request in requests {
                try db.cachedStatement(
                    sql: "UPDATE run_requests SET taken_at = ?, run_id = ? WHERE id = ? AND taken_at IS NULL"
                ).execute(arguments: [time, run, request])
            }
        }
    }

    /// The current state of a request; nil if there is none with this id.
    package func request(_ id: RunRequestID) throws -> RunRequest? {
        try reader.read { db in
            let sql = "SELECT \(RunRequest.columns) FROM run_requests WHERE id = ?"
            return try RunRequest.fetchOne(db, sql: sql, arguments: [id])
        }
    }
}
