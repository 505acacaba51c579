package import ArgumentParser
internal import Foundation
internal import System

/// The root of the command line.
package struct CultivarCommand: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "cultivar",
        abstract: "Turns folders of labeled images into an image classifier that keeps getting better.",
        discussion: """
            Drop a folder of labeled pictures into the inbox:

                inbox/harvest-3/ripe/*.jpg
                inbox/harvest-3/unripe/*.jpg

            The daemon checks and stores every picture, trains when there are enough new ones, and publishes a model \
            to the outbox if it beats the previous one: outbox/current/model.onnx.

            A temporary installation is just four folders: --inbox, --outbox, --state and --backbones.
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
    /// An error may name files, and control characters in a file's name must not reach the terminal.
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
            // If nobody reads standard error any more, only the exit status is left.
            if !text.isEmpty { try? FileHandle.standardError.write(contentsOf: Data("\(text)\n".utf8)) }
            exit(withError: code)
        }
    }
}
