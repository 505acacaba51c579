import GRDB

/// How much of everything there is at one moment, as `cultivar status` shows it.
package struct HistoryCounts: Codable, Hashable, Sendable {
    package let trainPictures: Int
    package let testPictures: Int
    package let labels: Int
    package let drops: Int
    package let unfinishedDrops: Int
    package let duplicates: Int
    package let rejects: Int
    package let runs: Int
    package let models: Int
    package let pendingRequests: Int
    /// The version that the latest decision names.
    @OrNull package var champion: String?
    /// The newest run, which may still be running.
    @OrNull package var lastRun: RunSummary?

    enum CodingKeys: String, CodingKey {
        case labels, drops, duplicates, rejects, runs, models, champion
        case trainPictures = "train_pictures"
        case testPictures = "test_pictures"
        case unfinishedDrops = "unfinished_drops"
        case pendingRequests = "pending_requests"
        case lastRun = "last_run"
    }
}

extension History {
    /// The counts of everything at one moment.
    package func counts() throws -> HistoryCounts {
        try reader.read { db in
            func count(_ selection: String) throws -> Int {
                try Int.fetchOne(db, sql: "SELECT \(selection)") ?? 0
            }
            // sum() fails if the sum doesn't fit 64 bits. total() returns a real number, and the cast takes the nearest
            // integer.
            func total(_ column: String) throws -> Int { try count("CAST(total(\(column)) AS INTEGER) FROM drops") }
            return try HistoryCounts(
                trainPictures: count("count(*) FROM pictures WHERE split = 'train'"),
                testPictures: count("count(*) FROM pictures WHERE split = 'test'"),
                labels: count("count(DISTINCT label_id) FROM pictures"), drops: count("count(*) FROM drops"),
                unfinishedDrops: count("count(*) FROM drops WHERE finished_at IS NULL"),
                duplicates: total("duplicates"), rejects: total("rejected"),
                runs: count("count(*) FROM runs"), models: count("count(*) FROM models"),
                pendingRequests: count("count(*) FROM run_requests WHERE taken_at IS NULL"),
                champion: String.fetchOne(db, sql: "SELECT version FROM publications ORDER BY id DESC LIMIT 1"),
                lastRun: RunSummary.fetchOne(
                    db, sql: "SELECT \(RunSummary.columns) FROM runs ORDER BY id DESC LIMIT 1"))
        }
    }
}
