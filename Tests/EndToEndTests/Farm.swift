import Foundation
import Glibc
import Numerics
import ONNX
import Pictures
import SystemPackage
import TestSupport
import Testing

/// A throw-away installation with a tiny backbone, and the built `cultivar` to work with it.
final class Farm: Sendable {
    let folder: TemporaryFolder

    /// - Parameter settings: more lines of the settings file.
    init(settings: String = "", backbones: FilePath? = nil) throws {
        folder = try TemporaryFolder()
        for name in ["inbox", "outbox", "state", "backbones", "bench"] {
            try FileManager.default.createDirectory(atPath: path(name).string, withIntermediateDirectories: true)
        }
        if let backbones {
            try FileManager.default.removeItem(atPath: path("backbones").string)
            try FileManager.default.createSymbolicLink(
                atPath: path("backbones").string, withDestinationPath: backbones.string)
        } else {
            try ModelFile.write(Self.backbone, to: path("backbones/tiny.onnx"))
        }
        try folder.write(Array((settings.isEmpty ? Self.quick : settings).utf8), to: "cultivar.yaml")
    }

    func path(_ relative: String) -> FilePath { folder.path.appending(FilePath(relative).components) }

    func text(_ relative: String) throws -> String {
        String(decoding: try folder.read(FilePath(relative)), as: UTF8.self)
    }

    /// Drops a folder as people should: made elsewhere, and moved in as a whole.
    func drop(_ name: String, _ files: [String: [UInt8]]) throws {
        for (file, bytes) in files { try folder.write(bytes, to: FilePath("bench/\(name)/\(file)")) }
        try FileManager.default.moveItem(atPath: path("bench/\(name)").string, toPath: path("inbox/\(name)").string)
    }

    /// Pictures of three classes with train/ and test/ folders; no two seeds give the same ones.
    ///
    /// - Parameter shift: how many classes too far the training pictures are labeled; 0 labels them rightly.
    static func pictures(train: Int, test: Int, seed: UInt64, shift: Int = 0) -> [String: [UInt8]] {
        var files: [String: [UInt8]] = [:]
        for (index, label) in ["fig", "plum", "quince"].enumerated() {
            for number in 0..<train + test {
                let isTrain = number < train
                files["\(isTrain ? "train" : "test")/\(label)/\(number).png"] = TinyPictures.pngOfClass(
                    isTrain ? (index + shift) % 3 : index, of: 3, seed: seed * 10_000 + UInt64(number))
            }
        }
        return files
    }

    /// Runs a command to its end.
    func cultivar(_ arguments: String...) async throws -> Output { try await cultivar(arguments) }

    func cultivar(
        _ arguments: [String], environment: [String: String] = [:], input: [UInt8] = []
    ) async throws -> Output {
        let run = try start(arguments, environment: environment, input: input)
        try await eventually("cultivar \(arguments.joined(separator: " ")) ends") { !run.isRunning }
        return try run.output()
    }

    /// What a command prints with `--format json`.
    func json<Value>(_ arguments: String..., as type: Value.Type = Value.self) async throws -> Value {
        let output = try await cultivar(arguments + ["--format", "json"])
        try #require(output.status == 0, "\(arguments): \(output.errors)")
        return try #require(try JSONSerialization.jsonObject(with: Data(output.text.utf8)) as? Value)
    }

    func startDaemon(environment: [String: String] = [:]) throws -> Running {
        try start(["daemon"], environment: environment)
    }

    /// Starts a command with the options of this installation.
    func start(_ arguments: [String], environment: [String: String] = [:], input: [UInt8] = []) throws -> Running {
        try Running(
            Self.binary, arguments + ["--config", path("cultivar.yaml").string],
            environment: self.environment.merging(environment) { $1 }, input: input, in: folder)
    }

    /// Settings from the environment: they work for every command.
    var environment: [String: String] {
        var result = ["PATH": "/usr/bin:/bin", "TERM": "dumb"]
        for name in ["inbox", "outbox", "state", "backbones"] {
            result["CULTIVAR_PATHS_\(name.uppercased())"] = path(name).string
        }
        return result
    }

    /// The newest run once `isWanted` holds for it.
    func run(where isWanted: @Sendable ([String: Any]) -> Bool) async throws -> [String: Any] {
        for _ in 0..<600 {
            if FileManager.default.fileExists(atPath: path("state/history.sqlite").string),
                let run = try await json("history", as: [[String: Any]].self).first, isWanted(run)
            {
                return run
            }
            try await Task.sleep(for: .milliseconds(200))
        }
        throw Overdue(what: "the wanted run")
    }

    /// Beside the test bundle, where it was built with it.
    static let binary: FilePath = {
        let bundle = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        return FilePath(bundle ?? "").removingLastComponent().appending("cultivar")
    }()

    /// Without backups, which would be in the way of tests about lost histories.
    private static let quick = """
        inbox: {settle: 0.5s}
        train: {on_drop: true}
        backup: {interval: 0s}
        search:
          candidates: 2
          folds: 2
          space: {backbone: [tiny], learning_rate: [0.01, 0.003], batch_size: [16], hidden_units: [8]}
        fit: {epochs: 6}
        """

    /// Conv 3 x 3 with stride 2, Relu, GlobalAveragePool, Flatten.
    private static let backbone: Model = {
        var random = SeededRandom(seed: 1)
        let weights = (0..<12 * 27).map { _ in random.uniform(-0.5, 0.5) }
        func node(_ type: String, _ inputs: [String], _ output: String, _ attributes: [String: Attribute] = [:]) -> Node
        {
            Node(name: output, operatorType: type, inputs: inputs, outputs: [output], attributes: attributes)
        }
        let shape: [ValueInfo.Dimension] = [.dynamic("N"), .fixed(3), .dynamic("H"), .dynamic("W")]
        return Model(
            graphName: "tiny",
            nodes: [
                node("Conv", ["x", "w"], "c", ["strides": .ints([2, 2]), "pads": .ints([1, 1, 1, 1])]),
                node("Relu", ["c"], "r"), node("GlobalAveragePool", ["r"], "p"), node("Flatten", ["p"], "y"),
            ],
            initializers: [Tensor(name: "w", dimensions: [12, 3, 3, 3], floats: weights)],
            inputs: [ValueInfo(name: "x", elementType: .float32, shape: shape)],
            outputs: [ValueInfo(name: "y", elementType: .float32, shape: nil)], metadata: ["input_size": "32"])
    }()
}
