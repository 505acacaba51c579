import GRDB
package import Records
package import System

extension History {
    /// The key of this installation's `SplitRule`: 32 random bytes, made with the history.
    package func splitKey() throws -> [UInt8] {
        try reader.read { db in
            guard let key = try DatabaseBytes.fetchOne(db, sql: "SELECT split_key FROM installation") else {
                throw HistoryFailure.damaged(path, problem: "the split key is missing")
            }
            return key.bytes
        }
    }

    /// Begins a drop, or continues the unfinished one of the same name, which keeps its time.
    package func beginDrop(_ name: RawPath, at time: Timestamp) throws -> DropID {
        try write { db in
            let unfinished = "SELECT id FROM drops WHERE name = ? AND finished_at IS NULL"
            if let id = try DropID.fetchOne(db, sql: unfinished, arguments: [name]) { return id }
            try db.execute(
                sql: "INSERT INTO drops (name, name_text, arrived_at) VALUES (?, ?, ?)",
                arguments: [name, name.escaped, time])
            return db.lastInsertedRowID
        }
    }

    /// Keeps how a drop's folders were understood, and says whether that is news; else nothing is written.
    @discardableResult
    package func describe(_ drop: DropID, _ layout: LayoutRecord) throws -> Bool {
        try write { db in
            try db.execute(
                sql: """
                    UPDATE drops SET layout = :layout, warnings = :warnings, folders = :folders WHERE id = :id
                    AND (layout IS NOT :layout OR warnings IS NOT :warnings OR folders IS NOT :folders)
                    """,
                arguments: [
                    "layout": layout.text, "warnings": layout.warnings.isEmpty ? nil : JSONText(layout.warnings),
                    "folders": layout.places.isEmpty ? nil : DatabaseBytes(LayoutRecord.encoded(layout.places)),
                    "id": drop,
                ])
            return db.changesCount > 0
        }
    }

    /// How the folders of a drop have been understood so far, by their paths in it; empty for a new drop.
    package func places(of drop: DropID) throws -> [RawPath: LayoutRecord.Place] {
        try places("WHERE id = ?", [drop])
    }

    /// The same for the latest drop with a name, finished or not.
    package func latestPlaces(named name: RawPath) throws -> [RawPath: LayoutRecord.Place] {
        try places("WHERE name = ? ORDER BY id DESC LIMIT 1", [name])
    }

    private func places(
        _ selection: String, _ arguments: StatementArguments
    ) throws -> [RawPath: LayoutRecord.Place] {
        try reader.read { db in
            let sql = "SELECT folders FROM drops \(selection)"
            let folders = try DatabaseBytes.fetchOne(db, sql: sql, arguments: arguments)
            return folders.map { LayoutRecord.decoded($0.bytes) } ?? [:]
        }
    }

    /// Records what happened to a batch of a drop's files, in one transaction: first in the ledger, then here.
    ///
    /// Duplicates and contradictions are decided here, also within the batch, in the order of its files. Call this only
    /// after ``PictureStore/commit(_:)`` has returned for all of the batch's pictures. A file that is already recorded
    /// with the same path and content (the daemon was stopped before it could remove the original) keeps its first row
    /// and verdict. If it throws, nothing has been recorded.
    package func recordOutcomes(
        _ outcomes: [FileOutcome], in drop: DropID, ledger: Ledger, at time: Timestamp
    ) throws -> RecordedOutcomes {
        try writeWithLedger(ledger) { db in
            var recorder = try OutcomeRecorder(db: db, drop: drop, time: time)
            let verdicts = try outcomes.map { try recorder.record($0) }
            return (
                RecordedOutcomes(verdicts: verdicts, newSpellings: recorder.newSpellings), recorder.ledgerEntries
            )
        }
    }

    /// Marks a drop as finished: no more files will be recorded in it. A finished drop keeps its time.
    package func finishDrop(_ drop: DropID, at time: Timestamp) throws {
        try write { db in
            try db.execute(
                sql: "UPDATE drops SET finished_at = ? WHERE id = ? AND finished_at IS NULL", arguments: [time, drop])
        }
    }

    /// Which of the digests are recorded, with their labels.
    package func knownPictures(_ digests: some Collection<PictureDigest>) throws -> [PictureDigest: KnownPicture] {
        try reader.read { db in
            var known: [PictureDigest: KnownPicture] = [:]
            for digest in digests where known[digest] == nil { known[digest] = try KnownPicture.fetch(db, digest) }
            return known
        }
    }

    /// The drops that were begun and not finished, the oldest first.
    package func unfinishedDrops() throws -> [(id: DropID, name: RawPath, arrived: Timestamp)] {
        try reader.read { db in
            let sql = "SELECT id, name, arrived_at FROM drops WHERE finished_at IS NULL ORDER BY id"
            return try Row.fetchAll(db, sql: sql).map { row in
                let name = try row.decode(RawPath.self, forColumn: "name")
                return try (row.decode(forColumn: "id"), name, row.decode(forColumn: "arrived_at"))
            }
        }
    }
}

extension KnownPicture {
    /// By position, because intake asks this for each file.
    static func fetch(_ db: Database, _ digest: PictureDigest) throws -> KnownPicture? {
        let statement = try db.cachedStatement(
            sql: """
                SELECT p.id, l.name, d.name_text || '/' || f.path_text
                FROM pictures p JOIN labels l ON l.id = p.label_id
                JOIN files f ON f.picture_id = p.id AND f.verdict = 'accepted' JOIN drops d ON d.id = f.drop_id
                WHERE p.digest = ?
                """)
        guard let row = try Row.fetchOne(statement, arguments: [digest]) else { return nil }
        return try KnownPicture(
            id: row.decode(atIndex: 0), label: row.decode(atIndex: 1), firstPath: row.decode(atIndex: 2))
    }
}

extension LayoutRecord {
    /// Folder, label and split of each place, with a NUL byte after each, which no path has.
    static func encoded(_ places: [RawPath: Place]) -> [UInt8] {
        var bytes: [UInt8] = []
        for (folder, place) in places.sorted(by: { $0.key < $1.key }) {
            let split = Array((place.split?.rawValue ?? "").utf8)
            for field in [folder.bytes, place.label.bytes, split] { bytes += field + [0] }
        }
        return bytes
    }

    static func decoded(_ bytes: [UInt8]) -> [RawPath: Place] {
        let fields = bytes.split(separator: 0, omittingEmptySubsequences: false)
        return stride(from: 0, to: fields.count - 2, by: 3).reduce(into: [:]) { places, index in
            let split = Split(rawValue: String(decoding: fields[index + 2], as: UTF8.self))
            places[RawPath(fields[index])] = Place(label: RawPath(fields[index + 1]), split: split)
        }
    }
}
