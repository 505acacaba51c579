import Archive
import Foundation
import Glibc
import Records
import Synchronization
import System
import SystemPackage
import TestSupport
import Testing

@testable import Intake

@Suite("Taking drops in")
struct IngestorTests {
    private let workshop: Workshop

    init() throws { workshop = try Workshop() }

    @Test("A drop of all layouts ends as pictures with label and split, and leaves the inbox")
    func layouts() async throws {
        let paths = ["train/cat/1", "train/cat/deep/er/2.gif", "test/cat/3", "val/dog/4"]
        for (index, path) in paths.enumerated() { try workshop.drop(png(UInt64(index)), at: "d/\(path)") }
        let summary = try await workshop.ingest("d")
        #expect(summary.accepted == 4)
        #expect(summary.hasLeft)
        #expect(try !workshop.isInInbox("d"))
        #expect(try workshop.pictures() == ["cat test", "cat train", "cat train", "dog train"])
        #expect(try workshop.history.unfinishedDrops().isEmpty)
        #expect(try workshop.files(below: workshop.state.temporary).isEmpty)
    }

    @Test("Without folders that say so, the keyed hash shares the pictures out")
    func hashSplit() async throws {
        for index in 0..<60 { try workshop.drop(png(UInt64(index)), at: "cats/\(index)") }
        let settings = changing(IngestSettings.usual) {
            ($0.testShare, $0.patience, $0.batchFiles) = (0.5, .zero, 7)
        }
        try await workshop.ingest("cats", with: workshop.ingestor(settings: settings))
        let rule = SplitRule(key: try workshop.history.splitKey(), testShare: 0.5)
        let expected = (0..<60).map { "cats \(rule.split(of: Digest.sha256(png(UInt64($0)))))" }.sorted()
        #expect(try workshop.pictures() == expected)
        #expect(Set(expected).count == 2)
    }

    @Test("The same bytes are a duplicate under the same label, and a contradiction under another")
    func duplicates() async throws {
        try workshop.drop(png(1), at: "a/cat/1.png")
        try workshop.drop(png(1), at: "a/cat/again.png")
        try workshop.drop(png(1), at: "b/dog/1.png")
        try workshop.drop(png(1), at: "b/Cat/1.png")
        let first = try await workshop.ingest("a")
        #expect(first.verdicts == [1, 1, 0])
        let second = try await workshop.ingest("b")
        #expect(second.verdicts == [0, 1, 1])
        #expect(second.newSpellings == [IngestSummary.NewSpelling(spelling: "Cat", label: "cat")])
        #expect(try workshop.rejected() == ["b/dog/1.png", "b/dog/1.png.reason.txt"])
        let reason = try workshop.folder.read("state/rejected/b/dog/1.png.reason.txt")
        #expect(String(decoding: reason, as: UTF8.self).contains("a/cat/1.png"))
        #expect(try workshop.pictures().count == 1)
        try workshop.expectNothingLost([png(1)])
    }

    @Test("Files that are no pictures are rejected with their reason")
    func rejects() async throws {
        let contents: [String: [UInt8]] = [
            "empty": [], "text": Array("hello, this is some text and no picture".utf8),
            "gif": Array("GIF89a".utf8) + [UInt8](repeating: 0, count: 64), "half.png": Array(png(1).dropLast(300)),
        ]
        for (name, bytes) in contents { try workshop.drop(bytes, at: "d/cat/\(name)") }
        try workshop.drop(png(2), at: "d/stray.png")
        let summary = try await workshop.ingest("d")
        #expect(summary.rejected == 5)
        #expect(summary.hasLeft)
        func reason(_ path: FilePath) throws -> String {
            String(
                decoding: try workshop.folder.read(FilePath("state/rejected/d/\(path.string).reason.txt")),
                as: UTF8.self)
        }
        #expect(try reason("cat/empty") == "d/cat/empty: the file is empty\n")
        #expect(try reason("cat/gif").contains("GIF"))
        #expect(try reason("cat/half.png").contains("truncated"))
        #expect(try reason("stray.png").contains("no label folder"))
        try workshop.expectNothingLost(Array(contents.values) + [png(2)])
        #expect(try workshop.files(below: workshop.state.temporary).isEmpty)
    }

    @Test("Every step gives a sign of life, and a judge that hangs gives none")
    func beats() async throws {
        let beats = Atomic(0)
        let workshop = try Workshop(workers: 1, beat: { beats.add(1, ordering: .relaxed) })
        for index in 0..<40 { try workshop.drop(png(UInt64(index)), at: "d/cat/\(index)") }
        let heard = Atomic(0)
        let judge = HookedValidator {
            let before = beats.load(ordering: .relaxed)
            Thread.sleep(forTimeInterval: 0.2)
            heard.add(beats.load(ordering: .relaxed) - before, ordering: .relaxed)
        }
        let ingestor = try workshop.ingestor(validator: judge)
        #expect(try await workshop.ingest("d", with: ingestor).accepted == 40)
        #expect(beats.load(ordering: .relaxed) >= 80)
        #expect(heard.load(ordering: .relaxed) == 0)
    }

    @Test("A file that is too large stays where it is and is never copied")
    func tooLarge() async throws {
        try workshop.drop(png(1), at: "d/cat/1")
        let settings = changing(IngestSettings.usual) { ($0.maxFileBytes, $0.patience) = (100, .zero) }
        let summary = try await workshop.ingest("d", with: workshop.ingestor(settings: settings))
        #expect(summary.verdicts == [0, 0, 0] && summary.deferredCounts == [.tooLarge: 1])
        #expect(try workshop.files(below: workshop.inbox) == ["d/cat/1"])
        #expect(try workshop.rejected().isEmpty)
        #expect(try workshop.history.unfinishedDrops().count == 1)
    }

    @Test("A file that is too large is rejected and moved aside where that is set, under a name of its own")
    func tooLargeMoved() async throws {
        for path in ["d/cat/1", "d/dog/1", "e"] { try workshop.drop(png(1), at: path) }
        let ingestor = try workshop.ingestor(
            settings: changing(.usual) { ($0.maxFileBytes, $0.tooLarge, $0.patience) = (100, .move, .zero) })
        for name in ["d", "e"] {
            let summary = try await workshop.ingest(name, with: ingestor)
            #expect(summary.rejected > 0 && summary.hasLeft)
        }
        #expect(try workshop.files(below: workshop.inbox) == [".too-large/1", ".too-large/1~2", ".too-large/e"])
        #expect(try workshop.rejected().allSatisfy { $0.hasSuffix(".reason.txt") })
        #expect(try Set(workshop.history.rejects().map(\.code)) == ["too_large"])
        try workshop.expectNothingLost([png(1)])
    }

    @Test(
        "A file that is too large and may not be moved stays, and nothing says that it was moved",
        .enabled(if: geteuid() == 0, "only root can act as another user"))
    func tooLargeNotMoved() async throws {
        try workshop.drop(png(1), at: "d/cat/1")
        try workshop.drop(png(2), at: "e/cat/1")
        let settings = changing(IngestSettings.usual) {
            ($0.maxFileBytes, $0.tooLarge, $0.patience) = (100, .move, .zero)
        }
        let ingestor = try workshop.ingestor(settings: settings)
        guard try Immutability.set(true, of: workshop.inbox.appending("d/cat/1")) else { return }
        let kept = try await workshop.ingest("d", with: ingestor)
        #expect(try Immutability.set(false, of: workshop.inbox.appending("d/cat/1")))
        #expect(kept.deferredCounts == [.tooLarge: 1] && !kept.hasLeft)
        // A file has the folder's name.
        try FileManager.default.removeItem(atPath: workshop.inbox.appending(".too-large").string)
        try workshop.drop([1], at: ".too-large")
        #expect(try await workshop.ingest("e", with: ingestor).deferredCounts == [.tooLarge: 1])
        #expect(try workshop.history.rejects().isEmpty)
    }

    @Test("What pictures in a folder were taken for stays for the drop, whatever comes later, and that is said")
    func placesStay() async throws {
        try workshop.drop(png(1), at: "d/photos/cat/1")
        try workshop.drop(png(2), at: "d/photos/cat/2.part")
        let first = try await workshop.ingest("d")
        #expect(first.accepted == 1)
        try workshop.drop(png(3), at: "d/dog/3")
        try workshop.drop(png(4), at: "d/photos/cat/4")
        let second = try await workshop.ingest("d", with: workshop.ingestor())
        #expect(second.accepted == 2)
        #expect(try Set(workshop.history.dataset().labels.map(\.name)) == ["cat", "dog"])
        #expect(second.layout?.warnings.map(\.code).contains("understood_before") == true)
    }

    @Test("Pictures directly in a kept folder keep its label, though it gets a sub-folder")
    func keptFolderKeepsLabel() async throws {
        try workshop.drop([], at: "camera/.keep")
        try workshop.drop(png(1), at: "camera/1")
        try await workshop.ingest("camera")
        try workshop.drop(png(2), at: "camera/later/2")
        try workshop.drop(png(3), at: "camera/3")
        #expect(try await workshop.ingest("camera").verdicts == [2, 0, 0])
        #expect(try workshop.history.dataset().labels.map(\.name).sorted() == ["camera", "later"])
    }

    @Test("How a drop is understood doesn't change while parts of it are taken")
    func layoutIsKept() async throws {
        for path in ["d/train/cat/1", "d/test/cat/2.part"] { try workshop.drop(png(UInt64(path.count)), at: path) }
        let first = try await workshop.ingest("d")
        #expect(first.accepted == 1 && !first.hasLeft)
        // Alone, this would be a label folder called train.
        try FileManager.default.removeItem(atPath: workshop.inbox.appending("d/test").string)
        try workshop.drop(png(3), at: "d/train/3")
        let second = try await workshop.ingest("d", with: workshop.ingestor())
        #expect(second.rejected == 1)
        #expect(try workshop.pictures() == ["cat train"])
    }

    @Test("A folder that is kept stays with its sub-folders, and makes one drop a day")
    func keptFolder() async throws {
        try workshop.drop([], at: "camera/.keep")
        let ingestor = try workshop.ingestor()
        for number in 1...3 {
            try workshop.drop(png(UInt64(number)), at: "camera/ripe/\(number)")
            #expect(try await workshop.ingest("camera", with: ingestor).accepted == 1)
        }
        #expect(try workshop.isInInbox("camera/ripe") && workshop.isInInbox("camera/.keep"))
        #expect(try workshop.history.drops().map(\.accepted) == [3])
        try await workshop.close("camera", with: ingestor)
        #expect(try workshop.history.unfinishedDrops().count == 1)
    }

    @Test(
        "A kept folder's drop of an earlier day (UTC) ends, by the next look or by the next picture",
        arguments: [true, false])
    func keptFolderNextDay(_ byLook: Bool) async throws {
        try workshop.drop([], at: "camera/.keep")
        let camera = RawPath("camera")
        let yesterday = Timestamp.now - .seconds(86_400)
        let earlier = try workshop.history.beginDrop(camera, at: yesterday)
        let ingestor = try workshop.ingestor()
        if byLook {
            try await workshop.close("camera", with: ingestor, isStill: false)
            #expect(try workshop.history.unfinishedDrops().isEmpty)
        } else {
            try workshop.drop(png(1), at: "camera/1")
            try await workshop.ingest("camera", with: ingestor)
            let unfinished = try workshop.history.unfinishedDrops().map(\.id)
            #expect(unfinished.count == 1 && unfinished != [earlier])
        }
    }

    @Test("In a kept folder the sub-folders count, whichever picture comes first")
    func keptFolderLayout() async throws {
        for folder in ["car", "plane", "train", "boat"] {
            let path = workshop.inbox.appending("camera/\(folder)").string
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        }
        try workshop.drop([], at: "camera/.keep")
        try workshop.drop(png(1), at: "camera/train/1")
        #expect(try await workshop.ingest("camera").verdicts == [1, 0, 0])
        try workshop.drop(png(2), at: "camera/stray.png")
        #expect(try await workshop.ingest("camera").verdicts == [0, 0, 1])
        #expect(try workshop.history.dataset().labels.map(\.name) == ["train"])
    }

    @Test("A deep or large folder of clutter doesn't hold its drop up")
    func largeClutter() async throws {
        for number in 0..<9 { try workshop.drop([1], at: "d/.git/a/b/c/d/\(number)") }
        try workshop.drop(png(1), at: "d/cat/1")
        let limits = ScanLimits(depth: 2, files: 20, bytes: 2_000)
        let scanner = try InboxScanner(inbox: workshop.inbox, limits: limits, rules: NameRules())
        let snapshot = try #require(try scanner.scan(RawPath("d")))
        #expect(snapshot.excess == nil && snapshot.clutterRoots == [RawPath(".git"): 9])
        let candidate = DropCandidate(snapshot: snapshot, stillFor: .seconds(5))
        let summary = try await workshop.ingestor().ingest(candidate, from: scanner)
        #expect(summary.hasLeft && summary.passedOver == 9)
    }

    @Test("What the settings say to ignore goes with its drop")
    func ignored() async throws {
        for path in ["d/cat/readme.TXT", "d/.git/objects/1", "d/cat/.ipynb_checkpoints/2.png"] {
            try workshop.drop(png(1), at: path)
        }
        try workshop.drop(png(2), at: "d/cat/1")
        let scanner = try InboxScanner(inbox: workshop.inbox, rules: NameRules(ignored: ["*.txt"]))
        let snapshot = try #require(try scanner.scan(RawPath("d")))
        let candidate = DropCandidate(snapshot: snapshot, stillFor: .seconds(5))
        let summary = try await workshop.ingestor().ingest(candidate, from: scanner)
        #expect(summary.verdicts == [1, 0, 0] && summary.hasLeft)
        #expect(try !workshop.isInInbox("d"))
    }

    @Test("A young file that is replaced at the last moment stays under its name")
    func replacedWhileRemoved() throws {
        try workshop.drop(png(1), at: "d/1")
        let scanner = try InboxScanner(inbox: workshop.inbox)
        let drop = try #require(try scanner.scan(RawPath("d")))
        var folders = SourceFolders(inbox: scanner.folder, drop: drop)
        let folder = try folders.folder(of: RawPath("1"))
        let source = SourceFile(
            file: drop.files[0], folder: folder, inbox: scanner.folder, dropName: drop.name,
            beingWritten: scanner.beingWritten,
            placement: .picture(label: drop.name, split: nil), isOld: false)
        try workshop.drop(png(2), at: "d/new")
        #expect(rename(workshop.inbox.appending("d/new").string, workshop.inbox.appending("d/1").string) == 0)
        try source.remove()
        #expect(try workshop.files(below: workshop.inbox) == ["d/1"])
        #expect(try workshop.folder.read("inbox/d/1") == png(2))
        let newest = try #require(try scanner.scan(RawPath("d")))
        try SourceFile(
            file: newest.files[0], folder: folder, inbox: scanner.folder, dropName: drop.name,
            beingWritten: scanner.beingWritten,
            placement: source.placement, isOld: false
        ).remove()
        #expect(try workshop.files(below: workshop.inbox).isEmpty)
    }

    @Test("A file that ends too early stays in the inbox until it has been still for long")
    func incomplete() async throws {
        let half = Array(png(1).dropLast(300))
        try workshop.drop(half, at: "d/cat/1")
        try workshop.drop([], at: "d/cat/2")
        try workshop.drop(png(3), at: "d/cat/3")
        let ingestor = try workshop.ingestor(settings: changing(.usual) { $0.patience = .seconds(3600) })
        let first = try await workshop.ingest("d", with: ingestor)
        #expect(first.accepted == 1)
        #expect(first.deferredCounts == [.incomplete: 2])
        #expect(first.lookAgainAfter == .seconds(3600))
        #expect(try workshop.files(below: workshop.inbox) == ["d/cat/1", "d/cat/2"])
        try workshop.drop(png(1), at: "d/cat/1")
        let later = try workshop.candidate(RawPath("d"), stillFor: .seconds(3600))
        let second = try await ingestor.ingest(later, from: InboxScanner(inbox: workshop.inbox))
        #expect(second.verdicts == [1, 0, 1])
        #expect(second.hasLeft)
        try workshop.expectNothingLost([png(1), png(3), []])
    }

    @Test("A file that somebody still has open for writing stays", arguments: [png(1), Array("a text, so far".utf8)])
    func openForWriting(_ bytes: [UInt8]) async throws {
        try workshop.drop(bytes, at: "d/cat/1")
        let writer = try FileDescriptor.open(workshop.inbox.appending("d/cat/1"), .writeOnly, options: .append)
        let first = try await workshop.ingest("d")
        #expect(first.deferredCounts == [.openForWriting: 1])
        #expect(try workshop.isInInbox("d/cat/1"))
        try writer.close()
        #expect(try await workshop.ingest("d").hasLeft)
        try workshop.expectNothingLost([bytes])
    }

    @Test("A file that changed since the drop settled stays")
    func changedBefore() async throws {
        try workshop.drop(png(1), at: "d/cat/1")
        try workshop.drop(png(2), at: "d/cat/2")
        let candidate = try workshop.candidate(RawPath("d"))
        try workshop.drop(png(3), at: "d/cat/1")
        let summary = try await workshop.ingestor().ingest(candidate, from: InboxScanner(inbox: workshop.inbox))
        #expect(summary.accepted == 1)
        #expect(summary.deferredCounts == [.changed: 1])
        #expect(try workshop.files(below: workshop.inbox) == ["d/cat/1"])
        #expect(try workshop.history.unfinishedDrops().count == 1)
        try workshop.expectNothingLost([png(2), png(3)])
    }

    @Test("A file that is rewritten after it was copied stays with its new content")
    func changedAfter() async throws {
        try workshop.drop(png(1), at: "d/cat/1")
        let workshop = workshop
        let rewriting = HookedValidator { try workshop.drop(png(2), at: "d/cat/1") }
        let summary = try await workshop.ingest("d", with: workshop.ingestor(validator: rewriting))
        #expect(summary.accepted == 1)
        #expect(!summary.hasLeft)
        try workshop.expectNothingLost([png(1), png(2)])
        try await workshop.ingest("d")
        #expect(try workshop.pictures().count == 2)
    }

    @Test("A file that is opened for writing after it was copied stays, and what is written to it is taken")
    func openedAfter() async throws {
        try workshop.drop(png(1), at: "d/cat/1")
        let path = workshop.inbox.appending("d/cat/1")
        let writers = Recorder<FileDescriptor>()
        let opening = HookedValidator { writers.add(try FileDescriptor.open(path, .writeOnly, options: .append)) }
        let first = try await workshop.ingest("d", with: workshop.ingestor(validator: opening))
        #expect(first.verdicts == [1, 0, 0])
        #expect(first.deferredCounts == [.openForWriting: 1])
        #expect(first.lookAgainAfter == .zero)
        for writer in writers.values { try writer.closeAfter { _ = try writer.writeAll([1, 2, 3]) } }
        #expect(try await workshop.ingest("d").verdicts == [1, 0, 0])
        try workshop.expectNothingLost([png(1), png(1) + [1, 2, 3]])
    }

    @Test("A file that is opened for writing after it was copied, and closed as it was, leaves without another verdict")
    func openedForNothing() async throws {
        try workshop.drop(png(1), at: "d/cat/1")
        let path = workshop.inbox.appending("d/cat/1")
        let writers = Recorder<FileDescriptor>()
        let opening = HookedValidator { writers.add(try FileDescriptor.open(path, .writeOnly)) }
        #expect(try await !workshop.ingest("d", with: workshop.ingestor(validator: opening)).hasLeft)
        for writer in writers.values { try writer.close() }
        #expect(try await workshop.ingest("d").hasLeft)
        #expect(try workshop.history.drops().map { [$0.accepted, $0.duplicates] } == [[1, 0]])
    }

    @Test("A file that grows all the time is never taken")
    func growing() async throws {
        try workshop.drop(png(1), at: "d/cat/1")
        let writer = try FileDescriptor.open(workshop.inbox.appending("d/cat/1"), .writeOnly, options: .append)
        let growth = Thread {
            while (try? writer.writeAll([0, 0])) != nil { usleep(200) }
        }
        growth.start()
        for _ in 0..<20 {
            let summary = try await workshop.ingest("d")
            #expect(summary.deferred.count == 1)
        }
        try writer.close()
        #expect(try workshop.isInInbox("d/cat/1"))
        #expect(try workshop.pictures().isEmpty)
    }

    @Test("A late file is simply taken up")
    func lateFile() async throws {
        try workshop.drop(png(1), at: "d/cat/1")
        let workshop = workshop
        let adding = HookedValidator { try workshop.drop(png(2), at: "d/cat/late") }
        let ingestor = try workshop.ingestor(validator: adding)
        #expect(try await workshop.ingest("d", with: ingestor).hasLeft == false)
        #expect(try await workshop.ingest("d").accepted == 1)
        #expect(try workshop.pictures().count == 2)
    }

    @Test("A loose file is rejected because it has no label")
    func looseFile() async throws {
        try workshop.drop(png(1), at: "a.png")
        let summary = try await workshop.ingest("a.png")
        #expect(summary.rejected == 1)
        #expect(summary.hasLeft)
        #expect(try workshop.rejected() == ["a.png", "a.png.reason.txt"])
        try workshop.expectNothingLost([png(1)])
    }

    @Test("Clutter goes with its drop, and waiting files keep theirs")
    func clutterAndWaiting() async throws {
        for path in ["d/.DS_Store", "d/cat/Thumbs.db", "d/__MACOSX/cat/._1", "e/cat/.DS_Store", "e/cat/2.part"] {
            try workshop.drop([1], at: path)
        }
        try workshop.drop(png(1), at: "d/cat/1")
        try workshop.drop(png(2), at: "e/cat/1")
        #expect(try await workshop.ingest("d").hasLeft)
        #expect(try await workshop.ingest("e").hasLeft == false)
        #expect(try workshop.files(below: workshop.inbox) == ["e/cat/.DS_Store", "e/cat/2.part"])
        #expect(try workshop.rejected().isEmpty)
    }

    @Test("A drop larger than a batch is taken whole, and tells how far it is")
    func batches() async throws {
        let contents = (0..<100).map { png(UInt64($0)) }
        for (index, bytes) in contents.enumerated() { try workshop.drop(bytes, at: "d/\(index % 7)/x/\(index)") }
        let counts = Recorder<Int>()
        let summary = try await workshop.ingestor(
            settings: changing(.usual) { ($0.patience, $0.batchFiles) = (.zero, 16) }
        ).ingest(
            workshop.candidate(RawPath("d")), from: InboxScanner(inbox: workshop.inbox)
        ) { progress in
            #expect(progress.totalFiles == 100)
            counts.add(progress.finishedFiles)
        }
        #expect(summary.accepted == 100)
        #expect(counts.values == [16, 32, 48, 64, 80, 96, 100])
        try workshop.expectNothingLost(contents)
    }
}
