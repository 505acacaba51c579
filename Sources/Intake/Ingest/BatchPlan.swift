internal import System

/// The files of a drop in the order in which they are taken, batch by batch, with their folders.
struct BatchPlan: Sendable {
    struct Batch: Sendable {
        var files: [SourceFile] = []
        /// Files whose folder couldn't be opened any more.
        var deferred: [InboxFile: Deferral] = [:]
    }

    /// Folders held open by one batch; three batches are in progress at a time.
    private static let folderLimit = 128

    private let reading: DropReading
    private let files: [InboxFile]
    private let settings: IngestSettings
    private let stillFor: Duration
    private let isWhole: Bool
    private let beingWritten: FilesBeingWritten
    private let dropName: RawPath
    private let inbox: FolderHandle
    private var folders: SourceFolders
    private(set) var finishedFiles = 0
    var totalFiles: Int { files.count }

    init(
        candidate: DropCandidate, files: [InboxFile], reading: DropReading, scanner: InboxScanner,
        settings: IngestSettings
    ) {
        let drop = candidate.snapshot
        self.reading = reading
        self.files = files
        self.settings = settings
        stillFor = candidate.stillFor
        isWhole = candidate.isWhole
        beingWritten = scanner.beingWritten
        inbox = scanner.folder
        dropName = drop.isFolder ? drop.name : RawPath([])
        folders = SourceFolders(inbox: scanner.folder, drop: drop)
    }

    var hasMore: Bool { finishedFiles < files.count }

    /// The next batch, which is empty at the end.
    mutating func next() throws(FileFailure) -> Batch {
        var batch = Batch()
        var bytes: Int64 = 0
        var parents: Set<RawPath> = []
        while finishedFiles < files.count, batch.files.count < settings.batchFiles, bytes < settings.batchBytes,
            parents.count < Self.folderLimit
        {
            let file = files[finishedFiles]
            finishedFiles += 1
            // A sparse file says that it is as large as a number can be.
            bytes += min(file.stamp.size, settings.batchBytes - bytes)
            parents.insert(file.path.parent)
            try add(file, to: &batch)
        }
        return batch
    }

    private mutating func add(_ file: InboxFile, to batch: inout Batch) throws(FileFailure) {
        do {
            let folder = try folders.folder(of: file.path)
            batch.files.append(
                SourceFile(
                    file: file, folder: folder, inbox: inbox, dropName: dropName, beingWritten: beingWritten,
                    placement: reading.placement(of: file.path), isOld: isOld(file.stamp), isWhole: isWhole))
        } catch {
            guard error.isAboutChange || error.isForbidden else { throw error }
            batch.deferred[file] = error.isForbidden ? .unreadable : .changed
        }
    }

    /// Only the kernel sets the time of an inode's change, so it can be trusted, unless it is in the future.
    private func isOld(_ stamp: FileStamp) -> Bool {
        if stillFor >= settings.patience { return true }
        let age = Duration.nanoseconds(SystemTime.nowInNanoseconds) - .nanoseconds(stamp.changed)
        return age >= settings.patience
    }
}
