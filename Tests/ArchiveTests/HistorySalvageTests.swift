import Foundation
import GRDB
import System
import SystemPackage
import TestSupport
import Testing

@testable import Archive
@testable import Records

/// What is done to one page of a file.
enum Damage: String, CaseIterable {
    case zeros, noise, halfZeros

    func apply(to page: Int, of file: FilePath, pageSize: Int) throws {
        let descriptor = try FileDescriptor.open(file, .readWrite)
        try descriptor.closeAfter {
            let count = self == .halfZeros ? pageSize / 2 : pageSize
            var generator = SplitMix(state: UInt64(page))
            let bytes = (0..<count).map { _ in self == .noise ? UInt8.random(in: 0...255, using: &generator) : 0 }
            _ = try descriptor.writeAll(toAbsoluteOffset: Int64((page - 1) * pageSize), bytes)
        }
    }
}

/// Random numbers that are the same every time.
struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}

@Suite("Salvaging a damaged history")
struct HistorySalvageTests {
    /// The rows of all tables as text, by table.
    private func rows(of path: FilePath) throws -> [String: Set<String>] {
        let queue = try DatabaseQueue(path: path.string)
        defer { try? queue.close() }
        return try queue.read { db in
            let tables = try TreeShape.all(of: db).filter { !$0.isIndex }.map(\.name)
            return try Dictionary(
                uniqueKeysWithValues: tables.map { table in
                    let rows = try Row.fetchAll(db, sql: "SELECT * FROM \(table)")
                    return (table, Set(rows.map { $0.databaseValues.map(\.description).joined(separator: "|") }))
                })
        }
    }

    /// How many rows of which table each page holds; a page whose rows may be in part on other pages has none.
    private func pages(of path: FilePath) throws -> (count: Int, size: Int, rows: [Int: (table: String, count: Int)]) {
        let queue = try DatabaseQueue(path: path.string)
        defer { try? queue.close() }
        return try queue.read { db in
            let shapes = try TreeShape.all(of: db).filter { !$0.isIndex }
            var holdings: [Int: (table: String, count: Int)] = [:]
            for row in try Row.fetchAll(db, sql: "SELECT pageno, name, ncell, pagetype FROM dbstat") {
                guard let shape = shapes.first(where: { $0.name == row["name"] }) else { continue }
                let holdsRows = row["pagetype"] == "leaf" || (row["pagetype"] == "internal" && !shape.hasRowIDs)
                holdings[row["pageno"]] = (shape.name, holdsRows ? row["ncell"] : row["pagetype"] == "overflow" ? 1 : 0)
            }
            let count = try Int.fetchOne(db, sql: "PRAGMA page_count") ?? 0
            return (count, try Int.fetchOne(db, sql: "PRAGMA page_size") ?? 0, holdings)
        }
    }

    /// A state folder with a rich history in one file, closed.
    private func withHistoryFile(_ body: (StateFolder) throws -> Void) throws {
        try withStateFolder { folder in
            try History.open(folder.history).fill()
            let queue = try DatabaseQueue(path: folder.history.string)
            try queue.writeWithoutTransaction { try $0.execute(sql: "PRAGMA journal_mode = DELETE") }
            try queue.close()
            try body(folder)
        }
    }

    private func repaired(_ folder: StateFolder) throws -> SalvageReport {
        let outcome = try HistoryRepair(folder).run()
        #expect(try HistoryRepair(folder).reason() == nil)
        return try #require(outcome.report)
    }

    @Test("An undamaged history is copied row by row; only the run that is under way ends")
    func undamaged() throws {
        try withHistoryFile { folder in
            let before = try rows(of: folder.history)
            let key = try History.openReadOnly(folder.history).splitKey()
            let report = try repaired(folder)
            for (table, rows) in try rows(of: folder.history) {
                #expect(rows.symmetricDifference(before[table] ?? []).count == (table == "runs" ? 2 : 0), "\(table)")
            }
            #expect(before.values.allSatisfy { !$0.isEmpty })
            #expect(report.hasSplitKey)
            #expect(report.badPages + report.badCells + report.ambiguousPages + report.standIns == 0)
            #expect(try History.openReadOnly(folder.history).splitKey() == key)
        }
    }

    @Test("One bad page costs its own rows and those that can't be without them, no others", arguments: Damage.allCases)
    func everyPage(_ damage: Damage) throws {
        try withHistoryFile { folder in
            let before = try rows(of: folder.history)
            let pages = try pages(of: folder.history)
            #expect(pages.count > 50)
            let original = try #require(FileManager.default.contents(atPath: folder.history.string))
            let target = folder.root.appending("new")
            for page in 1...pages.count {
                try original.write(to: URL(filePath: folder.history.string))
                try damage.apply(to: page, of: folder.history, pageSize: pages.size)
                let report = try HistorySalvage.run(from: folder.history, to: target)
                let after = try rows(of: target)
                try Files.remove(target)
                let (table, count) = pages.rows[page] ?? ("", 0)
                for (name, rows) in before where !["grdb_migrations", "installation"].contains(name) {
                    let found = report[name].kept + report[name].dropped
                    #expect(found >= rows.count - (table == name ? count : 0), "page \(page) of \(table): \(name)")
                }
                for name in ["labels", "label_spellings", "pictures", "models"] where name != table || count == 0 {
                    #expect(after[name] == before[name], "page \(page) of \(table): \(name)")
                }
                #expect(report.hasSplitKey == (table != "installation"), "page \(page)")
            }
        }
    }

    @Test("Whatever a file is cut down to, the rest is salvaged")
    func truncation() throws {
        try withHistoryFile { folder in
            let before = try rows(of: folder.history)
            let original = try #require(FileManager.default.contents(atPath: folder.history.string))
            var kept: [Int] = []
            for size in [
                0, 50, 1000, 4096, 6000, original.count / 3, original.count / 2, original.count - 4096,
                original.count - 1,
            ] {
                try original.prefix(size).write(to: URL(filePath: folder.history.string))
                let target = folder.root.appending("new")
                let report = try HistorySalvage.run(from: folder.history, to: target)
                kept.append(report.tables.map(\.kept).reduce(0, +))
                let after = try rows(of: target)
                #expect(after["pictures"]?.isSubset(of: before["pictures"] ?? []) == true)
                try Files.remove(target)
            }
            #expect(kept == kept.sorted())
            #expect(kept.first == 0)
        }
    }

    @Test("Rows that are in the write-ahead log alone are salvaged too, and without the log the rest")
    func writeAheadLog() throws {
        try withStateFolder { folder in
            let writer = try History.open(folder.history)
            try writer.fill()
            try writer.write { try $0.execute(sql: "UPDATE drops SET accepted = accepted") }
            let copies = try withKilledCopy(of: folder)
            let log = FilePath(copies.history.string + "-wal")
            #expect(try (Files.size(of: log) ?? 0) > 100_000)
            let target = copies.root.appending("new")
            _ = try HistorySalvage.run(from: copies.history, to: target)
            #expect(try rows(of: target)["pictures"]?.count == 180)
            try Files.remove(target)
            try Files.remove(log)
            let report = try HistorySalvage.run(from: copies.history, to: target)
            #expect(report["pictures"].kept < 180)
            try FileManager.default.removeItem(atPath: copies.root.string)
        }
    }

    /// What a killed process leaves: the files as they are while the history is open.
    private func withKilledCopy(of folder: StateFolder) throws -> StateFolder {
        let copy = StateFolder(FilePath(folder.root.string + "-killed"))
        try copy.prepare()
        for suffix in ["", "-wal"] {
            try FileManager.default.copyItem(
                atPath: folder.history.string + suffix, toPath: copy.history.string + suffix)
        }
        return copy
    }

    @Test(
        "Lost drops and files have stand-ins, labels come back from their spellings, a run under way has failed"
    )
    func standIns() throws {
        try withHistoryFile { folder in
            let queue = try DatabaseQueue(path: folder.history.string)
            try queue.writeWithoutTransaction { db in
                try db.execute(
                    sql: """
                        PRAGMA foreign_keys = OFF; DELETE FROM drops WHERE id = 2; DELETE FROM labels;
                        DELETE FROM files WHERE picture_id = 7; DELETE FROM pictures WHERE id > 170
                        """)
            }
            try queue.close()
            let before = try rows(of: folder.history)
            guard case .damaged? = try HistoryRepair(folder).reason() else { throw Unexpected("no damage") }
            let report = try repaired(folder)
            let history = try History.openReadOnly(folder.history)
            #expect(try history.dataset().pictures.count == 170)
            #expect(report.restoredLabels == 3)
            #expect(report.standIns == 2)
            #expect(report.hasEndedRun)
            #expect(report["pictures"].dropped == 0)
            #expect(report["predictions"].dropped > 0)
            #expect(try rows(of: folder.history)["pictures"] == before["pictures"])
            #expect(try history.drops().contains { $0.name == "lost drop 2" })
            #expect(try history.drops().map(\.accepted).reduce(0, +) == 170)
            #expect(try history.knownPictures([digest(7)])[digest(7)]?.firstPath == "drop 0/lost path 7")
            #expect(try history.runs()[0].outcome == .failed)
            #expect(try history.lastPictureOfRuns() == 170)
        }
    }

    @Test("What a newer release has written isn't rebuilt")
    func newer() throws {
        try withHistoryFile { folder in
            try History.open(folder.history).write { db in
                try db.execute(sql: "INSERT INTO grdb_migrations (identifier) VALUES ('9 of the future')")
            }
            #expect(throws: HistoryFailure.newerSchema(folder.history)) { try HistoryRepair(folder).reason() }
            #expect(throws: HistoryFailure.newerSchema(folder.history)) {
                try HistorySalvage.run(from: folder.history, to: folder.root.appending("new"))
            }
        }
    }

    @Test("An interrupted repair is gone on with, and the damaged files are kept under one name")
    func interruption() throws {
        for index in 0... {
            var hasFailed = false
            try withHistoryFile { folder in
                try FileManager.default.copyItem(
                    atPath: folder.history.string, toPath: folder.history.string + "-wal")
                let original = FileManager.default.contents(atPath: folder.history.string)
                let disk = FailingDisk(failingAt: index)
                _ = try? HistoryRepair(folder, disk: disk).run()
                hasFailed = disk.hasFailed
                if hasFailed, try !Files.exists(folder.history) {
                    #expect(throws: HistoryFailure.repairUnfinished(folder.history)) {
                        try History.open(folder.history)
                    }
                }
                if try Files.exists(HistoryRepair.rebuilt(folder.history)) || !hasFailed {
                    #expect(throws: Never.self) { if hasFailed { _ = try HistoryRepair(folder).run() } }
                    let aside = folder.history.string + ".damaged-1"
                    #expect(FileManager.default.contents(atPath: aside) == original)
                    #expect(FileManager.default.contents(atPath: aside + "-wal") == original)
                }
                #expect(try History.open(folder.history).counts().trainPictures == 180)
                #expect(try !Files.exists(FilePath(folder.history.string + ".damaged-2")))
            }
            if !hasFailed {
                #expect(index >= 7)
                return
            }
        }
    }
}

extension History {
    /// Rows in every table, more than a page of most.
    func fill() throws {
        for drop in 0..<3 {
            let files = (drop * 60..<drop * 60 + 60).map {
                picture($0 + 1, ["cat", "Dog", "ibis"][$0 % 3], at: "\($0 % 3)/a picture with a long name \($0).jpg")
            }
            let refused = FileOutcome(
                path: name("notes \(drop)"), finding: .refused(code: "not_a_picture", reason: "text", byteCount: 3))
            try take(files + [refused], drop: "drop \(drop)")
        }
        _ = try beginAttempt(on: digest(1000), at: time())
        let linked = KeptName(device: 1, inode: 2, path: name("drop 0/2/a link"))
        try keepSources([KeptSource(device: 1, inode: 2, size: 3, changed: 4)], names: [linked], of: 1, at: time())
        try requestTaking([name("drop 1/.hidden")], by: "a person", at: time())
        let dataset = try dataset()
        for number in 1...4 {
            var start = try self.run(at: number * 100)
            let label = dataset.labels[number % 3]
            start.leftOut = [label.id: Shortage(label: label.name, train: 4, test: 1, needed: 5)]
            let run = try startRun(start)
            try recordCandidates([JSONText(["units": 64]), JSONText(["units": 128])], of: run)
            for trial in 0..<6 {
                try recordTrial(
                    TrialRecord(
                        candidate: trial % 2, fold: trial / 2, result: .accuracy(0.5, bestEpoch: 2), seconds: 1.5,
                        curve: curve(12)), of: run)
            }
            try recordScores([.init(candidate: 0, meanAccuracy: 0.5, stdAccuracy: 0, rank: 1)], of: run)
            try recordRefit(RefitRecord(candidate: 0, bestEpoch: 2, seconds: 1.5, curve: curve(9)), of: run)
            for stage in RunStage.allCases { try recordStage(stage, seconds: 0.5, of: run) }
            let scores = dataset.labels.map {
                ClassScore(label: $0.id, precision: 0.5, recall: nil, f1: nil, support: 9)
            }
            let predictions = dataset.pictures.map {
                Prediction(picture: $0.id, label: dataset.labels[0].id, probability: Float($0.id) / 512)
            }
            try recordEvaluation(
                NewEvaluation(
                    role: .challenger, version: nil, accuracy: 0.5, classes: scores,
                    confusion: [[4, 5, 0], [0, 9, 0], [1, 0, 8]], predictions: predictions), of: run)
            guard number < 4 else { break }
            var new = try ArchiveTests.model("v\(number)", labels: dataset.labels)
            new.head = (0..<9_000).map { UInt8(truncatingIfNeeded: $0 &* number) }
            _ = try promote(new, in: run, RunResult(reason: "better", testAccuracy: 0.75), at: time(number * 100 + 9))
        }
        _ = try requestRun(by: "a person", at: time())
    }
}
