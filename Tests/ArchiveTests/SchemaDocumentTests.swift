import Foundation
import GRDB
import Testing

@testable import Archive
@testable import Records

@Suite("docs/history-schema.md")
struct SchemaDocumentTests {
    private func document() throws -> String {
        let source = URL(filePath: #filePath).resolvingSymlinksInPath()
        let root = source.deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        return try String(contentsOf: root.appending(path: "docs/history-schema.md"), encoding: .utf8)
    }

    @Test("Every table has a heading of its own, and every column is named")
    func completeness() throws {
        let text = try document()
        let headings = text.split(separator: "\n").filter { $0.hasPrefix("### ") }.joined(separator: ", ")
        try withHistory { history in
            let tables = try history.reader.read { db in
                try String.fetchAll(
                    db, sql: "SELECT name FROM sqlite_master WHERE type = 'table' AND name <> 'grdb_migrations'")
            }
            #expect(tables.count == 29)
            #expect(Set(Schema.tables) == Set(tables + ["grdb_migrations"]))
            for table in tables {
                #expect(headings.contains(table), "the table \(table)")
                for column in try history.reader.read({ try $0.columns(in: table) }) {
                    #expect(text.contains("`\(column.name)`"), "\(table).\(column.name)")
                }
            }
        }
    }

    @Test("The queries in it run")
    func queries() throws {
        let queries = try document().components(separatedBy: "```sql\n").dropFirst().map {
            $0.components(separatedBy: "```")[0]
        }
        #expect(queries.count >= 5)
        try withHistory { history in
            for query in queries { _ = try history.reader.read { try Row.fetchAll($0, sql: query) } }
        }
    }
}
