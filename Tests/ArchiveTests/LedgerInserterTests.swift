import GRDB
import Testing

@testable import Archive
@testable import Records

@Suite("Adding to a history what the ledger says")
struct LedgerInserterTests {
    private func entry(_ number: Int, _ label: String, drop: DropID, _ dropName: String, at seconds: Int) -> LedgerEntry
    {
        .picture(
            LedgerPicture(
                digest: digest(number), byteCount: 100, format: "jpeg", width: 32, height: 24, notes: nil, label: label,
                split: .train, splitOrigin: .hash, drop: drop, dropName: name(dropName), path: nil, at: time(seconds)))
    }

    private func insert(_ entries: [LedgerEntry], into history: History) throws -> [Bool] {
        try history.write { db in
            var inserter = LedgerInserter(db: db)
            return try entries.map { try inserter.insert($0) }
        }
    }

    @Test("A picture's line alone makes the picture, its label and its drop, and the first line of a picture counts")
    func pictureAlone() throws {
        try withHistory { history in
            let entries = [
                entry(1, "cat", drop: 7, "first", at: 5), entry(1, "dog", drop: 8, "second", at: 6),
                entry(2, "cat", drop: 7, "first", at: 7),
            ]
            #expect(try insert(entries, into: history) == [true, false, true])
            let drops = try history.drops()
            #expect(drops.map(\.drop) == [7])
            #expect(drops.map(\.accepted) == [2])
            #expect(drops.map(\.arrived) == [time(5)])
            #expect(try history.labelCounts().map(\.label) == ["cat"])
            let known = try history.knownPictures([digest(2)])
            #expect(known[digest(2)]?.firstPath == "first/lost path 2")
            #expect(try insert(entries, into: history) == [false, false, false])
        }
    }

    @Test("A drop whose number another one has gets a new one, and keeps that")
    func takenNumber() throws {
        try withHistory { history in
            try history.take([picture(1, "cat")], drop: "here")
            let lines: [LedgerEntry] = [
                .drop(LedgerDrop(id: 1, name: name("there"), at: time(50))), entry(2, "cat", drop: 1, "there", at: 51),
            ]
            #expect(try insert(lines, into: history) == [true, true])
            #expect(try insert(lines, into: history) == [false, false])
            #expect(try history.drops().map(\.name) == ["there", "here"])
            #expect(try history.drops().map(\.accepted) == [1, 1])
        }
    }

    @Test("Of the drops with one name, only the newest may be unfinished")
    func unfinished() throws {
        try withHistory { history in
            let entries: [LedgerEntry] = [
                .drop(LedgerDrop(id: 3, name: name("camera"), at: time(10))),
                entry(1, "cat", drop: 3, "camera", at: 20),
                .drop(LedgerDrop(id: 4, name: name("camera"), at: time(30))),
                entry(2, "cat", drop: 4, "camera", at: 40),
                .drop(LedgerDrop(id: 2, name: name("camera"), at: time(5))),
            ]
            #expect(try insert(entries, into: history).allSatisfy { $0 })
            let drops = try history.drops().sorted { $0.drop < $1.drop }
            #expect(drops.map(\.finished) == [time(5), time(20), nil])
            #expect(try history.unfinishedDrops().map(\.id) == [4])
        }
    }

    @Test("A label is found by its spellings, and without regard to case; a new spelling is added to it")
    func labels() throws {
        try withHistory { history in
            let entries: [LedgerEntry] = [
                .label(LedgerLabel(name: "Granny Smith", spellings: ["granny  smith", "Granny Smith"], at: time())),
                entry(1, "granny smith", drop: 1, "d", at: 1),
                .label(LedgerLabel(name: "granny  smith", spellings: ["GRANNY SMITH"], at: time())),
                .label(LedgerLabel(name: "Granny Smith", spellings: ["GRANNY SMITH"], at: time())),
            ]
            #expect(try insert(entries, into: history) == [true, true, true, false])
            #expect(try history.labelCounts().map(\.label) == ["Granny Smith"])
            let spellings = try history.reader.read { db in
                try String.fetchSet(db, sql: "SELECT spelling FROM label_spellings")
            }
            #expect(spellings == ["Granny Smith", "granny  smith", "granny smith", "GRANNY SMITH"])
        }
    }

    @Test("The key and what a later release writes add nothing")
    func nothing() throws {
        try withHistory { history in
            let key = LedgerInstallation(splitKey: [UInt8](repeating: 7, count: 32), at: time())
            let news = try insert([.installation(key), .unknown(kind: "group")], into: history)
            #expect(news == [false, false])
            let ownKey = try history.splitKey()
            #expect(ownKey != key.splitKey)
        }
    }
}
