internal import Configuration
internal import System
internal import SystemPackage

/// Reads settings from their layers: options over the environment over the YAML file over the defaults.
package struct SettingsLoader: Sendable {
    package static let standardFile = "/etc/cultivar/cultivar.yaml"

    private let file: String?
    private let environment: [String: String]
    private let options: [String: String]
    private let standard: String

    /// - Parameters:
    ///   - file: a settings file that must exist; without one, `standard` is read if it exists.
    ///   - environment: variables of the process; those that begin with `CULTIVAR_` are settings.
    ///   - options: values given on the command line, by dotted key.
    package init(
        file: String?, environment: [String: String], options: [String: String] = [:],
        standard: String = SettingsLoader.standardFile
    ) {
        self.file = file
        self.environment = environment
        self.options = options
        self.standard = standard
    }

    /// The file that is read; nil if there is none. Throws `SettingsProblems`.
    private func path() throws -> String? {
        if let file { return file }
        do { return try Files.exists(FilePath(standard)) ? standard : nil } catch {
            throw SettingsProblems(problems: [.unreadableFile(path: standard, reason: error.errno.description)])
        }
    }

    /// The settings; throws ``SettingsProblems`` with everything that is wrong, both unknown keys and malformed values.
    /// If the file can't be read, that is the only problem.
    package func load() async throws -> Settings {
        var problems: [SettingsError] = []
        var providers: [any ConfigProvider] = [optionsProvider, environmentProvider(&problems)]
        let file = try path().map(Self.read)
        if let file {
            problems += file.problems
            if !file.isEmpty { providers.append(try await Self.provider(of: file)) }
        }
        let reader = ConfigReader(providers: providers)
        var settings = Settings()
        for setting in SettingsCatalog.all {
            guard let texts = texts(of: setting, in: reader, file, &problems) else { continue }
            if let refused = setting.read(&settings, texts) {
                problems.append(malformed(setting, refused, file))
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
                let suggestion = Spelling.closest(to: name, among: names.keys.sorted())
                problems.append(.unknownKey(key: name, place: "the environment", suggestion: suggestion))
            }
        }
        return EnvironmentVariablesProvider(environmentVariables: known)
    }

    private static func read(_ path: String) throws -> SettingsFile {
        do {
            return try SettingsFile(path: path)
        } catch {
            throw SettingsProblems(problems: [error])
        }
    }

    private static func provider(of file: SettingsFile) async throws -> any ConfigProvider {
        do {
            return try await FileProvider<YAMLSnapshot>(filePath: FilePath(file.path))
        } catch {
            throw SettingsProblems(problems: [.unreadableFile(path: file.path, reason: "\(error)")])
        }
    }

    /// The texts of one setting from the topmost layer that has it; nil if none has.
    private func texts(
        of setting: Setting, in reader: ConfigReader, _ file: SettingsFile?, _ problems: inout [SettingsError]
    ) -> [String]? {
        let key = ConfigKey(setting.key)
        do {
            switch setting.form {
            case .value: return [try reader.requiredString(forKey: key)]
            case .list: return try reader.requiredStringArray(forKey: key)
            case .wordOrList:
                // The topmost layer counts, whether it has a word or a list.
                return try reader.stringArray(forKey: key) ?? [reader.requiredString(forKey: key)]
            }
        } catch {
            guard isPresent(setting, in: reader) else { return nil }
            problems.append(malformed(setting, reader.string(forKey: key) ?? "[…]", file))
            return nil
        }
    }

    /// Whether any layer has the setting, as one value or as a list.
    private func isPresent(_ setting: Setting, in reader: ConfigReader) -> Bool {
        let key = ConfigKey(setting.key)
        return reader.string(forKey: key) != nil || reader.stringArray(forKey: key) != nil
    }

    private func malformed(_ setting: Setting, _ value: String, _ file: SettingsFile?) -> SettingsError {
        let place =
            if options[setting.key] != nil {
                "the command line"
            } else if environment[setting.environmentName] != nil {
                "\(setting.environmentName) in the environment"
            } else {
                file?.place(of: setting.key) ?? "the defaults"
            }
        return .malformed(key: setting.key, place: place, value: value, expected: setting.expected)
    }

    private static let environmentPrefix = "CULTIVAR_"
    /// Read elsewhere: they determine how a process runs, not what it does.
    private static let otherVariables: Set<String> = ["CULTIVAR_KERNELS"]
}
