import Foundation
import Intake
import Records
import Status
import Synchronization
import System
import SystemPackage
import TestSupport
import Testing

@Suite("Status board")
struct StatusBoardTests {
    @Test("Readers find what was published last, and nothing where there is none")
    func file() throws {
        let folder = try TemporaryFolder()
        let file = folder.path.appending("status.json")
        #expect(StatusBoard.read(from: file) == nil)
        let board = StatusBoard(file: file, interval: 0)
        board.begin(.searching, run: 7, done: 2, total: 18)
        board.advance(to: 3, detail: "trial 4 of 18", bestAccuracy: 0.75)
        board.noteDrop("drop a: 3 pictures")
        let read = try #require(StatusBoard.read(from: file))
        #expect(read == board.status || abs(read.updated.timeIntervalSince(board.status.updated)) < 0.001)
        #expect(read.run == 7 && read.done == 3 && read.total == 18 && read.bestAccuracy == 0.75)
        #expect(read.summary == "run 7: searching, best 75.0 %, trial 4 of 18")
        #expect(read.weakSandbox == nil)
    }

    @Test("That decoders aren't confined stays in the status and stops nothing")
    func weakSandbox() throws {
        let folder = try TemporaryFolder()
        let file = folder.path.appending("status.json")
        let board = StatusBoard(file: file, interval: 0)
        board.noteWeakSandbox("no filters here")
        board.begin(.extracting, run: 1)
        let read = try #require(StatusBoard.read(from: file))
        #expect(read.weakSandbox == "no filters here" && read.degraded == nil)
    }

    @Test("Where there is no room for another file, the status is written over the one before")
    func noRoom() throws {
        let folder = try TemporaryFolder()
        let file = folder.path.appending("status.json")
        let board = StatusBoard(file: file, interval: 0)
        board.noteDrop("last drop " + String(repeating: "long ", count: 100))
        guard try Immutability.set(true, of: folder.path) else { return }
        board.setDegraded(.outbox("no space left on device"), in: .outbox)
        board.noteDrop("none")
        #expect(try Immutability.set(false, of: folder.path))
        #expect(StatusBoard.read(from: file)?.degraded?.hasSuffix("names: no space left on device") == true)
        #expect(StatusBoard.read(from: file)?.lastDrop == "none")
    }

    @Test("A new phase clears what was said of the one before; the best accuracy lasts through the run")
    func phases() {
        let board = StatusBoard(file: nil)
        board.begin(.searching, run: 1, total: 18)
        board.advance(to: 18, detail: "trial 18", bestAccuracy: 0.5)
        board.begin(.refitting, run: 1, total: 30)
        #expect(board.status.done == 0 && board.status.total == 30 && board.status.detail == nil)
        #expect(board.status.bestAccuracy == 0.5)
        board.begin(.idle, run: nil)
        #expect(board.status.bestAccuracy == nil && board.status.summary == "watching the inbox")
    }

    @Test("Progress is published at most once in an interval; phases, drops and faults at once")
    func interval() {
        let heard = Mutex<[ServiceStatus]>([])
        let board = StatusBoard(file: nil, interval: 3600) { status in heard.withLock { $0.append(status) } }
        board.begin(.extracting, run: 1, total: 100)
        for done in 1...50 { board.advance(to: done) }
        #expect(heard.withLock { $0.map(\.done) } == [0])
        let fault = ServiceFault.training("the disk is full")
        #expect(board.setDegraded(fault, in: .training) == nil)
        #expect(board.setDegraded(fault, in: .training) == fault)
        board.noteDrop("drop a")
        #expect(heard.withLock { $0.map(\.done) } == [0, 50, 50])
        #expect(
            board.status.summary.hasPrefix("degraded: training is blocked: the disk is full, run 1: extracting"))
        #expect(board.setDegraded(nil, in: .training) == fault)
        #expect(board.status.degraded == nil)
    }

    @Test("A fault whose sentence stays the same isn't published again, but kept")
    func sameSentence() {
        let heard = Mutex(0)
        let board = StatusBoard(file: nil) { _ in heard.withLock { $0 += 1 } }
        let faults = [2_500_000, 2_500_001].map { ServiceFault.features(bytes: $0, limit: 1000) }
        for fault in faults { board.setDegraded(fault, in: .features) }
        #expect(heard.withLock { $0 } == 1)
        #expect(board.setDegraded(nil, in: .features) == faults[1])
        #expect(heard.withLock { $0 } == 2)
        #expect(board.status.degraded == nil)
    }

    @Test("Each part that is blocked has its sentence, in a fixed order")
    func faults() {
        let board = StatusBoard(file: nil)
        board.setDegraded(.backup("the disk is full"), in: .backup)
        board.setDegraded(.features(bytes: 2_500_000, limit: 1000), in: .features)
        board.setDegraded(.failedRun(3, .historyDamaged), in: .run)
        board.setDegraded(.polling(.noWatchesLeft(folders: 7)), in: .watch)
        board.setDegraded(.inbox(FileFailure(action: "open", path: "/in", errno: .ioError)), in: .inbox)
        board.setDegraded(.noProgress(parts: ["the intake", "the training"], seconds: 900), in: .progress)
        #expect(
            board.status.degraded?.components(separatedBy: "; ") == [
                "no progress for 15 min 0 s: the intake, the training", "the inbox: can't open /in: \(Errno.ioError)",
                "the inbox is polled: no inotify watches are left after 7 folders (see fs.inotify.max_user_watches)",
                "run 3 failed: the history was damaged while it ran, and was rebuilt by `cultivar doctor`",
                "the features in use need 2.5 MB, more than features.max_size (1.0 kB)",
                "the history isn't backed up: the disk is full",
            ])
    }

    @Test(
        "Time spans are told in two units",
        arguments: [
            (0.2, "1 s"), (59, "59 s"), (61, "1 min 1 s"), (7325, "2 h 2 min"), (1e300, "2562047788015215 h 30 min"),
        ])
    func timeSpans(seconds: Double, text: String) { #expect(ServiceStatus.timeSpan(seconds) == text) }
}
