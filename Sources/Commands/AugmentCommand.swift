internal import ArgumentParser
internal import Decoding
internal import Foundation
internal import Settings
internal import System
internal import SystemPackage
internal import Training

struct AugmentCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "augment", abstract: "Draw a picture and eight augmented copies of it, as training sees them.",
        discussion: "These are the copies that a run with these settings would use.")

    @OptionGroup var installation: InstallationOptions

    @Argument(help: "A JPEG or PNG file.", completion: .file())
    var image: String

    @Option(name: .shortAndLong, help: "Where to write the 3 x 3 contact sheet, a PNG file.")
    var output: String

    @Option(help: "Height and width of each copy in pixels.")
    var size = 224

    func validate() throws {
        let sizes = BackboneChoice.inputSizes
        guard sizes.contains(size) else {
            throw ValidationError("--size is \(size), expected \(sizes.lowerBound) to \(sizes.upperBound).")
        }
    }

    func run() async throws {
        let settings = try await installation.settings()
        let bytes = try InputFile.read(FilePath(image), named: image, limit: settings.drops.maxFileBytes)
        let sheet: [UInt8]
        do {
            sheet = try ContactSheetDrawing.draw(
                bytes, side: size, with: settings, by: DecoderPool(settings, side: size))
        } catch {
            throw UserFileError(path: image, action: "draw", reason: "\(error)")
        }
        try OutputFile.write(sheet, to: output)
        print(TerminalText.escaped("Wrote \(output)."))
    }
}
