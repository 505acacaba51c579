internal import Records
internal import System

/// The summary of how a drop's folders were understood: a description, possible mistakes, and whether there is a test
/// set.
struct LayoutSurvey {
    private let reader: LayoutReader
    private let dropName: RawPath
    private let dropSplit: SplitName.Kind?
    private let isFolder: Bool
    private var labels: [Label] = []
    /// How many of them were read. A folder below those that were is a label all the same (`images` in
    /// `archive/train/images`).
    private var readLabelCount = 0
    private var splits: [(name: RawPath, kind: SplitName.Kind, isBelowLabel: Bool)] = []
    private var wrappers: [RawPath] = []
    private(set) var hasTestFolder = false

    private struct Label {
        let name: RawPath
        /// What spellings of one label have in common.
        let key: String
        let holdsFiles: Bool
        /// The folders in it that have no meaning, sorted.
        let parts: [RawPath]
        let isInSplit: Bool
    }

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
            guard let place = reading.children[name] else {
                if !isInLabel { add(name, content, nil, isInSplit: isInSplit) }
                continue
            }
            let below = path.appending(name)
            switch place.role {
            case .passed: visit(place, content, path: below, isInLabel: isInLabel, isInSplit: isInSplit)
            case .label:
                add(name, content, place, isInSplit: isInSplit)
                visit(place, content, path: below, isInLabel: true, isInSplit: isInSplit)
            case .split(let kind):
                splits.append((name, kind, isInLabel))
                let labelCount = readLabelCount
                visit(place, content, path: below, isInLabel: isInLabel, isInSplit: true)
                if kind == .test, isInLabel || readLabelCount > labelCount { hasTestFolder = true }
            }
        }
    }

    private mutating func add(_ name: RawPath, _ folder: FolderTree, _ place: LayoutReading?, isInSplit: Bool) {
        let parts = folder.children.keys.filter { place?.children[$0] == nil }.sorted()
        if place != nil { readLabelCount += 1 }
        labels.append(
            Label(
                name: name, key: Self.key(of: name), holdsFiles: folder.holdsFiles, parts: parts, isInSplit: isInSplit))
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
        switch Set(labels.map(\.key)).count {
        case 0: return "no labels"
        case 1: return "1 label"
        case let count: return "\(count) labels"
        }
    }

    /// Without duplicates, training first.
    private func names(ofSplits isBelowLabel: Bool) -> [RawPath] {
        var seen: Set<RawPath> = []
        let order: [SplitName.Kind] = [.train, .validation, .test, .unlabelled]
        return order.flatMap { kind in
            splits.filter { $0.isBelowLabel == isBelowLabel && $0.kind == kind }.map(\.name).sorted()
                .filter { seen.insert($0).inserted }
        }
    }

    private static func key(of label: RawPath) -> String {
        LabelKey.key(of: (try? LabelName(label))?.text ?? label.escaped)
    }
}

extension LayoutSurvey {
    var warnings: [LayoutWarning] {
        guard isFolder else { return [] }
        return [
            dropWarning, splitNameWarning, classWarning, mixtureWarning, setWarning, onlyLabelWarning, partsWarning,
        ].compactMap { $0 }
    }

    private var dropWarning: LayoutWarning? {
        guard dropSplit == nil, reader.splitName(dropName) != nil else { return nil }
        return labels.isEmpty && splits.isEmpty
            ? .labelsNamedLikeSplits([dropName]) : .dropNamedLikeSplit(dropName)
    }

    /// In splits, or without pictures directly in them; or with something before or after the word.
    private var splitNameWarning: LayoutWarning? {
        let plain = distinct { reader.splitName($0.name) != nil && ($0.isInSplit || !$0.holdsFiles) }
        let names = Set(plain).union(decoratedSplitNames).sorted()
        return names.isEmpty ? nil : .labelsNamedLikeSplits(names)
    }

    /// `cat_train` and `cat_test`: labels that mention different splits and are otherwise the same, or all labels if
    /// together they mention different splits. A single one may be any word, such as a test tube.
    private var decoratedSplitNames: [RawPath] {
        guard reader.knowsSplitsByWords else { return [] }
        let names = distinct { _ in true }
        let mentions = names.compactMap { name in SplitMention(name).map { (name: name, mention: $0) } }
        func differ(_ family: [(name: RawPath, mention: SplitMention)]) -> Bool {
            Set(family.map(\.mention.kind)).count > 1
        }
        let families = Dictionary(grouping: mentions, by: \.mention.rest).values.filter(differ)
        let found = mentions.count == names.count && differ(mentions) ? mentions : families.flatMap { $0 }
        // Plain names have their own warnings.
        return found.map(\.name).filter { reader.splitName($0) == nil }
    }

    private var classWarning: LayoutWarning? {
        let names = distinct { reader.splitName($0.name) != nil && !$0.isInSplit && $0.holdsFiles }
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
        guard let first = labels.first, labels.allSatisfy({ $0.key == first.key }) else {
            return nil
        }
        if splits.contains(where: \.isBelowLabel) { return .onlyLabelAboveSplits(first.name) }
        let folders = Set(labels.flatMap(\.parts)).sorted()
        return folders.count > 1 && labels.allSatisfy { !$0.holdsFiles }
            ? .onlyLabelHasFolders(label: first.name, folders: folders) : nil
    }

    /// The same folders in several labels (`fold1/cat`, `fold2/cat`), or only folders in every label (`cars/bmw`,
    /// `trains/thomas`).
    private var partsWarning: LayoutWarning? {
        let labels = labels.map { (label: $0, parts: $0.parts.filter(mayBeLabel)) }
        let owners = labels.reduce(into: [String: Set<String>]()) { owners, label in
            for part in label.parts { owners[Self.key(of: part), default: []].insert(label.label.key) }
        }
        // A folder that is the same everywhere doesn't distinguish anything.
        guard owners.count > 1, Set(labels.map(\.label.key)).count > 1 else { return nil }
        let repeated = Set(owners.filter { $1.count > 1 }.keys)
        if repeated.isEmpty {
            let areHollow = labels.allSatisfy { label, parts in
                !label.holdsFiles && parts.count == label.parts.count && parts.allSatisfy(hasLetters)
            }
            guard areHollow else { return nil }
        }
        let found = labels.map { label, parts in
            (name: label.name, parts: repeated.isEmpty ? parts : parts.filter { repeated.contains(Self.key(of: $0)) })
        }.filter { !$0.parts.isEmpty }
        return .labelsHaveFolders(
            labels: Set(found.map(\.name)).sorted(), folders: Set(found.flatMap(\.parts)).sorted())
    }

    private func mayBeLabel(_ part: RawPath) -> Bool { !SetWords.isAll(part) && SplitName(part) == nil }

    /// Numbers and dates more likely divide the pictures of one label.
    private func hasLetters(_ name: RawPath) -> Bool { name.bytes.contains(where: SplitMention.isLetter) }

    private func distinct(_ condition: (Label) -> Bool) -> [RawPath] {
        Set(labels.filter(condition).map(\.name)).sorted()
    }
}

/// A split's word at the beginning or the end of a name: `train 80%`, `1_train`, `catTest`.
struct SplitMention {
    let kind: SplitName.Kind
    /// The other words, without numbers and words for a set of pictures, in lower case.
    let rest: [RawPath]

    init?(_ name: RawPath) {
        let words = Self.words(of: name).filter { SetWords.tail($0.bytes[...]) == nil }
        let kinds = words.map(Self.kind)
        guard
            let index = [kinds.indices.first, kinds.indices.last].compactMap({ $0 }).first(where: { kinds[$0] != nil }),
            let kind = kinds[index]
        else { return nil }
        self.kind = kind
        rest = Array(words[..<index] + words[(index + 1)...])
    }

    private static func kind(of word: RawPath) -> SplitName.Kind? {
        let kind = SplitName(word)?.kind ?? (verbs.contains(word) ? .validation : nil)
        return kind == .unlabelled ? nil : kind
    }

    private static let verbs: Set<RawPath> = [RawPath("validate"), RawPath("validating")]

    /// Runs of letters; a capital after a lower-case letter begins a new one.
    private static func words(of name: RawPath) -> [RawPath] {
        var words: [[UInt8]] = [[]]
        var isAfterSmall = false
        for byte in name.bytes {
            let isCapital = capitals.contains(byte)
            if !isLetter(byte) || (isCapital && isAfterSmall) { words.append([]) }
            if isLetter(byte) { words[words.count - 1].append(byte) }
            isAfterSmall = isLetter(byte) && !isCapital
        }
        return words.filter { !$0.isEmpty }.map { NameRules.lowercased(RawPath($0)) }
    }

    /// Whether a byte is an ASCII letter or part of a non-ASCII character.
    static func isLetter(_ byte: UInt8) -> Bool { capitals.contains(byte & ~0x20) || byte >= 0x80 }

    private static let capitals = UInt8(ascii: "A")...UInt8(ascii: "Z")
}
