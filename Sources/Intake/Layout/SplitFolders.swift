/// Which folders put their pictures on the training or the test side.
package enum SplitFolders: Sendable, Hashable {
    /// Those with a name such as `train`, `Test Set` or `valid_2`.
    case auto
    case off
    /// Those of these names, in any case of letters; see ``init(texts:)``.
    case named([String])

    package static let expected =
        "auto, off, or a list of folder names, each with train, test or val in it, or a word like them"

    /// From `auto`, `off`, or folder names. Throws ``UnknownSplit`` for a name that doesn't say which split it is of.
    package init(texts: [String]) throws(UnknownSplit) {
        switch texts {
        case ["auto"]: self = .auto
        case ["off"]: self = .off
        default:
            guard !texts.isEmpty else { throw UnknownSplit(name: "[]") }
            for text in texts where SplitName.kind(saidBy: text) == nil { throw UnknownSplit(name: text) }
            self = .named(texts)
        }
    }

    package var texts: [String] {
        switch self {
        case .auto: ["auto"]
        case .off: ["off"]
        case .named(let names): names
        }
    }
}

/// A folder's name that doesn't say which split it is of.
package struct UnknownSplit: Error, Sendable, Hashable {
    package let name: String
}

/// What a folder's name says of a split.
struct SplitName: Sendable, Hashable {
    enum Kind: Sendable, Hashable {
        case train, test
        /// Test, unless the drop has test folders too.
        case validation
        /// Pictures without labels, for a model to be tried on.
        case unlabelled
    }

    let kind: Kind
    /// Whether numbers are part of it: `test1` may as well be somebody's first try.
    var isNumbered = false
    /// What stands before the word: `seg_` in `seg_train`.
    var prefix = ""
}

extension SplitName {
    /// Reads `train`, `Test Set`, `valid_2`: one of the words, and nothing after it but numbers and words for a set of
    /// pictures.
    init?(_ name: RawPath) {
        guard let first = name.bytes.first(where: { $0 != UInt8(ascii: " ") }), Self.initials.contains(first | 0x20),
            let text = String(validating: name.bytes, as: UTF8.self) else { return nil }
        self.init(words: text.lowercased()[...])
    }

    /// The same with anything before the word: `seg_train`.
    init?(prefixed name: RawPath) {
        guard let text = String(validating: name.bytes, as: UTF8.self)?.lowercased() else { return nil }
        for index in text.indices.dropFirst() where Self.isSeparator(text[text.index(before: index)]) {
            guard let split = SplitName(words: text[index...]) else { continue }
            self = split
            prefix = String(text[..<index])
            return
        }
        return nil
    }

    static func kind(saidBy name: String) -> Kind? {
        let path = RawPath(name)
        let split = SplitName(path) ?? SplitName(prefixed: path)
        return split?.kind == .unlabelled ? nil : split?.kind
    }

    private init?(words text: Substring) {
        let text = text.drop { $0 == " " }
        for (kind, words) in Self.words {
            for word in words where text.hasPrefix(word) {
                guard let tail = SetWords.tail(text.dropFirst(word.count)) else { continue }
                self.init(kind: kind, isNumbered: tail.isNumbered)
                return
            }
        }
        return nil
    }

    static func isSeparator(_ character: Character) -> Bool { " _-.".contains(character) }

    /// So that most names need no look-up.
    private static let initials = Set(words.flatMap(\.1).compactMap(\.utf8.first))
    private static let words: [(Kind, [String])] = [
        (.train, ["training", "train"]),
        (.test, ["testing", "test", "evaluation", "eval", "holdout", "hold-out", "hold_out", "hold out"]),
        (.validation, ["validation", "valid", "val", "dev"]),
        (.unlabelled, ["predictions", "prediction", "predict", "pred", "unlabelled", "unlabeled"]),
    ]
}

/// Words for a set of pictures, which say nothing of what the pictures show.
enum SetWords {
    /// Whether the name is made of such words and numbers alone: `images`, `data_set`, `archive (1)`.
    static func isAll(_ name: RawPath) -> Bool {
        guard let text = String(validating: name.bytes, as: UTF8.self)?.lowercased() else { return false }
        return words.contains { text.hasPrefix($0) && tail(text.dropFirst($0.count)) != nil }
    }

    /// Reads what follows a word: any more such words and numbers, with or without something between. Nil for anything
    /// else.
    static func tail(_ text: Substring) -> (isNumbered: Bool, Void)? {
        var rest = text
        var isNumbered = false
        while let character = rest.first {
            if " _-.()".contains(character) {
                rest.removeFirst()
            } else if let word = (words + tailWords).first(where: rest.hasPrefix) {
                rest.removeFirst(word.count)
            } else {
                let digits = rest.drop { $0 == "v" || $0 == "x" }.prefix { $0.isASCII && $0.isNumber }
                guard !digits.isEmpty, rest.distance(from: rest.startIndex, to: digits.startIndex) <= 1 else {
                    return nil
                }
                rest = rest[digits.endIndex...]
                isNumbered = true
            }
        }
        return (isNumbered, ())
    }

    /// Longer ones before those that they begin with.
    private static let words = [
        "archives", "archive", "datasets", "dataset", "data", "images", "image", "imgs", "img", "photos", "photo",
        "pictures", "picture", "pics", "pic", "jpegs", "jpeg", "jpgs", "jpg", "pngs", "png", "files",
    ]
    private static let tailWords = ["sets", "set", "splits", "split", "folder"]
}
