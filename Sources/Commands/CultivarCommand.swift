package import ArgumentParser

/// The root of the command line.
package struct CultivarCommand: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "cultivar",
        abstract: "Turns labeled image folders into an ever better image classifier.",
        discussion: """
            Drop a folder of labeled pictures into the inbox:

                inbox/harvest-3/ripe/*.jpg
                inbox/harvest-3/unripe/*.jpg

            The daemon checks and keeps every picture, trains when there is enough that is new, and publishes a model \
            to the outbox when it beats the one before: outbox/current/model.onnx.

            A throw-away installation is four folders: --inbox, --outbox, --state and --backbones.
            """,
        version: "0.1.0",
        groupedSubcommands: [
            CommandGroup(
                name: "Run",
                subcommands: [
                    DaemonCommand.self, TrainCommand.self, RollbackCommand.self, BackupCommand.self, DoctorCommand.self,
                ]),
            CommandGroup(
                name: "Look",
                subcommands: [
                    StatusCommand.self, HistoryCommand.self, ShowCommand.self, ModelsCommand.self, DropsCommand.self,
                    RejectsCommand.self,
                ]),
            CommandGroup(
                name: "Use",
                subcommands: [PredictCommand.self, BackbonesCommand.self, AugmentCommand.self, ConfigCommand.self]),
        ])

    package init() {}
}
