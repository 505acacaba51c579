internal import ArgumentParser
internal import Daemon

struct DaemonCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "daemon",
        abstract: "Watch the inbox, train and publish, until SIGTERM.",
        discussion: """
            This is what systemd runs. One daemon works with a state folder at a time. It stops within seconds; a \
            training run that is under way then is gone on with when it is started again.
            """)

    @OptionGroup var installation: InstallationOptions

    func run() async throws {
        try await ServiceGraph.run(settings: installation.settings(), logger: LogOutput.logger())
    }
}
