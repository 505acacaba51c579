package import System

/// One thing below a top-level entry of the inbox.
package struct InboxFile: Sendable, Hashable {
    /// Relative to the top-level entry; for a loose file its own name.
    package let path: RawPath
    package let kind: EntryKind
    /// A link's own, not that of its target.
    package let stamp: FileStamp
    /// How many names (hard links) it has, wherever they are.
    package var links = 1
}

/// Everything that one scan saw of one top-level entry of the inbox.
package struct EntrySnapshot: Sendable, Hashable {
    /// Why a drop is left alone in its present state.
    package enum Excess: Sendable, Hashable {
        case depth(limit: Int)
        /// Of files and folders together.
        case count(limit: Int)
        case bytes(limit: Int64)
    }

    /// A file that stays in the inbox because of its name or the name of a folder above it.
    package struct WithheldFile: Sendable, Hashable {
        package let file: InboxFile
        /// Hidden or partial.
        package let standing: NameRules.Standing
        /// Whether its content or the suffix of its name is that of a picture; partial files count as pictures.
        package let isPicture: Bool
    }

    /// The name in the inbox.
    package let name: RawPath
    /// False for a loose file.
    package let isFolder: Bool
    /// The status of the entry itself by its name.
    package let standing: NameRules.Standing
    /// Everything but folders, by path.
    package let files: [InboxFile]
    /// The files that are neither clutter nor held back.
    package let takeable: [InboxFile]
    /// The files that stay because of their names.
    package let withheld: [WithheldFile]
    /// The files that are ignored and removed with the drop.
    package let clutter: [InboxFile]
    /// The folders and files that are clutter by their names, with the number of files at or below each.
    package let clutterRoots: [RawPath: Int]
    /// The folders below the entry and the entry itself (with an empty path), by path.
    package let folders: [InboxFile]
    /// Folders that this process may not list, except clutter.
    package let unreadable: [RawPath]
    /// Set if the entry exceeds a limit; the lists are then incomplete.
    package let excess: Excess?
    /// Whether it has hidden folders, or is one: changes in them cause no events.
    package let hasHiddenFolders: Bool
    /// Whether the folder stays when its pictures are taken; these are then taken one by one.
    package let isKept: Bool

    /// - Parameters:
    ///   - folders: the entry itself, with an empty path, and those below it.
    ///   - pictures: the hidden files that are pictures by name or content.
    package init(
        name: RawPath, isFolder: Bool = true, files: [InboxFile], folders: [InboxFile] = [], unreadable: [RawPath] = [],
        excess: Excess? = nil, rules: NameRules = NameRules(), pictures: Set<RawPath> = []
    ) {
        self.name = name
        self.isFolder = isFolder
        func standing(_ path: RawPath, isFolder below: Bool) -> NameRules.Standing {
            rules.standing(of: isFolder ? path : RawPath([]), in: name, isFolder: below)
        }
        // If a folder changes while it is listed, a name may appear twice.
        var files = files.sorted { $0.path < $1.path }
        files = files.enumerated().filter { $0 == 0 || files[$0 - 1].path != $1.path }.map(\.element)
        var (takeable, withheld, clutter): ([InboxFile], [WithheldFile], [InboxFile]) = ([], [], [])
        var clutterRoots: [RawPath: Int] = [:]
        for file in files {
            switch standing(file.path, isFolder: false) {
            case .takeable: takeable.append(file)
            case .clutter(let root):
                clutter.append(file)
                clutterRoots[root, default: 0] += 1
            case .hidden(let root):
                // It marks the folder to stay, and stays itself.
                if file.path == Self.keepFile { continue }
                let isPicture = pictures.contains(file.path)
                withheld.append(WithheldFile(file: file, standing: .hidden(root: root), isPicture: isPicture))
            case .partial(let root):
                withheld.append(WithheldFile(file: file, standing: .partial(root: root), isPicture: true))
            }
        }
        self.standing = standing(RawPath([]), isFolder: isFolder)
        self.files = files
        self.takeable = takeable
        self.withheld = withheld
        self.clutter = clutter
        self.folders = folders.sorted { $0.path < $1.path }
        var unreadableFolders: [RawPath] = []
        for path in unreadable {
            if case .clutter(let root) = standing(path, isFolder: true) {
                clutterRoots[root, default: 0] += 0
            } else {
                unreadableFolders.append(path)
            }
        }
        self.unreadable = unreadableFolders
        self.clutterRoots = clutterRoots
        self.excess = excess
        hasHiddenFolders = folders.contains { folder in
            let name = folder.path.bytes.isEmpty ? name : folder.path.last
            guard name.bytes.first == UInt8(ascii: ".") else { return false }
            if case .hidden = standing(folder.path, isFolder: true) { return true } else { return false }
        }
        isKept = isFolder && (rules.keeps(name) || files.contains { $0.path == Self.keepFile })
    }

    /// The innermost folders that may contain pictures by their names.
    func innermostFolders(_ rules: NameRules) -> Set<RawPath> {
        let outer = Set(folders.map(\.path.parent))
        return Set(
            folders.map(\.path).filter {
                !$0.bytes.isEmpty && !outer.contains($0)
                    && rules.standing(of: $0, in: name, isFolder: true) == .takeable
            })
    }

    /// The same entry with only some of its files.
    func restricted(to some: [InboxFile]) -> EntrySnapshot { EntrySnapshot(self, takeable: some) }

    private init(_ other: EntrySnapshot, takeable: [InboxFile]) {
        (name, isFolder, standing, excess, isKept, hasHiddenFolders) =
            (other.name, other.isFolder, other.standing, other.excess, other.isKept, other.hasHiddenFolders)
        (files, self.takeable, folders) = (takeable, takeable, other.folders)
        (withheld, clutter, clutterRoots, unreadable) = ([], [], [:], [])
    }

    /// Whether something in it hasn't been taken and still may be, not counting what is there on purpose, such as
    /// `.gitkeep`.
    package var withholdsPictures: Bool {
        !unreadable.isEmpty || excess != nil || withheld.contains(where: \.isPicture)
    }

    /// Whether it contains only clutter; it is then removed like a drop. An entry that is clutter itself isn't removed.
    var isOnlyClutter: Bool {
        isFolder && !isKept && standing == .takeable && !NameRules.isAside(name) && !clutter.isEmpty
            && takeable.isEmpty && withheld.isEmpty && unreadable.isEmpty && excess == nil
    }

    private static let keepFile = RawPath(".keep")
}

/// A drop that has settled and may be taken.
package struct DropCandidate: Sendable, Hashable {
    package let snapshot: EntrySnapshot
    /// How long it has been seen unchanged.
    package let stillFor: Duration
    /// Whether it was renamed in as a whole, so that nobody is working in it.
    package var isWhole = false

    package var name: RawPath { snapshot.name }
}
