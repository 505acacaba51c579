import Archive
import Decoding
import Glibc
import Records
import Synchronization
import System
import SystemPackage
import TestSupport
import Testing
import Workers

@testable import Intake

/// Calls a hook before each share of files is judged.
struct HookedValidator: PictureValidator {
    var validator: any PictureValidator = InProcessValidator()
    let hook: @Sendable ([StagedPicture], Worker) throws -> Void

    init(hook: @escaping @Sendable () throws -> Void) { self.hook = { _, _ in try hook() } }

    init(validator: any PictureValidator, hook: @escaping @Sendable ([StagedPicture], Worker) throws -> Void) {
        (self.validator, self.hook) = (validator, hook)
    }

    func validate(
        _ files: [StagedPicture], in store: PictureStore, on worker: Worker
    ) throws -> [ValidationFinding] {
        try hook(files, worker)
        return try validator.validate(files, in: store, on: worker)
    }
}

/// Collects values from any thread.
final class Recorder<Value: Sendable>: Sendable {
    private let storage = Mutex<[Value]>([])

    var values: [Value] { storage.withLock { $0 } }

    func add(_ value: Value) { storage.withLock { $0.append(value) } }
}

@Suite("Interruptions")
struct InterruptionTests {
    private let workshop: Workshop

    init() throws { workshop = try Workshop() }

    @Test("Wherever the disk fails, nothing is lost, and the next try succeeds")
    func failingDisk() async throws {
        var index = 0
        while true {
            let workshop = try Workshop()
            let contents = [png(1), png(2), Array("a text, which is no picture".utf8), []]
            for (number, bytes) in contents.enumerated() { try workshop.drop(bytes, at: "d/cat/\(number)") }
            try workshop.drop(png(1), at: "d/dog/contradiction")
            let disk = FailingDisk(failingAt: index)
            _ = try? await workshop.ingest("d", with: workshop.ingestor(disk: disk))
            try workshop.expectNothingLost(contents)
            guard disk.hasFailed else { break }
            #expect(try workshop.isInInbox("d/cat/0"), "failure \(index)")
            #expect(try workshop.files(below: workshop.state.temporary).filter { $0.hasSuffix("picture") }.isEmpty)
            let summary = try await workshop.ingest("d")
            #expect(summary.verdicts == [2, 0, 3], "failure \(index)")
            #expect(summary.hasLeft)
            #expect(try workshop.pictures().count == 2)
            #expect(try workshop.rejected().count == 6, "failure \(index)")
            try workshop.expectNothingLost(contents)
            index += 1
        }
        #expect(index >= 8)
    }

    @Test("What a failed synchronisation left in rejected/ is copied again, however good it looks")
    func failedSynchronisation() async throws {
        try workshop.drop(Array("a text, which is no picture".utf8), at: "d/cat/text")
        #expect(symlink("nowhere", workshop.inbox.appending("d/cat/link").string) == 0)
        let disk = FailingDisk { [rejected = workshop.state.rejected] in $0 == rejected }
        _ = try? await workshop.ingest("d", with: workshop.ingestor(disk: disk))
        #expect(disk.hasFailed)
        let paths = ["text", "link.reason.txt"].map { workshop.state.rejected.appending("d/cat/\($0)") }
        let before = try paths.map(inode)
        #expect(try await workshop.ingest("d").verdicts == [0, 0, 2])
        #expect(try workshop.rejected() == ["d/cat/link.reason.txt", "d/cat/text", "d/cat/text.reason.txt"])
        for (path, inode) in zip(paths, before) { #expect(try self.inode(path) != inode, "\(path)") }
    }

    private func inode(_ path: FilePath) throws -> UInt64 {
        var status = stat()
        guard lstat(path.string, &status) == 0 else { throw Errno(rawValue: errno) }
        return UInt64(status.st_ino)
    }

    @Test("A file that was recorded before its source could be removed keeps its verdict")
    func stoppedBeforeRemoval() async throws {
        try workshop.drop(png(1), at: "d/cat/1")
        try workshop.drop(png(2), at: "d/cat/2")
        let drop = try workshop.history.beginDrop(RawPath("d"), at: .now)
        let source = try FileDescriptor.open(workshop.inbox.appending("d/cat/1"), .readOnly)
        let staged = try source.closeAfter { try workshop.store.stage(source, size: png(1).count) }
        try workshop.store.commit([staged])
        let picture = NewPicture(
            digest: staged.digest, byteCount: staged.byteCount, format: "png", width: 24, height: 16,
            label: try LabelName(spelling: "cat"), split: .train, splitOrigin: .hash)
        let outcome = FileOutcome(path: RawPath("cat/1"), finding: .picture(picture))
        let ledger = try Ledger(workshop.state, of: workshop.history, keepsPaths: true)
        _ = try workshop.history.recordOutcomes([outcome], in: drop, ledger: ledger, at: .now)

        let summary = try await workshop.ingest("d")
        #expect(summary.verdicts == [2, 0, 0])
        #expect(summary.hasLeft)
        #expect(try workshop.pictures().count == 2)
        #expect(try workshop.history.unfinishedDrops().isEmpty)
    }

    @Test("A judge that can't judge leaves everything in place")
    func failingValidator() async throws {
        try workshop.drop(png(1), at: "d/cat/1")
        let failing = HookedValidator { throw Errno.noMemory }
        await #expect(throws: Errno.noMemory) {
            try await workshop.ingest("d", with: workshop.ingestor(validator: failing))
        }
        #expect(try workshop.files(below: workshop.inbox) == ["d/cat/1"])
        #expect(try workshop.files(below: workshop.state.temporary).isEmpty)
        #expect(try await workshop.ingest("d").accepted == 1)
    }

    @Test("Cancelling stops the intake, and the rest stays in the inbox")
    func cancellation() async throws {
        let contents = (0..<40).map { png(UInt64($0)) }
        for (index, bytes) in contents.enumerated() { try workshop.drop(bytes, at: "d/cat/\(index)") }
        let ingestor = try workshop.ingestor(settings: changing(.usual) { ($0.patience, $0.batchFiles) = (.zero, 8) })
        let candidate = try workshop.candidate(RawPath("d"))
        let scanner = try InboxScanner(inbox: workshop.inbox)
        let task = Task {
            try await ingestor.ingest(candidate, from: scanner) { _ in withUnsafeCurrentTask { $0?.cancel() } }
        }
        await #expect(throws: CancellationError.self) { try await task.value }
        #expect(try workshop.files(below: workshop.inbox).count == 32)
        try workshop.expectNothingLost(contents)
        #expect(try await workshop.ingest("d").accepted == 32)
    }

    @Test("Drops that have vanished meanwhile are finished at start")
    func vanishedDrop() async throws {
        _ = try workshop.history.beginDrop(RawPath("gone"), at: .now)
        try workshop.drop(png(1), at: "here/cat/1")
        let here = try workshop.history.beginDrop(RawPath("here"), at: .now)
        try await workshop.ingestor().forgetVanished(from: InboxScanner(inbox: workshop.inbox))
        #expect(try workshop.history.unfinishedDrops().map(\.id) == [here])
    }

    @Test("A drop whose files were gone before its folders is cleared away once it has held still")
    func emptiedDrop() async throws {
        for name in ["emptied", "waiting"] { _ = try workshop.history.beginDrop(RawPath(name), at: .now) }
        try workshop.drop(png(1), at: "emptied/cat/.DS_Store")
        try workshop.drop(png(2), at: "waiting/cat/2.part")
        #expect(mkdir(workshop.inbox.appending("emptied/dog").string, 0o755) == 0)
        #expect(mkdir(workshop.inbox.appending("nobody's").string, 0o755) == 0)
        let ingestor = try workshop.ingestor()
        try await ingestor.forgetVanished(from: InboxScanner(inbox: workshop.inbox))
        let names = ["emptied", "waiting", "nobody's"]
        for name in names { try await workshop.close(name, with: ingestor, isStill: false) }
        #expect(try workshop.history.unfinishedDrops().count == 2)
        #expect(try workshop.isInInbox("emptied/cat/.DS_Store") && workshop.isInInbox("emptied/dog"))
        for name in names { try await workshop.close(name, with: ingestor) }
        #expect(try workshop.history.unfinishedDrops().map(\.name.escaped) == ["waiting"])
        #expect(try !workshop.isInInbox("emptied"))
        #expect(try workshop.isInInbox("waiting/cat/2.part"))
        #expect(try workshop.isInInbox("nobody's"))
    }

    @Test("A drop whose last waiting file is taken away by hand is finished once it has held still")
    func emptiedByHand() async throws {
        try workshop.drop(png(1), at: "d/cat/1")
        try workshop.drop(png(2), at: "d/cat/2.part")
        let ingestor = try workshop.ingestor()
        try await workshop.ingest("d", with: ingestor)
        func look(isStill: Bool = true) async throws -> Int {
            try await workshop.close("d", with: ingestor, isStill: isStill)
            return try workshop.history.unfinishedDrops().count
        }
        #expect(try await look() == 1)
        #expect(unlink(workshop.inbox.appending("d/cat/2.part").string) == 0)
        #expect(try await look(isStill: false) == 1)
        #expect(try workshop.isInInbox("d/cat"), "it may be about to come once more")
        #expect(try await look() == 0)
        #expect(try !workshop.isInInbox("d"))
    }

    @Test("The prefix of files under removal alone is an ordinary hidden name")
    func bareRemovalPrefix() async throws {
        try workshop.drop(png(1), at: "d/cat/1")
        try workshop.drop([1], at: "d/cat/.cultivar~")
        let summary = try await workshop.ingest("d")
        #expect(summary.verdicts == [1, 0, 0] && summary.lookAgainAfter == nil)
        #expect(try workshop.files(below: workshop.inbox) == ["d/cat/.cultivar~"])
    }

    @Test("A file whose removal was cut short gets its name back and keeps its verdict")
    func removalCutShort() async throws {
        try workshop.drop(png(1), at: "d/cat/1")
        try workshop.drop(png(2), at: "d/cat/2.part")
        try await workshop.ingest("d")
        try workshop.drop(png(1), at: "d/cat/.cultivar~1")
        let restored = try await workshop.ingest("d")
        #expect(restored.lookAgainAfter == .seconds(1) && restored.verdicts == [0, 0, 0])
        #expect(try workshop.isInInbox("d/cat/1") && !workshop.isInInbox("d/cat/.cultivar~1"))
        #expect(try await workshop.ingest("d").verdicts == [1, 0, 0])
        #expect(try workshop.history.drops().map(\.accepted) == [1])
    }
}
