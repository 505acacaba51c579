package import Archive

/// Whether there is something to train on.
package struct Readiness: Sendable {
    package let settings: Settings.Train
    package let labels: [LabelCount]
    /// Pictures that no finished run has seen.
    package let newPictures: Int

    package init(settings: Settings.Train, labels: [LabelCount], newPictures: Int) {
        self.settings = settings
        self.labels = labels
        self.newPictures = newPictures
    }

    /// Why no run makes sense now, in plain words; nil where one does.
    package var reasonToSkip: String? {
        if labels.isEmpty { return "there are no pictures yet" }
        if newPictures < settings.minNew {
            return "\(count(newPictures, "new picture")), \(settings.minNew) needed (train.min_new)"
        }
        guard labels.count >= 2 else { return "there is one class only, \(labels[0].label); at least 2 are needed" }
        let short = labels.compactMap(shortage)
        guard let first = short.first else { return nil }
        return short.count == 1
            ? first : "\(first); and \(count(short.count - 1, "more class", "more classes")) like it"
    }

    private func shortage(_ label: LabelCount) -> String? {
        if label.train < settings.minPerClass {
            let needed = "\(settings.minPerClass) needed (train.min_per_class)"
            return "class \(label.label) has \(count(label.train, "training picture")), \(needed)"
        }
        return label.test < 1 ? "class \(label.label) has no test picture, at least 1 needed" : nil
    }

    private func count(_ number: Int, _ noun: String, _ plural: String? = nil) -> String {
        "\(number) " + (number == 1 ? noun : plural ?? noun + "s")
    }
}
