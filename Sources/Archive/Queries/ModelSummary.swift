import GRDB

/// A model as `cultivar models` lists it.
package struct ModelSummary: Codable, Hashable, Sendable {
    package let version: String
    package let run: RunID
    package let created: Timestamp
    package let testAccuracy: Double
    package let backbone: String
    package let inputSize: Int
    package let classes: Int
    package let parameters: JSONText
    /// When it first became current in the outbox; nil if it never did.
    @OrNull package var published: Timestamp?
    /// Whether the latest decision names it.
    package let current: Bool

    enum CodingKeys: String, CodingKey {
        case version, run, created, backbone, classes, parameters, published, current
        case testAccuracy = "test_accuracy"
        case inputSize = "input_size"
    }
}

extension History {
    /// The models, the newest first: at most `limit`, those of runs before `before`.
    package func models(limit: Int = 100, before: RunID = .max) throws -> [ModelSummary] {
        try reader.read { db in
            let sql = """
                SELECT version, run_id, created_at, test_accuracy, backbone, input_size,
                (SELECT count(*) FROM model_labels l WHERE l.version = m.version), parameters,
                (SELECT min(published_at) FROM publications p WHERE p.version = m.version),
                version = (SELECT version FROM publications ORDER BY id DESC LIMIT 1)
                FROM models m WHERE run_id < ? ORDER BY run_id DESC LIMIT ?
                """
            return try Row.fetchAll(db, sql: sql, arguments: [before, limit]).map { row in
                try ModelSummary(
                    version: row.decode(atIndex: 0), run: row.decode(atIndex: 1), created: row.decode(atIndex: 2),
                    testAccuracy: row.decode(atIndex: 3), backbone: row.decode(atIndex: 4),
                    inputSize: row.decode(atIndex: 5), classes: row.decode(atIndex: 6),
                    parameters: row.decode(atIndex: 7), published: row.decode(atIndex: 8),
                    current: row.decode(Bool?.self, atIndex: 9) ?? false)
            }
        }
    }
}
