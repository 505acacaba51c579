/// Somebody's request for an immediate run.
package struct RunRequest: Codable, Hashable, Sendable {
    package let id: RunRequestID
    package let requestedAt: Timestamp
    /// Who asked, for people ("alice, cultivar train").
    package let requester: String
    /// When a run took up the request; nil until then.
    @OrNull package var takenAt: Timestamp?
    /// The run that did, which may be a skipped one; nil until then.
    @OrNull package var run: RunID?

    enum CodingKeys: String, CodingKey {
        case id, requester, run
        case requestedAt = "requested_at"
        case takenAt = "taken_at"
    }
}
