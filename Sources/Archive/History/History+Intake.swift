import GRDB

extension History {
    /// The key of this installation's ``SplitRule``: 32 random bytes, made with the history.
    package func splitKey() throws -> [UInt8] {
        try reader.read { db in
            guard let row = try Row.fetchOne(db, sql: "SELECT split_key FROM installation") else {
                throw HistoryFailure.damaged(path, problem: "the split key is missing")
            }
            return try row.decode(DatabaseBytes.self, atIndex: 0).bytes
        }
    }

    /// Begins a drop, or goes on with the one of the same name that a stopped daemon has left unfinished.
    package func beginDrop(_ name: RawName, at time: Timestamp) throws -> DropID {
        try write { db in
            let bytes = DatabaseBytes(name.bytes)
            let unfinished = "SELECT id FROM drops WHERE name = ? AND finished_at IS NULL"
            if let id = try DropID.fetchOne(db, sql: unfinished, arguments: [bytes]) { return id }
            try db.execute(
                sql: "INSERT INTO drops (name, name_text, arrived_at) VALUES (?, ?, ?)",
                arguments: [bytes, name.text, time])
            return db.lastInsertedRowID
        }
    }

    /// Keeps how a drop's folders were understood.
    package func describe(_ drop: DropID, _ layout: LayoutRecord) throws {
        let folders = layout.folders.sorted { $0.lexicographicallyPrecedes($1) }.joined(separator: [0])
        try write { db in
            try db.execute(
                sql: "UPDATE drops SET layout = ?, warnings = ?, folders = ? WHERE id = ?",
                arguments: [
                    layout.text, layout.warnings.isEmpty ? nil : JSONText(layout.warnings),
                    layout.folders.isEmpty ? nil : DatabaseBytes(Array(folders)), drop,
                ])
        }
    }

    /// The folders of a drop, as raw paths, that were ever seen to hold files; kept until it is finished.
    package func folders(of drop: DropID) throws -> [[UInt8]] {
        try reader.read { db in
            let sql = "SELECT folders FROM drops WHERE id = ?"
            guard let row = try Row.fetchOne(db, sql: sql, arguments: [drop]),
                let bytes = try row.decode(DatabaseBytes?.self, atIndex: 0)?.bytes
            else { return [] }
            return bytes.split(separator: 0, omittingEmptySubsequences: false).map { Array($0) }
        }
    }

    /// Records what has become of a batch of a drop's files, in one transaction.
    ///
    /// Duplicates and contradictions are decided here, among the files of the batch too, in their order; call it only
    /// when ``PictureStore/commit(_:)`` has returned for all of the batch's pictures. A file that is already recorded
    /// with the same path and content (the daemon was stopped before it could remove the original) keeps its first
    /// row and verdict.
    package func recordOutcomes(_ outcomes: [FileOutcome], in drop: DropID, at time: Timestamp) throws
        -> RecordedOutcomes
    {
        try write { db in
            var recorder = OutcomeRecorder(db: db, drop: drop, time: time)
            let verdicts = try outcomes.map { try recorder.record($0) }
            return RecordedOutcomes(verdicts: verdicts, newSpellings: recorder.newSpellings)
        }
    }

    /// Marks a drop as finished: all of its files are recorded and have left the inbox.
    package func finishDrop(_ drop: DropID, at time: Timestamp) throws {
        try write { db in
            try db.execute(
                sql: "UPDATE drops SET finished_at = ?, folders = NULL WHERE id = ? AND finished_at IS NULL",
                arguments: [time, drop])
        }
    }

    /// Those of the digests that are recorded, with label and split.
    package func knownPictures(_ digests: some Collection<PictureDigest>) throws -> [PictureDigest: KnownPicture] {
        try reader.read { db in
            var known: [PictureDigest: KnownPicture] = [:]
            for digest in digests where known[digest] == nil { known[digest] = try KnownPicture.fetch(db, digest) }
            return known
        }
    }

    /// The drops that were begun and not finished, the oldest first.
    package func unfinishedDrops() throws -> [(id: DropID, name: RawName, arrived: Timestamp)] {
        try reader.read { db in
            let sql = "SELECT id, name, name_text, arrived_at FROM drops WHERE finished_at IS NULL ORDER BY id"
            return try Row.fetchAll(db, sql: sql).map { row in
                let name = try RawName(
                    bytes: row.decode(DatabaseBytes.self, atIndex: 1).bytes, text: row.decode(atIndex: 2))
                return try (row.decode(atIndex: 0), name, row.decode(atIndex: 3))
            }
        }
    }
}
