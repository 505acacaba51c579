import Foundation

/// Why a run ended as it did: a code with its numbers. ``text`` makes the sentence, where it is printed.
package enum RunReason: Hashable, Sendable {
    // It was skipped:
    case noPictures
    case onlyOneClass(String)
    /// `train.short_classes` is `wait`, and these classes are too small.
    case shortClasses([Shortage])
    /// Fewer than two classes have enough pictures; `enough` is the one that has, if there is one.
    case tooFewClasses(enough: String?, short: [Shortage])
    /// The number of new pictures, fewer than `needed` (`train.min_new`). `waiting` more are new, but in the classes
    /// that are too small (`short`, empty if none wait).
    case tooFewNew(Int, needed: Int, waiting: Int, short: [Shortage])

    // It was promoted or kept:
    /// `leftOut` are the classes that it didn't learn.
    case judged(Judgement, leftOut: [Shortage])

    // It failed:
    /// With what the error says of itself.
    case failure(String)
    /// Its record was lost with a damaged history, and this is a placeholder.
    case recordLost
    /// The history was damaged while it ran.
    case historyDamaged

    /// A sentence that an earlier release has stored without a code; it is shown as it is.
    case sentence(String)
}

/// How a challenger compares with the champion on the same test pictures.
package struct Judgement: Codable, Hashable, Sendable {
    package enum Verdict: String, Codable, Hashable, Sendable, CaseIterable {
        case noTestPictures = "no_test_pictures"
        case firstModel = "first_model"
        case better
        /// Better, but not by more than the required gain.
        case gainTooSmall = "gain_too_small"
        case equal
        case worse
    }

    package let verdict: Verdict
    /// All test pictures.
    package let pictures: Int
    /// How many of them the challenger recognised.
    package let correct: Int
    /// How many of them the champion recognised; nil without one.
    package let championCorrect: Int?
    /// The required gain in accuracy, 0...1.
    package let minGain: Double

    package init(verdict: Verdict, pictures: Int, correct: Int, championCorrect: Int?, minGain: Double) {
        self.verdict = verdict
        self.pictures = pictures
        self.correct = correct
        self.championCorrect = championCorrect
        self.minGain = minGain
    }

    package var isPromoted: Bool { verdict == .firstModel || verdict == .better }

    enum CodingKeys: String, CodingKey {
        case verdict = "code"
        case pictures, correct
        case championCorrect = "champion_correct"
        case minGain = "min_gain"
    }
}

extension RunReason: Codable {
    private enum Code: String, Codable {
        case noPictures = "no_pictures"
        case onlyOneClass = "only_one_class"
        case shortClasses = "short_classes"
        case tooFewClasses = "too_few_classes"
        case tooFewNew = "too_few_new_pictures"
        case failure
        case recordLost = "record_lost"
        case historyDamaged = "history_damaged"
        case sentence
    }

    private enum CodingKeys: String, CodingKey {
        case code, label, short, new, needed, waiting, message
        case leftOut = "left_out"
    }

    package init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        func short() throws -> [Shortage] { try values.decode([Shortage].self, forKey: .short) }
        if Judgement.Verdict(rawValue: try values.decode(String.self, forKey: .code)) != nil {
            self = .judged(try Judgement(from: decoder), leftOut: try values.decode([Shortage].self, forKey: .leftOut))
            return
        }
        switch try values.decode(Code.self, forKey: .code) {
        case .noPictures: self = .noPictures
        case .onlyOneClass: self = .onlyOneClass(try values.decode(String.self, forKey: .label))
        case .shortClasses: self = .shortClasses(try short())
        case .tooFewClasses:
            self = .tooFewClasses(enough: try values.decodeIfPresent(String.self, forKey: .label), short: try short())
        case .tooFewNew:
            self = .tooFewNew(
                try values.decode(Int.self, forKey: .new), needed: try values.decode(Int.self, forKey: .needed),
                waiting: try values.decode(Int.self, forKey: .waiting), short: try short())
        case .failure: self = .failure(try values.decode(String.self, forKey: .message))
        case .recordLost: self = .recordLost
        case .historyDamaged: self = .historyDamaged
        case .sentence: self = .sentence(try values.decode(String.self, forKey: .message))
        }
    }

    package func encode(to encoder: any Encoder) throws {
        var values = encoder.container(keyedBy: CodingKeys.self)
        func encode(_ code: Code, short: [Shortage]? = nil) throws {
            try values.encode(code, forKey: .code)
            try values.encodeIfPresent(short, forKey: .short)
        }
        switch self {
        case .noPictures: try encode(.noPictures)
        case .onlyOneClass(let label):
            try encode(.onlyOneClass)
            try values.encode(label, forKey: .label)
        case .shortClasses(let short): try encode(.shortClasses, short: short)
        case .tooFewClasses(let enough, let short):
            try encode(.tooFewClasses, short: short)
            try values.encodeIfPresent(enough, forKey: .label)
        case .tooFewNew(let new, let needed, let waiting, let short):
            try encode(.tooFewNew, short: short)
            try values.encode(new, forKey: .new)
            try values.encode(needed, forKey: .needed)
            try values.encode(waiting, forKey: .waiting)
        case .judged(let judgement, let leftOut):
            try judgement.encode(to: encoder)
            try values.encode(leftOut, forKey: .leftOut)
        case .failure(let message):
            try encode(.failure)
            try values.encode(message, forKey: .message)
        case .recordLost: try encode(.recordLost)
        case .historyDamaged: try encode(.historyDamaged)
        case .sentence(let text):
            try encode(.sentence)
            try values.encode(text, forKey: .message)
        }
    }
}

/// A run's reason in a record that is printed: the history gives it as the JSON of ``RunReason`` or, for runs of
/// earlier releases, as a sentence, and JSON output shows the sentence.
@propertyWrapper
package struct InWords: Codable, Hashable, Sendable {
    package var wrappedValue: RunReason?

    package init(wrappedValue: RunReason?) { self.wrappedValue = wrappedValue }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard !container.decodeNil() else {
            wrappedValue = nil
            return
        }
        let text = try container.decode(String.self)
        let coded = text.hasPrefix("{") ? try? JSONDecoder().decode(RunReason.self, from: Data(text.utf8)) : nil
        wrappedValue = coded ?? .sentence(text)
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        if let wrappedValue { try container.encode(wrappedValue.text) } else { try container.encodeNil() }
    }
}
