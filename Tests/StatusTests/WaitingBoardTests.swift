import Foundation
import Intake
import Status
import System
import SystemPackage
import TestSupport
import Testing

@Suite("The list of what waits")
struct WaitingBoardTests {
    private func item(_ path: String, _ code: WaitingCode, degrades: Bool = false) -> WaitingItem {
        WaitingItem(
            path: RawPath(path), code: code, files: 1, since: Date(timeIntervalSince1970: 7), degrades: degrades)
    }

    @Test("Readers find the latest list; what is new and what is gone is told once")
    func changes() throws {
        let folder = try TemporaryFolder()
        let file = folder.path.appending("waiting.json")
        let board = WaitingBoard(file: file)
        let first = [item("a", .hidden, degrades: true), item("b", .settling)]
        var change = board.replace(by: first)
        #expect(change.new == [first[0]] && change.gone.isEmpty)
        #expect(WaitingBoard.read(from: file) == first)
        let second = [item("a", .hidden, degrades: true), item("c", .open)]
        change = WaitingBoard(file: file).replace(by: second)
        #expect(change.new == [second[1]] && change.gone.isEmpty)
        change = board.replace(by: [])
        #expect(change.gone == [first[0]])
        #expect(WaitingBoard.read(from: file).isEmpty)
    }

    @Test("What comes to need somebody is told of once more, and not as gone")
    func needsSomebody() throws {
        let folder = try TemporaryFolder()
        let board = WaitingBoard(file: folder.path.appending("waiting.json"))
        _ = board.replace(by: [item("a", .hidden)])
        let change = board.replace(by: [item("a", .hidden, degrades: true)])
        #expect(change.new == [item("a", .hidden, degrades: true)] && change.gone.isEmpty)
    }

    @Test("A list of an earlier release, which doesn't know groups, is read")
    func earlierRelease() throws {
        let folder = try TemporaryFolder()
        let line = """
            [{"path":"a","argument":"a","code":"hidden","files":1,"since":7,"degrades":true}]
            """
        let file = try folder.write(Array(line.utf8), to: "waiting.json")
        #expect(WaitingBoard.read(from: file).map(\.isGroup) == [false])
    }

    @Test("A list that is no list counts as none")
    func damaged() throws {
        let folder = try TemporaryFolder()
        let file = folder.path.appending("waiting.json")
        #expect(WaitingBoard.read(from: file).isEmpty)
        try folder.write(Array("{".utf8), to: "waiting.json")
        #expect(WaitingBoard.read(from: file).isEmpty)
    }

    @Test("Only what needs somebody makes the service degraded")
    func sentence() throws {
        #expect(WaitingBoard.fault([item("a", .open), item("b", .emptyFolder)]) == nil)
        let held = [item("a\u{1B}", .hidden, degrades: true), item("b", .unreadable, degrades: true)]
        let text = try #require(WaitingBoard.fault(held)?.text)
        #expect(text.hasPrefix("not taken: a\\x1b is hidden") && text.hasSuffix("and 1 more (cultivar status)"))
        let later = WaitingItem(
            path: RawPath("a\u{1B}"), code: .hidden, files: 9, since: Date(timeIntervalSince1970: 8), degrades: true)
        #expect(WaitingBoard.fault([later, held[1]]) == WaitingBoard.fault(held))
    }
}
