internal import Archive
internal import System

/// How the files of a drop are placed: by the layout of all its folders, but what pictures in a folder were once taken for they
/// are taken for as long as the drop lasts, whatever comes later.
struct DropReading: Sendable {
    private let layout: DropLayout
    private let known: [RawPath: DropLayout.Placement]
    let record: LayoutRecord

    /// - Parameter earlier: what folders were taken for before.
    init(
        _ drop: EntrySnapshot, rules: NameRules, splitFolders: SplitFolders, earlier: [[UInt8]: LayoutRecord.Place]
    ) {
        var folders = drop.isFolder ? DropLayout.folders(of: drop.takeable.lazy.map(\.path)) : []
        let seen = folders
        // A kept folder's sub-folders count whether there is anything in them just now or not.
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
                "what came later would have \(FolderList.text(changed.sorted())) understood otherwise; that stays as it was "
                + "for this drop"
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
