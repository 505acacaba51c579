/// Files whose removal was cut short between its two steps: they get their names back, and are taken in once more.
struct RemovalLeftovers {
    let candidate: DropCandidate
    let scanner: InboxScanner

    /// Says whether there were any.
    func restore() throws -> Bool {
        let drop = candidate.snapshot
        let files = drop.takeable.filter { $0.path.last.bytes.starts(with: NameRules.removalPrefix) }
        var folders = SourceFolders(inbox: scanner.folder, drop: drop)
        for file in files { try SourceFile.restore(file.path.last, in: folders.folder(of: file.path)) }
        return !files.isEmpty
    }
}
