internal import Archive
internal import Glibc
internal import SystemPackage
internal import Tensors

/// What has become of one file of a drop before anything is recorded.
enum PreparedFile: Sendable {
    /// A valid picture, staged in the store's tmp.
    case picture(StagedPicture, NewPicture)
    case refused(RejectedFolder.Content, code: String, reason: String, byteCount: Int?)
    case deferred(Deferral)
    /// No longer there: somebody has taken it away again.
    case vanished
}

/// Why a file stays in the inbox for now.
package enum Deferral: Sendable, Hashable, CustomStringConvertible {
    /// It was written to or replaced since the drop settled.
    case changed
    /// Somebody has it open for writing.
    case openForWriting
    /// It ends too early, and was written a short while ago.
    case incomplete
    /// This process may not read it.
    case unreadable

    package var description: String {
        switch self {
        case .changed: "it has just changed"
        case .openForWriting: "somebody is still writing to it"
        case .incomplete: "it ends too early and may still be on its way"
        case .unreadable: "it can't be read with this user's permissions"
        }
    }
}

/// One file of a drop, with the open folder that it lies in.
struct SourceFile: Sendable {
    let file: InboxFile
    let folder: FolderHandle
    let placement: DropLayout.Placement
    /// Whether the file has been seen unchanged for so long that it won't get any longer.
    let isOld: Bool

    var name: RawPath { file.path.last }

    /// Copies the file into the store's tmp, makes sure that it didn't change meanwhile, and judges the copy.
    func prepare(with tools: IngestTools, on worker: Worker) throws -> PreparedFile {
        guard let source = try open() else { return try whyNotOpened() }
        return try source.closeAfter {
            guard try FileStatus(of: source).stamp == file.stamp else { return .deferred(.changed) }
            let size = Int(file.stamp.size)
            guard size > 0 else { return try judgeEmpty(source) }
            guard let staged = try stage(source, in: tools.store) else { return .deferred(.changed) }
            do {
                let prepared = try judge(staged, source: source, tools: tools, on: worker)
                if case .deferred = prepared { try tools.store.discard([staged]) }
                return prepared
            } catch {
                try tools.store.discard([staged])
                throw error
            }
        }
    }

    /// Whether what lies there is still what was taken in.
    ///
    /// - Parameter inodesWithSeveralNames: files that may just have lost another name, which changes their stamp.
    func isUnchanged(inodesWithSeveralNames: Set<UInt64>) throws(IntakeFailure) -> Bool {
        guard let stamp = try folder.status(of: name)?.stamp else { return false }
        return stamp == file.stamp
            || (inodesWithSeveralNames.contains(stamp.inode) && stamp.hasSameContent(as: file.stamp))
    }

    /// Nil where the file has become empty meanwhile.
    private func stage(_ source: FileDescriptor, in store: PictureStore) throws -> StagedPicture? {
        do { return try store.stage(source, limit: .max) } catch StoreFailure.empty { return nil }
    }

    private func judge(
        _ staged: StagedPicture, source: FileDescriptor, tools: IngestTools, on worker: Worker
    ) throws -> PreparedFile {
        guard try FileStatus(of: source).stamp == file.stamp, staged.byteCount == Int(file.stamp.size) else {
            return .deferred(.changed)
        }
        if source.isOpenForWritingElsewhere { return .deferred(.openForWriting) }
        switch placement {
        case .picture(let label, let split):
            return try judge(staged, label: label, split: split, tools: tools, on: worker)
        case .refused(let fault):
            return refused(staged, code: "no_label", reason: fault.description)
        case .clutter, .waiting:
            preconditionFailure("\(file.path.escaped) is not to be taken in")
        }
    }

    private func judge(
        _ staged: StagedPicture, label: RawPath, split: DropLayout.Split?, tools: IngestTools, on worker: Worker
    ) throws -> PreparedFile {
        guard staged.byteCount <= tools.settings.maxFileBytes else {
            let reason = "the file has \(staged.byteCount) bytes, more than the \(tools.settings.maxFileBytes) allowed"
            return refused(staged, code: "too_large", reason: reason)
        }
        switch try tools.validator.validate(tools.store.contents(of: staged), on: worker) {
        case .valid(let format, let width, let height, let notes):
            let picture = NewPicture(
                digest: staged.digest, byteCount: staged.byteCount, format: format, width: width, height: height,
                label: label.escaped, split: split.map(Split.init) ?? tools.splitRule.split(of: staged.digest),
                splitOrigin: split == nil ? .hash : .folder, notes: notes)
            var lean = staged
            lean.contents = nil
            return .picture(lean, picture)
        case .invalid(_, _, mayBeIncomplete: true) where !isOld:
            return .deferred(.incomplete)
        case .invalid(let code, let reason, _):
            return refused(staged, code: code, reason: reason)
        }
    }

    private func judgeEmpty(_ source: FileDescriptor) throws -> PreparedFile {
        if source.isOpenForWritingElsewhere { return .deferred(.openForWriting) }
        guard isOld else { return .deferred(.incomplete) }
        return .refused(.empty, code: "empty", reason: "the file is empty", byteCount: 0)
    }

    private func refused(_ staged: StagedPicture, code: String, reason: String) -> PreparedFile {
        .refused(.staged(staged.path), code: code, reason: reason, byteCount: staged.byteCount)
    }

    /// Nil where it is no regular file, is gone, or may not be read.
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

    private func whyNotOpened() throws -> PreparedFile {
        guard let status = try folder.status(of: name) else { return .vanished }
        guard status.stamp == file.stamp, status.kind == file.kind else { return .deferred(.changed) }
        if status.kind == .regular { return .deferred(.unreadable) }
        let target = folder.target(ofLink: name).map { " to \($0.escaped)" } ?? ""
        return .refused(
            .none, code: "not_a_file", reason: "not a regular file but \(status.kind.rawValue)\(target)", byteCount: nil
        )
    }
}

extension Split {
    fileprivate init(_ split: DropLayout.Split) {
        switch split {
        case .train: self = .train
        case .test: self = .test
        }
    }
}

extension FileDescriptor {
    /// Whether the file is known to be open for writing, asked by way of a read lease. Unknown (other users' files, file
    /// systems without leases) counts as no.
    ///
    /// The signal that would tell of a lease being broken is turned into one that is ignored by default.
    fileprivate var isOpenForWritingElsewhere: Bool {
        let (setSignal, setLease): (Int32, Int32) = (10, 1024)  // F_SETSIG, F_SETLEASE
        guard fcntl(rawValue, setSignal, SIGURG) == 0 else { return false }
        guard fcntl(rawValue, setLease, Int32(F_RDLCK)) != 0 else {
            _ = fcntl(rawValue, setLease, Int32(F_UNLCK))
            return false
        }
        return errno == EAGAIN
    }
}
