import GRDB

/// A model's scores on the test set of a run.
package struct EvaluationDetails: Codable, Hashable, Sendable {
    package let role: EvaluationRole
    /// Nil for a challenger that wasn't promoted.
    @OrNull package var version: String?
    package let accuracy: Double
    package let classes: [ClassDetails]
    /// Test pictures by true class (row) and predicted class (column), in the order of `classes`.
    package let confusion: [[Int]]
}

package struct ClassDetails: Codable, Hashable, Sendable {
    package let label: String
    @OrNull package var precision: Double?
    @OrNull package var recall: Double?
    @OrNull package var f1: Double?
    package let support: Int
}

/// What a model predicted for one test picture.
package struct PredictionDetails: Codable, Hashable, Sendable {
    package let picture: PictureID
    package let digest: PictureDigest
    /// The true label.
    package let label: String
    package let predicted: String
    @OrNull package var probability: Double?
}

extension EvaluationDetails {
    static func fetchAll(_ db: Database, of run: RunID) throws -> [EvaluationDetails] {
        let sql = "SELECT id, role, version, accuracy FROM evaluations WHERE run_id = ? ORDER BY role DESC"
        return try Row.fetchAll(db, sql: sql, arguments: [run]).map { row in
            let id: Int64 = try row.decode(atIndex: 0)
            let classes = try ClassDetails.fetchAll(db, of: id)
            return try EvaluationDetails(
                role: row.decode(atIndex: 1), version: row.decode(atIndex: 2), accuracy: row.decode(atIndex: 3),
                classes: classes, confusion: confusion(db, of: id, classes: classes.count))
        }
    }

    private static func confusion(_ db: Database, of evaluation: Int64, classes: Int) throws -> [[Int]] {
        var matrix = [[Int]](repeating: [Int](repeating: 0, count: classes), count: classes)
        let sql = "SELECT class, predicted, pictures FROM confusions WHERE evaluation_id = ?"
        for row in try Row.fetchAll(db, sql: sql, arguments: [evaluation]) {
            let (actual, predicted): (Int, Int) = (try row.decode(atIndex: 0), try row.decode(atIndex: 1))
            guard matrix.indices.contains(actual), matrix.indices.contains(predicted) else { continue }
            matrix[actual][predicted] = try row.decode(atIndex: 2)
        }
        return matrix
    }
}

extension ClassDetails {
    fileprivate static func fetchAll(_ db: Database, of evaluation: Int64) throws -> [ClassDetails] {
        let sql = """
            SELECT l.name, c.precision, c.recall, c.f1, c.support
            FROM class_scores c JOIN labels l ON l.id = c.label_id WHERE c.evaluation_id = ? ORDER BY c.class
            """
        return try Row.fetchAll(db, sql: sql, arguments: [evaluation]).map { row in
            try ClassDetails(
                label: row.decode(atIndex: 0), precision: row.decode(atIndex: 1), recall: row.decode(atIndex: 2),
                f1: row.decode(atIndex: 3), support: row.decode(atIndex: 4))
        }
    }
}

extension History {
    /// A page of a run's test predictions, by picture: at most `limit`, those after the picture `after`.
    package func predictions(of run: RunID, role: EvaluationRole, limit: Int = 1000, after: PictureID = 0) throws
        -> [PredictionDetails]
    {
        try reader.read { db in
            let sql = """
                SELECT p.id, p.digest, actual.name, predicted.name, r.probability
                FROM evaluations e JOIN predictions r ON r.evaluation_id = e.id JOIN pictures p ON p.id = r.picture_id
                JOIN labels actual ON actual.id = p.label_id JOIN labels predicted ON predicted.id = r.label_id
                WHERE e.run_id = ? AND e.role = ? AND r.picture_id > ? ORDER BY r.picture_id LIMIT ?
                """
            return try Row.fetchAll(db, sql: sql, arguments: [run, role, after, limit]).map { row in
                try PredictionDetails(
                    picture: row.decode(atIndex: 0), digest: row.decode(atIndex: 1), label: row.decode(atIndex: 2),
                    predicted: row.decode(atIndex: 3), probability: row.decode(atIndex: 4))
            }
        }
    }
}
