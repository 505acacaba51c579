import Testing

@testable import Intake
@testable import System

@Suite("Settling")
struct SettleTrackerTests {
    private let start = SettleTracker.Instant.now

    private func at(_ seconds: Double) -> SettleTracker.Instant { start.advanced(by: .seconds(seconds)) }

    private func file(_ path: String, size: Int64 = 1, inode: UInt64 = 1, changed: Int64 = 0) -> InboxFile {
        InboxFile(
            path: RawPath(path), kind: .regular,
            stamp: FileStamp(device: 1, inode: inode, size: size, modified: 0, changed: changed))
    }

    private func drop(_ files: InboxFile..., name: String = "d") -> EntrySnapshot {
        EntrySnapshot(name: RawPath(name), files: files)
    }

    private func names(_ tracker: SettleTracker, _ seconds: Double) -> [String] {
        tracker.settled(at: at(seconds)).map(\.name.escaped)
    }

    @Test("A drop settles when two scans far enough apart agree")
    func settles() {
        var tracker = SettleTracker(settle: .seconds(5))
        tracker.observe(drop(file("c/1")), at: at(0))
        #expect(names(tracker, 100).isEmpty, "one scan alone says nothing, however long ago")
        tracker.observe(drop(file("c/1")), at: at(4.9))
        #expect(names(tracker, 100).isEmpty)
        tracker.observe(drop(file("c/1")), at: at(5))
        #expect(tracker.settled(at: at(5)).map(\.stillFor) == [.seconds(5)])
    }

    @Test("The time from the end of the first scan to the start of the second counts")
    func scanTimes() {
        var tracker = SettleTracker(settle: .seconds(5))
        tracker.observe(drop(file("c/1")), at: at(0), until: at(3))
        tracker.observe(drop(file("c/1")), at: at(5), until: at(9))
        #expect(names(tracker, 9).isEmpty)
        tracker.observe(drop(file("c/1")), at: at(8), until: at(9))
        #expect(names(tracker, 9) == ["d"])
    }

    @Test("Any change of a file starts the time anew", arguments: 0..<5)
    func changes(_ kind: Int) {
        var tracker = SettleTracker(settle: .seconds(5))
        tracker.observe(drop(file("c/1")), at: at(0))
        let changed = [
            drop(file("c/1", size: 2)), drop(file("c/1", inode: 2)), drop(file("c/1", changed: 1)),
            drop(file("c/1"), file("c/2")), drop(file("c/x")),
        ][kind]
        tracker.observe(changed, at: at(5))
        #expect(names(tracker, 5).isEmpty)
        tracker.observe(changed, at: at(9.9))
        #expect(names(tracker, 9.9).isEmpty)
        tracker.observe(changed, at: at(10))
        #expect(names(tracker, 10) == ["d"])
    }

    @Test("An event starts the time anew even where the scans agree")
    func events() {
        var tracker = SettleTracker(settle: .seconds(5))
        tracker.observe(drop(file("c/1")), at: at(0))
        tracker.disturb(RawPath("d"))
        tracker.observe(drop(file("c/1")), at: at(6))
        #expect(names(tracker, 6).isEmpty)
        tracker.observe(drop(file("c/1")), at: at(11))
        #expect(names(tracker, 11) == ["d"])
        tracker.disturb(RawPath("d"))
        #expect(names(tracker, 11).isEmpty)
    }

    @Test("A drop that was renamed in is taken at once, unless something in it moves")
    func wholeArrival() {
        var tracker = SettleTracker(settle: .seconds(5), wholeSettle: .milliseconds(300))
        tracker.arrivedWhole(RawPath("d"), at: at(0))
        #expect(tracker.due(at: at(0)) == [RawPath("d")])
        tracker.observe(drop(file("c/1")), at: at(0))
        tracker.observe(drop(file("c/1")), at: at(0.3))
        #expect(names(tracker, 0.3) == ["d"])

        tracker.arrivedWhole(RawPath("e"), at: at(0))
        tracker.observe(drop(file("c/1"), name: "e"), at: at(0))
        tracker.observe(drop(file("c/1", size: 2), name: "e"), at: at(0.3))
        tracker.observe(drop(file("c/1", size: 2), name: "e"), at: at(0.6))
        #expect(names(tracker, 0.6) == ["d"])

        tracker.arrivedWhole(RawPath("f"), at: at(0))
        tracker.disturb(RawPath("f"))
        tracker.observe(drop(file("c/1"), name: "f"), at: at(0))
        tracker.observe(drop(file("c/1"), name: "f"), at: at(1))
        #expect(names(tracker, 1) == ["d"])
    }

    @Test("Without settle time an unchanged drop is taken at the second scan")
    func noSettleTime() {
        var tracker = SettleTracker(settle: .zero)
        #expect(tracker.wholeSettle == .zero)
        tracker.observe(drop(file("c/1")), at: at(0))
        tracker.observe(drop(file("c/1")), at: at(0))
        #expect(names(tracker, 0) == ["d"])
    }

    @Test("Drops with nothing to take, or with too much, never settle")
    func nothingToTake() {
        let excess = EntrySnapshot(name: RawPath("x"), files: [file("c/1")], excess: .count(limit: 0))
        let snapshots = [
            drop(name: "a"), drop(file(".DS_Store"), file("c/1.part"), name: "b"), drop(file("c/1"), name: ".c"),
            drop(file("c/1"), name: "d.part"), excess,
        ]
        var tracker = SettleTracker(settle: .seconds(5))
        for time in [0.0, 100] { for snapshot in snapshots { tracker.observe(snapshot, at: at(time)) } }
        #expect(names(tracker, 100).isEmpty)
        #expect(tracker.nextDeadline == nil)
    }

    @Test("A waiting file does not keep the others, but its growth does")
    func partialBesideOthers() {
        var tracker = SettleTracker(settle: .seconds(5))
        tracker.observe(drop(file("c/1"), file("c/2.part", size: 1)), at: at(0))
        tracker.observe(drop(file("c/1"), file("c/2.part", size: 2)), at: at(5))
        #expect(names(tracker, 5).isEmpty)
        tracker.observe(drop(file("c/1"), file("c/2.part", size: 2)), at: at(10))
        #expect(names(tracker, 10) == ["d"])
    }

    @Test("What could not be taken rests until it changes")
    func rest() throws {
        var tracker = SettleTracker(settle: .seconds(5))
        let both = drop(file("c/1"), file("c/2"))
        for time in [0.0, 5] { tracker.observe(both, at: at(time)) }
        let candidate = try #require(tracker.settled(at: at(5)).first)
        let left = drop(file("c/2"))
        tracker.handled(candidate, left: left, pause: nil, at: at(6))
        for time in [7.0, 100] { tracker.observe(left, at: at(time)) }
        #expect(names(tracker, 100).isEmpty)
        #expect(tracker.nextDeadline == nil)
        tracker.disturb(RawPath("d"))
        for time in [101.0, 106] { tracker.observe(left, at: at(time)) }
        #expect(names(tracker, 106) == ["d"])
    }

    @Test("After a pause it is handed over again, with the whole time it has been still")
    func pause() throws {
        var tracker = SettleTracker(settle: .seconds(5))
        for time in [0.0, 5] { tracker.observe(drop(file("c/1")), at: at(time)) }
        let candidate = try #require(tracker.settled(at: at(5)).first)
        tracker.handled(candidate, left: candidate.snapshot, pause: .seconds(30), at: at(6))
        tracker.observe(candidate.snapshot, at: at(20))
        #expect(names(tracker, 20).isEmpty)
        #expect(tracker.nextDeadline == at(36))
        #expect(names(tracker, 40).isEmpty, "the last scan was too early")
        tracker.observe(candidate.snapshot, at: at(40))
        #expect(tracker.settled(at: at(40)).map(\.stillFor) == [.seconds(40)])
    }

    @Test("A file that came while its drop was handled settles like any other")
    func lateFile() throws {
        var tracker = SettleTracker(settle: .seconds(5))
        for time in [0.0, 5] { tracker.observe(drop(file("c/1")), at: at(time)) }
        let candidate = try #require(tracker.settled(at: at(5)).first)
        let left = drop(file("c/2", inode: 2))
        tracker.handled(candidate, left: left, pause: .seconds(1000), at: at(6))
        tracker.observe(left, at: at(10.9))
        #expect(names(tracker, 10.9).isEmpty)
        tracker.observe(left, at: at(11))
        #expect(names(tracker, 11) == ["d"])
    }

    @Test("An event during the handling lets what is left settle anew")
    func eventWhileHandled() throws {
        var tracker = SettleTracker(settle: .seconds(5))
        for time in [0.0, 5] { tracker.observe(drop(file("c/1")), at: at(time)) }
        let candidate = try #require(tracker.settled(at: at(5)).first)
        tracker.disturb(RawPath("d"))
        tracker.handled(candidate, left: candidate.snapshot, pause: nil, at: at(6))
        tracker.observe(candidate.snapshot, at: at(11))
        #expect(names(tracker, 11) == ["d"])
    }

    @Test("Entries that are gone are forgotten")
    func gone() {
        var tracker = SettleTracker(settle: .seconds(5))
        for name in ["a", "b", "c"] { tracker.observe(drop(file("c/1"), name: name), at: at(0)) }
        tracker.retain([RawPath("a"), RawPath("b")])
        tracker.forget(RawPath("b"))
        for name in ["a", "b", "c"] { tracker.observe(drop(file("c/1"), name: name), at: at(5)) }
        #expect(names(tracker, 5) == ["a"])
    }

    @Test("An entry is due for a scan when it may have settled by then")
    func due() {
        var tracker = SettleTracker(settle: .seconds(5))
        tracker.observe(drop(file("c/1")), at: at(0))
        #expect(tracker.nextDeadline == at(5))
        #expect(tracker.due(at: at(4)).isEmpty)
        #expect(tracker.due(at: at(5)) == [RawPath("d")])
    }

    @Test("A drop that has settled needs no other scan to learn so, and is handed over by its name")
    func settledAlready() {
        var tracker = SettleTracker(settle: .seconds(5))
        for time in [0.0, 5] { tracker.observe(drop(file("c/1")), at: at(time)) }
        #expect(tracker.due(at: at(6)).isEmpty)
        #expect(tracker.settled(RawPath("d"), at: at(6)) == tracker.settled(at: at(6)).first)
        #expect(tracker.settled(RawPath("e"), at: at(6)) == nil)
    }

    @Test("An entry with nothing to take is still once a scan has seen it as it was after the settle time, not before")
    func still() {
        var tracker = SettleTracker(settle: .seconds(5))
        let (name, empty) = (RawPath("d"), drop())
        #expect(!tracker.isStill(name))
        tracker.observe(empty, at: at(0))
        tracker.observe(empty, at: at(4))
        #expect(!tracker.isStill(name) && tracker.nextDeadline == at(5))
        #expect(tracker.due(at: at(5)) == [name])
        tracker.observe(empty, at: at(5))
        #expect(tracker.isStill(name) && tracker.nextDeadline == nil)
        tracker.disturb(name)
        #expect(!tracker.isStill(name))
        tracker.observe(empty, at: at(6))
        #expect(!tracker.isStill(name) && tracker.nextDeadline == at(11))
    }

    private func camera(_ files: InboxFile...) -> EntrySnapshot {
        EntrySnapshot(name: RawPath("camera"), files: files, rules: NameRules(keptFolders: [RawPath("camera")]))
    }

    private func paths(_ candidates: [DropCandidate]) -> [[String]] {
        candidates.map { $0.snapshot.takeable.map(\.path.escaped) }
    }

    @Test("In a kept folder each file settles for itself")
    func keptFolder() {
        var tracker = SettleTracker(settle: .seconds(5))
        let (first, second) = (file("1", inode: 1), file("2", inode: 2))
        tracker.observe(camera(first), at: at(0))
        tracker.disturb(RawPath("camera"))
        tracker.observe(camera(first, second), at: at(3))
        tracker.observe(camera(first, second), at: at(5))
        #expect(paths(tracker.settled(at: at(5))) == [["1"]])
        #expect(tracker.nextDeadline == at(5))
        tracker.handled(tracker.settled(at: at(5))[0], left: camera(second), pause: nil, at: at(6))
        tracker.observe(camera(second), at: at(8))
        #expect(paths(tracker.settled(at: at(8))) == [["2"]])
    }

    @Test("Two files that stay in a kept folder both rest, though they were handled one after the other")
    func keptFolderComesToRest() {
        var tracker = SettleTracker(settle: .seconds(5))
        let (first, second) = (file("1", inode: 1), file("2", inode: 2))
        for time in [0.0, 5] { tracker.observe(camera(first), at: at(time)) }
        tracker.handled(tracker.settled(at: at(5))[0], left: camera(first), pause: nil, at: at(5))
        for time in [6.0, 11] { tracker.observe(camera(first, second), at: at(time)) }
        tracker.handled(tracker.settled(at: at(11))[0], left: camera(first, second), pause: nil, at: at(11))
        tracker.observe(camera(first, second), at: at(30))
        #expect(tracker.settled(at: at(30)).isEmpty && tracker.nextDeadline == nil)
    }

    @Test("What stays in a kept folder rests until it changes or is closed, whatever else comes")
    func keptFolderRests() {
        var tracker = SettleTracker(settle: .seconds(5))
        let (closed, new) = (file("1", inode: 1), file("2", inode: 2))
        for time in [0.0, 5] { tracker.observe(camera(closed), at: at(time)) }
        tracker.handled(tracker.settled(at: at(5))[0], left: camera(closed), pause: nil, at: at(5))
        tracker.disturb(RawPath("camera"))
        for time in [6.0, 11] { tracker.observe(camera(closed, new), at: at(time)) }
        #expect(paths(tracker.settled(at: at(11))) == [["2"]])
        tracker.disturb(RawPath("camera"))
        tracker.observe(camera(closed, new), at: at(12))
        #expect(paths(tracker.settled(at: at(12))) == [["1", "2"]])
    }
}
