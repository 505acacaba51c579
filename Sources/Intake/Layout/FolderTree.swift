internal import System

/// The folders of a drop that contain files, and the folders that lead to them.
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

    /// The only folder in it, if there is exactly one.
    var only: (name: RawPath, folder: FolderTree)? {
        children.count == 1 ? children.first.map { ($0.key, $0.value) } : nil
    }

    /// Whether it contains no folder with files.
    var isFlat: Bool { children.isEmpty }

    private mutating func insert(_ path: ArraySlice<RawPath>) {
        guard let first = path.first else {
            holdsFiles = true
            return
        }
        children[first, default: FolderTree()].insert(path.dropFirst())
    }
}
