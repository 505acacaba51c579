import Archive
import Foundation
import Glibc
import Pictures
import Records
import System
import SystemPackage
import TestSupport
import Testing
import Workers

@testable import Decoding
@testable import Intake

/// An inbox, a state folder and an ingestor of their own for one test.
final class Workshop: Sendable {
    let folder: TemporaryFolder
    let inbox: FilePath
    let state: StateFolder
    let store: PictureStore
    let history: History
    let pool: WorkerPool

    init(workers: Int = 2, beat: @escaping @Sendable () -> Void = {}) throws {
        pool = WorkerPool(workerCount: workers, beat: beat)
        folder = try TemporaryFolder()
        inbox = folder.path.appending("inbox")
        state = StateFolder(folder.path.appending("state"))
        #expect(mkdir(inbox.string, 0o755) == 0)
        try state.prepare()
        store = try PictureStore(state)
        history = try History.open(state.history)
    }

    /// By default nothing is waited for: a file that ends too early is refused at once.
    func ingestor(
        settings: IngestSettings = changing(.usual) { $0.patience = .zero },
        validator: any PictureValidator = InProcessValidator(),
        disk: any Disk = SystemDisk()
    ) throws -> Ingestor {
        try Ingestor(
            state: state, store: try PictureStore(state, disk: disk), history: history,
            ledger: try Ledger(state, of: history, keepsPaths: true, disk: disk), pool: pool, validator: validator,
            settings: settings, disk: disk)
    }

    /// Writes a file of the inbox whose path may be any bytes.
    func drop(_ bytes: [UInt8], at path: RawPath) throws {
        var folder = inbox
        for component in path.components.dropLast() {
            folder = folder.appending(raw: component)
            _ = folder.withPlatformString { mkdir($0, 0o755) }
        }
        let target = inbox.appending(raw: path)
        let file = try FileDescriptor.open(
            target, .writeOnly, options: [.create, .truncate], permissions: [.ownerReadWrite])
        try file.closeAfter { _ = try file.writeAll(bytes) }
    }

    func drop(_ bytes: [UInt8], at path: String) throws { try drop(bytes, at: RawPath(path)) }

    /// What a scan sees of an entry of the inbox right now, as a drop that has settled.
    func candidate(_ name: RawPath, stillFor: Duration = .seconds(5)) throws -> DropCandidate {
        let snapshot = try #require(try InboxScanner(inbox: inbox).scan(name))
        return DropCandidate(snapshot: snapshot, stillFor: stillFor)
    }

    @discardableResult
    func ingest(_ name: RawPath, with ingestor: Ingestor? = nil) async throws -> IngestSummary {
        try await (ingestor ?? self.ingestor()).ingest(candidate(name), from: InboxScanner(inbox: inbox))
    }

    @discardableResult
    func ingest(_ name: String, with ingestor: Ingestor? = nil) async throws -> IngestSummary {
        try await ingest(RawPath(name), with: ingestor)
    }

    /// Closes the drop of that name, if what a scan sees of it says that it is over.
    func close(_ name: String, with ingestor: Ingestor, isStill: Bool = true) async throws {
        let scanner = try InboxScanner(inbox: inbox)
        let seen = try scanner.scan(RawPath(name)).map { SeenEntry(snapshot: $0, isStill: isStill) }
        try await ingestor.closeDrops([RawPath(name): seen], from: scanner)
    }

    /// Label and split of every picture, sorted.
    func pictures() throws -> [String] {
        let dataset = try history.dataset()
        return dataset.pictures.map { "\(dataset.labels[$0.label].name) \($0.split)" }.sorted()
    }

    func files(below folder: FilePath) throws -> [String] {
        let entries = try FileManager.default.subpathsOfDirectory(atPath: folder.string)
        return entries.filter { entry in
            var status = stat()
            return lstat(folder.appending(entry).string, &status) == 0 && status.st_mode & S_IFMT != S_IFDIR
        }.sorted()
    }

    func rejected() throws -> [String] { try files(below: state.rejected) }

    func isInInbox(_ name: String) throws -> Bool { try Files.status(of: inbox.appending(raw: RawPath(name))) != nil }

    /// Checks that each of the contents is in the inbox, in the store with a row, or in rejected/ with its reason.
    func expectNothingLost(_ contents: [[UInt8]], _ location: SourceLocation = #_sourceLocation) throws {
        let inInbox = try Set(files(below: inbox).map { try Digest.sha256(of: inbox.appending($0)) })
        let refused = try Set(
            rejected().filter { try Files.status(of: state.rejected.appending($0 + ".reason.txt")) != nil }
                .map { try Digest.sha256(of: state.rejected.appending($0)) })
        let digests = contents.map { Digest.sha256($0) }
        let known = try history.knownPictures(Set(digests))
        for digest in digests where !inInbox.contains(digest) && !refused.contains(digest) {
            #expect(known[digest] != nil, "neither in the inbox nor recorded nor rejected", sourceLocation: location)
            #expect(throws: Never.self, sourceLocation: location) { try store.verify(digest) }
        }
        for digest in known.keys { try store.verify(digest) }
    }
}

extension IngestSummary {
    /// The numbers of accepted, duplicate and rejected files.
    var verdicts: [Int] { [accepted, duplicates, rejected] }
}

/// A valid picture's file; no two seeds give the same.
func png(_ seed: UInt64) -> [UInt8] { PNGFile.encode(TinyPictures.noise(seed: seed)) }

/// Decodes in this process, on the worker's own thread.
struct InProcessValidator: PictureValidator {
    func validate(
        _ files: [StagedPicture], in store: PictureStore, on worker: Worker
    ) throws -> [ValidationFinding] {
        let judge = PictureJudge(limits: .usual)
        return try files.map { file in
            try worker.cancellation.check()
            return try (file.contents ?? Files.read(file.path)).withUnsafeBytes { try judge.finding(of: $0) }
        }
    }
}

extension InboxScanner {
    /// With the usual limits.
    convenience init(inbox: FilePath, rules: NameRules = NameRules()) throws(FileFailure) {
        try self.init(inbox: inbox, limits: .usual, rules: rules)
    }
}

extension DropLayout {
    /// `paths` are those of all files to take, relative to the drop.
    init(name: RawPath, isFolder: Bool = true, paths: [RawPath], splitFolders: SplitFolders = .usual) {
        self.init(name: name, isFolder: isFolder, folders: Self.folders(of: paths), splitFolders: splitFolders)
    }
}
