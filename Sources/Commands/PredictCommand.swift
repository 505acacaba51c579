internal import ArgumentParser
internal import Decoding
internal import Foundation
internal import Outbox
internal import Settings
internal import Synchronization
internal import System
internal import SystemPackage
internal import Workers

struct PredictCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "predict", abstract: "Classify pictures with the current model.",
        discussion: """
            Runs the published model.onnx itself. A folder means all pictures in it and in its subfolders, in the \
            order of their names. Hidden files and files that operating systems leave behind are skipped; other files \
            that aren't pictures are named on standard error.

            If a picture can't be read, it is named on standard error, the other pictures are still predicted, and the \
            exit status is 1.

                find shots -newer yesterday -name '*.jpg' -print0 | cultivar predict --files-from - --null
            """)

    @OptionGroup var installation: InstallationOptions
    @OptionGroup var output: FormatOption

    @Option(name: .customLong("model"), help: "Another version than the current one, as `cultivar models` lists it.")
    var version: String?

    @Option(
        help: "Also predict the files named in this file, or on standard input (-), one name per line.",
        completion: .file())
    var filesFrom: String?

    @Flag(name: [.customShort("0"), .long], help: "The names in --files-from end with NUL instead of a line end.")
    var null = false

    @Argument(help: "JPEG or PNG files, and folders of them.", completion: .file())
    var images: [String] = []

    func validate() throws {
        guard !images.isEmpty || filesFrom != nil else {
            throw ValidationError("Expected pictures, folders or --files-from.")
        }
        guard filesFrom != nil || !null else { throw ValidationError("--null can only be used with --files-from.") }
    }

    func run() async throws {
        let settings = try await installation.settings()
        let outbox = OutboxFolder(FilePath(settings.paths.outbox))
        let version = try chosenVersion(in: outbox)
        let model = try outbox.folder(of: version).appending(OutboxFolder.modelName)
        let predictor = try Predictor(model: model) { DecoderPool(settings, side: $0) }
        let files = try found()
        let pictures = files.pictures
        let results = try await predict(pictures, by: predictor, limit: settings.drops.maxFileBytes)
        let rows = try zip(pictures, results).compactMap { picture, result in
            switch result {
            case .success(let probabilities): PredictionRow(picture.name, version, predictor.labels, probabilities)
            case .failure(let error): try Self.report(error, of: picture.name)
            }
        }
        try print(PredictionRow.listing(rows).rendered(as: output.format))
        if rows.count < pictures.count || !files.failures.isEmpty { throw ExitCode.failure }
    }

    /// The requested pictures; reports everything else on standard error.
    private func found() throws -> PictureFiles {
        var files = PictureFiles()
        let named = RawArgument.paths(reading: images).map { FilePath($0) }
        for path in named + (try filesFrom.map(listed) ?? []) { files.add(path) }
        for (file, reason) in files.strangers { try Self.report("skipped: \(reason)", of: file.name) }
        for (file, reason) in files.failures { try Self.report("can't be read: \(reason)", of: file.name) }
        return files
    }

    private func listed(in list: String) throws -> [FilePath] {
        let bytes = try list == "-" ? InputFile.standardInput() : InputFile.read(FilePath(list), named: list)
        return bytes.split(separator: null ? 0 : UInt8(ascii: "\n")).map { FilePath(RawPath($0)) }
    }

    private func predict(
        _ pictures: [PictureFiles.File], by predictor: Predictor, limit: Int
    ) async throws -> [Result<[Float], any Error>] {
        let bar = ProgressBar()
        defer { bar.clear() }
        let done = Atomic(0)
        return try await predictor.predict(pictures.count, on: WorkerPool()) { index in
            let count = done.wrappingAdd(1, ordering: .relaxed).oldValue
            bar.showWhenLong("\(count) of \(pictures.count) pictures", done: count, of: pictures.count)
            return try InputFile.picture(pictures[index].path, named: pictures[index].name, limit: limit)
        }
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
        try report("\(error)", of: image)
        return nil
    }

    private static func report(_ text: String, of image: String) throws {
        let text = text.contains(image) ? text : "\(image): \(text)"
        try FileHandle.standardError.write(contentsOf: Data("\(TerminalText.escaped(text))\n".utf8))
    }
}

private struct PredictionRow: Encodable {
    let image: String
    let version: String
    let label: String
    let probability: Float
    /// For every label.
    let probabilities: [String: Float]

    init(_ image: String, _ version: String, _ labels: [String], _ probabilities: [Float]) {
        let best = probabilities.indices.max { probabilities[$0] < probabilities[$1] } ?? 0
        self.image = image
        self.version = version
        label = labels[best]
        probability = probabilities[best]
        self.probabilities = Dictionary(zip(labels, probabilities)) { first, _ in first }
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
