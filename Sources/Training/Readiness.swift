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

    /// The classes with fewer pictures than a run needs, in the order of ``labels``.
    package var shortages: [Shortage] { labels.filter(isShort).map(shortage) }

    /// The classes that a run leaves out; none if `train.short_classes` is `wait`.
    package var leftOut: [LabelID: Shortage] {
        guard settings.shortClasses == .leaveOut else { return [:] }
        return Dictionary(uniqueKeysWithValues: labels.filter(isShort).map { ($0.id, shortage($0)) })
    }

    /// Why a run makes no sense now; nil if it does.
    package var reasonToSkip: RunReason? {
        if labels.isEmpty { return .noPictures }
        guard labels.count >= 2 else { return .onlyOneClass(labels[0].label) }
        return shortageReason ?? noveltyReason
    }

    private func isShort(_ label: LabelCount) -> Bool { label.train < settings.minPerClass || label.test < 1 }

    private func shortage(_ label: LabelCount) -> Shortage {
        Shortage(label: label.label, train: label.train, test: label.test, needed: settings.minPerClass)
    }

    private var shortageReason: RunReason? {
        let short = shortages
        switch settings.shortClasses {
        case .wait: return short.isEmpty ? nil : .shortClasses(short)
        case .leaveOut:
            let enough = labels.filter { !isShort($0) }
            return enough.count < 2 ? .tooFewClasses(enough: enough.first?.label, short: short) : nil
        }
    }

    private var noveltyReason: RunReason? {
        guard let newPictures else { return nil }
        let out = leftOut
        let new = labels.filter { out[$0.id] == nil }.map { newPictures[$0.id] ?? 0 }.reduce(0, +)
        guard new < settings.minNew else { return nil }
        let waiting = out.keys.map { newPictures[$0] ?? 0 }.reduce(0, +)
        return .tooFewNew(new, needed: settings.minNew, waiting: waiting, short: waiting > 0 ? shortages : [])
    }
}

extension NewRun {
    /// Leaves out the classes that are too small, and counts the pictures of the others. The test pictures of a class
    /// that only the champion knows count as well.
    mutating func leaveOutShortClasses(_ readiness: Readiness, champion: ModelRecord?) {
        let out = readiness.leftOut
        let known = Set(champion?.labels.map(\.id) ?? [])
        let learned = readiness.labels.filter { out[$0.id] == nil }
        let onlyTested = readiness.labels.filter { out[$0.id] != nil && known.contains($0.id) }
        leftOut = out
        trainPictures = learned.map(\.train).reduce(0, +)
        testPictures = (learned + onlyTested).map(\.test).reduce(0, +)
    }
}
