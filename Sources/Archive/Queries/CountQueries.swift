import GRDB
package import Records

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
            func pictures(_ split: String) throws -> Int {
                let isUsable = "id NOT IN (SELECT picture_id FROM set_aside_pictures)"
                return try count("count(*) FROM pictures WHERE split = '\(split)' AND \(isUsable)")
            }
            return try HistoryCounts(
                trainPictures: pictures("train"), testPictures: pictures("test"),
                setAsidePictures: count("count(*) FROM set_aside_pictures"),
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
