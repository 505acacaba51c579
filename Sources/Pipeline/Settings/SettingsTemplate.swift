/// The settings file that is installed: every key with its help and its default, commented out.
package enum SettingsTemplate {
    package static func yaml() -> String {
        let defaults = Settings()
        var lines = [
            "# Settings of cultivar. Every key is shown with its default; take the # away to change one.",
            "# CULTIVAR_SECTION_KEY in the environment and options on the command line come before this file.",
            "# `cultivar config check` tells what is wrong with it. The daemon reads it when it starts.",
        ]
        var section: [Substring] = []
        for setting in SettingsCatalog.all {
            let parts = setting.key.split(separator: ".")
            lines += headings(from: section, to: Array(parts.dropLast()))
            section = Array(parts.dropLast())
            let values = setting.write(defaults)
            let text = setting.isList ? "[\(values.joined(separator: ", "))]" : values[0]
            let indent = String(repeating: "  ", count: parts.count - 1)
            lines += ["#\(indent)# \(setting.help) Expected: \(setting.expected).", "#\(indent)\(parts.last!): \(text)"]
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private static func headings(from old: [Substring], to new: [Substring]) -> [String] {
        guard old != new else { return [] }
        let shared = zip(old, new).prefix { $0 == $1 }.count
        let names = new.indices.dropFirst(shared).map { "#" + String(repeating: "  ", count: $0) + "\(new[$0]):" }
        return (shared == 0 ? [""] : []) + names
    }
}
