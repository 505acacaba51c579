import GRDB
import Records
import System

/// The step from label names with escapes (`x\xe2\x80\x8cy`, `a\\b`) to the names of their folders.
///
/// A label keeps its id, and with it everything that was recorded about it. Its former spelling stays one of its
/// spellings, because models that were published with it still use it. A label keeps its name if the new one belongs to
/// another label: people must decide whether the two are one. It also keeps its name if the new one is no longer
/// allowed.
enum LabelsAsWritten {
    private struct Renaming {
        let id: LabelID
        let name: String
        let oldKey: String
        var key: String { LabelKey.key(of: name) }
    }

    static func rewrite(_ db: Database) throws {
        try rewriteNames(db)
        try rewriteSpellings(db)
    }

    private static func rewriteNames(_ db: Database) throws {
        var settled: Set<String> = []
        var renamings: [Renaming] = []
        for row in try Row.fetchAll(db, sql: "SELECT id, name, key FROM labels ORDER BY id") {
            let name: String = try row.decode(forColumn: "name")
            let key: String = try row.decode(forColumn: "key")
            let written = try? LabelName(spelling: written(name)).text
            if let written, !written.utf8.elementsEqual(name.utf8) {
                renamings.append(Renaming(id: try row.decode(forColumn: "id"), name: written, oldKey: key))
            } else {
                settled.insert(key)
            }
        }
        renamings = withoutCollisions(renamings, settled: settled)
        // The keys must be unique at every moment, and one label's new key may be another's old key.
        for renaming in renamings {
            try db.execute(
                sql: "UPDATE labels SET key = ? WHERE id = ?", arguments: ["\u{1}\(renaming.id)", renaming.id])
        }
        for renaming in renamings {
            try db.execute(
                sql: "UPDATE labels SET name = ?, key = ? WHERE id = ?",
                arguments: [renaming.name, renaming.key, renaming.id])
        }
    }

    /// The renamings that don't give a label the key of another one.
    private static func withoutCollisions(_ renamings: [Renaming], settled: Set<String>) -> [Renaming] {
        var keys = settled
        guard let collision = renamings.firstIndex(where: { !keys.insert($0.key).inserted }) else { return renamings }
        var rest = renamings
        let kept = rest.remove(at: collision)
        return withoutCollisions(rest, settled: settled.union([kept.oldKey]))
    }

    private static func rewriteSpellings(_ db: Database) throws {
        let sql = "SELECT spelling, label_id FROM label_spellings ORDER BY spelling"
        let rows = try Row.fetchAll(db, sql: sql).map { row in
            try (
                spelling: row.decode(String.self, forColumn: "spelling"),
                label: row.decode(LabelID.self, forColumn: "label_id")
            )
        }
        try db.execute(sql: "DELETE FROM label_spellings")
        // A folder's own spelling takes precedence over an identical former spelling.
        for (spelling, label) in rows.map({ (written($0.spelling), $0.label) }) + rows {
            try db.execute(
                sql: "INSERT OR IGNORE INTO label_spellings (spelling, label_id) VALUES (?, ?)",
                arguments: [spelling, label])
        }
        try db.execute(sql: "INSERT OR IGNORE INTO label_spellings (spelling, label_id) SELECT name, id FROM labels")
    }

    /// The name that was stored with escapes; unchanged if it has none or if the folder's name isn't UTF-8.
    private static func written(_ escaped: String) -> String {
        guard escaped.contains("\\") else { return escaped }
        var bytes: [UInt8] = []
        var rest = Array(escaped.utf8)[...]
        while let byte = rest.popFirst() {
            guard byte == backslash else {
                bytes.append(byte)
                continue
            }
            if rest.first == backslash {
                bytes.append(backslash)
                rest.removeFirst()
            } else if rest.first == UInt8(ascii: "x"), rest.count > 2,
                let value = UInt8(String(decoding: rest.dropFirst().prefix(2), as: UTF8.self), radix: 16)
            {
                bytes.append(value)
                rest.removeFirst(3)
            } else {
                return escaped
            }
        }
        return String(validating: bytes, as: UTF8.self) ?? escaped
    }

    private static let backslash = UInt8(ascii: "\\")
}
