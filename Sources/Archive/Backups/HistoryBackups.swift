package import Records
package import System
package import SystemPackage

/// The backups of a history that the daemon makes by itself: files in a folder of the state folder that are called
/// `history-TIME.sqlite`. The time is that of the backup in UTC, such as `2026-07-31T09-05-00Z`, so an interval of any
/// length can be told from the names, and their order is that of time. Files with other names don't count.
///
/// All calls block. Only the holder of the installation's lock may make backups, which also removes old ones.
package struct HistoryBackups: Sendable {
    private let state: StateFolder
    private let disk: any Disk

    package init(_ state: StateFolder, disk: any Disk = SystemDisk()) {
        self.state = state
        self.disk = disk
    }

    /// The backups, the newest first; none if there is no folder. Throws `FileFailure` if it can't be listed.
    package var files: [FilePath] {
        get throws {
            guard try Files.exists(state.backups) else { return [] }
            return try Files.names(in: state.backups).map { state.backups.appending($0) }
                .filter { Self.time(of: $0) != nil }.sorted { $0.string > $1.string }
        }
    }

    /// When a backup was made, to the second; nil for a file that doesn't have the name of one.
    package static func time(of file: FilePath) -> Timestamp? {
        guard let name = file.lastComponent?.string, name.hasPrefix(prefix) else { return nil }
        let text = name.dropFirst(prefix.count)
        let clock = text.dropFirst(11).prefix(8).replacing("-", with: ":")
        guard let time = Timestamp("\(text.prefix(11))\(clock).000Z"), Self.name(at: time) == name else { return nil }
        return time
    }

    /// Whether a backup is due: there is none, or the newest is `interval` seconds old, at least one second.
    ///
    /// One whose time is still to come was made while the clock was wrong, and doesn't count. Throws as ``files`` does.
    package func isDue(every interval: Double, at now: Timestamp) throws -> Bool {
        let last = try files.compactMap(Self.time(of:)).first { $0 <= now }
        return last.map { now.seconds(since: $0) >= max(interval, 1) } ?? true
    }

    /// Makes a backup and, when it is on the disk, removes the oldest ones beyond `keep`, which is at least 1. What an
    /// interrupted backup has left is removed first.
    ///
    /// Throws ``HistoryFailure/damaged(_:problem:)`` if the history is damaged, `FileFailure`, also if the disk hasn't
    /// enough room, GRDB's `DatabaseError`, and what `check` throws. Unless removing an old one has failed, all older
    /// backups are still there then, and nothing of the new one.
    ///
    /// - Parameter check: called from time to time; the backup ends if it throws.
    /// - Returns: the new file.
    package func make(
        of history: History, at now: Timestamp, keep: Int, check: @escaping () throws -> Void = {}
    ) throws -> FilePath {
        try prepare()
        let file = state.backups.appending(Self.name(at: now))
        try requireRoom(for: file, of: history)
        try history.backup(to: file, disk: disk) { _, _ in try check() }
        try removeSurplus(beside: file, keep: keep)
        return file
    }
}

extension HistoryBackups {
    private static let prefix = "history-"

    private static func name(at time: Timestamp) -> String {
        "\(prefix)\(time.description.prefix(19).replacing(":", with: "-"))Z.sqlite"
    }

    /// Makes the folder, which may be read by whoever may read the history, and removes what interrupted backups have
    /// left in it.
    private func prepare() throws {
        try Files.makeFolder(
            state.backups, permissions: [.ownerReadWriteExecute, .groupReadExecute, .otherReadExecute])
        try Files.synchronize(folder: state.root)
        for name in try Files.names(in: state.backups) where name.string.hasPrefix(History.partialPrefix) {
            try Files.remove(state.backups.appending(name))
        }
    }

    /// Just trying could take the last space from the history, and from drops that come meanwhile.
    private func requireRoom(for file: FilePath, of history: History) throws {
        let size = try Files.size(of: history.path) ?? 0
        let free = try Files.reading(state.backups, action: "look at") { try $0.freeBytes() }
        guard free - PictureStore.reserve > size else {
            throw FileFailure(action: "write", path: file, errno: .noSpace)
        }
    }

    /// Names with a later time than the newest backup's are from a time when the clock was wrong, so they go first.
    private func removeSurplus(beside newest: FilePath, keep: Int) throws {
        let others = try files.filter { $0 != newest }
        let ranked = others.filter { $0.string < newest.string } + others.filter { $0.string > newest.string }
        for file in ranked.dropFirst(keep - 1) { try Files.remove(file) }
    }
}
