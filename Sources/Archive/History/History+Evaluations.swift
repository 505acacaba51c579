import GRDB
package import Records

extension History {
    /// Records a model's scores on the test set, with every prediction, in one transaction; an earlier record of the
    /// same run and role is replaced.
    package func recordEvaluation(_ evaluation: NewEvaluation, of run: RunID) throws {
        try write { db in
            try db.execute(
                sql: "DELETE FROM evaluations WHERE run_id = ? AND role = ?", arguments: [run, evaluation.role])
            try db.execute(
                sql: "INSERT INTO evaluations (run_id, role, version, accuracy) VALUES (?, ?, ?, ?)",
                arguments: [run, evaluation.role, evaluation.version, evaluation.accuracy])
            let id = db.lastInsertedRowID
            try Self.insert(db, evaluation.classes, of: id)
            try Self.insert(db, confusion: evaluation.confusion, of: id)
            try Self.insert(db, evaluation.predictions, of: id)
        }
    }

    private static func insert(_ db: Database, _ classes: [ClassScore<LabelID>], of evaluation: Int64) throws {
        let statement = try db.cachedStatement(
            sql: """
                INSERT INTO class_scores (evaluation_id, class, label_id, precision, recall, f1, support)
                VALUES (?, ?, ?, ?, ?, ?, ?)
                """)
        for (index, score) in classes.enumerated() {
            try statement.execute(arguments: [
                evaluation, index, score.label, score.precision, score.recall, score.f1, score.support,
            ])
        }
    }

    private static func insert(_ db: Database, confusion: [[Int]], of evaluation: Int64) throws {
        let statement = try db.cachedStatement(
            sql: "INSERT INTO confusions (evaluation_id, class, predicted, pictures) VALUES (?, ?, ?, ?)")
        for (row, counts) in confusion.enumerated() {
            for (column, count) in counts.enumerated() where count > 0 {
                try statement.execute(arguments: [evaluation, row, column, count])
            }
        }
    }

    private static func insert(_ db: Database, _ predictions: [Prediction], of evaluation: Int64) throws {
        let statement = try db.cachedStatement(
            sql: "INSERT INTO predictions (evaluation_id, picture_id, label_id, probability) VALUES (?, ?, ?, ?)")
        for prediction in predictions {
            let probability =
                prediction.probability.isNaN ? nil : Double(min(max(prediction.probability, 0), 1)) as Double?
            try statement.execute(arguments: [evaluation, prediction.picture, prediction.label, probability])
        }
    }
}
