import GRDB
import System
import SystemPackage
import TestSupport
import Testing

@testable import Archive
@testable import Records

@Suite("The backups of the history")
struct HistoryBackupsTests {
    /// Files of a byte, by their names.
    private func put(_ names: [String], in folder: StateFolder) throws {
        try Files.makeFolder(folder.backups, permissions: [.ownerReadWriteExecute])
        for name in names { try write([1], to: folder.backups.appending(name)) }
    }

    /// The names of everything that is there, hidden files too.
    private func names(in folder: StateFolder) throws -> [String] {
        try Files.names(in: folder.backups).map(\.string).sorted()
    }

    private let midnight = "history-2026-01-01T00-00-00Z.sqlite"

    @Test("A backup's name says when it was made; other names aren't those of backups")
    func timeOfBackup() {
        #expect(HistoryBackups.time(of: FilePath("/a/\(midnight)")) == time())
        for name in [
            "history-2026-01-01.sqlite", "history-2026-01-01T00:00:00Z.sqlite", "history-2026-13-01T00-00-00Z.sqlite",
            "\(midnight)-journal", ".\(midnight)", "history-.sqlite", "history.sqlite", "/",
        ] {
            #expect(HistoryBackups.time(of: FilePath(name)) == nil, "\(name)")
        }
    }

    @Test("One is due if there is none, and when the newest is as old as the interval")
    func due() throws {
        try withStateFolder { folder in
            let backups = HistoryBackups(folder)
            #expect(try backups.files == [])
            #expect(try backups.isDue(every: 86_400, at: time()))
            let earlier = "history-2025-12-31T12-00-00Z.sqlite"
            try put([earlier, midnight, "notes.sqlite"], in: folder)
            #expect(try backups.files == [midnight, earlier].map { folder.backups.appending($0) })
            let cases: [(Double, Int, Bool)] = [
                (86_400, 86_399, false), (86_400, 86_400, true), (3600, 3599, false), (3600, 3600, true),
                (0.1, 0, false), (0.1, 1, true),
            ]
            for (interval, seconds, isDue) in cases {
                let found = try backups.isDue(every: interval, at: time(seconds))
                #expect(found == isDue, "every \(interval) s, after \(seconds) s")
            }
        }
    }

    @Test("A backup whose time is still to come keeps none from being made, and goes before all others")
    func wrongClock() throws {
        try withStateFolder { folder in
            let history = try History.open(folder.history)
            let backups = HistoryBackups(folder)
            try put(["history-2099-01-01T00-00-00Z.sqlite"], in: folder)
            #expect(try backups.isDue(every: 60, at: time()))
            for minute in 0..<3 {
                _ = try backups.make(of: history, at: time(minute * 60), keep: 2)
                #expect(try !backups.isDue(every: 60, at: time(minute * 60)))
            }
            #expect(
                try names(in: folder) == [
                    "history-2026-01-01T00-01-00Z.sqlite", "history-2026-01-01T00-02-00Z.sqlite",
                ])
            _ = try backups.make(of: history, at: time(-3600), keep: 1)
            #expect(try names(in: folder) == ["history-2025-12-31T23-00-00Z.sqlite"])
        }
    }

    @Test("The newest are kept, each a whole history; what interrupted ones have left goes, what else is there stays")
    func keep() throws {
        try withStateFolder { folder in
            let history = try History.open(folder.history)
            try put([".cultivar-backup-abc", ".cultivar-backup-abc-journal", "notes.txt"], in: folder)
            let backups = HistoryBackups(folder)
            for day in 0..<5 {
                try history.take([picture(day, "cat")], drop: "day \(day)")
                let file = try backups.make(of: history, at: time(day * 86_400), keep: 3)
                #expect(try backups.files.first == file)
            }
            #expect(
                try names(in: folder) == [
                    "history-2026-01-03T00-00-00Z.sqlite", "history-2026-01-04T00-00-00Z.sqlite",
                    "history-2026-01-05T00-00-00Z.sqlite", "notes.txt",
                ])
            let counts = try backups.files.map { try History.openReadOnly($0).counts().drops }
            #expect(counts == [5, 4, 3])
        }
    }

    @Test("When the disk fails, the older ones stay and nothing of the new one does", arguments: 0..<3)
    func failingDisk(call: Int) throws {
        try withStateFolder { folder in
            let history = try History.open(folder.history)
            _ = try HistoryBackups(folder).make(of: history, at: time(), keep: 1)
            let disk = FailingDisk(failingAt: call)
            let failure = #expect(throws: FileFailure.self) {
                try HistoryBackups(folder, disk: disk).make(of: history, at: time(60), keep: 1)
            }
            #expect(disk.hasFailed && failure?.errno == .noSpace)
            #expect(try names(in: folder) == [midnight])
        }
    }

    @Test("Where there is no room, nothing is begun")
    func noRoom() throws {
        try withStateFolder { folder in
            let history = try History.open(folder.history)
            // A file with a hole.
            let file = try FileDescriptor.open(folder.history, .readWrite)
            try file.closeAfter { try file.resize(to: Int64(file.freeBytes()) + (1 << 30)) }
            let target = folder.backups.appending(midnight)
            #expect(throws: FileFailure(action: "write", path: target, errno: .noSpace)) {
                try HistoryBackups(folder).make(of: history, at: time(), keep: 1)
            }
            #expect(try names(in: folder) == [])
        }
    }

    @Test("One that is told to stop leaves the older ones, and nothing else")
    func stopped() throws {
        try withStateFolder { folder in
            let history = try History.open(folder.history)
            _ = try HistoryBackups(folder).make(of: history, at: time(), keep: 1)
            // It is asked between two steps of 16 MB.
            try history.write { db in
                try db.execute(sql: "CREATE TABLE filler (data BLOB); INSERT INTO filler VALUES (zeroblob(20000000))")
            }
            #expect(throws: CancellationError.self) {
                try HistoryBackups(folder).make(of: history, at: time(60), keep: 1) {
                    throw CancellationError()
                }
            }
            #expect(try names(in: folder) == [midnight])
        }
    }

    @Test("A damaged history is called so, and pushes no good backup out", arguments: Damage.allCases)
    func damaged(_ damage: Damage) throws {
        try withStateFolder { folder in
            try damage.apply(to: backedUp(folder), of: folder.history, pageSize: 4096)
            let history = try History.open(folder.history)
            let failure = #expect(throws: HistoryFailure.self) {
                try HistoryBackups(folder).make(of: history, at: time(86_400), keep: 1)
            }
            guard case .damaged(folder.history, _)? = failure else { throw Unexpected(failure as Any) }
            #expect(try names(in: folder) == [midnight])
            let copy = try History.openReadOnly(folder.backups.appending(midnight))
            #expect(try copy.pictureCount() == 180)
        }
    }

    /// A full history with a backup, not open any more; returns the first page of the table of files.
    private func backedUp(_ folder: StateFolder) throws -> Int {
        let history = try History.open(folder.history)
        try history.fill()
        _ = try HistoryBackups(folder).make(of: history, at: time(), keep: 1)
        let sql = "SELECT rootpage FROM sqlite_master WHERE name = 'files'"
        let page = try history.reader.read { try Int.fetchOne($0, sql: sql) }
        return try #require(page)
    }
}
