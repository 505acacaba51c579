internal import Archive
internal import ArgumentParser
internal import Installation
internal import Outbox
internal import Settings
internal import SystemPackage
internal import Training

struct RollbackCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rollback", abstract: "Make an earlier model the current one again, without training.",
        discussion: """
            outbox/current points to it immediately, and the model of the next run has to beat it. Works whether or \
            not the daemon runs.
            """)

    @OptionGroup var installation: InstallationOptions

    @Argument(help: "The version, as `cultivar models` lists it (default: the one before the current one).")
    var version: String?

    func run() async throws {
        let settings = try await installation.settings()
        let state = StateFolder(FilePath(settings.paths.state))
        let bar = ProgressBar()
        defer { bar.clear() }
        bar.announce("preparing the version")
        let publisher = ModelPublisher(
            history: try installation.writableHistory(in: state, for: "rollback"),
            outbox: OutboxFolder(FilePath(settings.paths.outbox)),
            library: BackboneLibrary(folder: FilePath(settings.paths.backbones)))
        let current = try publisher.rollback(to: version)
        bar.clear()
        print("The current model is \(current) again.")
    }
}
