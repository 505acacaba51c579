internal import System

/// Settings as YAML files.
package enum SettingsTemplate {
    /// The settings file that is installed: every key with its help and its default, commented out.
    package static func yaml() -> String {
        let preface = [
            "# Settings of cultivar. Every key is shown with its default. To change one, remove its # and the # of its",
            "# sections. Environment variables (CULTIVAR_TRAIN_MIN_NEW for train.min_new) and options on the command",
            "# line override this file. `cultivar config check` reports what is wrong with it.",
            "# The daemon reads it when it starts.",
        ]
        let lines = lines(of: Settings()) { setting, indent in
            ["\(indent)# \(setting.help)", "\(indent)# Expected: \(setting.expected)."]
        }
        let commented = lines.map { $0.isEmpty || $0.hasPrefix("#") ? $0 : "#" + $0 }
        return (preface + commented).joined(separator: "\n") + "\n"
    }

    /// Every key with its value.
    package static func yaml(of settings: Settings) -> String {
        lines(of: settings) { _, _ in [] }.drop(while: \.isEmpty).joined(separator: "\n") + "\n"
    }

    private static func lines(of settings: Settings, help: (Setting, String) -> [String]) -> [String] {
        var lines: [String] = []
        var section: [Substring] = []
        for setting in SettingsCatalog.all {
            let parts = setting.key.split(separator: ".")
            lines += headings(from: section, to: Array(parts.dropLast()))
            section = Array(parts.dropLast())
            let texts = setting.write(settings)
            let values = texts.map(scalar)
            let text = setting.isWritten(asListOf: texts) ? "[\(values.joined(separator: ", "))]" : values[0]
            let indent = String(repeating: "  ", count: parts.count - 1)
            lines += help(setting, indent) + ["\(indent)\(parts[parts.count - 1]): \(text)"]
        }
        return lines
    }

    /// A value as YAML, in quotes if it might be understood as something else.
    private static func scalar(_ text: String) -> String {
        let scalars = text.unicodeScalars
        if let first = scalars.first, isAlphanumeric(first) || first == "/",
            scalars.allSatisfy({ isAlphanumeric($0) || "_-+./@".unicodeScalars.contains($0) })
        {
            return text
        }
        return scalars.allSatisfy(isVisible)
            ? "'\(scalars.map { $0 == "'" ? "''" : "\($0)" }.joined())'" : "\"\(scalars.map(escaped).joined())\""
    }

    private static func isAlphanumeric(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case "a"..."z", "A"..."Z", "0"..."9": true
        default: false
        }
    }

    /// Whether YAML reads it unchanged between single quotes.
    private static func isVisible(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .surrogate, .unassigned: false
        default: true
        }
    }

    /// Its form between double quotes.
    private static func escaped(_ scalar: Unicode.Scalar) -> String {
        if scalar == "\"" || scalar == "\\" { return "\\\(scalar)" }
        let digits = String(scalar.value, radix: 16)
        return isVisible(scalar) ? "\(scalar)" : "\\U" + String(repeating: "0", count: 8 - digits.count) + digits
    }

    /// The names of the sections that begin between two keys, with an empty line before a new one at the top.
    private static func headings(from old: [Substring], to new: [Substring]) -> [String] {
        guard old != new else { return [] }
        let shared = zip(old, new).prefix { $0 == $1 }.count
        let names = new.indices.dropFirst(shared).map { String(repeating: "  ", count: $0) + "\(new[$0]):" }
        return (shared == 0 ? [""] : []) + names
    }
}
