internal import ArgumentParser
internal import Daemon

struct DaemonCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "daemon",
        abstract: "Watch the inbox, train and publish until SIGTERM.",
        discussion: """
            This is what systemd runs. Only one daemon can use a state folder at a time. It stops within seconds. A \
            training run that is in progress is resumed when the daemon starts again.
            """)

    @OptionGroup var installation: InstallationOptions

    func run() async throws {
        try await ServiceGraph.run(settings: installation.settings(), logger: LogOutput.logger())
    }
}
