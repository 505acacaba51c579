internal import Foundation
internal import Yams

/// The YAML file as its author wrote it: which keys stand in it, and where.
struct SettingsFile {
    let path: String

    /// Whether nothing but comments stands in the file, which is as good as no file.
    func isEmpty() throws -> Bool {
        try Yams.compose(yaml: String(contentsOfFile: path, encoding: .utf8)) == nil
    }

    /// A problem for each key that is no setting, with its line. An empty file has none.
    func unknownKeys() throws -> [SettingsError] {
        let text = try String(contentsOfFile: path, encoding: .utf8)
        do {
            guard let root = try Yams.compose(yaml: text) else { return [] }
            guard let mapping = root.mapping else {
                throw SettingsError.unreadableFile(path: path, reason: "it must be a mapping of settings")
            }
            return unknownKeys(in: mapping, below: [])
        } catch let error as YamlError {
            throw SettingsError.unreadableFile(path: path, reason: "\(error)")
        }
    }

    private func unknownKeys(in mapping: Node.Mapping, below prefix: [String]) -> [SettingsError] {
        mapping.flatMap { name, value -> [SettingsError] in
            let path = prefix + [name.string ?? "?"]
            let key = path.joined(separator: ".")
            if SettingsCatalog.all.contains(where: { $0.key == key }) { return [] }
            let isSection = SettingsCatalog.all.contains { $0.key.hasPrefix(key + ".") }
            if isSection, let inner = value.mapping { return unknownKeys(in: inner, below: path) }
            if isSection, value.scalar?.string.isEmpty == true { return [] }
            let line = name.mark.map { ":\($0.line)" } ?? ""
            let suggestion = SettingsCatalog.closest(to: key, among: SettingsCatalog.all.map(\.key))
            return [.unknownKey(key: key, place: self.path + line, suggestion: suggestion)]
        }
    }
}
