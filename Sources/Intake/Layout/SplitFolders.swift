internal import System

/// Which folders assign their pictures to training or test.
package enum SplitFolders: Sendable, Hashable {
    /// Those with a name such as `train`, `Test Set` or `valid_2`.
    case auto
    /// None do.
    case off
    /// Those with these names, in upper or lower case; see ``init(texts:)``.
    case named([String])

    /// What may be written, for error messages.
    package static let expected =
        "auto, off, or a list of folder names, each with train, test or val in it, or a word like them"

    /// From `auto`, `off`, or folder names. Throws ``UnknownSplit`` for a name that doesn't say which split it is.
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

    /// What ``init(texts:)`` reads.
    package var texts: [String] {
        switch self {
        case .auto: ["auto"]
        case .off: ["off"]
        case .named(let names): names
        }
    }
}

/// A folder's name that doesn't say which split it is.
package struct UnknownSplit: Error, Sendable, Hashable {
    package let name: String
}

/// What a folder's name says about a split.
struct SplitName: Sendable, Hashable {
    enum Kind: Sendable, Hashable {
        case train, test
        /// Test, unless the drop also has test folders.
        case validation
        /// Pictures without labels, for trying out a model.
        case unlabelled
    }

    let kind: Kind
    /// Whether it contains numbers: `test1` may also be somebody's first try.
    var isNumbered = false
    /// The text before the word: `seg_` in `seg_train`.
    var prefix = RawPath([])
}

extension SplitName {
    /// Reads `train`, `Test Set`, `valid_2`: one of the words, followed only by numbers and words for a set of
    /// pictures.
    init?(_ name: RawPath) { self.init(words: NameRules.lowercased(name).bytes[...]) }

    /// The same with anything before the word: `seg_train`.
    init?(prefixed name: RawPath) {
        let name = NameRules.lowercased(name).bytes
        for index in name.indices.dropFirst() where Self.separators.contains(name[index - 1]) {
            guard let split = SplitName(words: name[index...]) else { continue }
            self = split
            prefix = RawPath(name[..<index])
            return
        }
        return nil
    }

    static func kind(saidBy name: String) -> Kind? {
        let path = RawPath(name)
        let split = SplitName(path) ?? SplitName(prefixed: path)
        return split?.kind == .unlabelled ? nil : split?.kind
    }

    /// - Parameter name: with ASCII letters in lower case.
    private init?(words name: ArraySlice<UInt8>) {
        let name = name.drop { $0 == UInt8(ascii: " ") }
        guard let first = name.first, let words = Self.words[first] else { return nil }
        for (word, kind) in words where name.starts(with: word) {
            guard let tail = SetWords.tail(name.dropFirst(word.count)) else { continue }
            self.init(kind: kind, isNumbered: tail.isNumbered)
            return
        }
        return nil
    }

    private static let separators = Set(" _-.".utf8)

    /// Indexed by their first letters.
    private static let words: [UInt8: [(word: [UInt8], kind: Kind)]] = {
        let words: [(Kind, [String])] = [
            (.train, ["training", "train"]),
            (.test, ["testing", "test", "evaluation", "eval", "holdout", "hold-out", "hold_out", "hold out"]),
            (.validation, ["validation", "valid", "val", "dev"]),
            (.unlabelled, ["predictions", "prediction", "predict", "pred", "unlabelled", "unlabeled"]),
        ]
        let pairs = words.flatMap { kind, words in words.map { (word: Array($0.utf8), kind: kind) } }
        return Dictionary(grouping: pairs) { $0.word[0] }
    }()
}

/// Words for a set of pictures, which don't say what the pictures show.
enum SetWords {
    /// Whether the name consists only of such words and numbers: `images`, `data_set`, `archive (1)`.
    static func isAll(_ name: RawPath) -> Bool {
        let name = NameRules.lowercased(name).bytes
        return words.contains { name.starts(with: $0) && tail(name[$0.count...]) != nil }
    }

    /// What follows a word.
    struct Tail {
        var isNumbered = false
    }

    /// Reads any number of such words and numbers, with or without separators. Nil for anything else.
    static func tail(_ text: ArraySlice<UInt8>) -> Tail? {
        var rest = text
        var tail = Tail()
        while let byte = rest.first {
            if separators.contains(byte) {
                rest.removeFirst()
            } else if let word = allWords.first(where: { rest.starts(with: $0) }) {
                rest.removeFirst(word.count)
            } else {
                // 2, v2, x224
                let digits = (byte == UInt8(ascii: "v") || byte == UInt8(ascii: "x") ? rest.dropFirst() : rest)
                    .prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
                guard !digits.isEmpty else { return nil }
                rest = rest[digits.endIndex...]
                tail.isNumbered = true
            }
        }
        return tail
    }

    private static let separators = Set(" _-.()".utf8)
    /// Longer words before their prefixes.
    private static let words = [
        "archives", "archive", "datasets", "dataset", "data", "images", "image", "imgs", "img", "photos", "photo",
        "pictures", "picture", "pics", "pic", "jpegs", "jpeg", "jpgs", "jpg", "pngs", "png", "files",
    ].map { Array($0.utf8) }
    private static let tailWords = ["sets", "set", "splits", "split", "folder"].map { Array($0.utf8) }
    private static let allWords = words + tailWords
}
