internal import System

/// The folders of a drop that hold files, and those on the way to them.
struct FolderTree: Sendable {
    var holdsFiles = false
    var children: [RawPath: FolderTree] = [:]

    init(_ folders: some Sequence<RawPath> = []) {
        for folder in folders { insert(folder.components[...]) }
    }

    /// In the order of their names.
    var sorted: [(name: RawPath, folder: FolderTree)] {
        children.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }

    /// The one folder in it, where there is just one.
    var only: (name: RawPath, folder: FolderTree)? {
        children.count == 1 ? children.first.map { ($0.key, $0.value) } : nil
    }

    /// Whether no folder with files lies in it.
    var isFlat: Bool { children.isEmpty }

    private mutating func insert(_ path: ArraySlice<RawPath>) {
        guard let first = path.first else {
            holdsFiles = true
            return
        }
        children[first, default: FolderTree()].insert(path.dropFirst())
    }
}
