import Foundation
import GRDB
import Glibc
import System
import SystemPackage
import Testing

@testable import Archive
@testable import Records

/// The user whose rights the calling thread has with files (fsuid); Linux's call, which the Glibc module leaves out.
@_silgen_name("setfsuid")
private func setfsuid(_ user: UInt32) -> CInt

@Suite("Opening a history")
struct HistoryOpeningTests {
    @Test("A new history has its tables, a split key of its own, and acknowledges nothing before it is on the disk")
    func new() throws {
        try withHistory { history in
            let key = try history.splitKey()
            #expect(key.count == 32)
            #expect(try withHistory { try $0.splitKey() } != key)
            #expect(try history.write { try Int.fetchOne($0, sql: "PRAGMA synchronous") } == 2)
            #expect(try history.write { try Bool.fetchOne($0, sql: "PRAGMA foreign_keys") } == true)
            #expect(try history.reader.read { try History.quickCheck(of: $0) }.isEmpty)
        }
    }

    @Test("Opening a history again changes nothing in it")
    func again() throws {
        try withStateFolder { folder in
            let key = try History.open(folder.history).splitKey()
            #expect(try History.open(folder.history).splitKey() == key)
            #expect(try History.openReadOnly(folder.history).splitKey() == key)
        }
    }

    @Test("Where no daemon has run, a reader is told so and makes no file")
    func absent() throws {
        try withStateFolder { folder in
            let failure = #expect(throws: HistoryFailure.absent(folder.history)) {
                try History.openReadOnly(folder.history)
            }
            #expect(failure?.description.contains("no daemon has run") == true)
            let exists = try Files.exists(folder.history)
            #expect(!exists)
        }
    }

    @Test("The history of a newer release is refused, for reading and for writing")
    func newer() throws {
        try withStateFolder { folder in
            try History.open(folder.history).write { db in
                try db.execute(sql: "INSERT INTO grdb_migrations (identifier) VALUES ('2 of the future')")
            }
            #expect(throws: HistoryFailure.newerSchema(folder.history)) { try History.open(folder.history) }
            #expect(throws: HistoryFailure.newerSchema(folder.history)) { try History.openReadOnly(folder.history) }
        }
    }

    @Test("The history of an older release is brought up to date by a writer only")
    func older() throws {
        try withStateFolder { folder in
            try DatabasePool(path: folder.history.string).close()
            #expect(throws: HistoryFailure.olderSchema(folder.history)) { try History.openReadOnly(folder.history) }
            _ = try History.open(folder.history)
            #expect(try History.openReadOnly(folder.history).counts().runs == 0)
        }
    }

    @Test("A run of an older release has no seconds by stage, has left nothing out, and is gone on with as it began")
    func olderRun() throws {
        try withStateFolder { folder in
            let queue = try DatabaseQueue(path: folder.history.string)
            try Migrations.all.migrate(queue, upTo: "3 kept sources")
            try queue.write { db in
                try db.execute(
                    sql: """
                        INSERT INTO runs (trigger, started_at, outcome, seed, settings, train_pictures, test_pictures,
                        last_picture_id) VALUES ('schedule', ?, 'running', 1, '{}', 4, 2, 6)
                        """, arguments: [time(10)])
            }
            try queue.close()
            let history = try History.open(folder.history)
            let details = try history.runDetails(1)
            #expect(details.leftOut.isEmpty && RunStage.allCases.allSatisfy { details.seconds[$0] == nil })
            #expect(details.summary.crossValidationAccuracy == nil)
            #expect(try history.unfinishedRun()?.start.leftOut.isEmpty == true)
            try history.recordStage(.search, seconds: 2, of: 1)
            #expect(try history.runDetails(1).seconds.search == 2)
        }
    }

    @Test("Runs of a release without codes keep their sentences, and later ones have codes")
    func runsWithoutCodes() throws {
        try withStateFolder { folder in
            let queue = try DatabaseQueue(path: folder.history.string)
            try Migrations.all.migrate(queue, upTo: "6 inbox")
            let sentence = "0 new pictures, 5 needed (train.min_new)"
            try queue.write { db in
                try db.execute(
                    sql: """
                        INSERT INTO runs (trigger, started_at, finished_at, outcome, reason, seed, settings,
                        train_pictures, test_pictures, last_picture_id)
                        VALUES ('schedule', ?, ?, 'skipped', ?, 1, '{}', 4, 2, 6)
                        """, arguments: [time(10), time(11), sentence])
            }
            try queue.close()
            let history = try History.open(folder.history)
            #expect(try history.runDetails(1).summary.reason == .sentence(sentence))
            let reason = RunReason.tooFewNew(0, needed: 5, waiting: 0, short: [])
            #expect(reason.text == sentence)
            try history.recordSkippedRun(try history.run(at: 20), reason: reason, at: time(20))
            #expect(try history.runs().map(\.reason) == [reason, .sentence(sentence)])
            let stored = try history.reader.read { db in
                try String.fetchAll(db, sql: "SELECT coalesce(reason_data, '') || reason FROM runs ORDER BY id")
            }
            #expect(
                stored == [
                    sentence,
                    #"{"code":"too_few_new_pictures","needed":5,"new":0,"short":[],"waiting":0}"# + sentence,
                ])
        }
    }

    @Test(
        "A reader of an older history is answered at once where nobody is just starting, be it that an old daemon runs",
        arguments: [nil, 3600])
    func olderAtOnce(lockAge: Int?) throws {
        try withStateFolder { folder in
            let pool = try DatabasePool(path: folder.history.string)
            try Migrations.all.migrate(pool, upTo: "2 attempts to decode")
            let lock = try lockAge.map { age in
                let lock = try DaemonLock.acquire(in: folder)
                var times = [timeval](repeating: timeval(tv_sec: Glibc.time(nil) - age, tv_usec: 0), count: 2)
                #expect(utimes(folder.lock.string, &times) == 0)
                return lock
            }
            let start = ContinuousClock.now
            #expect(throws: HistoryFailure.olderSchema(folder.history)) { try History.openReadOnly(folder.history) }
            #expect(start.duration(to: .now) < .seconds(1.8))
            withExtendedLifetime(lock) {}
        }
    }

    @Test("A reader waits for the daemon that has just been started, which brings the history up to date")
    func olderForAMoment() throws {
        try withStateFolder { folder in
            let pool = try DatabasePool(path: folder.history.string)
            try Migrations.all.migrate(pool, upTo: "2 attempts to decode")
            let lock = try DaemonLock.acquire(in: folder)
            let thread = Thread {
                usleep(300_000)
                _ = try? History.open(folder.history)
            }
            thread.start()
            #expect(try History.openReadOnly(folder.history).counts().runs == 0)
            withExtendedLifetime(lock) {}
        }
    }

    @Test("A file that is no database is called damaged, by its name")
    func damaged() throws {
        try withStateFolder { folder in
            try write(
                Array("This is a letter, not a database. ".utf8) + [UInt8](repeating: 1, count: 4096),
                to: folder.history)
            let failure = #expect(throws: HistoryFailure.self) { try History.open(folder.history) }
            guard case .damaged(folder.history, _)? = failure else { throw Unexpected(failure as Any) }
        }
    }

    @Test(
        "A damaged page is found before the daemon works with it, and the way out is named", arguments: Damage.allCases)
    func damagedPage(_ damage: Damage) throws {
        try withStateFolder { folder in
            try History.open(folder.history).fill()
            _ = try History.openChecked(in: folder)
            try damage.apply(to: 30, of: folder.history, pageSize: 4096)
            let failure = #expect(throws: HistoryFailure.self) { try History.openChecked(in: folder) }
            guard case .damaged(folder.history, _)? = failure else { throw Unexpected(failure as Any) }
            #expect(failure?.description.contains("run `cultivar doctor`") == true)
            #expect(try HistoryRepair(folder).reason() != nil)
        }
    }

    @Test(
        "A view in the place of a table, which may be a query without an end, is called damage, and can be repaired",
        arguments: ["drops", "Labels", "grdb_migrations"])
    func view(name: String) throws {
        try withStateFolder { folder in
            try History.open(folder.history).take([picture(1, "cat")])
            let queue = try DatabaseQueue(path: folder.history.string)
            try queue.writeWithoutTransaction { db in
                try db.execute(
                    sql: "PRAGMA foreign_keys = OFF; DROP TABLE \(name); CREATE VIEW \(name) AS SELECT 1 AS id")
            }
            try queue.close()
            for open in [History.open(_:), History.openReadOnly] {
                let failure = #expect(throws: HistoryFailure.self) { try open(folder.history) }
                #expect(failure?.description.contains("the view \(name) has replaced a table") == true)
            }
            guard case .damaged? = try HistoryRepair(folder).reason() else { throw Unexpected("no damage") }
            _ = try HistoryRepair(folder).run()
            #expect(try HistoryRepair(folder).reason() == nil)
            #expect(try History.openReadOnly(folder.history).counts().drops == 1)
        }
    }

    @Test("Where there are pictures, a history that is gone or empty isn't begun afresh", arguments: [nil, 0, 4096])
    func lost(size: Int?) throws {
        try withStateFolder { folder in
            let shard = folder.pictures.appending("ab")
            try Files.makeFolder(shard, permissions: [.ownerReadWriteExecute])
            _ = try History.openChecked(in: folder)
            for suffix in ["", "-wal", "-shm"] { try Files.remove(FilePath(folder.history.string + suffix)) }
            try write([1], to: shard.appending("abc"))
            if size == 0 { try write([], to: folder.history) }
            if size == 4096 {
                let queue = try DatabaseQueue(path: folder.history.string)
                try queue.writeWithoutTransaction { try $0.execute(sql: "PRAGMA user_version = 1") }
                try queue.close()
            }
            #expect(throws: HistoryFailure.lost(folder.history)) { try History.openChecked(in: folder) }
            #expect(try HistoryRepair(folder).reason() == .lost(folder.history))
        }
    }

    @Test("A repair that was interrupted keeps everybody from writing, whatever lies in the history's place")
    func unfinishedRepair() throws {
        try withStateFolder { folder in
            try write([1], to: FilePath(folder.history.string + ".rebuilt"))
            #expect(throws: HistoryFailure.repairUnfinished(folder.history)) { try History.open(folder.history) }
            #expect(throws: HistoryFailure.repairUnfinished(folder.history)) { try History.openChecked(in: folder) }
            #expect(try !Files.exists(folder.history))
        }
    }

    @Test("Where it can't be said whether a repair was interrupted, nobody writes, and no repair begins")
    func unknownRepair() throws {
        try withStateFolder { folder in
            let rebuilt = FilePath(folder.history.string + ".rebuilt")
            try Files.makeLink(rebuilt, to: rebuilt)
            let failure = FileFailure(action: "look at", path: rebuilt, errno: .tooManySymbolicLinkLevels)
            #expect(throws: failure) { try History.open(folder.history) }
            #expect(throws: failure) { try HistoryRepair(folder).run() }
            #expect(try !Files.exists(folder.history))
        }
    }

    @Test("A reader sees the last committed state while a transaction is being written")
    func readingWhileWriting() throws {
        try withStateFolder { folder in
            let writer = try History.open(folder.history)
            try writer.take([picture(1, "cat")])
            let reader = try History.openReadOnly(folder.history)
            try writer.write { db in
                try db.execute(sql: "DELETE FROM files")
                try db.execute(sql: "DELETE FROM pictures")
                #expect(try reader.counts().trainPictures == 1)
                #expect(try writer.counts().trainPictures == 1)
            }
            #expect(try reader.counts().trainPictures == 0)
        }
    }

    @Test("A reader can't write")
    func readOnly() throws {
        try withStateFolder { folder in
            _ = try History.open(folder.history)
            let history = try History.openReadOnly(folder.history)
            let write = "INSERT INTO labels (name, key) VALUES ('a', 'a')"
            #expect(throws: DatabaseError.self) { try history.reader.unsafeRead { try $0.execute(sql: write) } }
        }
    }

    @Test(
        "A user without write permission reads beside a writer and after it has ended",
        .enabled(if: getuid() == 0, "only root can act as another user"))
    func anotherUser() throws {
        try withStateFolder { folder in
            try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: folder.root.string)
            var writer: History? = try History.open(folder.history)
            try writer?.take([picture(1, "cat")])
            #expect(try asNobody { try History.openReadOnly(folder.history).counts().trainPictures } == 1)
            writer = nil
            #expect(try asNobody { try History.openReadOnly(folder.history).counts().trainPictures } == 1)
            #expect(throws: (any Error).self) { try asNobody { try write([1], to: folder.root.appending("new")) } }
            let failure = #expect(throws: HistoryFailure.self) { try asNobody { try History.open(folder.history) } }
            guard case .unusable(folder.history, _)? = failure else { throw Unexpected(failure as Any) }
        }
    }

    private func asNobody<R>(_ body: () throws -> R) rethrows -> R {
        _ = setfsuid(65534)
        defer { _ = setfsuid(0) }
        return try body()
    }

    @Test("The write-ahead log and its index stay when the last writer has ended")
    func persistentLog() throws {
        try withStateFolder { folder in
            try History.open(folder.history).take([picture(1, "cat")])
            for suffix in ["-wal", "-shm"] { #expect(try Files.exists(FilePath(folder.history.string + suffix))) }
        }
    }

    @Test("A backup is one sound file with everything committed, made while the history is open")
    func backup() throws {
        try withStateFolder { folder in
            let history = try History.open(folder.history)
            try history.take([picture(1, "cat")])
            let target = folder.root.appending("backup.sqlite")
            try history.backup(to: target)
            for suffix in ["-wal", "-shm"] { #expect(try !Files.exists(FilePath(target.string + suffix))) }
            #expect(try Files.names(in: folder.root).allSatisfy { !$0.string.hasPrefix(".") })
            let copy = try History.openReadOnly(target)
            #expect(try copy.counts() == history.counts())
            #expect(try copy.reader.read { try History.quickCheck(of: $0) }.isEmpty)
            #expect(throws: HistoryFailure.exists(target)) { try history.backup(to: target) }
        }
    }

    @Test("A backup touches no file but its own, and replaces no link, not even one that leads nowhere")
    func backupBesideOthers() throws {
        try withStateFolder { folder in
            let history = try History.open(folder.history)
            let (target, link) = (folder.root.appending("backup"), folder.root.appending("link"))
            let other = folder.root.appending("backup.part")
            try write([1, 2, 3], to: other)
            try history.backup(to: target)
            #expect(try Files.read(other, limit: 9) == [1, 2, 3])
            try FileManager.default.createSymbolicLink(atPath: link.string, withDestinationPath: "nowhere")
            #expect(throws: HistoryFailure.exists(link)) { try history.backup(to: link) }
            #expect(try FileManager.default.destinationOfSymbolicLink(atPath: link.string) == "nowhere")
        }
    }

    @Test("A backup into a folder that isn't there names the file, and leaves nothing behind")
    func backupNowhere() throws {
        try withStateFolder { folder in
            let history = try History.open(folder.history)
            let target = folder.root.appending("absent").appending("backup")
            #expect(throws: FileFailure(action: "write", path: target, errno: .noSuchFileOrDirectory)) {
                try history.backup(to: target)
            }
            #expect(try !Files.exists(target.removingLastComponent()))
        }
    }

    @Test("A backup into a folder that can't be looked into can't be written, and the failure says so")
    func backupIntoLoop() throws {
        try withStateFolder { folder in
            let history = try History.open(folder.history)
            let loop = folder.root.appending("loop")
            try Files.makeLink(loop, to: loop)
            let target = loop.appending("backup")
            #expect(throws: FileFailure(action: "write", path: target, errno: .tooManySymbolicLinkLevels)) {
                try history.backup(to: target)
            }
        }
    }
}
