internal import Archive
internal import Decoding
internal import Records
internal import System
internal import SystemPackage
internal import Workers

/// One file of a drop, with its open folder.
struct SourceFile: Sendable {
    let file: InboxFile
    let folder: FolderHandle
    let inbox: FolderHandle
    /// Empty for a loose file.
    let dropName: RawPath
    let beingWritten: FilesBeingWritten
    let placement: DropLayout.Placement
    /// Whether the file has been unchanged for so long that it won't grow any more.
    let isOld: Bool
    /// Whether its drop was renamed in as a whole.
    var isWhole = false

    var name: RawPath { file.path.last }

    /// Copies the file into the store's tmp and makes sure that it didn't change during the copy.
    func copy(with tools: IngestTools, on worker: Worker) throws -> CopiedFile {
        guard let source = try open() else { return .done(try whyNotOpened()) }
        return try source.closeAfter {
            guard try FileStatus(of: source).stamp == file.stamp else { return .done(.deferred(.changed)) }
            guard file.stamp.size > 0 else { return .done(try resultForEmpty(source)) }
            guard file.stamp.size <= tools.settings.maxFileBytes else {
                return .done(try resultForTooLarge(source, tools.settings))
            }
            guard try tools.store.hasRoom(forBytes: Int(file.stamp.size)) else { return .done(.deferred(.noSpace)) }
            guard let staged = try stage(source, in: tools.store, on: worker) else { return .done(.deferred(.changed)) }
            do {
                let copied = try place(staged, source: source)
                if case .done(.deferred) = copied { try tools.store.discard([staged]) }
                return copied
            } catch {
                try tools.store.discard([staged])
                throw error
            }
        }
    }

    /// The result for a judged copy. A deferred copy must be discarded.
    func result(for picture: CopiedFile.Picture, finding: ValidationFinding, tools: IngestTools) -> JudgedFile {
        let staged = picture.staged
        switch finding {
        case .valid(let format, let width, let height, let notes):
            let (label, split) = (picture.label, picture.split)
            let new = NewPicture(
                digest: staged.digest, byteCount: staged.byteCount, format: format, width: width, height: height,
                label: label, split: split ?? tools.splitRule.split(of: staged.digest),
                splitOrigin: split == nil ? .hash : .folder, notes: notes)
            var lean = staged
            lean.contents = nil
            return .picture(lean, new)
        case .invalid(_, _, mayBeIncomplete: true) where !isOld: return .deferred(.incomplete)
        case .invalid(let code, let reason, _): return refused(staged, code: code, reason: reason)
        }
    }

    /// Whether the file there is still the one that was taken.
    ///
    /// - Parameter inodesWithSeveralNames: files that may just have lost another name, which changes their stamp.
    func isUnchanged(inodesWithSeveralNames: Set<UInt64>) throws(FileFailure) -> Bool {
        guard let stamp = try folder.status(of: name)?.stamp else { return false }
        return stamp == file.stamp
            || (inodesWithSeveralNames.contains(stamp.inode) && stamp.hasSameContent(as: file.stamp))
    }

    /// Removes the file. If it has just been written in the inbox itself, it may be replaced at any moment, so it is
    /// removed under a name that nobody else uses: a file that has replaced it meanwhile gets its name back.
    func remove() throws(FileFailure) {
        let hiddenName = RawPath(NameRules.removalPrefix + name.bytes)
        guard !isOld, !isWhole, file.kind == .regular, hiddenName.bytes.count <= Self.longestName else {
            return try folder.removeFile(name)
        }
        do {
            try folder.rename(name, to: hiddenName)
        } catch {
            switch error.errno {
            case .noSuchFileOrDirectory: return
            case .fileExists: return try folder.removeFile(name)
            default: throw error
            }
        }
        if let status = try folder.status(of: hiddenName), status.stamp.hasSameContent(as: file.stamp) {
            return try folder.removeFile(hiddenName)
        }
        try Self.restore(hiddenName, in: folder)
    }

    /// Gives a file back the name that it had before its removal began, with a number if that name is in use.
    static func restore(_ hiddenName: RawPath, in folder: FolderHandle) throws(FileFailure) {
        let name = RawPath(hiddenName.bytes.dropFirst(NameRules.removalPrefix.count))
        for number in 1... {
            do {
                return try folder.rename(hiddenName, to: name.numbered(number))
            } catch {
                if error.errno == .noSuchFileOrDirectory { return }
                if error.errno != .fileExists { throw error }
            }
        }
    }

    /// Moves the file to the inbox's folder for files that are too large, and returns its name there; nil if that isn't
    /// allowed or isn't possible, for example because the drop is on another file system.
    ///
    /// The watcher only sees that something has left the drop, because a hidden folder isn't watched. So what stays in
    /// the drop is tried once more, which does no harm.
    private func setAside() throws(FileFailure) -> RawPath? {
        do throws(FileFailure) {
            try inbox.makeFolder(NameRules.tooLargeFolder)
            let aside = try inbox.folder(NameRules.tooLargeFolder)
            for number in 1...Self.mostOfOneName {
                let newName = RawPath(name.bytes.prefix(Self.longestName - 8)).numbered(number)
                if try moved(to: newName, in: aside) { return newName }
            }
            return nil
        } catch {
            if error.isForbidden || error.isAboutChange || error.errno == .improperLink { return nil }
            throw error
        }
    }

    /// False if the name is in use.
    private func moved(to newName: RawPath, in aside: FolderHandle) throws(FileFailure) -> Bool {
        do throws(FileFailure) {
            try folder.rename(name, to: newName, in: aside)
            return true
        } catch {
            if error.errno == .fileExists { return false }
            throw error
        }
    }

    private static let mostOfOneName = 9_999
    private static let longestName = 255

    /// Whether somebody is known to have it open for writing: what they wrote after its removal would be lost.
    var isOpenForWriting: Bool {
        guard file.kind == .regular, let source = try? folder.file(name) else { return false }
        defer { try? source.close() }
        return isOpenForWriting(source)
    }

    /// A lease is requested if the file belongs to this user; inotify's events cover everybody's files.
    private func isOpenForWriting(_ source: FileDescriptor) -> Bool {
        beingWritten.contains(dropName.appending(file.path), isEmpty: file.stamp.size == 0)
            || source.isOpenForWritingElsewhere
    }

    /// Nil if the file has become empty or longer meanwhile.
    private func stage(_ source: FileDescriptor, in store: PictureStore, on worker: Worker) throws -> StagedPicture? {
        do {
            let check = { try worker.cancellation.check() }
            return try store.stage(source, size: Int(file.stamp.size), check: check)
        } catch StoreFailure.empty {
            return nil
        } catch StoreFailure.grown {
            return nil
        }
    }

    private func place(_ staged: StagedPicture, source: FileDescriptor) throws -> CopiedFile {
        guard try FileStatus(of: source).stamp == file.stamp, staged.byteCount == Int(file.stamp.size) else {
            return .done(.deferred(.changed))
        }
        if isOpenForWriting(source) { return .done(.deferred(.openForWriting)) }
        switch placement {
        case .picture(let label, let split):
            do throws(LayoutFault) {
                return .picture(CopiedFile.Picture(staged: staged, label: try LabelName(label), split: split))
            } catch {
                return .done(refused(staged, error))
            }
        case .refused(let fault): return .done(refused(staged, fault))
        }
    }

    private func resultForEmpty(_ source: FileDescriptor) throws -> JudgedFile {
        if isOpenForWriting(source) { return .deferred(.openForWriting) }
        guard isOld else { return .deferred(.incomplete) }
        return .refused(.empty, code: "empty", reason: "the file is empty", byteCount: 0)
    }

    /// It is never copied, because it may be as large as the disk. If the settings say that it is moved, it is moved
    /// before that is recorded, so it is still in the inbox if something happens in between.
    private func resultForTooLarge(_ source: FileDescriptor, _ settings: IngestSettings) throws -> JudgedFile {
        guard settings.tooLarge == .move else { return .deferred(.tooLarge) }
        if isOpenForWriting(source) { return .deferred(.openForWriting) }
        guard let aside = try setAside() else { return .deferred(.tooLarge) }
        let place = NameRules.tooLargeFolder.appending(aside).escaped
        let reason =
            "the file has \(file.stamp.size) bytes, more than the \(settings.maxFileBytes) allowed "
            + "(limits.max_file_bytes); it was moved to \(place) in the inbox"
        return .refused(.none, code: "too_large", reason: reason, byteCount: Int(file.stamp.size))
    }

    private func refused(_ staged: StagedPicture, _ fault: LayoutFault) -> JudgedFile {
        refused(staged, code: fault.code, reason: fault.description)
    }

    private func refused(_ staged: StagedPicture, code: String, reason: String) -> JudgedFile {
        .refused(
            .staged(staged.path), code: code, reason: reason, byteCount: staged.byteCount, digest: staged.digest)
    }

    /// Nil if it isn't a regular file, is gone, or may not be read.
    private func open() throws -> FileDescriptor? {
        guard file.kind == .regular else { return nil }
        do {
            return try folder.file(name)
        } catch {
            switch error.errno {
            case .noSuchFileOrDirectory, .tooManySymbolicLinkLevels, .noSuchAddressOrDevice, .permissionDenied,
                .notPermitted:
                return nil
            default: throw error
            }
        }
    }

    private func whyNotOpened() throws -> JudgedFile {
        guard let status = try folder.status(of: name) else { return .vanished }
        guard status.stamp == file.stamp, status.kind == file.kind else { return .deferred(.changed) }
        if status.kind == .regular { return .deferred(.unreadable) }
        let target = folder.target(ofLink: name)
        let leading = target.map { " to \($0.escaped)" } ?? ""
        return .refused(
            .none, code: "not_a_file", reason: "not a regular file but \(status.kind.rawValue)\(leading)",
            byteCount: nil, digest: target.map { .sha256($0.bytes) })
    }
}
