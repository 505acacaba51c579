internal import Records
internal import System

/// How the files of a drop get labels and splits: by the layout of all its folders. But once the pictures in a folder
/// have a label and a split, these stay the same as long as the drop exists, whatever comes later.
struct DropReading: Sendable {
    private let layout: DropLayout
    /// Of the folders that hold files, and of those that did.
    private let placements: [RawPath: DropLayout.Placement]
    let record: LayoutRecord

    /// - Parameter earlier: how folders were understood before.
    init(
        _ drop: EntrySnapshot, rules: NameRules, splitFolders: SplitFolders, earlier: [RawPath: LayoutRecord.Place]
    ) {
        var folders = drop.isFolder ? DropLayout.folders(of: drop.takeable.lazy.map(\.path)) : []
        let seen = folders
        // The subfolders of a kept folder count even if they are empty at the moment.
        if drop.isKept { folders.formUnion(drop.innermostFolders(rules)) }
        folders.formUnion(earlier.keys)
        let layout = DropLayout(
            name: drop.name, isFolder: drop.isFolder, folders: folders, splitFolders: splitFolders)
        let known = earlier.mapValues { DropLayout.Placement.picture(label: $0.label, split: $0.split) }
        let placements = Set(drop.takeable.lazy.map(\.path.parent)).reduce(into: known) { placements, folder in
            if placements[folder] == nil { placements[folder] = layout.placement(inFolder: folder) }
        }
        var places = earlier
        for folder in seen where places[folder] == nil {
            if case .picture(let label, let split) = placements[folder] {
                places[folder] = LayoutRecord.Place(label: label, split: split)
            }
        }
        var warnings = layout.warnings.map { LayoutRecord.Warning(code: $0.code, text: $0.description) }
        let changed = known.filter { layout.placement(inFolder: $0) != $1 }.keys
        if !changed.isEmpty {
            let text =
                "later files suggest another meaning of \(FolderList.text(changed.sorted())); this drop keeps the "
                + "first meaning"
            warnings.append(LayoutRecord.Warning(code: "understood_before", text: text))
        }
        record = LayoutRecord(text: layout.understanding, warnings: warnings, places: places)
        (self.layout, self.placements) = (layout, placements)
    }

    func placement(of path: RawPath) -> DropLayout.Placement {
        placements[path.parent] ?? layout.placement(of: path)
    }
}
