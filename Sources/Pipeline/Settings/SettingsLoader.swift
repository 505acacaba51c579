internal import Configuration
internal import Foundation
internal import SystemPackage

/// Reads settings from their layers: options over the environment over the YAML file over the defaults.
package struct SettingsLoader: Sendable {
    package static let standardFile = "/etc/cultivar/cultivar.yaml"

    private let file: String?
    private let environment: [String: String]
    private let options: [String: String]

    /// - Parameters:
    ///   - file: a settings file that must exist; without one `standardFile` is read where it exists.
    ///   - environment: variables of the process; those that begin with `CULTIVAR_` are settings.
    ///   - options: values given on the command line, by dotted key.
    package init(file: String?, environment: [String: String], options: [String: String] = [:]) {
        self.file = file
        self.environment = environment
        self.options = options
    }

    /// The file that is read, nil where there is none.
    package var path: String? {
        file ?? (FileManager.default.fileExists(atPath: Self.standardFile) ? Self.standardFile : nil)
    }

    /// The settings; throws `SettingsProblems` with all that is wrong, unknown keys and malformed values alike.
    package func load() async throws -> Settings {
        var problems: [SettingsError] = []
        var providers: [any ConfigProvider] = [optionsProvider, environmentProvider(&problems)]
        if let path { try await providers.append(fileProvider(path, &problems)) }
        let reader = ConfigReader(providers: providers)
        var settings = Settings()
        for setting in SettingsCatalog.all {
            guard let texts = try texts(of: setting, in: reader, &problems) else { continue }
            if let refused = setting.read(&settings, texts) {
                problems.append(
                    .malformed(key: setting.key, place: place(of: setting), value: refused, expected: setting.expected))
            }
        }
        problems += settings.contradictions
        guard problems.isEmpty else { throw SettingsProblems(problems: problems) }
        return settings
    }

    private var optionsProvider: InMemoryProvider {
        let pairs = options.map {
            (AbsoluteConfigKey(ConfigKey($0.key)), ConfigValue(.string($0.value), isSecret: false))
        }
        return InMemoryProvider(name: "options", values: Dictionary(uniqueKeysWithValues: pairs))
    }

    private func environmentProvider(_ problems: inout [SettingsError]) -> EnvironmentVariablesProvider {
        let names = Dictionary(uniqueKeysWithValues: SettingsCatalog.all.map { ($0.environmentName, $0.key) })
        var known: [String: String] = [:]
        for (name, value) in environment.sorted(by: { $0.key < $1.key }) where name.hasPrefix(Self.environmentPrefix) {
            if names[name] != nil {
                known[String(name.dropFirst(Self.environmentPrefix.count))] = value
            } else if !Self.otherVariables.contains(name) {
                let suggestion = SettingsCatalog.closest(to: name, among: names.keys.sorted())
                problems.append(.unknownKey(key: name, place: "the environment", suggestion: suggestion))
            }
        }
        return EnvironmentVariablesProvider(environmentVariables: known)
    }

    private func fileProvider(_ path: String, _ problems: inout [SettingsError]) async throws -> any ConfigProvider {
        guard FileManager.default.fileExists(atPath: path) else {
            throw SettingsProblems(problems: [.missingFile(path: path)])
        }
        do {
            let content = SettingsFile(path: path)
            problems += try content.unknownKeys()
            if try content.isEmpty() { return InMemoryProvider(name: "empty file", values: [:]) }
            return try await FileProvider<YAMLSnapshot>(filePath: FilePath(path))
        } catch let error as SettingsError {
            throw SettingsProblems(problems: [error])
        } catch {
            throw SettingsProblems(problems: [.unreadableFile(path: path, reason: "\(error)")])
        }
    }

    /// The texts of one setting from the topmost layer that has it; nil where none has.
    private func texts(
        of setting: Setting, in reader: ConfigReader, _ problems: inout [SettingsError]
    ) throws -> [String]? {
        let key = ConfigKey(setting.key)
        do {
            return setting.isList
                ? try reader.requiredStringArray(forKey: key) : [try reader.requiredString(forKey: key)]
        } catch {
            guard isPresent(setting, in: reader) else { return nil }
            problems.append(
                .malformed(
                    key: setting.key, place: place(of: setting),
                    value: reader.string(forKey: key) ?? "[…]", expected: setting.expected))
            return nil
        }
    }

    /// Whether any layer has the setting, be it as one value or as a list.
    private func isPresent(_ setting: Setting, in reader: ConfigReader) -> Bool {
        let key = ConfigKey(setting.key)
        return reader.string(forKey: key) != nil || reader.stringArray(forKey: key) != nil
    }

    private func place(of setting: Setting) -> String {
        if options[setting.key] != nil { return "the command line" }
        if environment[setting.environmentName] != nil { return "\(setting.environmentName) in the environment" }
        return path ?? "the defaults"
    }

    private static let environmentPrefix = "CULTIVAR_"
    /// Read elsewhere: they choose how a process runs, not what it does.
    private static let otherVariables: Set<String> = ["CULTIVAR_KERNELS", "CULTIVAR_CONFIG"]
}
