import GRDB

/// What the records in the b-tree of a table or an index look like. This identifies pages that can't be reached from
/// the root any more.
struct TreeShape {
    struct Column {
        /// Nil for the row id in an index.
        let name: String?
        let type: String
        /// A shorter record, from before the column was added, may lack it.
        let mayBeMissing: Bool
        let mayBeNull: Bool

        func admits(_ value: DatabaseValue) -> Bool {
            switch (value.storage, type) {
            case (.null, _): mayBeNull
            case (.int64, "INTEGER"), (.int64, "REAL"), (.double, "REAL"), (.string, "TEXT"), (.blob, "BLOB"): true
            default: false
            }
        }
    }

    let name: String
    let root: Int
    /// An index repeats data of its table.
    let isIndex: Bool
    /// Whether its pages belong to a table with row ids.
    let hasRowIDs: Bool
    /// In the order of the values in a record.
    let columns: [Column]
    /// The position of the column that is the row id; its value isn't in the record.
    let rowIDColumn: Int?

    /// Whether a record can have this shape.
    func admits(_ record: Record) -> Bool {
        record.values.count <= columns.count && (record.rowID != nil) == hasRowIDs
            && columns.dropFirst(record.values.count).allSatisfy(\.mayBeMissing)
            && zip(columns, record.values).enumerated().allSatisfy { place, pair in
                place == rowIDColumn ? pair.1.isNull : pair.0.admits(pair.1)
            }
    }

    /// The names and values that turn a record into a row again.
    func row(of record: Record) -> (columns: [String], values: [DatabaseValue]) {
        var values = record.values
        if let rowIDColumn, let rowID = record.rowID { values[rowIDColumn] = rowID.databaseValue }
        return (columns.prefix(values.count).compactMap(\.name), values)
    }
}

extension TreeShape {
    /// The shapes of all tables and indexes of a database, tables first.
    static func all(of db: Database) throws -> [TreeShape] {
        let sql = """
            SELECT type, name, tbl_name, rootpage FROM sqlite_master WHERE rootpage > 0 ORDER BY type DESC, rowid
            """
        return try Row.fetchAll(db, sql: sql).map { row in
            let (type, name, table, root) = try (
                row.decode(String.self, forColumn: "type"), row.decode(String.self, forColumn: "name"),
                row.decode(String.self, forColumn: "tbl_name"), row.decode(Int.self, forColumn: "rootpage")
            )
            if type == "table" { return try TreeShape(table: name, root: root, db) }
            return try TreeShape(index: name, of: table, root: root, db)
        }
    }

    private init(table: String, root: Int, _ db: Database) throws {
        let isWithoutRowID =
            try Bool.fetchOne(
                db, sql: "SELECT wr FROM pragma_table_list(?) WHERE schema = 'main'", arguments: [table]) ?? false
        var rows = try Row.fetchAll(db, sql: "SELECT * FROM pragma_table_info(?)", arguments: [table])
        // The key comes first in a record of a table WITHOUT ROWID.
        if isWithoutRowID {
            func order(_ row: Row) -> (Int, Int) {
                let (key, place): (Int, Int) = (row["pk"], row["cid"])
                return (key > 0 ? key : .max, place)
            }
            rows.sort { order($0) < order($1) }
        }
        let keys = rows.indices.filter { (rows[$0]["pk"] as Int) > 0 }
        let rowID = isWithoutRowID || keys.count != 1 ? nil : keys.first { (rows[$0]["type"] as String) == "INTEGER" }
        self.init(
            name: table, root: root, isIndex: false, hasRowIDs: !isWithoutRowID,
            columns: rows.map { row in
                let isNullable = (row["notnull"] as Int) == 0
                let hasDefault: Bool = !(row["dflt_value"] as DatabaseValue).isNull
                return Column(
                    name: row["name"], type: row["type"], mayBeMissing: isNullable || hasDefault,
                    mayBeNull: isNullable)
            }, rowIDColumn: rowID)
    }

    private init(index: String, of table: String, root: Int, _ db: Database) throws {
        let sql = """
            SELECT i.name, coalesce(t.type, 'INTEGER') AS type, coalesce(t."notnull", 1) AS "notnull"
            FROM pragma_index_xinfo(?) i LEFT JOIN pragma_table_info(?) t ON t.cid = i.cid ORDER BY i.seqno
            """
        self.init(
            name: index, root: root, isIndex: true, hasRowIDs: false,
            columns: try Row.fetchAll(db, sql: sql, arguments: [index, table]).map { row in
                Column(
                    name: row["name"], type: row["type"], mayBeMissing: false, mayBeNull: (row["notnull"] as Int) == 0)
            }, rowIDColumn: nil)
    }
}
