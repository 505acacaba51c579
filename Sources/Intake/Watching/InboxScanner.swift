internal import Decoding
package import System
package import SystemPackage

/// How much one drop may contain before it is left alone.
package struct ScanLimits: Sendable, Hashable {
    /// Folders below the drop's own.
    package var depth: Int
    /// Files and folders together.
    package var files: Int
    /// The sum of the files' sizes.
    package var bytes: Int64

    package init(depth: Int, files: Int, bytes: Int64) {
        self.depth = depth
        self.files = files
        self.bytes = bytes
    }
}

/// Finds out what is in the inbox, through folder descriptors; it follows no links below the inbox. It opens folders,
/// and hidden files whose names don't say whether they are pictures. All calls block and may come from any thread.
package final class InboxScanner: Sendable {
    package let inbox: FilePath
    package let limits: ScanLimits
    package let rules: NameRules
    let folder: FolderHandle
    let beingWritten: FilesBeingWritten
    private let identity: FileStamp
    private let beat: @Sendable () -> Void

    /// Opens the inbox. Throws `FileFailure` where it is missing, no folder, or closed to this process.
    ///
    /// - Parameters:
    ///   - rules: what names mean.
    ///   - beingWritten: what is known about writers of the inbox's files.
    ///   - beat: called for everything that a scan sees; for a large drop on a slow disk, a scan takes long.
    package init(
        inbox: FilePath, limits: ScanLimits, rules: NameRules,
        beingWritten: FilesBeingWritten = FilesBeingWritten(), beat: @escaping @Sendable () -> Void = {}
    ) throws(FileFailure) {
        self.inbox = inbox
        self.rules = rules
        self.beingWritten = beingWritten
        self.limits = limits
        self.beat = beat
        folder = try FolderHandle.open(inbox)
        identity = try folder.status().stamp
    }

    /// Whether the inbox's path still leads to the folder that this scanner holds open.
    package var isCurrent: Bool {
        guard let stamp = try? FolderHandle.open(inbox).status().stamp else { return false }
        return stamp.device == identity.device && stamp.inode == identity.inode
    }

    /// The names of all top-level entries.
    package func names() throws(FileFailure) -> Set<RawPath> { Set(try folder.names()) }

    /// Whether there is a top-level entry of this name.
    package func holds(_ name: RawPath) throws(FileFailure) -> Bool { try folder.status(of: name) != nil }

    /// Everything in and below one top-level entry; nil if it is gone.
    package func scan(_ name: RawPath) throws(FileFailure) -> EntrySnapshot? {
        guard let status = try folder.status(of: name) else { return nil }
        var walk = Walk(drop: name, limits: limits, rules: rules, beat: beat)
        if status.kind == .directory {
            let isClutter = NameRules.isClutter(rules.standing(of: RawPath([]), in: name, isFolder: true))
            try walk.enter(folder, name, at: RawPath([]), status: status, depth: 0, isClutter: isClutter)
        } else {
            walk.addLoose(
                InboxFile(path: name, kind: status.kind, stamp: status.stamp, links: status.links), of: folder)
        }
        return EntrySnapshot(
            name: name, isFolder: status.kind == .directory, files: walk.files, folders: walk.folders,
            unreadable: walk.unreadable, excess: walk.excess, rules: rules, pictures: walk.pictures)
    }
}

/// One scan in progress.
private struct Walk {
    let drop: RawPath
    let limits: ScanLimits
    let rules: NameRules
    let beat: @Sendable () -> Void
    var files: [InboxFile] = []
    var folders: [InboxFile] = []
    var unreadable: [RawPath] = []
    var excess: EntrySnapshot.Excess?
    /// Hidden files that are pictures.
    var pictures: Set<RawPath> = []
    var bytes: Int64 = 0
    var count = 0
    var clutterCount = 0
    var sniffedCount = 0

    mutating func addLoose(_ file: InboxFile, of folder: FolderHandle) {
        files.append(file)
        lookAt(file, of: folder, standing: rules.standing(of: RawPath([]), in: drop, isFolder: false))
    }

    /// Lists the folder `name` of `parent`, whose path below the drop is `path`, and everything below it.
    ///
    /// Clutter has separate limits, so that a deep or large `.git` doesn't block a drop.
    mutating func enter(
        _ parent: FolderHandle, _ name: RawPath, at path: RawPath, status: FileStatus, depth: Int, isClutter: Bool
    ) throws(FileFailure) {
        folders.append(InboxFile(path: path, kind: .directory, stamp: status.stamp))
        let depthLimit = isClutter ? Self.clutterDepth : limits.depth
        if depth > depthLimit { excess = .depth(limit: depthLimit) }
        if depth > 0 { noteCount(isClutter: isClutter) }
        // Clutter directly in the inbox isn't a drop.
        guard excess == nil, !(isClutter && depth == 0) else { return }
        do {
            let folder = try parent.folder(name)
            for entry in try folder.names() where excess == nil {
                try add(entry, of: folder, at: path.appending(entry), depth: depth, isClutter: isClutter)
            }
        } catch {
            // After a change, the next scan shows more.
            guard error.isAboutChange || error.isForbidden else { throw error }
            if error.isForbidden { unreadable.append(path) }
        }
    }

    private mutating func add(
        _ name: RawPath, of folder: FolderHandle, at path: RawPath, depth: Int, isClutter: Bool
    ) throws(FileFailure) {
        beat()
        guard let status = try folder.status(of: name) else { return }
        let isClutter = isClutter || rules.isClutter(name.bytes[...])
        if status.kind == .directory {
            return try enter(folder, name, at: path, status: status, depth: depth + 1, isClutter: isClutter)
        }
        let file = InboxFile(path: path, kind: status.kind, stamp: status.stamp, links: status.links)
        files.append(file)
        if mayBeHidden(path) { lookAt(file, of: folder, standing: rules.standing(of: path, in: drop, isFolder: false)) }
        noteCount(isClutter: isClutter)
        // A sparse file says that it is as large as a number can be.
        let sum = bytes.addingReportingOverflow(status.stamp.size)
        if !isClutter { bytes = sum.overflow ? .max : sum.partialValue }
        if bytes > limits.bytes { excess = .bytes(limit: limits.bytes) }
    }

    private mutating func noteCount(isClutter: Bool) {
        if isClutter { clutterCount += 1 } else { count += 1 }
        if max(count, clutterCount) > limits.files { excess = .count(limit: limits.files) }
    }

    /// Deep enough for what tools create, and not so deep that too many folders are open at once.
    private static let clutterDepth = 64

    /// Avoids a closer look at most files.
    private func mayBeHidden(_ path: RawPath) -> Bool {
        let dot = UInt8(ascii: ".")
        if drop.bytes.first == dot || path.bytes.first == dot { return true }
        return zip(path.bytes, path.bytes.dropFirst()).contains { $0 == UInt8(ascii: "/") && $1 == dot }
    }

    /// Hidden pictures wait for somebody, who is to be told of them; other hidden files concern nobody. Their names
    /// decide, and the content of the first ones whose names say nothing.
    private mutating func lookAt(_ file: InboxFile, of folder: FolderHandle, standing: NameRules.Standing) {
        guard case .hidden = standing, file.kind == .regular, file.stamp.size > 0 else { return }
        let name = file.path.last
        if NameRules.isNamedLikePicture(name) {
            pictures.insert(file.path)
        } else if !NameRules.isText(name), sniffedCount < Self.sniffLimit {
            sniffedCount += 1
            if Self.mayBePicture(name, in: folder) { pictures.insert(file.path) }
        }
    }

    /// So many files are opened in a scan; a folder of more whose names say nothing is no folder of pictures.
    private static let sniffLimit = 1000

    /// Whether a file that isn't to be taken contains a picture nevertheless. If it can't be opened, it may.
    private static func mayBePicture(_ name: RawPath, in folder: FolderHandle) -> Bool {
        guard let file = try? folder.file(name) else { return true }
        defer { try? file.close() }
        if case .picture = FileKind.sniff((try? file.readHead(limit: 64)) ?? []) { return true }
        return false
    }
}
