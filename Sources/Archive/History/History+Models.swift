import GRDB
package import Records

extension History {
    /// Ends a run with its challenger as the new champion: the run's outcome, the model and the decision to publish it
    /// in one transaction. The outbox follows; then ``markPublished(_:at:)``.
    package func promote(_ model: ModelRecord, in run: RunID, _ result: RunResult, at time: Timestamp) throws
        -> Publication
    {
        try write { db in
            try Self.insert(db, model, run: run, at: time)
            try Self.finish(db, run, as: .promoted, result, version: model.version, at: time)
            try db.execute(
                sql: "UPDATE evaluations SET version = ? WHERE run_id = ? AND role = 'challenger'",
                arguments: [model.version, run])
            return try Self.publish(db, model.version, .promotion, at: time)
        }
    }

    /// Records the decision to go back (or forward) to a version. Throws ``HistoryFailure/noSuchVersion(_:)``.
    package func recordRollback(to version: String, at time: Timestamp) throws -> Publication {
        try write { db in
            let known = "SELECT EXISTS (SELECT 1 FROM models WHERE version = ?)"
            guard try Bool.fetchOne(db, sql: known, arguments: [version]) == true else {
                throw HistoryFailure.noSuchVersion(version)
            }
            return try Self.publish(db, version, .rollback, at: time)
        }
    }

    /// Records that the outbox agrees with a decision.
    package func markPublished(_ publication: PublicationID, at time: Timestamp) throws {
        try write { db in
            try db.execute(
                sql: "UPDATE publications SET published_at = ? WHERE id = ? AND published_at IS NULL",
                arguments: [time, publication])
        }
    }

    /// The decision that counts: the latest one, published or not. Nil before the first promotion.
    package func currentPublication() throws -> Publication? {
        try publications("ORDER BY id DESC LIMIT 1").first
    }

    /// All decisions, the oldest first.
    package func publications() throws -> [Publication] { try publications("ORDER BY id") }

    /// The champion that the latest decision names; nil before the first promotion.
    package func champion() throws -> ModelRecord? { try currentPublication().map { try model($0.version) } }

    /// A model by its version. Throws ``HistoryFailure/noSuchVersion(_:)``.
    package func model(_ version: String) throws -> ModelRecord {
        try reader.read { db in
            guard let model = try ModelRecord.fetch(db, version) else { throw HistoryFailure.noSuchVersion(version) }
            return model
        }
    }

    private func publications(_ selection: String) throws -> [Publication] {
        try reader.read { db in
            try Publication.fetchAll(
                db, sql: "SELECT id, version, kind, decided_at, published_at FROM publications \(selection)")
        }
    }

    private static func publish(_ db: Database, _ version: String, _ kind: PublicationKind, at time: Timestamp) throws
        -> Publication
    {
        try db.execute(
            sql: "INSERT INTO publications (version, kind, decided_at) VALUES (?, ?, ?)",
            arguments: [version, kind, time])
        return Publication(id: db.lastInsertedRowID, version: version, kind: kind, decidedAt: time)
    }

    static func insert(_ db: Database, _ model: ModelRecord, run: RunID, at time: Timestamp) throws {
        try db.execute(
            sql: """
                INSERT INTO models (version, run_id, created_at, test_accuracy, parameters, manifest, head, backbone,
                backbone_checksum, input_size) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """,
            arguments: [
                model.version, run, time, model.testAccuracy, model.parameters, model.manifest,
                DatabaseBytes(model.head), model.backbone, model.backboneChecksum, model.inputSize,
            ])
        for (index, label) in model.labels.enumerated() {
            try db.cachedStatement(sql: "INSERT INTO model_labels (version, class, label_id) VALUES (?, ?, ?)")
                .execute(arguments: [model.version, index, label.id])
        }
    }
}

extension Publication: FetchableRecord {}

extension ModelRecord {
    fileprivate static func fetch(_ db: Database, _ version: String) throws -> ModelRecord? {
        let sql = """
            SELECT test_accuracy, parameters, manifest, head, backbone, backbone_checksum, input_size FROM models
            WHERE version = ?
            """
        guard let row = try Row.fetchOne(db, sql: sql, arguments: [version]) else { return nil }
        let labels = try Label.fetchAll(
            db,
            sql: """
                SELECT l.id, l.name FROM model_labels m JOIN labels l ON l.id = m.label_id
                WHERE m.version = ? ORDER BY m.class
                """, arguments: [version])
        return try ModelRecord(
            version: version, testAccuracy: row.decode(forColumn: "test_accuracy"),
            parameters: row.decode(forColumn: "parameters"), manifest: row.decode(forColumn: "manifest"),
            head: row.decode(DatabaseBytes.self, forColumn: "head").bytes,
            backbone: row.decode(forColumn: "backbone"), backboneChecksum: row.decode(forColumn: "backbone_checksum"),
            inputSize: row.decode(forColumn: "input_size"), labels: labels)
    }
}
