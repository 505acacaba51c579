internal import ArgumentParser
internal import Archive
internal import Foundation
internal import Logging
internal import Outbox
internal import Pipeline
internal import SystemPackage

/// The options that say which installation a command works with, and its settings.
struct InstallationOptions: ParsableArguments {
    @Option(help: "The settings file (default: \(SettingsLoader.standardFile), where there is one).")
    var config: String?

    @Option(help: "Where people drop folders of pictures.")
    var inbox: String?

    @Option(help: "Where promoted models are published.")
    var outbox: String?

    @Option(help: "Where pictures, history and features are kept.")
    var state: String?

    @Option(help: "Where the backbones' ONNX files are.")
    var backbones: String?

    /// The settings from all layers, options on top; paths are absolute. Throws `SettingsProblems`.
    func settings() async throws -> Settings {
        let given = [("inbox", inbox), ("outbox", outbox), ("state", state), ("backbones", backbones)]
        let options = given.compactMap { name, value in value.map { ("paths.\(name)", $0) } }
        let environment = ProcessInfo.processInfo.environment
        var settings = try await SettingsLoader(
            file: config ?? environment["CULTIVAR_CONFIG"], environment: environment,
            options: Dictionary(uniqueKeysWithValues: options)
        ).load()
        for path in [\Settings.Paths.inbox, \.outbox, \.state, \.backbones] {
            settings.paths[keyPath: path] = Self.absolute(settings.paths[keyPath: path])
        }
        return settings
    }

    /// The history for reading, as any user who may read it. Throws `HistoryFailure`.
    func history() async throws -> History { try History.openReadOnly(try await stateFolder().history) }

    func stateFolder() async throws -> StateFolder { StateFolder(FilePath(try await settings().paths.state)) }

    private static func absolute(_ path: String) -> String {
        FilePath(FileManager.default.currentDirectoryPath).pushing(FilePath(path)).lexicallyNormalized().string
    }
}

/// The option of every command that lists something.
struct FormatOption: ParsableArguments {
    @Option(help: "How to print: \(OutputFormat.allCases.map(\.rawValue).joined(separator: ", ")).")
    var format = OutputFormat.table

}

/// Where the log of this process goes: standard error, one line an entry.
enum LogOutput {
    static func logger(level: Logger.Level = .info) -> Logger {
        var logger = Logger(label: "cultivar") { StreamLogHandler.standardError(label: $0) }
        logger.logLevel = level
        return logger
    }
}
