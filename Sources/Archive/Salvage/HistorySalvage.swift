import GRDB
import Records
import System
import SystemPackage

/// Copies everything that can be read from a damaged history into a new one.
struct HistorySalvage {
    private let db: Database
    private(set) var report = SalvageReport()
    /// The schema steps of the damaged history, as far as they can be read.
    private var steps: Set<String> = []

    /// Creates the new history in a new file; the damaged one is only read.
    ///
    /// When this returns, the new file is complete, undamaged and on the disk. Throws
    /// ``HistoryFailure/newerSchema(_:)`` for a history from a newer release, because an older one would lose half of
    /// it.
    static func run(from damaged: FilePath, to target: FilePath) throws -> SalvageReport {
        var configuration = Configuration()
        configuration.foreignKeysEnabled = false
        let queue = try DatabaseQueue(path: target.string, configuration: configuration)
        // Nothing relies on the file before it is complete.
        try queue.writeWithoutTransaction { db in
            try db.execute(sql: "PRAGMA journal_mode = MEMORY; PRAGMA synchronous = OFF")
        }
        try Migrations.all.migrate(queue)
        let report = try queue.write { db in
            var salvage = HistorySalvage(db: db)
            try salvage.copyRows(from: try DatabasePages(damaged), named: damaged)
            try salvage.makeWhole()
            return salvage.report
        }
        let problems = try queue.read { try History.problems(of: $0) }
        try queue.close()
        guard problems.isEmpty else { throw HistoryFailure.damaged(target, problem: problems.joined(separator: "; ")) }
        try Files.reading(target) { try SystemDisk().synchronize($0, path: target) }
        return report
    }

    private init(db: Database) { self.db = db }

    private mutating func copyRows(from pages: DatabasePages, named path: FilePath) throws {
        let shapes = try TreeShape.all(of: db)
        var walk = TreeWalk(pages, shapes: shapes)
        try walk.run { record, shape in
            try take(record, of: shape, from: path)
        } lostPage: { records, shapes in
            if let shape = try shape(of: records, among: shapes) {
                for record in records { try take(record, of: shape, from: path) }
            } else if shapes.contains(where: { !$0.isIndex }) {
                report.ambiguousPages += 1
            }
        }
        report.badPages = walk.badPages
        report.badCells = walk.badCells
    }

    private mutating func take(_ record: Record, of shape: TreeShape, from path: FilePath) throws {
        switch shape.name {
        case "grdb_migrations":
            let step = record.values.first.flatMap { String.fromDatabaseValue($0) } ?? ""
            guard !isOfNewerRelease(step) else { throw HistoryFailure.newerSchema(path) }
            steps.insert(step)
        case "installation":
            // The new history already has a row with its own key; only a complete one replaces it.
            guard !report.hasSplitKey, try insert(record, into: shape, or: "REPLACE") else { return }
            report.hasSplitKey = true
            report[shape.name].kept = 1
        default:
            if try insert(record, into: shape, or: "IGNORE") {
                report[shape.name].kept += 1
            } else {
                report[shape.name].refused += 1
            }
        }
    }

    /// Whether it names a step that this release doesn't know yet.
    private func isOfNewerRelease(_ step: String) -> Bool {
        func number(_ name: String) -> Int { Int(name.prefix { $0.isNumber }) ?? 0 }
        return number(step) > Migrations.all.migrations.map(number).max() ?? 0
    }

    /// Where the records of an unreachable page belong: their shape, or the only table that accepts all of them. Nil if
    /// they might belong to an index.
    private func shape(of records: [Record], among shapes: [TreeShape]) throws -> TreeShape? {
        if shapes.count == 1 { return shapes[0].isIndex ? nil : shapes[0] }
        guard !shapes.contains(where: \.isIndex) else { return nil }
        let taking = try shapes.filter { shape in
            var takesAll = false
            try db.inSavepoint {
                takesAll = try records.allSatisfy { try insert($0, into: shape, or: "IGNORE") }
                return .rollback
            }
            return takesAll
        }
        return taking.count == 1 ? taking[0] : nil
    }

    /// False if the table's constraints reject the row.
    private func insert(_ record: Record, into shape: TreeShape, or conflict: String) throws -> Bool {
        let row = shape.row(of: record)
        let places = row.columns.map { _ in "?" }.joined(separator: ", ")
        let columns = row.columns.map { "\"\($0)\"" }.joined(separator: ", ")
        let statement = try db.cachedStatement(
            sql: "INSERT OR \(conflict) INTO \(shape.name) (\(columns)) VALUES (\(places))")
        do {
            try statement.execute(arguments: StatementArguments(row.values))
        } catch let error as DatabaseError where error.resultCode == .SQLITE_CONSTRAINT {
            return false
        }
        return db.changesCount > 0
    }
}

extension HistorySalvage {
    /// Makes a consistent history of what was copied: rows that can be derived from others are restored, and rows that
    /// refer to lost rows are dropped.
    private mutating func makeWhole() throws {
        try restoreLabels()
        try restoreDrops()
        try restoreRuns()
        try dropDangling()
        try restoreFiles()
        try settleRuns()
        try db.execute(
            sql: """
                UPDATE drops SET accepted = 0, duplicates = 0, rejected = 0;
                UPDATE drops SET accepted = f.accepted, duplicates = f.duplicates, rejected = f.rejected FROM (
                    SELECT drop_id, count(*) FILTER (WHERE verdict = 'accepted') AS accepted,
                        count(*) FILTER (WHERE verdict = 'duplicate') AS duplicates,
                        count(*) FILTER (WHERE verdict = 'rejected') AS rejected
                    FROM files GROUP BY drop_id
                ) f WHERE f.drop_id = drops.id
                """)
    }

    /// A label's name is one of its spellings, and vice versa.
    private mutating func restoreLabels() throws {
        // Names with a backslash may be former spellings with escapes.
        let lost = try Row.fetchAll(
            db,
            sql: """
                SELECT label_id, spelling FROM label_spellings WHERE label_id NOT IN (SELECT id FROM labels)
                ORDER BY label_id, instr(spelling, '\\') > 0, spelling
                """)
        for row in lost {
            let id: LabelID = try row.decode(forColumn: "label_id")
            let spelling: String = try row.decode(forColumn: "spelling")
            let name = (try? LabelName(spelling: spelling).text) ?? spelling
            try db.execute(
                sql: "INSERT OR IGNORE INTO labels (id, name, key) VALUES (?, ?, ?)",
                arguments: [id, name, LabelKey.key(of: name)])
            report.restoredLabels += db.changesCount
        }
        try db.execute(sql: "INSERT OR IGNORE INTO label_spellings (spelling, label_id) SELECT name, id FROM labels")
        if !steps.isEmpty, !steps.contains(Migrations.labelsAsWritten) { try LabelsAsWritten.rewrite(db) }
    }

    /// A picture's row needs a drop, but nothing in the drop matters to the picture: a lost drop is replaced by a
    /// placeholder.
    private mutating func restoreDrops() throws {
        try db.execute(
            sql: """
                INSERT INTO drops (id, name, name_text, arrived_at, finished_at)
                SELECT drop_id, CAST('lost drop ' || drop_id AS BLOB), 'lost drop ' || drop_id, min(time), max(time)
                FROM (SELECT drop_id, accepted_at AS time FROM pictures
                    UNION ALL SELECT drop_id, recorded_at FROM files)
                WHERE drop_id NOT IN (SELECT id FROM drops) GROUP BY drop_id
                """)
        report.standIns += db.changesCount
    }

    /// A model is usable without its run: a lost run is replaced by a placeholder.
    private mutating func restoreRuns() throws {
        try db.execute(
            sql: """
                INSERT INTO runs (id, trigger, started_at, finished_at, outcome, reason, reason_data, seed, settings, train_pictures,
                    test_pictures, last_picture_id, test_accuracy, version, parameters)
                SELECT run_id, 'schedule', created_at, created_at, 'promoted', ?, ?, 0, '{}', 0, 0, 0, test_accuracy, version,
                    parameters
                FROM models WHERE run_id NOT IN (SELECT id FROM runs)
                """, arguments: [RunReason.recordLost.text, JSONText(RunReason.recordLost)])
        report.standIns += db.changesCount
    }

    /// The file that a picture came from names it for people, and marks the picture as known to the intake.
    private mutating func restoreFiles() throws {
        try db.execute(
            sql: """
                INSERT INTO files (drop_id, path, path_text, verdict, bytes, picture_id, recorded_at)
                SELECT drop_id, CAST('lost path ' || id AS BLOB), 'lost path ' || id, 'accepted', bytes, id, accepted_at
                FROM pictures p WHERE NOT EXISTS (
                    SELECT 1 FROM files f WHERE f.picture_id = p.id AND f.verdict = 'accepted')
                """)
        report.standIns += db.changesCount
    }

    /// Clears references to lost rows if they are optional, and drops the other rows, until no such reference is left.
    private mutating func dropDangling() throws {
        let tables = try TreeShape.all(of: db).filter { !$0.isIndex }
        let keys = try tables.flatMap { table in
            try db.foreignKeys(on: table.name).map { key in
                let columns = table.columns.filter { key.originColumns.contains($0.name ?? "") }
                return (table: table.name, key: key, mayBeEmpty: columns.allSatisfy(\.mayBeNull))
            }
        }
        var hasChanged = true
        while hasChanged {
            hasChanged = false
            for (table, key, mayBeEmpty) in keys {
                let isSet = key.originColumns.map { "c.\($0) IS NOT NULL" }.joined(separator: " AND ")
                let isSame = key.mapping.map { "p.\($0.destination) = c.\($0.origin)" }.joined(separator: " AND ")
                let dangling =
                    "\(isSet) AND NOT EXISTS (SELECT 1 FROM \(key.destinationTable) p WHERE \(isSame))"
                if mayBeEmpty {
                    let empty = key.originColumns.map { "\($0) = NULL" }.joined(separator: ", ")
                    try db.execute(sql: "UPDATE OR IGNORE \(table) AS c SET \(empty) WHERE \(dangling)")
                    hasChanged = hasChanged || db.changesCount > 0
                }
                try db.execute(sql: "DELETE FROM \(table) AS c WHERE \(dangling)")
                report[table].dropped += db.changesCount
                report[table].kept -= db.changesCount
                hasChanged = hasChanged || db.changesCount > 0
            }
        }
    }

    /// New pictures must count as new even if newer ones are lost, and a run can't continue with other pictures than it
    /// began with.
    private mutating func settleRuns() throws {
        try db.execute(
            sql: """
                UPDATE runs SET last_picture_id = min(last_picture_id, (SELECT coalesce(max(id), 0) FROM pictures));
                UPDATE runs SET outcome = 'failed', finished_at = ?, reason = ?, reason_data = ?
                WHERE outcome = 'running'
                """,
            arguments: [Timestamp.now, RunReason.historyDamaged.text, JSONText(RunReason.historyDamaged)])
        report.hasEndedRun = db.changesCount > 0
    }
}
