internal import ArgumentParser
internal import Foundation
internal import Installation
internal import Networks
internal import Records
internal import Settings
internal import System
internal import SystemPackage

struct BackbonesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backbones", abstract: "List the backbones, with the reason for files that can't run.",
        discussion: """
            A backbone is an ONNX file in the backbones folder: it takes float32 pictures (N, 3, H, W) or (N, H, W, 3) \
            and gives features (N, C) or a map. Its name in search.space.backbone is the file's name without .onnx. \
            Its metadata_props may contain input_size, pixel_scale, mean and std; without them, 224 pixels and \
            ImageNet's normalisation are assumed.
            """)

    @OptionGroup var installation: InstallationOptions
    @OptionGroup var output: FormatOption

    func run() async throws {
        let library = BackboneLibrary(folder: FilePath(try await installation.settings().paths.backbones))
        let names = try library.names()
        let bar = ProgressBar()
        let rows = names.enumerated().map { index, name in
            bar.showWhenLong("reading \(name)", done: index, of: names.count)
            return BackboneRow(name, in: library)
        }
        bar.clear()
        try print(
            Listing(
                items: rows,
                columns: [
                    Column("name") { $0.name },
                    Column("input", number: true) { $0.input.map { "\($0)" } ?? "" },
                    Column("parameters", number: true) { $0.parameters.map { "\($0)" } ?? "" },
                    Column("features", number: true) { $0.features.map { "\($0)" } ?? "" },
                    Column("normalisation") { $0.normalisation ?? "" },
                    Column("sha256") { $0.sha256.map { String($0.prefix(12)) } ?? "" },
                    Column("source") { $0.source ?? "" },
                    Column("problem") { $0.problem ?? "" },
                ],
                emptyText: "There are no backbones in \(library.folder); scripts/backbones makes some."
            ).rendered(as: output.format))
        if rows.contains(where: { $0.problem != nil }) { throw ExitCode.failure }
    }
}

private struct BackboneRow: Encodable {
    let name: String
    @OrNull var input: Int?
    @OrNull var parameters: Int?
    @OrNull var features: Int?
    @OrNull var normalisation: String?
    @OrNull var sha256: String?
    @OrNull var source: String?
    @OrNull var problem: String?

    /// A file that can't be used also gets a row, with the reason.
    init(_ name: String, in library: BackboneLibrary) {
        self.name = name
        do {
            let loaded = try library.load(name)
            input = loaded.backbone.defaultInputSize
            parameters = loaded.backbone.parameterCount
            features = loaded.backbone.featureCount
            normalisation = loaded.backbone.preprocessing.description
            sha256 = loaded.checksum.hex
            source = loaded.backbone.sourcePackage
        } catch {
            problem = "\(error)"
        }
    }
}
