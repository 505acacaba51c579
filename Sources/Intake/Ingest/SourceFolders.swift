internal import System

/// The folders of one drop, opened step by step below the open inbox without following links.
///
/// The folders along the last path stay open, so that a sorted list of files opens each folder once.
struct SourceFolders {
    private let inbox: FolderHandle
    private let dropName: RawPath
    private let isFolder: Bool
    private var chain: [(name: RawPath, folder: FolderHandle)] = []

    init(inbox: FolderHandle, drop: EntrySnapshot) {
        self.inbox = inbox
        dropName = drop.name
        isFolder = drop.isFolder
    }

    /// The folder that holds the drop's file at `path`.
    mutating func folder(of path: RawPath) throws(FileFailure) -> FolderHandle {
        guard isFolder else { return inbox }
        return try folder(at: path.parent)
    }

    /// The folder at `path` below the drop.
    mutating func folder(at path: RawPath) throws(FileFailure) -> FolderHandle {
        let names = [dropName] + path.components
        let shared = zip(names, chain).prefix { $0 == $1.name }.count
        chain.removeLast(chain.count - shared)
        for name in names[shared...] { chain.append((name, try (chain.last?.folder ?? inbox).folder(name))) }
        return chain.last?.folder ?? inbox
    }
}
