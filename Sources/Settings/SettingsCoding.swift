/// Settings as a document: each with its dotted key, written as in the settings file. Runs store them like this in the
/// history.
extension Settings: Codable {
    private struct Key: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }

        init(stringValue: String) { self.stringValue = stringValue }

        init?(intValue: Int) { nil }
    }

    /// A key that is missing has its default, and unknown keys are ignored. Throws
    /// ``SettingsError/malformed(key:place:value:expected:)`` or `DecodingError` for a value that isn't one.
    package init(from decoder: any Decoder) throws {
        self.init()
        let values = try decoder.container(keyedBy: Key.self)
        for setting in SettingsCatalog.all {
            let key = Key(stringValue: setting.key)
            guard values.contains(key) else { continue }
            let texts: [String]
            switch setting.form {
            case .value: texts = [try values.decode(String.self, forKey: key)]
            case .list: texts = try values.decode([String].self, forKey: key)
            case .wordOrList:
                if let word = try? values.decode(String.self, forKey: key) {
                    texts = [word]
                } else {
                    texts = try values.decode([String].self, forKey: key)
                }
            }
            if let refused = setting.read(&self, texts) {
                throw SettingsError.malformed(
                    key: setting.key, place: "the run's settings", value: refused, expected: setting.expected)
            }
        }
    }

    package func encode(to encoder: any Encoder) throws {
        var values = encoder.container(keyedBy: Key.self)
        for setting in SettingsCatalog.all {
            let texts = setting.write(self)
            let key = Key(stringValue: setting.key)
            if setting.isWritten(asListOf: texts) {
                try values.encode(texts, forKey: key)
            } else {
                try values.encode(texts[0], forKey: key)
            }
        }
    }
}
