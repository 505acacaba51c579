/// What can be wrong with the settings; each case says where the value came from.
package enum SettingsError: Error, Equatable, CustomStringConvertible {
    case missingFile(path: String)
    case unreadableFile(path: String, reason: String)
    case unknownKey(key: String, place: String, suggestion: String?)
    case malformed(key: String, place: String, value: String, expected: String)

    package var description: String {
        switch self {
        case .missingFile(let path):
            "there is no settings file at \(path)"
        case .unreadableFile(let path, let reason):
            "the settings file \(path) can't be read: \(reason)"
        case .unknownKey(let key, let place, let suggestion):
            "\(place): unknown setting '\(key)'" + (suggestion.map { ", did you mean '\($0)'?" } ?? "")
        case .malformed(let key, let place, let value, let expected):
            "\(place): \(key) is '\(value)', expected \(expected)"
        }
    }
}

/// Everything that is wrong with the settings, so that one look mends it all.
package struct SettingsProblems: Error, CustomStringConvertible {
    package let problems: [SettingsError]

    package var description: String { problems.map(\.description).joined(separator: "\n") }
}
