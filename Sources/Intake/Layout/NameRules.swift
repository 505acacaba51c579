internal import Glibc
package import System

/// What the names of files and folders decide before anything is opened: what may be taken, what is ignored, and what
/// stays until somebody renames it or asks for it.
package struct NameRules: Sendable {
    /// What may become of a file or folder according to the names on its path.
    package enum Standing: Sendable, Hashable {
        case takeable
        /// Left behind by a system or a tool: ignored, and removed with its drop. `root` is the outermost folder or
        /// file that is clutter, relative to the drop; empty for the drop itself.
        case clutter(root: RawPath)
        /// Hidden by a leading dot, and only taken on request. `root` as above.
        case hidden(root: RawPath)
        /// Unfinished according to its name; `root` is the file itself, or empty for a drop with such a name.
        case partial(root: RawPath)
    }

    /// The prefix of the folder name under which a drop has been set aside.
    static let asidePrefix = ".done"
    /// Files that are too large are moved here, if the setting says so.
    static let tooLargeFolder = RawPath(".too-large")
    /// A file that is about to be removed has this prefix for a moment.
    static let removalPrefix = Array(".cultivar~".utf8)

    private let ignored: [[CChar]]
    private let keptFolders: Set<RawPath>
    private var approved: Set<RawPath> = []

    /// - Parameters:
    ///   - ignored: names to ignore in addition to the known ones, as fnmatch(3) patterns, in any case.
    ///   - keptFolders: top-level folders that stay when their pictures are taken.
    package init(ignored: [String] = [], keptFolders: Set<RawPath> = []) {
        self.ignored = ignored.map { $0.utf8CString.map { $0 } }
        self.keptFolders = keptFolders
    }

    /// These rules with other approved paths: those in the inbox, hidden or partial, that somebody has asked to be
    /// taken.
    package func approving(_ paths: Set<RawPath>) -> NameRules {
        var rules = self
        rules.approved = paths
        return rules
    }

    /// The status of a file or folder at `path` below the top-level entry `drop`; a loose file has an empty path.
    package func standing(of path: RawPath, in drop: RawPath, isFolder: Bool) -> Standing {
        let isLoose = path.bytes.isEmpty && !isFolder
        let top = Self.isAside(drop) ? .takeable : kind(drop.bytes[...], isFolder: !isLoose, isTop: true)
        if let standing = standing(top, root: RawPath([]), in: drop) { return standing }
        var start = path.bytes.startIndex
        while start < path.bytes.endIndex {
            let end = path.bytes[start...].firstIndex(of: Self.slash) ?? path.bytes.endIndex
            let kind = kind(path.bytes[start..<end], isFolder: isFolder || end < path.bytes.endIndex, isTop: false)
            if kind != .takeable, let found = standing(kind, root: RawPath(path.bytes[..<end]), in: drop) {
                return found
            }
            start = end + 1
        }
        return .takeable
    }

    /// Whether somebody may ask for a hidden or partial path to be taken.
    package static func mayBeAskedFor(_ path: RawPath) -> Bool { path.first != tooLargeFolder }

    /// Whether a file or folder with this name is irrelevant when looking for pictures.
    package static func isHiddenOrClutter(_ name: RawPath) -> Bool {
        name.bytes.first == UInt8(ascii: ".") || NameRules().isClutter(name.bytes[...])
    }

    /// Whether a pattern would ignore pictures with any name.
    package static func ignoresPictures(_ pattern: String) -> Bool {
        let rules = NameRules(ignored: [pattern])
        return ["q.jpg", "q.jpeg", "q.png"].contains { rules.isClutter(Array($0.utf8)[...]) }
    }

    /// Whether a top-level entry has a name that prevents it from being taken without a request.
    func isHeldBack(_ name: RawPath) -> Bool {
        !Self.isAside(name) && kind(name.bytes[...], isFolder: true, isTop: true) != .takeable
            && !approved.contains(name)
    }

    /// Whether what happens in a folder, by its path in the inbox, may lead to something being taken.
    func isOfInterest(_ folder: RawPath) -> Bool {
        folder.bytes.isEmpty
            || standing(of: folder.withoutFirst, in: folder.first, isFolder: true) == .takeable
    }

    /// Whether the settings say that a top-level folder stays when its pictures are taken.
    func keeps(_ folder: RawPath) -> Bool { keptFolders.contains(folder) }

    /// Whether a top-level folder is a drop that has been set aside because its files can't be removed.
    static func isAside(_ name: RawPath) -> Bool { originalName(ofAside: name) != nil }

    /// The name under which a drop is set aside: `.done-NAME`, or `.done~2-NAME` if that is in use.
    static func asideName(of name: RawPath, number: Int) -> RawPath {
        RawPath(Array((number == 1 ? "\(asidePrefix)-" : "\(asidePrefix)~\(number)-").utf8) + name.bytes)
    }

    /// The name that a drop had before it was set aside; nil for any other name.
    static func originalName(ofAside name: RawPath) -> RawPath? {
        guard name.bytes.starts(with: asidePrefix.utf8) else { return nil }
        var rest = name.bytes.dropFirst(asidePrefix.utf8.count)
        if rest.first == UInt8(ascii: "~") {
            let digits = rest.dropFirst().prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
            guard !digits.isEmpty else { return nil }
            rest = rest[digits.endIndex...]
        }
        guard rest.first == UInt8(ascii: "-"), rest.count > 1 else { return nil }
        return RawPath(rest.dropFirst())
    }

    static func isClutter(_ standing: Standing) -> Bool {
        if case .clutter = standing { true } else { false }
    }

    /// Whether a file has the name that files get for the moment of their removal.
    static func isBeingRemoved(_ name: some Collection<UInt8>) -> Bool {
        name.count > removalPrefix.count && name.starts(with: removalPrefix)
    }

    private enum Kind { case takeable, clutter, hidden, partial }

    private func kind(_ name: ArraySlice<UInt8>, isFolder: Bool, isTop: Bool) -> Kind {
        if isClutter(name) { return .clutter }
        if !isFolder, Self.isBeingRemoved(name) { return .takeable }
        if name.first == UInt8(ascii: ".") { return .hidden }
        // A folder inside the drop with such a name is a class: engine.part, wheel.tmp.
        return (!isFolder || isTop) && Self.isPartial(name) ? .partial : .takeable
    }

    private func standing(_ kind: Kind, root: RawPath, in drop: RawPath) -> Standing? {
        switch kind {
        case .takeable: return nil
        case .clutter: return .clutter(root: root)
        case .hidden: return isApproved(root, in: drop) ? nil : .hidden(root: root)
        case .partial: return isApproved(root, in: drop) ? nil : .partial(root: root)
        }
    }

    private func isApproved(_ root: RawPath, in drop: RawPath) -> Bool {
        guard !approved.isEmpty, Self.mayBeAskedFor(drop) else { return false }
        let drop = Self.originalName(ofAside: drop) ?? drop
        return approved.contains(root.bytes.isEmpty ? drop : drop.appending(root))
    }

    /// Whether a name is one of those that are ignored.
    func isClutter(_ name: ArraySlice<UInt8>) -> Bool {
        guard let first = name.first else { return false }
        if name.starts(with: Self.appleDouble) { return true }
        if Self.clutterInitials.contains(first) {
            let name = Self.lowercased(RawPath(name))
            if Self.clutter.contains(name) || name.bytes.starts(with: Self.trashOfVolume) { return true }
        }
        guard !ignored.isEmpty else { return false }
        return RawPath(name).withCString { text in
            ignored.contains { fnmatch($0, text, Self.caseFolding) == 0 }
        }
    }

    private static func isPartial(_ name: ArraySlice<UInt8>) -> Bool {
        name.starts(with: syncthing)
            || partialSuffixes.contains { suffix in
                name.suffix(suffix.count).elementsEqual(suffix) { lowercased($0) == $1 }
            }
    }

    /// A name with ASCII letters in lower case; other bytes as they are.
    static func lowercased(_ name: RawPath) -> RawPath { RawPath(name.bytes.map { lowercased($0) }) }

    private static func lowercased(_ byte: UInt8) -> UInt8 {
        (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte | 0x20 : byte
    }

    private static let slash = UInt8(ascii: "/")
    private static let caseFolding = Int32(1 << 4)  // FNM_CASEFOLD
    private static let appleDouble = Array("._".utf8)
    private static let syncthing = Array("~syncthing~".utf8)
    private static let trashOfVolume = Array(".trash-".utf8)

    /// Avoids a look-up for most names.
    private static let clutterInitials = Set(
        clutter.flatMap { name in
            let first = name.bytes[0]
            return [first, (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(first) ? first & ~0x20 : first]
        })

    /// Files and folders of systems, NAS boxes, version control and notebooks, in lower case. docs/inbox.md lists them.
    private static let clutter: Set<RawPath> = Set(
        [
            ".ds_store", "__macosx", ".appledouble", ".spotlight-v100", ".trashes", ".fseventsd", ".temporaryitems",
            ".documentrevisions-v100", ".localized", ".apdisk", "icon\r", "thumbs.db", "ehthumbs.db", "desktop.ini",
            "$recycle.bin", "system volume information", ".directory", ".thumbnails", ".trash", "lost+found",
            "@eadir", "#recycle", "@recycle", "@recently-snapshot", "#snapshot", ".ipynb_checkpoints", "__pycache__",
            ".git", ".hg", ".svn", ".dvc", ".cache", ".idea", ".vscode", ".stfolder", ".stversions", ".dropbox.cache",
        ].map { RawPath($0) })

    private static let partialSuffixes = [".part", ".partial", ".tmp", ".filepart", ".crdownload"]
        .map { [UInt8]($0.utf8) }
}
