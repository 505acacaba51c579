extension RunReason {
    /// In plain words, for people.
    package var text: String {
        switch self {
        case .noPictures: "there are no pictures yet"
        case .onlyOneClass(let label): "there is only one class, \(label); at least 2 are needed"
        case .shortClasses(let short):
            "train.short_classes is wait, and too small (train.min_per_class) are: \(Shortage.list(short))"
        case .tooFewClasses(let enough, let short):
            (enough.map { "only the class \($0) has" } ?? "no class has")
                + " enough pictures, and a run needs 2 classes; "
                + "too small (train.min_per_class): \(Shortage.list(short))"
        case .tooFewNew(let new, let needed, let waiting, let short):
            "\(Words.count(new, "new picture")), \(needed) needed (train.min_new)"
                + (waiting == 0
                    ? ""
                    : "; \(Words.count(waiting, "picture waits", "pictures wait")) in classes that are too small: "
                        + Shortage.list(short))
        case .judged(let judgement, let leftOut):
            judgement.text
                + (leftOut.isEmpty ? "" : " Left out because of too few pictures: \(Shortage.list(leftOut)).")
        case .failure(let message): message
        case .recordLost: "the record of this run was lost with a damaged history"
        case .historyDamaged: "the history was damaged while it ran, and was rebuilt by `cultivar doctor`"
        case .sentence(let text): text
        }
    }
}

extension Judgement {
    /// In plain words, for people.
    package var text: String {
        switch verdict {
        case .noTestPictures: "There are no test pictures, so the new model can't be judged."
        case .firstModel: "It is the first model: \(words(correct))."
        case .better, .worse: "\(comparison)."
        case .equal: "\(comparison): the same number, but a new model must be better."
        case .gainTooSmall: "\(comparison): better, but not by more than the required \(Words.percent(minGain))."
        }
    }

    private var comparison: String {
        "The new model has \(words(correct)), the champion \(words(championCorrect ?? 0))"
    }

    private func words(_ correct: Int) -> String {
        let share = pictures == 0 ? 0 : Double(correct) / Double(pictures)
        return "\(correct) of \(pictures) test pictures right (\(Words.percent(share)))"
    }
}

extension Shortage {
    /// What it lacks: "1 training picture, 5 needed; no test picture".
    package var words: String {
        let few = train < needed ? "\(Words.count(train, "training picture")), \(needed) needed" : nil
        return [few, test < 1 ? "no test picture" : nil].compactMap { $0 }.joined(separator: "; ")
    }

    /// All of them in words, the first few by name: "fig (1 training picture, 5 needed) and 3 more classes".
    package static func list(_ shortages: [Shortage]) -> String {
        let named = shortages.prefix(limit).map { "\($0.label) (\($0.words))" }.joined(separator: ", ")
        let rest = shortages.count - limit
        return rest > 0 ? "\(named) and \(Words.count(rest, "more class", "more classes"))" : named
    }

    private static let limit = 10
}

/// Numbers in sentences.
private enum Words {
    static func count(_ number: Int, _ noun: String, _ plural: String? = nil) -> String {
        "\(number) " + (number == 1 ? noun : plural ?? noun + "s")
    }

    /// With two decimals, "84.59 %".
    static func percent(_ share: Double) -> String {
        let hundredths = Int((share * 10_000).rounded())
        let decimals = hundredths % 100
        return "\(hundredths / 100).\(decimals < 10 ? "0" : "")\(decimals) %"
    }
}
