internal import Archive
internal import ArgumentParser
internal import Foundation
internal import Outbox
internal import Pipeline
internal import SystemPackage
internal import Tensors

struct PredictCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "predict", abstract: "Say what pictures show, by the current model.",
        discussion: """
            Runs the published model.onnx itself. A picture that can't be read is named on standard error, the others \
            are predicted all the same, and the exit status is 1.
            """)

    @OptionGroup var installation: InstallationOptions
    @OptionGroup var output: FormatOption

    @Option(name: .customLong("model"), help: "Another version than the current one, as `cultivar models` lists it.")
    var version: String?

    @Argument(help: "JPEG or PNG files.", completion: .file())
    var images: [String]

    func run() async throws {
        let settings = try await installation.settings()
        let outbox = OutboxFolder(FilePath(settings.paths.outbox))
        let version = try chosenVersion(in: outbox)
        let model = try outbox.folder(of: version).appending(OutboxFolder.modelName)
        let predictor = try Predictor(model: model, limits: settings.limits)
        let results = try await predictor.predictEach(images.count, on: WorkerPool()) { try InputFile.read(images[$0]) }
        let rows = try zip(images, results).compactMap { image, result in
            switch result {
            case .success(let probabilities): PredictionRow(image, version, predictor.labels, probabilities)
            case .failure(let error): try Self.report(error, of: image)
            }
        }
        try print(PredictionRow.listing(rows).rendered(as: output.format))
        if rows.count < images.count { throw ExitCode.failure }
    }

    private func chosenVersion(in outbox: OutboxFolder) throws -> String {
        guard let version = version ?? outbox.currentVersion else {
            throw CommandFailure("there is no model in \(outbox.root) yet")
        }
        guard try outbox.versions().contains(version) else {
            throw CommandFailure("there is no version \(version) in \(outbox.root)")
        }
        return version
    }

    private static func report(_ error: any Error, of image: String) throws -> PredictionRow? {
        let text = "\(error)".contains(image) ? "\(error)" : "\(image): \(error)"
        try FileHandle.standardError.write(contentsOf: Data("\(TerminalText.escaped(text))\n".utf8))
        return nil
    }
}

private struct PredictionRow: Encodable {
    let image: String
    let version: String
    let label: String
    let probability: Float
    /// Of every label.
    let probabilities: [String: Float]

    init(_ image: String, _ version: String, _ labels: [String], _ probabilities: [Float]) {
        let best = probabilities.indices.max { probabilities[$0] < probabilities[$1] } ?? 0
        self.image = image
        self.version = version
        label = labels[best]
        probability = probabilities[best]
        self.probabilities = Dictionary(zip(labels, probabilities)) { first, _ in first }
    }

    private enum CodingKeys: CodingKey {
        case image, version, label, probability, probabilities
    }

    static func listing(_ rows: [PredictionRow]) -> Listing<PredictionRow> {
        Listing(
            items: rows,
            columns: [
                Column("image") { $0.image },
                Column("label") { $0.label },
                Column("probability", number: true) { Text.accuracy(Double($0.probability)) },
                Column("next") { $0.runnerUp },
            ],
            emptyText: "No picture could be predicted.")
    }

    private var runnerUp: String {
        let next = probabilities.filter { $0.key != label }.max { ($0.value, $1.key) < ($1.value, $0.key) }
        return next.map { "\($0.key) \(Text.accuracy(Double($0.value)))" } ?? ""
    }
}
