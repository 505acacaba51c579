import Archive
import Decoding
import Foundation
import Glibc
import Records
import SystemPackage
import TestSupport
import Testing

@testable import Intake
@testable import System

@Suite("Odd and hostile drops")
struct HostileDropTests {
    private let workshop: Workshop

    init() throws { workshop = try Workshop() }

    @Test("Links, pipes and sockets are rejected and removed, and what they lead to is left alone")
    func specialFiles() async throws {
        let outside = try workshop.folder.write(png(1), to: "outside/1.png")
        try workshop.drop(png(2), at: "d/cat/real.png")
        let cat = workshop.inbox.appending("d/cat")
        #expect(symlink(outside.string, cat.appending("file-link").string) == 0)
        #expect(symlink(outside.removingLastComponent().string, cat.appending("folder-link").string) == 0)
        #expect(symlink("nowhere", cat.appending("dangling").string) == 0)
        #expect(mkfifo(cat.appending("pipe").string, 0o644) == 0)
        let summary = try await workshop.ingest("d")
        #expect(summary.verdicts == [1, 0, 4])
        #expect(summary.hasLeft)
        #expect(try workshop.folder.read("outside/1.png") == png(1))
        let names = ["dangling", "file-link", "folder-link", "pipe"]
        #expect(try workshop.rejected() == names.map { "d/cat/\($0).reason.txt" })
        let reason = try workshop.folder.read("state/rejected/d/cat/dangling.reason.txt")
        #expect(
            String(decoding: reason, as: UTF8.self)
                == "d/cat/dangling: not a regular file but a symbolic link to nowhere\n")
    }

    @Test("Files that say to be as large as a number can be are counted all the same")
    func largestFiles() async throws {
        let files = [1, Int64.max, Int64.max].enumerated().map { number, size in
            let stamp = FileStamp(device: 1, inode: 1, size: size, modified: .min, changed: .min)
            return InboxFile(path: RawPath("cat/\(number)"), kind: .regular, stamp: stamp)
        }
        for file in files { try workshop.drop(png(1), at: RawPath("d").appending(file.path)) }
        let candidate = DropCandidate(snapshot: EntrySnapshot(name: RawPath("d"), files: files), stillFor: .zero)
        let settings = changing(IngestSettings.usual) { $0.batchBytes = .max }
        let summary = try await workshop.ingestor(settings: settings)
            .ingest(candidate, from: InboxScanner(inbox: workshop.inbox))
        #expect(summary.deferredCounts == [.changed: 3])
    }

    @Test("Of hidden files the names say whether they are pictures, and of some the content")
    func hiddenFiles() throws {
        for path in ["d/.venv/1.png", "d/.venv/2", "d/.venv/2.JPG", "d/.venv/3.py"] {
            try workshop.drop(path.hasSuffix("2") ? png(1) : [1], at: path)
        }
        for number in 0..<1100 {
            try workshop.drop([1], at: "d/.venv/lib/\(number).so")
            try workshop.drop([1], at: "d/.venv/lib/\(number).py")
        }
        let snapshot = try #require(try InboxScanner(inbox: workshop.inbox).scan(RawPath("d")))
        let pictures = Set(snapshot.withheld.filter(\.isPicture).map(\.file.path.last.escaped))
        #expect(snapshot.withheld.count == 2204)
        #expect(pictures.isSubset(of: ["1.png", "2", "2.JPG"]) && pictures.isSuperset(of: ["1.png", "2.JPG"]))
    }

    @Test("A hidden file without an ending is a picture by its content")
    func hiddenContent() throws {
        for (path, bytes) in [("d/.a/1", png(1)), ("d/.a/2", [1])] { try workshop.drop(bytes, at: path) }
        let snapshot = try #require(try InboxScanner(inbox: workshop.inbox).scan(RawPath("d")))
        #expect(snapshot.withheld.filter(\.isPicture).map(\.file.path.escaped) == [".a/1"])
    }

    @Test(
        "A drop of sparse files passes the limit of bytes",
        .enabled(if: FileManager.default.fileExists(atPath: "/dev/shm")))
    func sparseFiles() throws {
        let inbox = FilePath("/dev/shm/cultivar-sparse-\(getpid())")
        try FileManager.default.createDirectory(atPath: inbox.appending("d").string, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: inbox.string) }
        for (number, size) in [1, Int.max, 1].enumerated() {
            let file = try FileDescriptor.open(
                inbox.appending("d/\(number)"), .writeOnly, options: .create, permissions: .ownerReadWrite)
            try file.closeAfter { try #require(ftruncate(file.rawValue, size) == 0) }
        }
        let limits = changing(ScanLimits.usual) { $0.bytes = .max - 1 }
        let snapshot = try InboxScanner(inbox: inbox, limits: limits, rules: NameRules()).scan(RawPath("d"))
        #expect(snapshot?.excess == .bytes(limit: .max - 1))
    }

    @Test("A link directly in the inbox is rejected without a look at where it leads")
    func topLevelLink() async throws {
        try workshop.folder.write(png(1), to: "outside/cat/1.png")
        #expect(
            symlink(workshop.folder.path.appending("outside").string, workshop.inbox.appending("d").string) == 0)
        let summary = try await workshop.ingest("d")
        #expect(summary.rejected == 1)
        #expect(summary.hasLeft)
        #expect(try workshop.folder.read("outside/cat/1.png") == png(1))
        #expect(try workshop.pictures().isEmpty)
    }

    @Test("A folder that is swapped for a link after the scan leads nowhere")
    func swappedFolder() async throws {
        try workshop.drop(png(1), at: "d/cat/1.png")
        try workshop.folder.write(png(1), to: "outside/1.png")
        let candidate = try workshop.candidate(RawPath("d"))
        let cat = workshop.inbox.appending("d/cat").string
        #expect(rename(cat, workshop.folder.path.appending("aside").string) == 0)
        #expect(symlink(workshop.folder.path.appending("outside").string, cat) == 0)
        let summary = try await workshop.ingestor().ingest(candidate, from: InboxScanner(inbox: workshop.inbox))
        #expect(summary.deferredCounts == [.changed: 1])
        #expect(try workshop.folder.read("outside/1.png") == png(1))
        #expect(try workshop.pictures().isEmpty)
    }

    @Test("Names may be any bytes; a folder whose name has control characters is no label")
    func names() async throws {
        let long = [UInt8](repeating: UInt8(ascii: "x"), count: 255)
        let names: [[UInt8]] = [[0xFF, 0xFE], Array("line\nbreak".utf8), [0x1B, 0x5B], Array("-rf".utf8), long]
        var contents: [[UInt8]] = []
        for (index, name) in names.enumerated() {
            contents += [png(UInt64(index)), [1, 2, 3, UInt8(index)]]
            let folder = RawPath(Array("d/".utf8) + name)
            try workshop.drop(contents[2 * index], at: folder.appending(RawPath(name)))
            let other = RawPath(Array("r".utf8) + name.prefix(254))
            try workshop.drop(contents[2 * index + 1], at: folder.appending(other))
        }
        let summary = try await workshop.ingest("d")
        #expect(summary.verdicts == [3, 0, 7])
        #expect(summary.hasLeft)
        #expect(try workshop.pictures().count == 3)
        #expect(try workshop.history.dataset().labels.map(\.name).contains("\\xff\\xfe"))
        #expect(try rawFileCount(below: workshop.state.rejected) == 14)
    }

    /// Foundation skips names that are no UTF-8.
    private func rawFileCount(below folder: FilePath) throws -> Int {
        let parent = try InboxScanner(inbox: folder.removingLastComponent())
        let snapshot = try #require(try parent.scan(RawPath(folder.lastComponent!)))
        return snapshot.files.count
    }

    @Test("Names differ in case or in Unicode form, and the label is one")
    func spellings() async throws {
        try workshop.drop(png(1), at: "d/Caf\u{E9}/1")
        try workshop.drop(png(2), at: "d/cafe\u{301}/1")
        try workshop.drop(png(3), at: "d/CAF\u{C9}/1")
        try await workshop.ingest("d")
        #expect(try workshop.history.dataset().labels.count == 1)
    }

    @Test("Rejected files never overwrite each other")
    func rejectedTwice() async throws {
        let texts = ["the first text, no picture", "the second text, no picture"].map { Array($0.utf8) }
        for text in texts + texts {
            try workshop.drop(text, at: "d/cat/1")
            try await workshop.ingest("d")
        }
        #expect(try workshop.rejected() == ["d/cat/1", "d/cat/1.reason.txt", "d/cat/1~2", "d/cat/1~2.reason.txt"])
        try workshop.drop(texts[0], at: "d/cat")
        try await workshop.ingest("d")
        try workshop.drop(texts[1], at: "d/cat/1/deeper")
        try await workshop.ingest("d")
        try workshop.expectNothingLost(texts)
        #expect(try workshop.rejected().contains("d/cat/1~3/deeper"))
    }

    @Test("Two names of one file are taken as two files, and both leave")
    func hardLinks() async throws {
        try workshop.drop(png(1), at: "d/cat/1")
        let cat = workshop.inbox.appending("d/cat")
        #expect(link(cat.appending("1").string, cat.appending("2").string) == 0)
        let summary = try await workshop.ingest("d")
        #expect(summary.verdicts == [1, 1, 0])
        #expect(summary.hasLeft)
    }

    @Test("Folders too deep and drops too large are left alone and said to be so")
    func limits() throws {
        try workshop.drop(png(1), at: "d/a/b/c/1")
        try workshop.drop(png(2), at: "e/a/2")
        try workshop.drop(png(3), at: "e/a/3")
        let deep = try InboxScanner(
            inbox: workshop.inbox, limits: changing(.usual) { $0.depth = 2 }, rules: NameRules()
        ).scan(RawPath("d"))
        #expect(deep?.excess == .depth(limit: 2))
        let many = try InboxScanner(
            inbox: workshop.inbox, limits: changing(.usual) { $0.files = 1 }, rules: NameRules()
        ).scan(RawPath("e"))
        #expect(many?.excess == .count(limit: 1))
        let large = try InboxScanner(
            inbox: workshop.inbox, limits: changing(.usual) { $0.bytes = 10 }, rules: NameRules()
        ).scan(RawPath("e"))
        #expect(large?.excess == .bytes(limit: 10))
        #expect(try InboxScanner(inbox: workshop.inbox).scan(RawPath("e"))?.excess == nil)
    }

    @Test(
        "A drop that may not be removed is taken in once and put aside",
        .enabled(if: geteuid() == 0, "only root can act as another user"))
    func keptSource() async throws {
        try workshop.drop(png(1), at: "d/cat/1")
        guard try Immutability.set(true, of: workshop.inbox.appending("d/cat/1")) else { return }
        let summary = try await workshop.ingest("d")
        #expect(try Immutability.set(false, of: workshop.inbox.appending(".done-d/cat/1")))
        #expect(summary.verdicts == [1, 0, 0])
        #expect(summary.kept == 1)
        #expect(summary.hasLeft)
        #expect(try workshop.files(below: workshop.inbox) == [".done-d/cat/1"])
    }

    @Test(
        "A kept source that can't be put aside either is known by its stamp",
        .enabled(if: geteuid() == 0, "only root can act as another user"))
    func keptInPlace() async throws {
        try workshop.drop(png(1), at: "d/cat/1")
        let file = workshop.inbox.appending("d/cat/1")
        guard try Immutability.set(true, of: file), try Immutability.set(true, of: workshop.inbox.appending("d")) else {
            return
        }
        let ingestor = try workshop.ingestor()
        let first = try await workshop.ingest("d", with: ingestor)
        let second = try await workshop.ingest("d", with: ingestor)
        #expect(try Immutability.set(false, of: workshop.inbox.appending("d")) && Immutability.set(false, of: file))
        #expect(first.verdicts == [1, 0, 0])
        #expect(first.kept == 1)
        #expect(second.verdicts == [0, 0, 0])
        #expect(second.kept == 1)
        #expect(!second.hasLeft)
        #expect(second.lookAgainAfter == nil)
    }

    @Test(
        "Not even another process takes a kept source in again",
        .enabled(if: geteuid() == 0, "only root can act as another user"))
    func keptForGood() async throws {
        try workshop.drop(png(1), at: "d/cat/1")
        let file = workshop.inbox.appending("d/cat/1")
        guard try Immutability.set(true, of: file), try Immutability.set(true, of: workshop.inbox.appending("d")) else {
            return
        }
        let first = try await workshop.ingest("d")
        let reads = Recorder<Int>()
        let counting = HookedValidator(validator: InProcessValidator()) { files, _ in reads.add(files.count) }
        let second = try await workshop.ingest("d", with: workshop.ingestor(validator: counting))
        #expect(try Immutability.set(false, of: workshop.inbox.appending("d")) && Immutability.set(false, of: file))
        #expect(first.verdicts == [1, 0, 0] && first.kept == 1)
        #expect(second.verdicts == [0, 0, 0] && second.kept == 1)
        #expect(reads.values.isEmpty)
        #expect(try workshop.history.drops().map { [$0.accepted, $0.duplicates] } == [[1, 0]])
        // Whoever may write to it changes its stamp, and so it is another file.
        #expect(try await workshop.ingest("d").verdicts == [0, 1, 0])
    }

    @Test(
        "What comes into a drop that was put aside later is taken under the drop's own name",
        .enabled(if: geteuid() == 0, "only root can act as another user"))
    func laterThanAside() async throws {
        try workshop.drop(png(1), at: "cats/1")
        guard try Immutability.set(true, of: workshop.inbox.appending("cats/1")) else { return }
        let ingestor = try workshop.ingestor()
        try await workshop.ingest("cats", with: ingestor)
        let nothing = try await workshop.ingest(".done-cats", with: ingestor)
        try workshop.drop(png(2), at: ".done-cats/2")
        let woken = try await workshop.ingest(".done-cats", with: ingestor)
        let taken = try await workshop.ingest("cats", with: ingestor)
        #expect(try Immutability.set(false, of: workshop.inbox.appending(".done-cats/1")))
        #expect(!nothing.hasNews && !woken.hasNews)
        #expect(taken.verdicts == [1, 0, 0] && taken.kept == 1 && taken.hasLeft)
        #expect(try Set(workshop.history.dataset().labels.map(\.name)) == ["cats"])
        #expect(try workshop.files(below: workshop.inbox) == [".done-cats/1"])
    }

    @Test(
        "A drop that was put aside waits for its name where another has it",
        .enabled(if: geteuid() == 0, "only root can act as another user"))
    func asideNameTaken() async throws {
        try workshop.drop(png(1), at: ".done-cats/1")
        try workshop.drop(png(2), at: "cats/2.part")
        let summary = try await workshop.ingest(".done-cats")
        #expect(summary.blockedBy == RawPath("cats") && summary.lookAgainAfter != nil)
        #expect(try workshop.isInInbox(".done-cats/1"))
    }

    @Test(
        "A drop of which something waits keeps its name",
        .enabled(if: geteuid() == 0, "only root can act as another user"),
        arguments: ["d/dog/2.part", "d/.dog/2.png"])
    func keptWithRest(_ path: String) async throws {
        try workshop.drop(png(1), at: "d/cat/1")
        try workshop.drop(png(2), at: path)
        guard try Immutability.set(true, of: workshop.inbox.appending("d/cat/1")) else { return }
        let summary = try await workshop.ingest("d")
        #expect(try Immutability.set(false, of: workshop.inbox.appending("d/cat/1")))
        #expect(summary.kept == 1 && !summary.hasLeft)
        #expect(try workshop.history.unfinishedDrops().count == 1)
    }

    @Test(
        "A hidden folder that was asked for doesn't keep its drop from being put aside for good",
        .enabled(if: geteuid() == 0, "only root can act as another user"))
    func keptHidden() async throws {
        try workshop.drop(png(1), at: "d/.net/1")
        guard try Immutability.set(true, of: workshop.inbox.appending("d/.net/1")) else { return }
        let rules = NameRules().approving([RawPath("d/.net")])
        let scanner = try InboxScanner(inbox: workshop.inbox, rules: rules)
        let snapshot = try #require(try scanner.scan(RawPath("d")))
        let candidate = DropCandidate(snapshot: snapshot, stillFor: .seconds(5))
        let summary = try await workshop.ingestor().ingest(candidate, from: scanner)
        #expect(try Immutability.set(false, of: workshop.inbox.appending(".done-d/.net/1")))
        #expect(summary.verdicts == [1, 0, 0] && summary.hasLeft)
        #expect(try workshop.history.dataset().labels.map(\.name) == [".net"])
    }

    @Test(
        "Another name of a kept file has a row of its own",
        .enabled(if: geteuid() == 0, "only root can act as another user"))
    func keptLink() async throws {
        try workshop.drop(png(1), at: "d/cat/1")
        try workshop.drop(png(2), at: "e/cat/other")
        let file = workshop.inbox.appending("d/cat/1")
        #expect(link(file.string, workshop.inbox.appending("e/cat/1").string) == 0)
        guard try Immutability.set(true, of: file) else { return }
        let ingestor = try workshop.ingestor()
        let first = try await workshop.ingest("d", with: ingestor)
        let second = try await workshop.ingest("e", with: ingestor)
        let again = try await workshop.ingest(".done-e", with: workshop.ingestor())
        #expect(try Immutability.set(false, of: workshop.inbox.appending(".done-d/cat/1")))
        #expect(first.verdicts == [1, 0, 0] && first.kept == 1)
        #expect(second.verdicts == [1, 1, 0] && second.kept == 1 && second.hasLeft)
        #expect(!again.hasNews && again.kept == 1)
        // What comes later is taken under the drop's own name, not under that of the other name's drop.
        try workshop.drop(png(3), at: ".done-d/cat/3")
        try await workshop.ingest(".done-d", with: ingestor)
        #expect(try workshop.isInInbox("d/cat/3") && workshop.isInInbox(".done-e"))
    }

    @Test("What is known of kept sources goes when they do, from put-aside drops as well")
    func keptAndGone() throws {
        let history = workshop.history
        for path in ["d/cat/1", "d/cat/2", ".done-e/cat/3"] { try workshop.drop(png(1), at: path) }
        let scanner = try InboxScanner(inbox: workshop.inbox)
        let files = try ["d", ".done-e"].flatMap { try scanner.scan(RawPath($0))?.files ?? [] }
        let kept = try KeptSources(history, fewest: 3)
        #expect(!kept.areDueForCheck)
        let drop = RawPath("d")
        try kept.insert(files, of: history.beginDrop(drop, at: .now), named: drop)
        #expect(kept.areDueForCheck)
        try kept.forgetGone(from: scanner)
        #expect(try history.keptSources().count == 3)
        #expect(!kept.areDueForCheck)
        #expect(unlink(workshop.inbox.appending("d/cat/1").string) == 0)
        try kept.forgetGone(from: scanner)
        #expect(files.map { kept.contains($0, of: drop) } == [false, true, true])
        #expect(try KeptSources(history).contains(files[2], of: drop))
        try FileManager.default.removeItem(atPath: workshop.inbox.appending(".done-e").string)
        try kept.forgetGone(from: scanner)
        #expect(try history.keptSources() == [KeptSource(files[1].stamp)])
    }
}
