package import Records
package import System

/// Which label and split the files of a drop have, according to the names of its folders.
///
/// It understands `DROP/LABEL/**`, `DROP/SPLIT/LABEL/**`, `DROP/LABEL/SPLIT/**`, each of them also wrapped in further
/// folders, and `LABEL/*`. A drop that is itself named like a split contains the label folders of that split.
/// docs/inbox.md has the rules.
package struct DropLayout: Sendable {
    /// What a file's place in its drop says about it.
    package enum Placement: Sendable, Hashable {
        /// A picture of `label`; `split` is nil if the drop doesn't specify it.
        case picture(label: RawPath, split: Split?)
        case refused(LayoutFault)
    }

    /// Possible mistakes, for people to check.
    package let warnings: [LayoutWarning]
    /// How the folders are understood, in a few words, escaped: `train/ and valid/, 12 labels, wrapped in archive/`.
    package let understanding: String

    private let name: RawPath
    private let isFolder: Bool
    private let reading: LayoutReading
    /// The split that the drop's own name determines.
    private let dropSplit: SplitName.Kind?
    private let hasTestFolder: Bool

    /// - Parameters:
    ///   - name: the top-level entry of the inbox.
    ///   - isFolder: false for a loose file.
    ///   - folders: the folders that directly contain files to take, relative to the drop, which itself is the empty
    ///     path; see ``folders(of:)``.
    package init(name: RawPath, isFolder: Bool = true, folders: Set<RawPath>, splitFolders: SplitFolders) {
        let plainName = name.withoutLeadingDot
        self.name = plainName
        self.isFolder = isFolder
        let overlay = RawPath([UInt8(ascii: ".")] + plainName.bytes)
        let tree = FolderTree(folders.map { $0.withoutLeading(overlay) })
        let reader = LayoutReader(dropName: plainName, setting: splitFolders)
        reading = reader.read(tree)
        let ownSplit = reader.splitName(plainName)
        dropSplit = ownSplit?.isNumbered == true ? nil : ownSplit?.kind
        let survey = LayoutSurvey(
            reading, of: tree, dropName: plainName, dropSplit: dropSplit, reader: reader, isFolder: isFolder)
        hasTestFolder = dropSplit == .test || survey.hasTestFolder
        understanding = survey.understanding
        warnings = survey.warnings
    }

    /// The folders that directly contain files which may be pictures; a README or a list beside them doesn't count. If
    /// no name looks like a picture's, all files count.
    package static func folders(of paths: some Sequence<RawPath>) -> Set<RawPath> {
        let folders = Set(paths.lazy.filter { !NameRules.isText($0) }.map(\.parent))
        return folders.isEmpty ? Set(paths.lazy.map(\.parent)) : folders
    }

    /// Where the file at `path`, relative to the drop, belongs.
    package func placement(of path: RawPath) -> Placement { placement(inFolder: path.parent) }

    /// Where the files directly in a folder of the drop belong.
    func placement(inFolder path: RawPath) -> Placement {
        guard isFolder else { return .refused(.looseFile) }
        let path = path.withoutLeading(RawPath([UInt8(ascii: ".")] + name.bytes))
        var label: RawPath?
        var split: (folder: RawPath, kind: SplitName.Kind)?
        var place = reading
        for folder in path.components {
            guard let next = place.children[folder] else {
                label = label ?? folder
                break
            }
            switch next.role {
            case .passed: break
            case .label: label = folder
            case .split(let kind): split = (folder, kind)
            }
            place = next
        }
        if let split, split.kind == .unlabelled || label == nil {
            return .refused(.noLabelBelowSplit(folder: split.folder))
        }
        if let label { return .picture(label: label, split: (split?.kind ?? dropSplit).map(side)) }
        if dropSplit != nil { return .refused(.noLabelBelowSplit(folder: name)) }
        return reading.children.isEmpty ? .picture(label: name, split: nil) : .refused(.besideLabelFolders)
    }

    private func side(of kind: SplitName.Kind) -> Split {
        switch kind {
        case .train: .train
        case .test, .unlabelled: .test
        case .validation: hasTestFolder ? .train : .test
        }
    }
}

/// Why a file's place in a drop doesn't give it a label.
package enum LayoutFault: Error, Sendable, Hashable, CustomStringConvertible {
    case looseFile
    case besideLabelFolders
    case noLabelBelowSplit(folder: RawPath)
    case noLabelName(folder: RawPath, LabelFault)

    /// For programs.
    package var code: String {
        switch self {
        case .looseFile, .besideLabelFolders, .noLabelBelowSplit: "no_label"
        case .noLabelName: "bad_label"
        }
    }

    package var description: String {
        switch self {
        case .looseFile:
            "no label folder: the file was directly in the inbox; put it into a folder named after its label"
        case .besideLabelFolders:
            "no label folder: the file was beside the label folders of its drop, not in one of them; put it into a "
                + "folder named after its label"
        case .noLabelBelowSplit(let folder):
            "no label folder: the file was directly in \(folder.escaped)/, which names a split, not a label; "
                + "put it into a folder in it named after its label, or, if \(folder.escaped) is the label, rename "
                + "the folder or set inbox.split_folders"
        case .noLabelName(_, .blank): "no label: the folder's name has no visible characters"
        case .noLabelName(let folder, .control):
            "no label: the folder's name, \(folder.escaped), has control characters or changes the direction of text"
        }
    }
}

extension RawPath {
    /// The name without the dot that hides it.
    fileprivate var withoutLeadingDot: RawPath {
        bytes.first == UInt8(ascii: ".") && bytes.count > 1 ? RawPath(bytes.dropFirst()) : self
    }

    /// The path without leading folders of this name.
    fileprivate func withoutLeading(_ folder: RawPath) -> RawPath {
        var rest = self
        while rest.first == folder { rest = rest.withoutFirst }
        return rest
    }
}
