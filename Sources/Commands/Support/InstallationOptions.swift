internal import Archive
internal import ArgumentParser
internal import Foundation
internal import Logging
internal import Settings
internal import System
internal import SystemPackage

/// The options that say which installation a command works with, and its settings.
struct InstallationOptions: ParsableArguments {
    @Option(help: "The settings file (default: \(SettingsLoader.standardFile), if it exists).")
    var config: String?

    @Option(help: ArgumentHelp(Settings.help(of: \.paths.inbox)))
    var inbox: String?

    @Option(help: ArgumentHelp(Settings.help(of: \.paths.outbox)))
    var outbox: String?

    @Option(help: ArgumentHelp(Settings.help(of: \.paths.state)))
    var state: String?

    @Option(help: ArgumentHelp(Settings.help(of: \.paths.backbones)))
    var backbones: String?

    /// The settings from all layers, options on top; paths are absolute. Throws `SettingsProblems`.
    func settings() async throws -> Settings {
        let given = [("inbox", inbox), ("outbox", outbox), ("state", state), ("backbones", backbones)]
        let options = given.compactMap { name, value in value.map { ("paths.\(name)", $0) } }
        let environment = ProcessInfo.processInfo.environment
        var settings = try await SettingsLoader(
            file: config, environment: environment,
            options: Dictionary(uniqueKeysWithValues: options)
        ).load()
        for path in [\Settings.Paths.inbox, \.outbox, \.state, \.backbones] {
            settings.paths[keyPath: path] = try Self.absolute(settings.paths[keyPath: path])
        }
        try settings.paths.checkApart()
        return settings
    }

    /// The history for reading, as any user who may read it. Throws `SettingsProblems`, `HistoryFailure`, and
    /// `FileFailure` if something can't be looked at.
    func history() async throws -> History { try History.openReadOnly(try await stateFolder().history) }

    /// The history for writing, if it already exists. Throws `HistoryFailure`, `FileFailure` if something can't be
    /// looked at, and `CommandFailure` if the state folder belongs to another user or isn't writable.
    ///
    /// - Parameter command: the command that must be run as that user instead.
    func writableHistory(in state: StateFolder, for command: String) throws -> History {
        try StateOwner.check(state, for: command)
        // Opened for reading first: if there is no history yet, a command must not create one.
        _ = try History.openReadOnly(state.history)
        for path in [state.root, state.history] where !Files.isWritable(path) {
            throw CommandFailure("you may not write to \(path)")
        }
        return try History.open(state.history)
    }

    func stateFolder() async throws -> StateFolder { StateFolder(FilePath(try await settings().paths.state)) }

    private static func absolute(_ path: String) throws -> String {
        try Files.currentFolder().pushing(FilePath(path)).lexicallyNormalized().string
    }
}

/// The option of every command that lists something.
struct FormatOption: ParsableArguments {
    @Option(help: "The output format.")
    var format = OutputFormat.table
}

/// The options of every command whose list may be long.
struct ListingOptions: ParsableArguments {
    @Option(help: "The output format.")
    var format = OutputFormat.table

    @Option(help: "List at most this many, the newest first.")
    var limit = 50

    func validate() throws {
        guard limit >= 1 else { throw ValidationError("--limit is \(limit), expected at least 1.") }
    }
}

/// Where the log of this process goes: standard error, one line per entry.
enum LogOutput {
    static func logger(level: Logger.Level = .info) -> Logger {
        var logger = Logger(label: "cultivar") { EscapingLogHandler(StreamLogHandler.standardError(label: $0)) }
        logger.logLevel = level
        return logger
    }
}
