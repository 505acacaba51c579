internal import Learning
internal import Pictures

/// What can be wrong with the settings. `place` says where the value came from, such as file and line or the
/// environment.
package enum SettingsError: Error, Equatable, CustomStringConvertible {
    case missingFile(path: String)
    case unreadableFile(path: String, reason: String)
    /// `suggestion` is a similar key; nil if there is none.
    case unknownKey(key: String, place: String, suggestion: String?)
    /// `value` is the text that isn't what is `expected`.
    case malformed(key: String, place: String, value: String, expected: String)
    /// Values that are valid individually, but not together.
    case contradiction(String)

    package var description: String {
        switch self {
        case .contradiction(let reason):
            reason
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

extension Settings {
    /// What is wrong with values that depend on each other.
    var contradictions: [SettingsError] {
        var problems: [SettingsError] = []
        let transforms = augment.transforms
        for (key, range) in [
            ("augment.zoom_range", transforms.zoomRange), ("augment.brightness_range", transforms.brightnessRange),
        ] where range[0] > range[1] {
            problems.append(.contradiction("\(key) is \(range), but the smallest value must come first"))
        }
        do { try search.space.validate() } catch { problems.append(.contradiction("search.space: \(error)")) }
        if train.minPerClass < search.folds {
            problems.append(
                .contradiction(
                    "train.min_per_class is \(train.minPerClass), but each of the \(search.folds) folds (search.folds) "
                        + "needs a picture of each class"))
        }
        return problems
    }
}

/// Everything that is wrong with the settings, so that it can all be fixed at once.
package struct SettingsProblems: Error, CustomStringConvertible {
    package let problems: [SettingsError]

    package var description: String { problems.map(\.description).joined(separator: "\n") }
}
