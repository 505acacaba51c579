import Foundation
import Status
import Synchronization
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
    }

    @Test("Where there is no room for another file, the status is written over the one before")
    func noRoom() throws {
        let folder = try TemporaryFolder()
        let file = folder.path.appending("status.json")
        let board = StatusBoard(file: file, interval: 0)
        board.noteDrop("last drop " + String(repeating: "long ", count: 100))
        guard try Immutability.set(true, of: folder.path) else { return }
        board.setDegraded("no space left on device", in: .intake)
        board.noteDrop("none")
        #expect(try Immutability.set(false, of: folder.path))
        #expect(StatusBoard.read(from: file)?.degraded == "no space left on device")
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
        board.setDegraded("the disk is full", in: .intake)
        board.setDegraded("the disk is full", in: .intake)
        board.noteDrop("drop a")
        #expect(heard.withLock { $0.map(\.done) } == [0, 50, 50])
        #expect(board.status.summary.hasPrefix("degraded: the disk is full, run 1: extracting"))
        board.setDegraded(nil, in: .intake)
        #expect(board.status.degraded == nil)
    }

    @Test(
        "Time spans are told in two units",
        arguments: [
            (0.2, "1 s"), (59, "59 s"), (61, "1 min 1 s"), (7325, "2 h 2 min"), (1e300, "2562047788015215 h 30 min"),
        ])
    func timeSpans(seconds: Double, text: String) { #expect(ServiceStatus.timeSpan(seconds) == text) }
}
