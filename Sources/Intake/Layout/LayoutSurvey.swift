internal import Archive

/// What a reading of a drop's folders comes to: how it is told, what it may have got wrong, and whether there is a test set.
struct LayoutSurvey {
    private let reader: LayoutReader
    private let dropName: RawPath
    private let dropSplit: SplitName.Kind?
    private let isFolder: Bool
    private var labels: [(name: RawPath, folder: FolderTree, isInSplit: Bool)] = []
    private var splits: [(name: RawPath, kind: SplitName.Kind, isBelowLabel: Bool)] = []
    private var wrappers: [RawPath] = []
    private(set) var hasTestFolder = false

    init(
        _ reading: LayoutReading, of tree: FolderTree, dropName: RawPath, dropSplit: SplitName.Kind?,
        reader: LayoutReader, isFolder: Bool
    ) {
        self.reader = reader
        self.dropName = dropName
        self.dropSplit = dropSplit
        self.isFolder = isFolder
        visit(reading, tree, path: RawPath([]), isInLabel: false, isInSplit: false)
    }

    private mutating func visit(
        _ reading: LayoutReading, _ folder: FolderTree, path: RawPath, isInLabel: Bool, isInSplit: Bool
    ) {
        let isOutside = !isInLabel && !isInSplit
        if isOutside, !path.bytes.isEmpty, reading.children.values.contains(where: { $0.role != .passed }) {
            wrappers.append(path)
        }
        for (name, content) in folder.sorted {
            guard let place = reading.children[name] else { continue }
            let below = path.appending(name)
            switch place.role {
            case .passed: visit(place, content, path: below, isInLabel: isInLabel, isInSplit: isInSplit)
            case .label:
                labels.append((name, content, isInSplit))
                visit(place, content, path: below, isInLabel: true, isInSplit: isInSplit)
            case .split(let kind):
                splits.append((name, kind, isInLabel))
                let labelCount = labels.count
                visit(place, content, path: below, isInLabel: isInLabel, isInSplit: true)
                if kind == .test, isInLabel || labels.count > labelCount { hasTestFolder = true }
            }
        }
    }
}

extension LayoutSurvey {
    var understanding: String {
        guard isFolder else { return "a file directly in the inbox, no label" }
        var parts: [String] = []
        if dropSplit != nil { parts.append("\(dropName.escaped)/ as a split") }
        let (above, below) = (names(ofSplits: false), names(ofSplits: true))
        if !above.isEmpty { parts.append(FolderList.text(above)) }
        parts.append(labelText + (below.isEmpty ? "" : " above \(FolderList.text(below))"))
        if !wrappers.isEmpty { parts.append("wrapped in \(FolderList.text(wrappers))") }
        return parts.joined(separator: ", ")
    }

    private var labelText: String {
        if labels.isEmpty && splits.isEmpty && dropSplit == nil { return "the drop's name as label" }
        switch Set(labels.map { key(of: $0.name) }).count {
        case 0: return "no labels"
        case 1: return "1 label"
        case let count: return "\(count) labels"
        }
    }

    /// Without repetition, training first.
    private func names(ofSplits isBelowLabel: Bool) -> [RawPath] {
        var seen: Set<RawPath> = []
        let order: [SplitName.Kind] = [.train, .validation, .test, .unlabelled]
        return order.flatMap { kind in
            splits.filter { $0.isBelowLabel == isBelowLabel && $0.kind == kind }.map(\.name).sorted()
                .filter { seen.insert($0).inserted }
        }
    }

    private func key(of label: RawPath) -> String {
        LabelKey.key(of: (try? LabelName(label))?.text ?? label.escaped)
    }
}

extension LayoutSurvey {
    var warnings: [LayoutWarning] {
        guard isFolder else { return [] }
        return [dropWarning, splitNameWarning, classWarning, mixtureWarning, setWarning, onlyLabelWarning].compactMap {
            $0
        }
    }

    private var dropWarning: LayoutWarning? {
        guard dropSplit == nil, reader.splitName(dropName) != nil else { return nil }
        return labels.isEmpty && splits.isEmpty
            ? .labelsNamedLikeSplits([dropName]) : .dropNamedLikeSplit(dropName)
    }

    /// In splits, or without pictures of their own.
    private var splitNameWarning: LayoutWarning? {
        let names = distinct { reader.splitName($0.name) != nil && ($0.isInSplit || !$0.folder.holdsFiles) }
        return names.isEmpty ? nil : .labelsNamedLikeSplits(names)
    }

    private var classWarning: LayoutWarning? {
        let names = distinct { reader.splitName($0.name) != nil && !$0.isInSplit && $0.folder.holdsFiles }
        return names.isEmpty ? nil : .splitNamesBesideClasses(names)
    }

    private var mixtureWarning: LayoutWarning? {
        let (splits, labels) = (names(ofSplits: false), distinct { !$0.isInSplit })
        return splits.isEmpty || labels.isEmpty ? nil : .labelsBesideSplits(splits: splits, labels: labels)
    }

    private var setWarning: LayoutWarning? {
        let names = distinct { SetWords.isAll($0.name) }
        return names.isEmpty ? nil : .labelsNamedForSets(names)
    }

    private var onlyLabelWarning: LayoutWarning? {
        guard let first = labels.first, labels.allSatisfy({ key(of: $0.name) == key(of: first.name) }) else {
            return nil
        }
        if splits.contains(where: \.isBelowLabel) { return .onlyLabelAboveSplits(first.name) }
        let folders = Set(labels.flatMap(\.folder.children.keys)).sorted()
        return folders.count > 1 && labels.allSatisfy { !$0.folder.holdsFiles }
            ? .onlyLabelHasFolders(label: first.name, folders: folders) : nil
    }

    private func distinct(_ condition: ((name: RawPath, folder: FolderTree, isInSplit: Bool)) -> Bool) -> [RawPath] {
        Set(labels.filter(condition).map(\.name)).sorted()
    }
}
