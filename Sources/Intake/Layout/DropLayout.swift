/// Which label and which split the files of a drop have, told by their paths alone.
///
/// Understood are `DROP/LABEL/**`, `DROP/{train,test,val}/LABEL/**` and `LABEL/*`. A top folder that is itself called
/// train, test or val holds label folders of that split. `val` counts as test unless the drop has a test folder.
package struct DropLayout: Sendable {
    /// The side of the data that the drop's own folders put a picture on.
    package enum Split: Sendable, Hashable {
        case train, test
    }

    package enum Placement: Sendable, Hashable {
        /// A picture of `label`; `split` is nil where the drop does not say.
        case picture(label: RawPath, split: Split?)
        case refused(LayoutFault)
    }

    private let name: RawPath
    private let isFolder: Bool
    private let hasLabelFolders: Bool
    private let hasTestFolder: Bool

    /// - Parameters:
    ///   - name: the top-level entry of the inbox.
    ///   - isFolder: false for a loose file.
    ///   - paths: the paths of all its files, relative to it.
    package init(name: RawPath, isFolder: Bool = true, paths: some Sequence<RawPath>) {
        self.name = name
        self.isFolder = isFolder
        var hasLabelFolders = false
        var hasTestFolder = SplitFolder(name) == .test
        for path in paths {
            let components = path.components
            hasLabelFolders = hasLabelFolders || components.count > 1
            hasTestFolder = hasTestFolder || (components.count > 2 && SplitFolder(components[0]) == .test)
        }
        self.hasLabelFolders = hasLabelFolders
        self.hasTestFolder = hasTestFolder
    }

    /// Where the file at `path`, relative to the drop, belongs.
    package func placement(of path: RawPath) -> Placement {
        guard isFolder else { return .refused(.looseFile) }
        let components = path.components
        if let inner = SplitFolder(components[0]), components.count != 1 {
            return components.count > 2
                ? .picture(label: components[1], split: side(of: inner))
                : .refused(.noLabelBelowSplit(folder: components[0]))
        }
        return placementBelowName(components)
    }

    private func placementBelowName(_ components: [RawPath]) -> Placement {
        let outer = SplitFolder(name)
        if components.count > 1 { return .picture(label: components[0], split: outer.map(side)) }
        if outer != nil { return .refused(.noLabelBelowSplit(folder: name)) }
        return hasLabelFolders ? .refused(.besideLabelFolders) : .picture(label: name, split: nil)
    }

    private func side(of folder: SplitFolder) -> Split {
        switch folder {
        case .train: .train
        case .test: .test
        case .val: hasTestFolder ? .train : .test
        }
    }
}

/// Why a file's place in a drop gives it no label.
package enum LayoutFault: Error, Sendable, Hashable, CustomStringConvertible {
    case looseFile
    case besideLabelFolders
    case noLabelBelowSplit(folder: RawPath)

    package var description: String {
        switch self {
        case .looseFile: "no label folder: the file lay directly in the inbox"
        case .besideLabelFolders:
            "no label folder: the file lay beside the label folders of its drop, not in one of them"
        case .noLabelBelowSplit(let folder):
            "no label folder: the file lay directly in \(folder.escaped)/, which names a split, not a label"
        }
    }
}

/// The folder names that fix a split; in any case of letters.
private enum SplitFolder {
    case train, test, val

    init?(_ name: RawPath) {
        switch RawPath(name.bytes.map { (65...90).contains($0) ? $0 | 32 : $0 }) {
        case RawPath("train"): self = .train
        case RawPath("test"): self = .test
        case RawPath("val"): self = .val
        default: return nil
        }
    }
}
