import GRDB
package import Records

extension ClassScore: FetchableRecord where Class == String {}
extension PredictionDetails: FetchableRecord {}

extension EvaluationDetails {
    static func fetchAll(_ db: Database, of run: RunID) throws -> [EvaluationDetails] {
        let sql = "SELECT id, role, version, accuracy FROM evaluations WHERE run_id = ? ORDER BY role DESC"
        return try Row.fetchAll(db, sql: sql, arguments: [run]).map { row in
            let id: Int64 = try row.decode(forColumn: "id")
            let classes = try ClassScore<String>.fetchAll(db, of: id)
            return try EvaluationDetails(
                role: row.decode(forColumn: "role"), version: row.decode(forColumn: "version"),
                accuracy: row.decode(forColumn: "accuracy"), classes: classes,
                confusion: confusion(db, of: id, classes: classes.count))
        }
    }

    private static func confusion(_ db: Database, of evaluation: Int64, classes: Int) throws -> [[Int]] {
        var matrix = [[Int]](repeating: [Int](repeating: 0, count: classes), count: classes)
        let sql = "SELECT class, predicted, pictures FROM confusions WHERE evaluation_id = ?"
        for row in try Row.fetchAll(db, sql: sql, arguments: [evaluation]) {
            let actual: Int = try row.decode(forColumn: "class")
            let predicted: Int = try row.decode(forColumn: "predicted")
            guard matrix.indices.contains(actual), matrix.indices.contains(predicted) else { continue }
            matrix[actual][predicted] = try row.decode(forColumn: "pictures")
        }
        return matrix
    }
}

extension ClassScore<String> {
    fileprivate static func fetchAll(_ db: Database, of evaluation: Int64) throws -> [ClassScore<String>] {
        let sql = """
            SELECT l.name AS label, c.precision, c.recall, c.f1, c.support
            FROM class_scores c JOIN labels l ON l.id = c.label_id WHERE c.evaluation_id = ? ORDER BY c.class
            """
        return try fetchAll(db, sql: sql, arguments: [evaluation])
    }
}

extension History {
    /// A run's test predictions, by picture. No command prints them: they are there for queries in SQL, and tests see
    /// here what a run has recorded.
    package func predictions(of run: RunID, role: EvaluationRole) throws -> [PredictionDetails] {
        try reader.read { db in
            let sql = """
                SELECT p.id AS picture, p.digest, truth.name AS label, guess.name AS predicted, r.probability
                FROM evaluations e JOIN predictions r ON r.evaluation_id = e.id JOIN pictures p ON p.id = r.picture_id
                JOIN labels truth ON truth.id = p.label_id JOIN labels guess ON guess.id = r.label_id
                WHERE e.run_id = ? AND e.role = ? ORDER BY r.picture_id
                """
            return try PredictionDetails.fetchAll(db, sql: sql, arguments: [run, role])
        }
    }
}
