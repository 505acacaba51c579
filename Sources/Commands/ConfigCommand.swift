internal import ArgumentParser
internal import Installation
internal import Learning
internal import Settings
internal import System
internal import SystemPackage
internal import Training

struct ConfigCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "config", abstract: "Check the settings, or print them.",
        subcommands: [Check.self, Show.self, Template.self])

    struct Check: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "check",
            abstract: "Check the settings for unknown keys, invalid values and missing backbones.",
            discussion: "Exits with 0 if nothing is wrong, otherwise with 1 and one line per problem.")

        @OptionGroup var installation: InstallationOptions

        func run() async throws {
            let settings = try await installation.settings()
            let library = BackboneLibrary(folder: FilePath(settings.paths.backbones))
            let problems = library.problems(with: settings.search)
            guard problems.isEmpty else {
                throw CommandFailure(
                    (problems.map { "\($0)" } + ["Everything else in the settings is correct."])
                        .joined(separator: "\n"))
            }
            try warn(of: settings, library)
            print("The settings are correct.")
        }

        /// Warns of what is allowed but may not be intended: files that `all` skips, and backbones that the search
        /// doesn't try.
        private func warn(of settings: Settings, _ library: BackboneLibrary) throws {
            var resolved = settings
            resolved.search.space.backbone = try library.resolved(settings.search.space.backbone) { name, problem in
                print(TerminalText.escaped("Warning: search.space.backbone skips \(name): \(problem)"))
            }
            for name in try resolved.undrawnBackbones() {
                print(
                    TerminalText.escaped(
                        "Warning: with \(settings.search.candidates) candidates (search.candidates) and the seed "
                            + "\(settings.search.seed), the search doesn't try the backbone \(name)"))
            }
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "show", abstract: "Print every setting with its current value, from all layers, as YAML."
        )

        @OptionGroup var installation: InstallationOptions

        func run() async throws {
            print(SettingsTemplate.yaml(of: try await installation.settings()), terminator: "")
        }
    }

    struct Template: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "template",
            abstract: "Print a settings file with every key, its help and its default, commented out.")

        func run() async throws { print(SettingsTemplate.yaml(), terminator: "") }
    }
}
