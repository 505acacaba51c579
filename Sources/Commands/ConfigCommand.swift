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
            abstract: "Say what is wrong with the settings: unknown keys, malformed values, missing backbones.",
            discussion: "Exits with 0 where nothing is wrong, else with 1 and a line for each problem.")

        @OptionGroup var installation: InstallationOptions

        func run() async throws {
            let settings = try await installation.settings()
            let library = BackboneLibrary(folder: FilePath(settings.paths.backbones))
            let problems = library.problems(with: settings.search)
            guard problems.isEmpty else {
                throw CommandFailure((problems + ["Otherwise the settings are in order."]).joined(separator: "\n"))
            }
            try warn(of: settings, library)
            print("The settings are in order.")
        }

        /// Tells of what is allowed and may not be what is wanted: files that `all` passes over, and backbones that the
        /// search doesn't come to.
        private func warn(of settings: Settings, _ library: BackboneLibrary) throws {
            var resolved = settings
            resolved.search.space.backbone = try library.resolved(settings.search.space.backbone) { name, problem in
                print(TerminalText.escaped("Warning: search.space.backbone passes over \(name): \(problem)"))
            }
            for name in try resolved.undrawnBackbones() {
                print(
                    TerminalText.escaped(
                        "Warning: with \(settings.search.candidates) candidates (search.candidates) and the seed "
                            + "\(settings.search.seed), a search doesn't try the backbone \(name)"))
            }
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "show", abstract: "Print every setting with its value, from whichever layer it comes, as YAML."
        )

        @OptionGroup var installation: InstallationOptions

        func run() async throws {
            print(SettingsTemplate.yaml(of: try await installation.settings()), terminator: "")
        }
    }

    struct Template: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "template",
            abstract: "Print a settings file that shows every key with its help and its default, commented out.")

        func run() async throws { print(SettingsTemplate.yaml(), terminator: "") }
    }
}
