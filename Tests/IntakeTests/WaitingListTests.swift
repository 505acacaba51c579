import Foundation
import System
import SystemPackage
import Testing

@testable import Intake
@testable import System

@Suite("What waits in the inbox")
struct WaitingListTests {
    private let start = WaitingList.Instant.now
    private let day = Date(timeIntervalSince1970: 1_000_000)

    private func file(_ path: String, inode: UInt64 = 1) -> InboxFile {
        InboxFile(
            path: RawPath(path), kind: .regular,
            stamp: FileStamp(device: 1, inode: inode, size: 9, modified: 0, changed: 0))
    }

    private func folder(_ path: String) -> InboxFile {
        InboxFile(path: RawPath(path), kind: .directory, stamp: file(path).stamp)
    }

    private func entry(
        _ name: String, _ files: [String], folders: [String] = [""], unreadable: [String] = [],
        pictures: [String] = [], excess: EntrySnapshot.Excess? = nil
    ) -> EntrySnapshot {
        EntrySnapshot(
            name: RawPath(name), files: files.map { file($0) }, folders: folders.map(folder),
            unreadable: unreadable.map { RawPath($0) }, excess: excess, pictures: Set(pictures.map { RawPath($0) }))
    }

    /// "PATH code files", with an exclamation mark where somebody has to act.
    private func items(_ list: inout WaitingList, takenIn: Set<String> = []) -> [String] {
        list.items(at: day, isTakenIn: { file, _ in takenIn.contains(file.path.escaped) })
            .map { "\($0.path) \($0.code.rawValue) \($0.files)\($0.degrades ? "!" : "")" }
    }

    @Test("Each thing is named with its reason, folders for all below them")
    func reasons() {
        var list = WaitingList(maxFileBytes: 5)
        let drop = entry(
            "d", [".net/1.jpg", ".net/2.jpg", "a.jpg.part", "cat/.gitkeep", ".git/config", "cat/1.jpg", "cat/2.jpg"],
            folders: ["", ".net", ".git", "cat", "empty", "empty/deeper", "shut"], unreadable: ["shut"],
            pictures: [".net/1.jpg"])
        list.observe(drop, at: start)
        let found = items(&list, takenIn: ["cat/2.jpg"])
        let expected: Set<String> = [
            "d settling 1", "d not_removed 1", "d/.git ignored 1", "d/.net hidden 2",
            "d/a.jpg.part partial_name 1",
            "d/cat/.gitkeep dot_file 1", "d/empty empty_folder 0", "d/shut unreadable 0!",
        ]
        #expect(Set(found) == expected && found.count == expected.count)
    }

    @Test("What is hidden needs somebody once it has held still for a while, what is partial much later")
    func patience() {
        var list = WaitingList(maxFileBytes: 5)
        let drop = entry("d", [".net/1.jpg", "2.part"], pictures: [".net/1.jpg"])
        list.observe(drop, at: start)
        list.observe(drop, at: start.advanced(by: .seconds(29)))
        #expect(items(&list) == ["d/.net hidden 1", "d/2.part partial_name 1"])
        #expect(list.nextLooks == [RawPath("d"): start.advanced(by: .seconds(34))])
        list.observe(drop, at: start.advanced(by: .seconds(30)))
        #expect(items(&list) == ["d/.net hidden 1!", "d/2.part partial_name 1"])
        list.observe(drop, at: start.advanced(by: .seconds(3600)))
        #expect(items(&list) == ["d/.net hidden 1!", "d/2.part partial_name 1!"])
        let grown = entry("d", [".net/1.jpg", ".net/3.jpg", "2.part"], pictures: [".net/1.jpg"])
        list.observe(grown, at: start.advanced(by: .seconds(3601)))
        #expect(items(&list) == ["d/.net hidden 2", "d/2.part partial_name 1!"])
    }

    @Test("What became of a drop's files is told until they change")
    func results() {
        var list = WaitingList(maxFileBytes: 5)
        list.observe(entry("d", ["cat/1", "cat/2"]), at: start)
        var result = HandledDrop()
        result.deferred = [file("cat/1"): .tooLarge, file("cat/2"): .openForWriting]
        let drop = DropCandidate(snapshot: entry("d", ["cat/1", "cat/2"]), stillFor: .zero)
        list.noteResult(result, of: drop)
        #expect(items(&list) == ["d/cat/1 too_large 1!", "d/cat/2 open 1"])
        let changed = EntrySnapshot(name: RawPath("d"), files: [file("cat/1", inode: 7)])
        list.observe(changed, at: start)
        #expect(items(&list) == ["d settling 1"])
        result = HandledDrop()
        result.failure = "a bad sector"
        list.noteBeginning(of: RawPath("d"))
        #expect(items(&list) == ["d taking 1"])
        list.observe(changed, at: start)
        list.noteResult(result, of: drop)
        #expect(items(&list) == ["d failed 1!"])
        list.forget(RawPath("d"))
        #expect(items(&list).isEmpty)
    }

    @Test("In a kept folder, what is known of a file stands when another is handled")
    func keptResults() {
        var list = WaitingList(maxFileBytes: 5)
        let rules = NameRules(keptFolders: [RawPath("camera")])
        func camera(_ files: [String]) -> EntrySnapshot {
            EntrySnapshot(name: RawPath("camera"), files: files.map { file($0) }, rules: rules)
        }
        list.observe(camera(["1", "2"]), at: start)
        for (name, deferral) in [("1", Deferral.tooLarge), ("2", .openForWriting)] {
            var result = HandledDrop()
            result.deferred = [file(name): deferral]
            list.noteResult(result, of: DropCandidate(snapshot: camera([name]), stillFor: .zero))
        }
        #expect(items(&list) == ["camera/1 too_large 1!", "camera/2 open 1"])
    }

    @Test("A hidden folder is forgotten however much goes on beside it")
    func busyNeighbour() {
        var list = WaitingList(maxFileBytes: 5)
        for second in 0...3 {
            let files = [".net/1.jpg"] + (0...second).map { "cat/\($0)" }
            list.observe(entry("d", files, pictures: [".net/1.jpg"]), at: start.advanced(by: .seconds(second * 10)))
        }
        #expect(items(&list).contains("d/.net hidden 1!"))
    }

    @Test("Of very many files that wait for the same reason, the folders are named")
    func grouped() {
        var list = WaitingList(maxFileBytes: 5)
        let files = (0..<1500).map { "\($0 % 2 == 0 ? "a" : "b")/\($0)" }
        list.observe(entry("d", files), at: start)
        var result = HandledDrop()
        for path in files { result.deferred[file(path)] = .unreadable }
        list.noteResult(result, of: DropCandidate(snapshot: entry("d", files), stillFor: .zero))
        #expect(items(&list) == ["d/a unreadable 750!", "d/b unreadable 750!"])
    }

    @Test("However much waits in a drop, for whatever reason, the list stays short, and each file is counted")
    func short() {
        let numbers = 0..<1500
        let drops = [
            entry("clutter", numbers.map { "\($0)/.DS_Store" }),
            entry("empty", ["cat/1"], folders: ["", "cat"] + numbers.map { "cat/\($0)" }),
            entry("hidden", numbers.map { "\($0)/.a/1.jpg" }, pictures: numbers.map { "\($0)/.a/1.jpg" }),
            entry("partial", numbers.map { "\($0)/1.part" }),
            entry("shut", ["cat/1"], unreadable: numbers.map { "cat/\($0)" }),
        ]
        var list = WaitingList(maxFileBytes: 5)
        for drop in drops { list.observe(drop, at: start) }
        #expect(
            Set(items(&list)) == [
                "clutter ignored 1500", "empty settling 1", "empty/cat empty_folder 0", "hidden hidden 1500",
                "partial partial_name 1500", "shut settling 1", "shut/cat unreadable 0!",
            ])
        let found = list.items(at: day, isTakenIn: { _, _ in false })
        #expect(found.filter(\.isGroup).count == 5)
        #expect(found.allSatisfy { $0.isGroup == $0.waitsFor.hasPrefix("holds what ") })
        #expect(found.allSatisfy { $0.toDo?.hasSuffix("take \($0.argument)") != true })
    }

    @Test("Whole entries are named by themselves: clutter, what is set aside, too much, what can't be looked into")
    func entries() {
        var list = WaitingList(maxFileBytes: 5)
        list.observe(entry("#recycle", ["1.jpg"]), at: start)
        list.observe(entry(".too-large", ["1.jpg"]), at: start)
        list.observe(entry("deep", ["a/1.jpg"], excess: .depth(limit: 16)), at: start)
        list.observe(entry("up.part", ["a/1.jpg"]), at: start)
        list.observe(entry("empty", []), at: start)
        list.noteFailure(FileFailure(action: "list", path: "bad", errno: .ioError), of: RawPath("bad"))
        #expect(
            items(&list) == [
                "#recycle ignored 1", ".too-large set_aside 1", "bad failed 0!", "deep too_deep 1!",
                "empty empty_folder 0", "up.part partial_name 1",
            ])
        list.retain([RawPath("empty")])
        #expect(items(&list) == ["empty empty_folder 0"])
    }

    @Test("The time since when lasts, over a restart as well")
    func since() {
        var list = WaitingList(maxFileBytes: 5)
        list.observe(entry("d", ["2.part"]), at: start)
        let first = list.items(at: day, isTakenIn: { _, _ in false })
        #expect(list.items(at: day.addingTimeInterval(60), isTakenIn: { _, _ in false }) == first)
        var next = WaitingList(maxFileBytes: 5, earlier: first)
        next.observe(entry("d", ["2.part"]), at: start)
        #expect(next.items(at: day.addingTimeInterval(90), isTakenIn: { _, _ in false }) == first)
    }

    @Test(
        "The command that takes a path can be typed as it stands",
        arguments: [
            ("photos/.photos", "photos/.photos"), ("it's/.a b", "'it'\\''s/.a b'"), ("a\u{1B}/.b", "$'a\\x1b/.b'"),
            ("blåbær/.x", "'blåbær/.x'"), ("-rf/.x", "./-rf/.x"),
        ])
    func shellWords(_ path: String, _ word: String) { #expect(RawPath(path).shellWord == word) }

    @Test("Every reason has its sentence, and those that need somebody say what to do")
    func sentences() {
        for code in WaitingCode.allCases {
            let item = WaitingItem(path: RawPath("d"), code: code, files: 1, since: day, detail: "7")
            #expect(!item.waitsFor.isEmpty)
        }
        for code in [
            WaitingCode.hidden, .partialName, .unreadable, .noSpace, .tooLarge, .tooDeep, .tooManyFiles, .dropTooLarge,
        ] {
            #expect(WaitingItem(path: RawPath("d"), code: code, files: 1, since: day).toDo != nil)
        }
    }
}
