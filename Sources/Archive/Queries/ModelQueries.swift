import GRDB
package import Records

extension ModelSummary: FetchableRecord {}

extension History {
    /// The models, the newest first: at most `limit`.
    package func models(limit: Int = 100) throws -> [ModelSummary] {
        try reader.read { db in
            let sql = """
                SELECT version, run_id AS run, created_at AS created, test_accuracy, backbone, input_size,
                    (SELECT count(*) FROM model_labels l WHERE l.version = m.version) AS classes, parameters,
                    (SELECT min(published_at) FROM publications p WHERE p.version = m.version) AS published,
                    coalesce(version = (SELECT version FROM publications ORDER BY id DESC LIMIT 1), 0) AS "current"
                FROM models m ORDER BY run_id DESC LIMIT ?
                """
            return try ModelSummary.fetchAll(db, sql: sql, arguments: [limit])
        }
    }
}
