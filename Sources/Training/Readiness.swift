package import Records
package import Settings

/// Whether there are pictures to train on, and for which classes.
package struct Readiness: Sendable {
    package let settings: Settings.Train
    package let labels: [LabelCount]
    /// Pictures that the last finished run didn't use, by label; nil if a run needs no new ones.
    package let newPictures: [LabelID: Int]?

    package init(settings: Settings.Train, labels: [LabelCount], newPictures: [LabelID: Int]?) {
        self.settings = settings
        self.labels = labels
        self.newPictures = newPictures
    }

    /// The classes with fewer pictures than a run needs.
    package var shortages: [Shortage] { labels.filter(isShort).map { Shortage($0, needed: settings.minPerClass) } }

    /// The classes that a run leaves out.
    package var leftOut: [ShortClass] {
        guard settings.shortClasses == .leaveOut else { return [] }
        return labels.filter(isShort).map { label in
            ShortClass(label: label.id, train: label.train, test: label.test, needed: settings.minPerClass)
        }
    }

    /// Why a run makes no sense now, in plain words; nil if it does.
    package var reasonToSkip: String? {
        if labels.isEmpty { return "there are no pictures yet" }
        guard labels.count >= 2 else { return "there is only one class, \(labels[0].label); at least 2 are needed" }
        return shortageReason ?? noveltyReason
    }

    private func isShort(_ label: LabelCount) -> Bool { label.train < settings.minPerClass || label.test < 1 }

    private var shortageReason: String? {
        let short = shortages
        switch settings.shortClasses {
        case .wait:
            return short.isEmpty
                ? nil : "train.short_classes is wait, and too small (train.min_per_class) are: \(Shortage.list(short))"
        case .leaveOut:
            let left = labels.filter { !isShort($0) }
            guard left.count < 2 else { return nil }
            let who = left.first.map { "only the class \($0.label) has" } ?? "no class has"
            return
                "\(who) enough pictures, and a run needs 2 classes; too small (train.min_per_class): \(Shortage.list(short))"
        }
    }

    private var noveltyReason: String? {
        guard let newPictures else { return nil }
        let out = Set(leftOut.map(\.label))
        let new = labels.filter { !out.contains($0.id) }.map { newPictures[$0.id] ?? 0 }.reduce(0, +)
        guard new < settings.minNew else { return nil }
        let reason = "\(Words.count(new, "new picture")), \(settings.minNew) needed (train.min_new)"
        let waiting = out.map { newPictures[$0] ?? 0 }.reduce(0, +)
        guard waiting > 0 else { return reason }
        return reason
            + "; \(Words.count(waiting, "picture waits", "pictures wait")) in classes that are too small: "
            + Shortage.list(shortages)
    }
}

/// A class with fewer pictures than a run needs.
package struct Shortage: Hashable, Sendable {
    package let label: String
    /// The pictures that it has.
    package let train: Int
    package let test: Int
    /// The training pictures that it needs; it also needs a test picture.
    package let needed: Int

    package init(label: String, train: Int, test: Int, needed: Int) {
        self.label = label
        self.train = train
        self.test = test
        self.needed = needed
    }

    init(_ count: LabelCount, needed: Int) {
        self.init(label: count.label, train: count.train, test: count.test, needed: needed)
    }

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
enum Words {
    static func count(_ number: Int, _ noun: String, _ plural: String? = nil) -> String {
        "\(number) " + (number == 1 ? noun : plural ?? noun + "s")
    }
}
