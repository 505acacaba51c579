import Foundation
import GRDB
import System
import SystemPackage

@testable import Archive
@testable import Records

/// Runs `body` with a prepared state folder that is removed afterwards.
func withStateFolder<R>(_ body: (StateFolder) throws -> R) throws -> R {
    let url = FileManager.default.temporaryDirectory.appending(path: "archive-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: url) }
    let folder = StateFolder(FilePath(url.path))
    try folder.prepare()
    return try body(folder)
}

/// Runs `body` with a history that is open for writing.
func withHistory<R>(_ body: (History) throws -> R) throws -> R {
    try withStateFolder { folder in try body(try History.open(folder.history)) }
}

/// A moment, `seconds` into an arbitrary day.
func time(_ seconds: Int = 0) -> Timestamp {
    Timestamp(millisecondsSince1970: 1_767_225_600_000 + Int64(seconds) * 1000)
}

/// A digest that stands for the picture number `number`.
func digest(_ number: Int) -> PictureDigest { .sha256("picture \(number)".utf8) }

func name(_ text: String) -> RawPath { RawPath(text) }

/// What Intake says of the picture `number` in a drop's folder `label`.
func picture(_ number: Int, _ label: String, at path: String? = nil, split: Split = .train) -> FileOutcome {
    guard let name = try? LabelName(spelling: label) else { preconditionFailure("no label's name: \(label)") }
    let picture = NewPicture(
        digest: digest(number), byteCount: 100 + number, format: "jpeg", width: 32, height: 24, label: name,
        split: split, splitOrigin: .hash)
    let path = path ?? "\(label)/\(number).jpg"
    return FileOutcome(path: RawPath(path), finding: .picture(picture))
}

extension History {
    /// Takes in a finished drop of these files.
    @discardableResult
    func take(_ outcomes: [FileOutcome], drop: String = "drop") throws -> RecordedOutcomes {
        let id = try beginDrop(name(drop), at: time())
        let recorded = try recordOutcomes(outcomes, in: id, ledger: ledger(), at: time(1))
        try finishDrop(id, at: time(2))
        return recorded
    }

    /// The ledger beside the history, opened anew.
    func ledger() throws -> Ledger {
        try Ledger(StateFolder(path.removingLastComponent()), of: self, keepsPaths: true)
    }

    func pictureCount() throws -> Int {
        try reader.read { db in try Int.fetchOne(db, sql: "SELECT count(*) FROM pictures") ?? 0 }
    }

    func newRun(trigger: RunTrigger = .schedule, at seconds: Int = 10) throws -> RunID {
        try startRun(try run(trigger: trigger, at: seconds))
    }

    func run(trigger: RunTrigger = .schedule, at seconds: Int = 10) throws -> NewRun {
        NewRun(
            trigger: trigger, startedAt: time(seconds), seed: .max, settings: try JSONText(["epochs": 30]),
            trainPictures: 4, testPictures: 2, lastPicture: try lastPicture())
    }
}

func model(_ version: String, labels: [Label]) throws -> ModelRecord {
    ModelRecord(
        version: version, testAccuracy: 0.75, parameters: try JSONText(["activation": "relu"]),
        manifest: try JSONText(["version": version]), head: [1, 2, 3], backbone: "mobilenetv2",
        backboneChecksum: .sha256("backbone".utf8), inputSize: 224, labels: labels)
}

func curve(_ epochs: Int) -> [EpochRecord] {
    (1...epochs).map { epoch in
        EpochRecord(
            epoch: epoch, loss: 1 / Double(epoch), accuracy: 0.5, valLoss: nil, valAccuracy: nil, learningRate: 0.001)
    }
}

func write(_ bytes: [UInt8], to path: FilePath) throws { try Files.overwrite(path, with: bytes) }

/// Tests that don't look at reasons make do with a word.
extension RunReason: ExpressibleByStringLiteral {
    public init(stringLiteral text: String) { self = .sentence(text) }
}
