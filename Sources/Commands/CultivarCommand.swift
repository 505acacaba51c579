package import ArgumentParser
internal import Foundation
internal import System

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
                    DaemonCommand.self, TrainCommand.self, TakeCommand.self, RollbackCommand.self, BackupCommand.self,
                    DoctorCommand.self,
                ]),
            CommandGroup(
                name: "Look",
                subcommands: [
                    StatusCommand.self, HistoryCommand.self, ShowCommand.self, ModelsCommand.self, DropsCommand.self,
                    DuplicatesCommand.self, RejectsCommand.self,
                ]),
            CommandGroup(
                name: "Use",
                subcommands: [PredictCommand.self, BackbonesCommand.self, AugmentCommand.self, ConfigCommand.self]),
        ])

    package init() {}

    /// Runs the command that the process was started with, and ends the process.
    ///
    /// What is wrong may name files, and a file's name is no reason to send a terminal what it holds.
    package static func runAndExit() async -> Never {
        do {
            try CommandName.check(CommandLine.arguments.dropFirst(), of: self)
            var command = try await asyncParseAsRoot()
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
            exit()
        } catch {
            let code = exitCode(for: error)
            guard !code.isSuccess else { exit(withError: error) }
            let text = TerminalText.escaped(fullMessage(for: error), keeping: ["\n"])
            // Where nobody listens any more, the exit status is all that can be told.
            if !text.isEmpty { try? FileHandle.standardError.write(contentsOf: Data("\(text)\n".utf8)) }
            exit(withError: code)
        }
    }
}
