internal import System

/// How the folders of a drop are understood. Below folders that aren't listed, everything belongs to the same picture
/// folder.
struct LayoutReading: Sendable {
    enum Role: Sendable, Hashable {
        /// Skipped: the drop itself, and folders that wrap others.
        case passed
        case label
        case split(SplitName.Kind)
    }

    var role: Role
    var children: [RawPath: LayoutReading] = [:]
}

/// Reads a drop's folders as a data set.
///
/// A folder that is named like a split is one if it contains folders, which are then labels, or if all folders beside
/// it have such names. A folder that leads to splits is skipped; if pictures are directly in the splits, the folder
/// above is their label. Any other folder is a label.
struct LayoutReader {
    private let setting: SplitFolders
    private let kinds: [String: SplitName.Kind]
    private let dropName: RawPath

    init(dropName: RawPath, setting: SplitFolders) {
        self.dropName = dropName
        self.setting = setting
        guard case .named(let names) = setting else {
            kinds = [:]
            return
        }
        let pairs = names.compactMap { name in SplitName.kind(saidBy: name).map { (name.lowercased(), $0) } }
        kinds = Dictionary(pairs) { first, _ in first }
    }

    /// How the setting understands a folder's name. With `auto`, only a sibling can show whether a name has a prefix.
    func splitName(_ name: RawPath) -> SplitName? {
        switch setting {
        case .auto:
            let split = SplitName(name)
            return split?.kind == .unlabelled ? nil : split
        case .off: return nil
        case .named:
            let text = String(validating: name.bytes, as: UTF8.self)?.lowercased()
            return text.flatMap { kinds[$0] }.map { SplitName(kind: $0) }
        }
    }

    /// Whether words such as `train` make a split, rather than the setting's names.
    var knowsSplitsByWords: Bool { setting == .auto }

    func read(_ drop: FolderTree) -> LayoutReading {
        let reading = readSet(drop, isTop: true).reading
        let hasOtherLabels = labels(of: reading).contains { !SetWords.isAll($0) }
        return hasOtherLabels ? withoutSetsBelowSplits(reading) : reading
    }

    private struct SetReading {
        var reading = LayoutReading(role: .passed)
        /// For splits that contain label folders.
        var kinds: Set<SplitName.Kind> = []
        /// Whether labels are above splits.
        var hasLabelsAboveSplits = false

        /// Whether the folder may just be a wrapper.
        var leadsToSplits: Bool { !kinds.isEmpty || hasLabelsAboveSplits }

        mutating func absorb(_ inner: SetReading, at name: RawPath) {
            reading.children[name] = inner.reading
            kinds.formUnion(inner.kinds)
            hasLabelsAboveSplits = hasLabelsAboveSplits || inner.hasLabelsAboveSplits
        }
    }

    /// - Parameter isTop: whether it is the drop, or the only thing in it.
    private func readSet(_ folder: FolderTree, isTop: Bool) -> SetReading {
        var result = SetReading()
        let splits = splits(in: folder)
        for (name, split) in splits {
            let inner = folder.children[name] ?? FolderTree()
            result.reading.children[name] = readSplit(inner, named: name, kind: split.kind)
            if !inner.isFlat { result.kinds.insert(split.kind) }
        }
        var wrappers: [(name: RawPath, inner: SetReading)] = []
        for (name, inner) in folder.sorted where splits[name] == nil {
            if !result.kinds.isEmpty, let reading = readUnlabelled(inner, named: name) {
                result.reading.children[name] = reading
                continue
            }
            let isAlone = isTop && folder.children.count == 1
            if let reading = readLabelAboveSplits(inner) {
                let isWrapper = SetWords.isAll(name) || (isAlone && isNamedLikeDrop(name))
                result.reading.children[name] = LayoutReading(
                    role: isWrapper ? .passed : .label, children: reading)
                result.hasLabelsAboveSplits = result.hasLabelsAboveSplits || !isWrapper
                continue
            }
            let set = readSet(inner, isTop: isAlone)
            if !inner.holdsFiles, set.leadsToSplits {
                wrappers.append((name, set))
            } else if isAlone, !inner.holdsFiles, !inner.isFlat, SetWords.isAll(name) || isNamedLikeDrop(name) {
                result.absorb(set, at: name)
            } else {
                result.reading.children[name] = LayoutReading(role: .label)
            }
        }
        let hasClasses = result.reading.children.values.contains { $0.role == .label }
        for (name, inner) in wrappers {
            if !hasClasses || inner.hasLabelsAboveSplits || inner.kinds.count > 1 {
                result.absorb(inner, at: name)
            } else {
                // Beside classes, it is a class, too, and what is below its splits doesn't matter.
                let splits = inner.reading.children.filter { if case .split = $1.role { true } else { false } }
                result.reading.children[name] = LayoutReading(
                    role: .label, children: splits.mapValues { LayoutReading(role: $0.role) })
            }
        }
        return result
    }

    /// The splits among the folders in this one.
    private func splits(in folder: FolderTree) -> [RawPath: SplitName] {
        var named = splitNames(in: folder)
        let areAllSplits = isChoiceOfSplits(named, among: folder)
        if setting == .auto { named.merge(prefixedSplits(in: folder)) { first, _ in first } }
        return named.filter { name, split in
            guard let inner = folder.children[name], !areAllSplits else { return true }
            guard inner.holdsFiles else { return !inner.isFlat }
            // Pictures directly in it make it a class, unless other splits suggest otherwise.
            return !inner.isFlat
                && named.contains { $1.kind != split.kind && folder.children[$0]?.isFlat == false }
        }
    }

    /// The folders in this one that have a split's name.
    private func splitNames(in folder: FolderTree) -> [RawPath: SplitName] {
        folder.children.keys.reduce(into: [:]) { $0[$1] = splitName($1) }
    }

    /// Whether all folders in it are splits by name; a first, second and third test alone aren't.
    private func isChoiceOfSplits(_ splits: [RawPath: SplitName], among folder: FolderTree) -> Bool {
        let others = folder.children.keys.filter { splits[$0] == nil && !(setting == .auto && isUnlabelled($0)) }
        let kinds = Set(splits.values.map(\.kind))
        return !splits.isEmpty && others.isEmpty && (kinds.count > 1 || !splits.values.allSatisfy(\.isNumbered))
    }

    /// `seg_train` and `seg_test`: the same prefix, several splits, label folders in each.
    private func prefixedSplits(in folder: FolderTree) -> [RawPath: SplitName] {
        let candidates = folder.children.filter { !$1.isFlat }.keys.compactMap { name in
            SplitName(prefixed: name).map { (name, $0) }
        }
        let labelled = candidates.filter { $1.kind != .unlabelled }
        let families = Dictionary(grouping: labelled, by: \.1.prefix).values.filter { Set($0.map(\.1.kind)).count > 1 }
        return Dictionary(uniqueKeysWithValues: families.joined().map { $0 })
    }

    private func isUnlabelled(_ name: RawPath) -> Bool {
        (SplitName(name) ?? SplitName(prefixed: name))?.kind == .unlabelled
    }

    /// A folder of pictures for prediction, beside splits that contain labels.
    private func readUnlabelled(_ folder: FolderTree, named name: RawPath) -> LayoutReading? {
        guard setting == .auto, isUnlabelled(name) else { return nil }
        let reading = readSplit(folder, named: name, kind: .unlabelled)
        return labels(of: reading).isEmpty ? reading : nil
    }

    private func readSplit(_ folder: FolderTree, named name: RawPath, kind: SplitName.Kind) -> LayoutReading {
        var result = LayoutReading(role: .split(kind))
        if let (inner, content) = folder.only, isRepeated(inner, of: name, kind, content) {
            result.children[inner] = readSplit(content, named: inner, kind: kind)
            result.children[inner]?.role = .passed
            return result
        }
        let splits = splitNames(in: folder)
        let areSplits = isChoiceOfSplits(splits, among: folder) && folder.children.values.contains { !$0.isFlat }
        for (inner, content) in folder.children {
            result.children[inner] =
                if areSplits, let split = splits[inner] {
                    readSplit(content, named: inner, kind: split.kind)
                } else {
                    LayoutReading(role: .label)
                }
        }
        return result
    }

    /// Whether the only folder in a split is another level of it: with the same name, or a name for pictures in
    /// general.
    private func isRepeated(
        _ inner: RawPath, of name: RawPath, _ kind: SplitName.Kind, _ content: FolderTree
    ) -> Bool {
        NameRules.lowercased(inner) == NameRules.lowercased(name) || splitName(inner)?.kind == kind
            || (SetWords.isAll(inner) && !content.holdsFiles && !content.isFlat)
    }

    /// The contents of a label's folder if they are only splits with pictures directly in them; otherwise nil.
    private func readLabelAboveSplits(_ folder: FolderTree) -> [RawPath: LayoutReading]? {
        let splits = splitNames(in: folder)
        if isChoiceOfSplits(splits, among: folder), folder.children.values.allSatisfy(holdsPicturesOnly) {
            return splits.mapValues { LayoutReading(role: .split($0.kind)) }
        }
        guard let (name, inner) = folder.only, SetWords.isAll(name) else { return nil }
        return readLabelAboveSplits(inner).map { [name: LayoutReading(role: .passed, children: $0)] }
    }

    private func holdsPicturesOnly(_ folder: FolderTree) -> Bool {
        guard let (name, inner) = folder.only else { return folder.isFlat }
        return SetWords.isAll(name) && inner.isFlat
    }

    /// `images` as the only folder in a split isn't a label if other splits have labels.
    private func withoutSetsBelowSplits(_ reading: LayoutReading) -> LayoutReading {
        var result = reading
        result.children = reading.children.mapValues(withoutSetsBelowSplits)
        if case .split = reading.role, let name = result.children.keys.first, result.children.count == 1,
            SetWords.isAll(name), result.children[name]?.role == .label
        {
            result.children[name]?.role = .passed
        }
        return result
    }

    private func labels(of reading: LayoutReading) -> [RawPath] {
        reading.children.flatMap { name, inner in inner.role == .label ? [name] : labels(of: inner) }
    }

    /// Names from unpacked archives: `photos` in `photos`, `flowers` in `flowers-main`, `photos` in `photos (1)`.
    private func isNamedLikeDrop(_ name: RawPath) -> Bool {
        let (name, drop) = (NameRules.lowercased(name), NameRules.lowercased(dropName))
        return name == drop || name == Self.withoutNumber(drop) || Self.withoutNumber(name) == drop
            || [name.bytes + Array("-main".utf8), name.bytes + Array("-master".utf8)].contains(drop.bytes)
    }

    /// Without the number that a second copy of a folder gets.
    private static func withoutNumber(_ name: RawPath) -> RawPath {
        let decoration = Set(" ()-_0123456789".utf8)
        return RawPath(name.bytes.reversed().drop(while: decoration.contains).reversed())
    }
}
