internal import Archive
import Foundation
package import Installation
internal import Learning
internal import Logging
internal import Numerics
internal import ONNX
package import Outbox
internal import Records
package import Settings
package import Status
package import System
package import SystemPackage
package import TestSupport
package import Training
internal import Workers

/// An installation in a folder of its own, with small pictures of three classes and a tiny backbone.
package struct Workshop: Sendable {
    package let folder: TemporaryFolder
    package var settings = Settings()

    package var outbox: OutboxFolder { OutboxFolder(folder.path.appending("outbox")) }
    package var backbones: FilePath { folder.path.appending("backbones") }

    package init() throws {
        folder = try TemporaryFolder()
        settings.paths.inbox = folder.path.appending("inbox").string
        settings.paths.outbox = folder.path.appending("outbox").string
        settings.paths.state = folder.path.appending("state").string
        settings.paths.backbones = folder.path.appending("backbones").string
        settings.search.candidates = 3
        settings.search.space.backbone = ["tiny"]
        settings.search.space.learningRate = [0.01, 0.003]
        settings.search.space.batchSize = [16]
        settings.search.space.hiddenUnits = [8]
        settings.fit.epochs = 8
        try FileManager.default.createDirectory(atPath: backbones.string, withIntermediateDirectories: true)
        try writeBackbone("tiny", seed: 1)
    }

    /// Conv 3 x 3 with stride 2, Relu, where it `mixes` Conv 1 x 1, then GlobalAveragePool, Flatten, with weights from
    /// the seed.
    package func writeBackbone(_ name: String, seed: UInt64, mixes: Bool = false) throws {
        var random = SeededRandom(seed: seed)
        let weights = (0..<12 * 27).map { _ in random.uniform(-0.5, 0.5) }
        var initializers = [Tensor(name: "w", dimensions: [12, 3, 3, 3], floats: weights)]
        let factors = (0..<12 * 12).map { _ in random.uniform(-0.5, 0.5) }
        if mixes { initializers.append(Tensor(name: "m", dimensions: [12, 12, 1, 1], floats: factors)) }
        let mixture = Node(name: "mix", operatorType: "Conv", inputs: ["r", "m"], outputs: ["s"])
        let picture = ValueInfo(
            name: "x", elementType: .float32, shape: [.dynamic("N"), .fixed(3), .dynamic("H"), .dynamic("W")])
        let model = Model(
            graphName: name,
            nodes: [
                Node(
                    name: "conv", operatorType: "Conv", inputs: ["x", "w"], outputs: ["c"],
                    attributes: [
                        "strides": .ints([2, 2]), "pads": .ints([1, 1, 1, 1]), "kernel_shape": .ints([3, 3]),
                    ]),
                Node(name: "relu", operatorType: "Relu", inputs: ["c"], outputs: ["r"]),
            ] + (mixes ? [mixture] : []) + [
                Node(
                    name: "pool", operatorType: "GlobalAveragePool", inputs: [mixes ? "s" : "r"], outputs: ["p"]),
                Node(name: "flat", operatorType: "Flatten", inputs: ["p"], outputs: ["y"]),
            ],
            initializers: initializers, inputs: [picture],
            outputs: [ValueInfo(name: "y", elementType: .float32, shape: nil)],
            metadata: ["name": name, "input_size": "32", "licence": "none", "source_package": "tests 1.0"])
        try ModelFile.write(model, to: backbones.appending("\(name).onnx"))
    }

    package func removeBackbone(_ name: String) throws {
        try FileManager.default.removeItem(atPath: backbones.appending("\(name).onnx").string)
    }

    /// Opens the installation, as a process does that starts.
    ///
    /// A worker may still be letting go of the one that was open before in this process, so the lock is waited for.
    ///
    /// - Parameters:
    ///   - decoder: the program of which decoder processes are made.
    ///   - status: where it is told that these can't be confined.
    ///   - warned: gets the messages of the log's warnings and errors.
    package func open(
        workers: Int = 2, decoder: FilePath = Locations.program, status: StatusBoard? = nil,
        warned: @escaping @Sendable (String) -> Void = { _ in }
    ) throws -> Installation {
        let logger = Logger(label: "tests", factory: { [folder] _ in WarningLog(folder: folder, warned: warned) })
        func open() throws -> Installation {
            try Installation(
                settings: settings, logger: logger, pool: WorkerPool(workerCount: workers), status: status,
                decoder: decoder)
        }
        for _ in 0..<500 {
            do { return try open() } catch is DaemonLockFailure { Thread.sleep(forTimeInterval: 0.01) }
        }
        return try open()
    }

    /// Opens the installation after a first run has promoted a model on `tiny`; later runs search `other` alone.
    package mutating func openWithOtherBackbone(removingFirst: Bool = false) async throws -> Installation {
        try await promoteFirst()
        try writeBackbone("other", seed: 2)
        settings.search.space.backbone = ["other"]
        if removingFirst { try removeBackbone("tiny") }
        return try open()
    }

    private func promoteFirst() async throws {
        let place = try open()
        try place.drop()
        let run = try await place.trainer.train(.schedule)
        precondition(run?.outcome == .promoted, "the first run promotes: \(run?.reason?.text ?? "no run")")
    }

    /// What is in the file of a published version.
    package func published(_ name: String, of version: String) throws -> [UInt8] {
        try Locations.bytes(of: outbox.folder(of: version).appending(name))
    }
}

/// Hands warnings on, and keeps the folder for as long as the installation that has it as its log is there.
private struct WarningLog: LogHandler {
    let folder: TemporaryFolder
    let warned: @Sendable (String) -> Void
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.warning

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) { warned(event.message.description) }
}

package let classNames = ["apple", "pear", "plum", "quince"]

extension Installation {
    /// Takes in pictures of some of `classNames`, as Intake does; seeds tell drops apart.
    package func drop(
        train: Int = 6, test: Int = 3, classes: [Int] = [0, 1, 2], seed: UInt64 = 1, names: [String] = classNames
    ) throws {
        var outcomes: [FileOutcome] = []
        for label in classes {
            for index in 0..<train + test {
                let bytes = TinyPictures.pngOfClass(
                    label, of: classNames.count, seed: seed * 1000 + UInt64(index), side: 24)
                outcomes.append(try accept(bytes, names[label], split: index < train ? .train : .test))
            }
        }
        let drop = try history.beginDrop(RawPath("d\(seed)"), at: .now)
        _ = try history.recordOutcomes(outcomes, in: drop, ledger: ledger, at: .now)
        try history.finishDrop(drop, at: .now)
    }

    /// Puts a picture into the store.
    private func accept(_ bytes: [UInt8], _ label: String, split: Split) throws -> FileOutcome {
        let source = state.root.appending("source.png")
        try Data(bytes).write(to: URL(fileURLWithPath: source.string))
        let file = try FileDescriptor.open(source, .readOnly)
        let staged = try file.closeAfter { try store.stage(file, size: bytes.count) }
        try store.commit([staged])
        let name = "\(label)/\(staged.digest.hex).png"
        return FileOutcome(
            path: RawPath(name),
            finding: .picture(
                NewPicture(
                    digest: staged.digest, byteCount: bytes.count, format: "png", width: 24, height: 24,
                    label: try LabelName(spelling: label), split: split, splitOrigin: .folder)))
    }

    /// Puts bytes that no decoder takes in place of a stored picture, as a failing disk may.
    package func spoil(_ picture: Digest) throws {
        let path = store.path(of: picture).string
        try FileManager.default.removeItem(atPath: path)
        try Data("no picture".utf8).write(to: URL(fileURLWithPath: path))
    }

    package var trainer: Trainer { Trainer(self, status: StatusBoard(file: nil)) }

    package var publisher: ModelPublisher { ModelPublisher(history: history, outbox: outbox, library: library) }

    package var extraction: FeatureExtraction { FeatureExtraction(self) }

    package func source(_ name: String = "tiny") throws -> FeatureSource {
        try FeatureSource(loaded: library.load(name), augmentation: settings.augment.transforms)
    }
}
