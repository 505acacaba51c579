internal import System
internal import SystemPackage
internal import Workers

/// Removes what is left of a handled drop from the inbox: folders that have become empty, and clutter.
struct DropRemoval {
    let candidate: DropCandidate
    let scanner: InboxScanner
    let kept: KeptSources
    let cancellation: CancellationFlag

    enum Outcome {
        /// It has left the inbox, or has been set aside within it.
        case gone
        /// All of it has been taken; what stays is there on purpose.
        case done
        /// Something in it hasn't been taken.
        case waiting
    }

    /// - Parameter hasKept: whether some of its files may not be removed; the drop is then set aside within the inbox.
    func run(hasKept: Bool) throws -> Outcome {
        guard let left = try scanner.scan(candidate.name) else { return .gone }
        let isDone = kept.holdAll(of: left)
        guard left.isFolder else { return try hasKept && putAside(left) ? .gone : isDone ? .done : .waiting }
        if isDone && !left.takeable.isEmpty { return try putAside(left) ? .gone : .done }
        if left.isOnlyClutter { try removeClutter(left) }
        try removeEmptyFolders(left)
        if try scanner.folder.status(of: candidate.name) == nil { return .gone }
        return isDone ? .done : .waiting
    }

    private func removeClutter(_ left: EntrySnapshot) throws {
        var folders = SourceFolders(inbox: scanner.folder, drop: left)
        for file in left.files {
            try cancellation.check()
            do {
                try folders.folder(of: file.path).removeFile(file.path.last)
            } catch {
                if !error.isForbidden && !error.isAboutChange { throw error }
            }
        }
    }

    /// Innermost first, and only those that existed when the drop settled: a new folder is somebody's next delivery.
    private func removeEmptyFolders(_ left: EntrySnapshot) throws {
        let settled = Dictionary(
            candidate.snapshot.folders.map { ($0.path, $0.stamp.inode) }, uniquingKeysWith: { first, _ in first })
        var folders = SourceFolders(inbox: scanner.folder, drop: left)
        for folder in left.folders.reversed() where settled[folder.path] == folder.stamp.inode {
            try cancellation.check()
            guard !folder.path.bytes.isEmpty else {
                _ = scanner.folder.removeFolder(left.name)
                continue
            }
            guard let parent = try? folders.folder(at: folder.path.parent) else { continue }
            _ = parent.removeFolder(folder.path.last)
        }
    }

    /// Renames a drop whose files have been taken but can't be removed, so that people see that it is done.
    private func putAside(_ left: EntrySnapshot) throws -> Bool {
        for number in 1...99 {
            let aside = NameRules.asideName(of: left.name, number: number)
            do {
                try scanner.folder.rename(left.name, to: aside)
            } catch {
                if error.errno == .fileExists { continue }
                return false  // Then it stays, and its files are recognised by their stamps.
            }
            guard let moved = try scanner.scan(aside), !kept.holdAll(of: moved) else { return true }
            try scanner.folder.rename(aside, to: left.name)  // Something was added at the last moment.
            return false
        }
        return false
    }
}

extension FileFailure {
    /// Whether a path now leads to something else.
    var isAboutChange: Bool {
        errno == .noSuchFileOrDirectory || errno == .notDirectory || errno == .tooManySymbolicLinkLevels
    }
}
