internal import Records
internal import System

/// How the files of a drop get labels and splits: by the layout of all its folders. But once the pictures in a folder
/// have a label and a split, these stay the same as long as the drop exists, whatever comes later.
struct DropReading: Sendable {
    private let layout: DropLayout
    private let known: [RawPath: DropLayout.Placement]
    let record: LayoutRecord

    /// - Parameter earlier: how folders were understood before.
    init(
        _ drop: EntrySnapshot, rules: NameRules, splitFolders: SplitFolders, earlier: [[UInt8]: LayoutRecord.Place]
    ) {
        var folders = drop.isFolder ? DropLayout.folders(of: drop.takeable.lazy.map(\.path)) : []
        let seen = folders
        // The subfolders of a kept folder count even if they are empty at the moment.
        if drop.isKept { folders.formUnion(drop.innermostFolders(rules)) }
        folders.formUnion(earlier.keys.map { RawPath($0) })
        let layout = DropLayout(
            name: drop.name, isFolder: drop.isFolder, folders: folders, splitFolders: splitFolders)
        let known = Dictionary(uniqueKeysWithValues: earlier.map { (RawPath($0), DropLayout.Placement($1)) })
        var places = earlier
        for folder in seen where places[folder.bytes] == nil {
            let file = folder.appending(RawPath("x"))
            if case .picture(let label, let split) = layout.placement(of: file) {
                places[folder.bytes] = LayoutRecord.Place(label: label.bytes, split: split.map(Split.init))
            }
        }
        var warnings = layout.warnings.map { LayoutRecord.Warning(code: $0.code, text: $0.description) }
        let changed = known.filter { layout.placement(of: $0.appending(RawPath("x"))) != $1 }.keys
        if !changed.isEmpty {
            let text =
                "later files suggest another meaning of \(FolderList.text(changed.sorted())); this drop keeps the "
                + "first meaning"
            warnings.append(LayoutRecord.Warning(code: "understood_before", text: text))
        }
        record = LayoutRecord(text: layout.understanding, warnings: warnings, places: places)
        (self.layout, self.known) = (layout, known)
    }

    func placement(of path: RawPath) -> DropLayout.Placement { known[path.parent] ?? layout.placement(of: path) }
}

extension DropLayout.Placement {
    fileprivate init(_ place: LayoutRecord.Place) {
        let split: DropLayout.Split? =
            switch place.split {
            case .train: .train
            case .test: .test
            case nil: nil
            }
        self = .picture(label: RawPath(place.label), split: split)
    }
}
