import Foundation
import GRDB
import SystemPackage
import Testing

@testable import Archive
@testable import Records

@Suite("Labels that an older release has kept with escapes")
struct LabelMigrationTests {
    /// A history from before the step, with these labels, each with a picture; other spellings after the first.
    private func withOldHistory(_ labels: [[String]], _ body: (StateFolder) throws -> Void) throws {
        try withStateFolder { folder in
            let queue = try DatabaseQueue(path: folder.history.string)
            try Migrations.all.migrate(queue, upTo: "3 kept sources")
            try queue.write { db in
                try db.execute(
                    sql: "INSERT INTO drops (id, name, name_text, arrived_at) VALUES (1, CAST('d' AS BLOB), 'd', ?)",
                    arguments: [time()])
                for (index, spellings) in labels.enumerated() {
                    let id = index + 1
                    try db.execute(
                        sql: "INSERT INTO labels (id, name, key) VALUES (?, ?, ?)",
                        arguments: [id, spellings[0], LabelKey.key(of: spellings[0])])
                    for spelling in spellings {
                        try db.execute(sql: "INSERT INTO label_spellings VALUES (?, ?)", arguments: [spelling, id])
                    }
                    try db.execute(
                        sql: """
                            INSERT INTO pictures (id, digest, bytes, format, width, height, label_id, split, split_origin,
                            drop_id, accepted_at) VALUES (?, ?, 1, 'png', 1, 1, ?, 'train', 'hash', 1, ?);
                            """, arguments: [id, digest(id), id, time()])
                    try db.execute(
                        sql: """
                            INSERT INTO files (drop_id, path, path_text, verdict, bytes, picture_id, recorded_at)
                            VALUES (1, CAST('p' || ? AS BLOB), 'p', 'accepted', 1, ?, ?)
                            """, arguments: [id, id, time()])
                }
            }
            try queue.close()
            try body(folder)
        }
    }

    private func names(_ history: History) throws -> [[UInt8]] {
        try history.reader.read { try String.fetchAll($0, sql: "SELECT name FROM labels ORDER BY id") }
            .map { Array($0.utf8) }
    }

    private func bytes(_ names: [String]) -> [[UInt8]] { names.map { Array($0.utf8) } }

    @Test("They get the names that their folders have, with everything that was recorded of them")
    func written() throws {
        let old = [
            ["x\\xe2\\x80\\x8cy"], ["a\\\\b", "A\\\\B"], ["a\\\\\\\\b"], ["cafe\u{301}"], ["granny  smith "], ["cat"],
            ["👩\\xe2\\x80\\x8d🌾"],
        ]
        let expected = ["x\u{200C}y", "a\\b", "a\\\\b", "caf\u{e9}", "granny smith", "cat", "👩\u{200D}🌾"]
        try withOldHistory(old) { folder in
            let history = try History.open(folder.history)
            #expect(try names(history) == bytes(expected))
            #expect(try history.dataset().pictures.count == old.count)
            for (index, name) in expected.enumerated() where name != "a\\\\b" {
                let recorded = try history.take([picture(index + 1, name)], drop: "again \(index)")
                #expect(recorded.newSpellings.isEmpty)
                guard case .duplicate = recorded.verdicts[0] else { throw Unexpected(recorded) }
            }
            #expect(try history.labelCounts().count == old.count)
        }
    }

    @Test("A former spelling still leads to its label, as models that were published with it use it")
    func formerSpelling() throws {
        try withOldHistory([["x\\xe2\\x80\\x8cy"]]) { folder in
            let history = try History.open(folder.history)
            let recorded = try history.take([picture(9, "x\\xe2\\x80\\x8cy")])
            #expect(recorded.newSpellings.isEmpty)
            let counts = try history.labelCounts()
            #expect(counts.map(\.label) == ["x\u{200C}y"] && counts.map(\.train) == [2])
        }
    }

    @Test("Names that aren't UTF-8, that no label may have, or that another label has stay as they are")
    func unchanged() throws {
        let old = [["\\xffa"], ["a\\x0ab"], ["\\xe2\\x80\\xaegpj"], ["cat"], ["cat "], [" cat"], ["  "]]
        try withOldHistory(old) { folder in
            let history = try History.open(folder.history)
            #expect(try names(history) == bytes(old.map { $0[0] }))
            // The picture is known under the label that its folder has always meant.
            let recorded = try history.take([picture(5, "cat ")], drop: "again")
            guard case .duplicate = recorded.verdicts[0] else { throw Unexpected(recorded) }
            let other = try history.take([picture(5, "cat")], drop: "other")
            guard case .rejected(DuplicateRule.contradictionCode, _) = other.verdicts[0] else {
                throw Unexpected(other)
            }
        }
    }

    @Test("Names may change places with former ones")
    func chain() throws {
        try withOldHistory([["a\\\\\\\\b"], ["a\\\\b"]]) { folder in
            let history = try History.open(folder.history)
            #expect(try names(history) == bytes(["a\\\\b", "a\\b"]))
            let recorded = try history.take([picture(1, "a\\\\b"), picture(2, "a\\b")], drop: "again")
            #expect(recorded.verdicts.allSatisfy { if case .duplicate = $0 { true } else { false } })
        }
    }
}
