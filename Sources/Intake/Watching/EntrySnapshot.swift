package import System

/// One thing below a top-level entry of the inbox.
package struct InboxFile: Sendable, Hashable {
    /// Relative to the top-level entry; for a loose file its own name.
    package let path: RawPath
    package let kind: EntryKind
    package let stamp: FileStamp
    /// How many names (hard links) it has, wherever they are.
    package let links: Int

    package init(path: RawPath, kind: EntryKind, stamp: FileStamp, links: Int = 1) {
        self.path = path
        self.kind = kind
        self.stamp = stamp
        self.links = links
    }
}

/// All that one scan saw of one top-level entry of the inbox.
package struct EntrySnapshot: Sendable, Hashable {
    /// Why a drop is left alone as it stands.
    package enum Excess: Sendable, Hashable, CustomStringConvertible {
        case depth(limit: Int, folder: RawPath)
        case count(limit: Int)
        case bytes(limit: Int64)

        package var description: String {
            switch self {
            case .depth(let limit, let folder): "\(folder.escaped) lies more than \(limit) folders deep"
            case .count(let limit): "it holds more than \(limit) files"
            case .bytes(let limit): "it holds more than \(limit) bytes"
            }
        }
    }

    /// A file that stays in the inbox for its name's sake, or for that of a folder above it.
    package struct WithheldFile: Sendable, Hashable {
        package let file: InboxFile
        /// Hidden or partial.
        package let standing: NameRules.Standing
        /// Whether its content or its name's ending is a picture's; what is partial counts as one.
        package let isPicture: Bool
    }

    package let name: RawPath
    package let isFolder: Bool
    /// How the entry itself stands by its name.
    package let standing: NameRules.Standing
    /// Everything but folders, by path.
    package let files: [InboxFile]
    /// The files that are neither clutter nor withheld.
    package let takeable: [InboxFile]
    package let withheld: [WithheldFile]
    package let clutter: [InboxFile]
    /// What makes the clutter so, with the number of files at or below each: a folder, or a file.
    package let clutterRoots: [RawPath: Int]
    /// The folders below the entry and the entry itself (with an empty path), by path.
    package let folders: [InboxFile]
    /// Folders that this process may not list, clutter left out.
    package let unreadable: [RawPath]
    /// Set where the entry passes a limit; the lists are then incomplete.
    package let excess: Excess?
    /// Whether there are hidden folders in it, or it is one: what comes into them is no event.
    package let hasHiddenFolders: Bool
    /// Whether the folder stays when its pictures are taken, which are then taken one by one.
    package let isKept: Bool

    /// - Parameter pictures: the withheld files whose content is known to be a picture's.
    package init(
        name: RawPath, isFolder: Bool = true, files: [InboxFile], folders: [InboxFile] = [], unreadable: [RawPath] = [],
        excess: Excess? = nil, rules: NameRules = NameRules(), pictures: Set<RawPath> = []
    ) {
        self.name = name
        self.isFolder = isFolder
        func standing(_ path: RawPath, isFolder below: Bool) -> NameRules.Standing {
            rules.standing(of: isFolder ? path : RawPath([]), in: name, isFolder: below)
        }
        // Where a folder changes while it is listed, a name may come twice.
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
                // It says that the folder stays, and is meant to.
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

    /// The folders that have no others in them and may hold pictures by their names.
    func innermostFolders(_ rules: NameRules) -> Set<RawPath> {
        let outer = Set(folders.map(\.path.parent))
        return Set(
            folders.map(\.path).filter {
                !$0.bytes.isEmpty && !outer.contains($0)
                    && rules.standing(of: $0, in: name, isFolder: true) == .takeable
            })
    }

    /// The same entry with some of its files only.
    func restricted(to some: [InboxFile]) -> EntrySnapshot { EntrySnapshot(self, takeable: some) }

    private init(_ other: EntrySnapshot, takeable: [InboxFile]) {
        (name, isFolder, standing, excess, isKept, hasHiddenFolders) =
            (other.name, other.isFolder, other.standing, other.excess, other.isKept, other.hasHiddenFolders)
        (files, self.takeable, folders) = (takeable, takeable, other.folders)
        (withheld, clutter, clutterRoots, unreadable) = ([], [], [:], [])
    }

    /// Whether something in it is not taken in and may yet be: what lies there on purpose, such as `.gitkeep`, is not meant.
    package var withholdsPictures: Bool {
        !unreadable.isEmpty || excess != nil || withheld.contains(where: \.isPicture)
    }

    /// Whether there is nothing in it but clutter; it is cleared away like a drop. An entry that is clutter itself is not
    /// ours to clear away.
    var isOnlyClutter: Bool {
        isFolder && !isKept && standing == .takeable && !NameRules.isAside(name) && !clutter.isEmpty
            && takeable.isEmpty && withheld.isEmpty && unreadable.isEmpty && excess == nil
    }

    private static let keepFile = RawPath(".keep")
}

/// A drop that holds still and may be taken in.
package struct DropCandidate: Sendable, Hashable {
    package let snapshot: EntrySnapshot
    /// How long it has been seen to hold still.
    package let stillFor: Duration
    /// Whether it was renamed in as a whole, so that nobody is at work in it.
    package let isWhole: Bool

    package var name: RawPath { snapshot.name }

    package init(snapshot: EntrySnapshot, stillFor: Duration, isWhole: Bool = false) {
        self.snapshot = snapshot
        self.stillFor = stillFor
        self.isWhole = isWhole
    }
}
