import GRDB

/// Somebody's request for an immediate run.
package struct RunRequest: Codable, Hashable, Sendable {
    package let id: RunRequestID
    package let requestedAt: Timestamp
    /// Who asked, for people ("alice, cultivar train").
    package let requester: String
    /// When a run took up the request, and which one; nil until then.
    @OrNull package var takenAt: Timestamp?
    @OrNull package var run: RunID?
}

extension RunRequest: FetchableRecord {
    static let columns = "id, requested_at, requester, taken_at, run_id"

    init(row: Row) throws {
        try self.init(
            id: row.decode(atIndex: 0), requestedAt: row.decode(atIndex: 1), requester: row.decode(atIndex: 2),
            takenAt: row.decode(atIndex: 3), run: row.decode(atIndex: 4))
    }
}
