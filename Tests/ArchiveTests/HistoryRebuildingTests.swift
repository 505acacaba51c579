import Foundation
import GRDB
import System
import SystemPackage
import TestSupport
import Testing

@testable import Archive
@testable import Records

extension HistoryRepair {
    /// With an outbox that has nothing.
    func run() throws -> Outcome { try run { _ in Outbox() } }
}

@Suite("Rebuilding a history")
struct HistoryRebuildingTests {
    /// A state folder with a history in one file, closed.
    private func withHistoryFile(
        _ fill: (History) throws -> Void, _ body: (StateFolder) throws -> Void
    ) throws {
        try withStateFolder { folder in
            try fill(History.open(folder.history))
            let queue = try DatabaseQueue(path: folder.history.string)
            try queue.writeWithoutTransaction { try $0.execute(sql: "PRAGMA journal_mode = DELETE") }
            try queue.close()
            try body(folder)
        }
    }

    /// Two drops with three pictures each, in both splits.
    private static func fillALittle(_ history: History) throws {
        for drop in 0..<2 {
            let files = (drop * 3..<drop * 3 + 3).map {
                picture($0 + 1, ["cat", "Dog"][$0 % 2], split: $0 % 3 == 0 ? .test : .train)
            }
            try history.take(files, drop: "drop \(drop)")
        }
    }

    /// What must stay: the label, the split, the drop and the path of each picture.
    private func pictures(_ folder: StateFolder) throws -> [PictureDigest: String] {
        try History.openReadOnly(folder.history).reader.read { db in
            let rows = try Row.fetchAll(
                db,
                sql: """
                    SELECT p.digest, l.name || ' ' || p.split || ' ' || p.split_origin || ' ' || d.id || ' '
                        || d.name_text || '/' || f.path_text || ' ' || p.bytes || ' ' || p.accepted_at AS text
                    FROM pictures p JOIN labels l ON l.id = p.label_id JOIN drops d ON d.id = p.drop_id
                    JOIN files f ON f.picture_id = p.id AND f.verdict = 'accepted'
                    """)
            return try rows.reduce(into: [:]) { pictures, row in
                let digest = try row.decode(PictureDigest.self, forColumn: "digest")
                pictures[digest] = try row.decode(String.self, forColumn: "text")
            }
        }
    }

    private func splitKey(_ folder: StateFolder) throws -> [UInt8] {
        try History.openReadOnly(folder.history).splitKey()
    }

    /// Repairs a history, and removes the one that was set aside.
    @discardableResult
    private func repaired(_ folder: StateFolder) throws -> RebuildReport {
        guard case .replaced(let setAside, let report?) = try HistoryRepair(folder).run() else {
            throw Unexpected("no new history")
        }
        if let setAside { try Files.remove(setAside) }
        #expect(try HistoryRepair(folder).reason() == nil)
        return report
    }

    private func remove(_ folder: StateFolder) throws {
        for suffix in ["", "-wal", "-shm"] { try Files.remove(FilePath(folder.history.string + suffix)) }
    }

    /// The bytes of the ledger's one file.
    private func ledger(_ folder: StateFolder) throws -> (file: FilePath, bytes: [UInt8]) {
        let file = try #require(LedgerReading.files(in: folder.ledger).first)
        return (file, try Files.read(file))
    }

    // MARK: Damage to the history

    @Test("From the ledger alone, every picture gets the label, the split, the drop and the path that it had")
    func deleted() throws {
        try withHistoryFile({ try $0.fill() }) { folder in
            let before = try pictures(folder)
            let key = try splitKey(folder)
            let rule = SplitRule(key: key, testShare: 0.5)
            try remove(folder)
            #expect(try HistoryRepair(folder).reason() == .lost(folder.history))
            let report = try repaired(folder)
            #expect(report.backup == nil)
            #expect(report.picturesOfLedger == 180 && before.count == 180)
            #expect(try pictures(folder) == before)
            let history = try History.open(folder.history)
            let found = SplitRule(key: try history.splitKey(), testShare: 0.5)
            #expect((1000..<1100).allSatisfy { found.split(of: digest($0)) == rule.split(of: digest($0)) })
            #expect(try history.drops().map(\.accepted) == [60, 60, 60])
            #expect(try history.unfinishedDrops().count == 3)
            #expect(try history.runs().isEmpty)
            let again = try history.take([picture(7, "cat")], drop: "again").verdicts
            guard case .duplicate(7, _) = again[0] else { throw Unexpected(again) }
        }
    }

    @Test("The next start compares everything, and finds nothing to add")
    func agreement() throws {
        try withHistoryFile({ try $0.fill() }) { folder in
            try remove(folder)
            try repaired(folder)
            let history = try History.openChecked(in: folder)
            let agreement = try history.agree(with: history.ledger())
            #expect(agreement.isComplete)
            #expect(agreement.addedRows + agreement.addedLines == 0)
        }
    }

    @Test("Whichever page of the history is lost, no picture is")
    func everyPage() throws {
        try withHistoryFile({ try $0.fill() }) { folder in
            let before = try pictures(folder)
            let original = try #require(FileManager.default.contents(atPath: folder.history.string))
            var repairs = 0
            let count = original.count / 4096
            #expect(count > 50)
            for page in 1...count {
                try original.write(to: URL(filePath: folder.history.string))
                try Damage.zeros.apply(to: page, of: folder.history, pageSize: 4096)
                // The last page of a long value may be zeros.
                if try HistoryRepair(folder).reason() != nil {
                    try repaired(folder)
                    repairs += 1
                }
                #expect(try pictures(folder) == before, "page \(page)")
            }
            #expect(repairs > count / 2)
        }
    }

    @Test("Wherever the history is cut off, no picture is lost")
    func truncation() throws {
        try withHistoryFile({ try $0.fill() }) { folder in
            let before = try pictures(folder)
            let original = try #require(FileManager.default.contents(atPath: folder.history.string))
            for size in stride(from: 0, to: original.count, by: 4096) {
                try original.prefix(size).write(to: URL(filePath: folder.history.string))
                #expect(try HistoryRepair(folder).reason() != nil, "\(size) bytes")
                try repaired(folder)
                #expect(try pictures(folder) == before, "\(size) bytes")
            }
        }
    }

    @Test("What a newer release has written isn't rebuilt")
    func newer() throws {
        try withHistoryFile(Self.fillALittle) { folder in
            try History.open(folder.history).write { db in
                try db.execute(sql: "INSERT INTO grdb_migrations (identifier) VALUES ('99 of the future')")
            }
            #expect(throws: HistoryFailure.newerSchema(folder.history)) { try HistoryRepair(folder).reason() }
        }
    }

    // MARK: Damage to the ledger

    @Test("Wherever the ledger's last line is cut off, it costs at most what that line says")
    func cutLine() throws {
        try withHistoryFile(Self.fillALittle) { folder in
            let before = try pictures(folder)
            let (file, bytes) = try ledger(folder)
            let start = try #require(bytes.dropLast().lastIndex(of: UInt8(ascii: "\n"))) + 1
            for size in start...bytes.count {
                try write(Array(bytes.prefix(size)), to: file)
                try remove(folder)
                try repaired(folder)
                var expected = before
                // A whole line that only lacks its newline is one.
                if size < bytes.count - 1 { expected[digest(6)] = nil }
                #expect(try pictures(folder) == expected, "\(size) of \(bytes.count) bytes")
            }
        }
    }

    @Test("A changed bit in a line costs at most the picture that the line tells of")
    func changedLines() throws {
        try withHistoryFile(Self.fillALittle) { folder in
            let before = try pictures(folder)
            let (file, bytes) = try ledger(folder)
            let lines = bytes.split(separator: UInt8(ascii: "\n"))
            #expect(lines.count == 1 + 2 + 2 + 6)
            for line in lines.dropFirst() {
                var damaged = bytes
                damaged[line.startIndex + line.count / 2] ^= 1
                try write(damaged, to: file)
                try remove(folder)
                try repaired(folder)
                var expected = before
                if case .picture(let picture) = try LedgerLine.decode(line) { expected[picture.digest] = nil }
                #expect(try pictures(folder) == expected, "line at \(line.startIndex)")
            }
        }
    }

    @Test("Without a ledger and without a backup, nothing is touched")
    func nothing() throws {
        try withHistoryFile(Self.fillALittle) { folder in
            try Damage.noise.apply(to: 1, of: folder.history, pageSize: 4096)
            let bytes = try Files.read(folder.history)
            try Files.remove(ledger(folder).file)
            guard case .impossible(let backups) = try HistoryRepair(folder).run() else { throw Unexpected("a history") }
            #expect(backups.isEmpty)
            #expect(try Files.read(folder.history) == bytes)
            let names = try Files.names(in: folder.root).map(\.string).filter { $0.hasPrefix("history.") }
            #expect(names == ["history.sqlite"])
        }
    }

    @Test("If no line says the key, every picture keeps its label and split, and the new key is reported")
    func lostKey() throws {
        try withHistoryFile(Self.fillALittle) { folder in
            let before = try pictures(folder)
            var (file, bytes) = try ledger(folder)
            bytes[20] ^= 1
            try write(bytes, to: file)
            try remove(folder)
            let report = try repaired(folder)
            #expect(report.hasNewKey)
            #expect(try pictures(folder) == before)
        }
    }

    @Test("A ledger of two installations isn't used")
    func twoKeys() throws {
        try withHistoryFile(Self.fillALittle) { folder in
            let key = LedgerInstallation(splitKey: [UInt8](repeating: 7, count: 32), at: time())
            var bytes: [UInt8] = []
            LedgerLine.append(.installation(key), keepsPaths: true, to: &bytes)
            let stranger = folder.ledger.appending("2099-12-31.jsonl")
            try write(bytes, to: stranger)
            try remove(folder)
            #expect(throws: LedgerFailure.twoKeys(stranger)) { try HistoryRepair(folder).run() }
            #expect(try !Files.exists(folder.history))
        }
    }

    // MARK: Backups

    /// The file of a backup; later days are newer.
    private func backupFile(_ folder: StateFolder, day: Int) throws -> FilePath {
        let backups = folder.root.appending("backups")
        try Files.makeFolder(backups, permissions: [.ownerReadWriteExecute])
        return backups.appending("history-2026-01-0\(day)T00-00-00Z.sqlite")
    }

    /// A rich history with a backup of it, which lacks one picture.
    private func withBackup(_ body: (_ folder: StateFolder, _ backup: FilePath) throws -> Void) throws {
        try withStateFolder { folder in
            let backup = try backupFile(folder, day: 1)
            try Self.fill(folder, backup: backup)
            try body(folder, backup)
        }
    }

    private static func fill(_ folder: StateFolder, backup: FilePath) throws {
        let history = try History.open(folder.history)
        try history.fill()
        try history.backup(to: backup)
        try history.take([picture(181, "newt")], drop: "later")
    }

    @Test("From the newest usable backup, what the ledger doesn't say comes back too; others are named")
    func backups() throws {
        try withBackup { folder, backup in
            let before = try pictures(folder)
            let noise = try backupFile(folder, day: 2)
            try write([UInt8](repeating: 7, count: 9000), to: noise)
            let stranger = try backupFile(folder, day: 3)
            try Files.copy(backup, to: stranger)
            let queue = try DatabaseQueue(path: stranger.string)
            try queue.write { try $0.execute(sql: "UPDATE installation SET split_key = zeroblob(32)") }
            try queue.close()
            try remove(folder)
            let report = try repaired(folder)
            #expect(report.backup == backup)
            #expect(report.unusableBackups.map(\.name) == [stranger.string, noise.string])
            #expect(report.unusableBackups.first?.reason.contains("split key") == true)
            #expect(report.picturesOfBackup == 180 && report.picturesOfLedger == 1)
            #expect(try pictures(folder) == before)
            let history = try History.open(folder.history)
            #expect(try history.counts().rejects == 3)
            #expect(try history.models().map(\.version) == ["v3", "v2", "v1"])
            #expect(report.hasEndedRun)
            #expect(try history.runs().map(\.outcome) == [.failed, .promoted, .promoted, .promoted])
            #expect(try history.agree(with: history.ledger()).isComplete)
        }
    }

    @Test("A run that was in progress in the backup ends with the model that the outbox has of it")
    func runOfBackup() throws {
        try withBackup { folder, _ in
            let new = try published("v4", run: 4, labels: ["cat", "Dog"], at: 500)
            try remove(folder)
            let outcome = try HistoryRepair(folder).run { known in
                #expect(known == ["v1", "v2", "v3"])
                return HistoryRepair.Outbox(models: [new], current: "v2")
            }
            guard case .replaced(nil, let report?) = outcome else { throw Unexpected(outcome) }
            #expect(!report.hasEndedRun && report.restoredVersions == ["v4"])
            let history = try History.open(folder.history)
            let run = try #require(history.runs().first)
            #expect(run.run == 4 && run.outcome == .promoted && run.version == "v4")
            #expect(try history.models().first?.run == 4)
            let decisions = try history.publications().suffix(2)
            #expect(decisions.map(\.version) == ["v4", "v2"])
            #expect(decisions.map(\.kind) == [.promotion, .rollback])
        }
    }

    @Test("A backup of an earlier release is brought up to date, and a backup alone suffices, with its own key")
    func olderBackup() throws {
        try withStateFolder { folder in
            let queue = try DatabaseQueue(path: folder.history.string)
            try Migrations.all.migrate(queue, upTo: "3 kept sources")
            try queue.close()
            let backup = try backupFile(folder, day: 1)
            try Files.copy(folder.history, to: backup)
            try History.open(folder.history).take([picture(1, "cat")])
            let (before, key) = (try pictures(folder), try splitKey(folder))
            try remove(folder)
            #expect(try repaired(folder).backup == backup)
            #expect(try pictures(folder) == before)
            try Files.remove(ledger(folder).file)
            try write([UInt8](repeating: 7, count: 9000), to: folder.history)
            let report = try repaired(folder)
            #expect(report.backup == backup && report.picturesOfLedger == 0)
            #expect(try splitKey(folder) == key)
        }
    }

    // MARK: The outbox

    private func published(_ version: String, run: RunID, labels: [String], at seconds: Int) throws -> PublishedModel {
        PublishedModel(record: try model(version, labels: []), labels: labels, run: run, created: time(seconds))
    }

    @Test("Models come back from the outbox with their runs' numbers, and the version that it shows is the champion")
    func models() throws {
        try withHistoryFile(Self.fillALittle) { folder in
            try remove(folder)
            let models = [
                try published("v0001", run: 3, labels: ["cat", "Dog"], at: 10),
                try published("v0002", run: 3, labels: ["Dog", "newt"], at: 20),
                try published("v0003", run: 9, labels: ["cat", "CAT"], at: 30),
            ]
            let outcome = try HistoryRepair(folder).run { known in
                #expect(known.isEmpty)
                return HistoryRepair.Outbox(models: models, current: "v0001")
            }
            guard case .replaced(nil, let report?) = outcome else { throw Unexpected(outcome) }
            #expect(report.restoredVersions == ["v0001", "v0002"])
            #expect(report.refusedVersions.map(\.name) == ["v0003"])
            let history = try History.open(folder.history)
            #expect(try history.models().map(\.version) == ["v0002", "v0001"])
            #expect(try history.models().map(\.run) == [4, 3])
            #expect(try history.runs().allSatisfy { $0.outcome == .promoted && $0.reason == .recordLost })
            let decisions = try history.publications()
            #expect(decisions.map(\.version) == ["v0001", "v0002", "v0001"])
            #expect(decisions.map(\.kind) == [.promotion, .promotion, .rollback])
            #expect(decisions.allSatisfy { $0.publishedAt != nil })
            #expect(try history.champion()?.labels.map(\.name) == ["cat", "Dog"])
            #expect(try history.model("v0002").labels.map(\.name) == ["Dog", "newt"])
            let labels = try history.reader.read { try String.fetchAll($0, sql: "SELECT name FROM labels ORDER BY id") }
            #expect(labels == ["cat", "Dog", "newt"])
        }
    }

    @Test("What can't be found out about the outbox stops a repair before anything is touched")
    func unreadableOutbox() throws {
        try withHistoryFile(Self.fillALittle) { folder in
            let bytes = try Files.read(folder.history)
            let failure = FileFailure(action: "list", path: "outbox", errno: .ioError)
            #expect(throws: failure) { try HistoryRepair(folder).run { _ in throw failure } }
            #expect(try Files.read(folder.history) == bytes)
            #expect(try !Files.exists(HistoryRepair.rebuilt(folder.history)))
        }
    }

    // MARK: Crashes

    @Test("An interrupted repair is gone on with, and the damaged files are kept under one name")
    func interruption() throws {
        for index in 0... {
            var hasFailed = false
            try withHistoryFile(Self.fillALittle) { folder in
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
                let counts = try History.open(folder.history).counts()
                #expect(counts.trainPictures == 4 && counts.testPictures == 2)
                #expect(try !Files.exists(FilePath(folder.history.string + ".damaged-2")))
            }
            if !hasFailed {
                #expect(index >= 8)
                return
            }
        }
    }
}
