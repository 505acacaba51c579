import GRDB
import Records

/// The history's schema, as the list of steps that lead to it. Released steps never change.
enum Migrations {
    static let labelsAsWritten = "4 labels as written"

    static var all: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1 first schema") { db in
            for sql in [Schema.installation, Schema.drops, Schema.runs, Schema.models, Schema.results] {
                try db.execute(sql: sql)
            }
            var random = SystemRandomNumberGenerator()
            let key = (0..<32).map { _ in UInt8.random(in: .min ... .max, using: &random) }
            try db.execute(
                sql: "INSERT INTO installation (id, split_key, created_at) VALUES (1, ?, ?)",
                arguments: [DatabaseBytes(key), Timestamp.now])
        }
        migrator.registerMigration("2 attempts to decode") { try $0.execute(sql: Schema.decoderAttempts) }
        migrator.registerMigration("3 kept sources") { try $0.execute(sql: Schema.keptSources) }
        migrator.registerMigration(labelsAsWritten) { try LabelsAsWritten.rewrite($0) }
        migrator.registerMigration("5 stages and left-out classes") { try $0.execute(sql: Schema.runParts) }
        migrator.registerMigration("6 inbox") { try $0.execute(sql: Schema.inbox) }
        migrator.registerMigration("7 reasons as codes") { try $0.execute(sql: Schema.reasons) }
        migrator.registerMigration("8 ledger") { try $0.execute(sql: Schema.ledger) }
        migrator.registerMigration("9 set aside") { try $0.execute(sql: Schema.setAside) }
        return migrator
    }
}
