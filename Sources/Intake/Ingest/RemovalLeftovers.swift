internal import System

/// Files whose removal was interrupted between its two steps: they get their names back, and are taken again.
struct RemovalLeftovers {
    let candidate: DropCandidate
    let scanner: InboxScanner

    /// Returns whether any has got its name back. A file that may not be renamed is taken as it is.
    func restore() throws -> Bool {
        let drop = candidate.snapshot
        var folders = SourceFolders(inbox: scanner.folder, drop: drop)
        var hasRestored = false
        for file in drop.takeable where NameRules.isBeingRemoved(file.path.last.bytes) {
            do throws(FileFailure) {
                try SourceFile.restore(file.path.last, in: folders.folder(of: file.path))
                hasRestored = true
            } catch {
                guard error.isForbidden || error.isAboutChange else { throw error }
            }
        }
        return hasRestored
    }
}
