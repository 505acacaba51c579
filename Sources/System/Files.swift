internal import Glibc
package import SystemPackage

/// Files and folders by path. Every failure is a ``FileFailure`` that names the path.
package enum Files {
    /// Runs `body`, whose `Errno` becomes a ``FileFailure`` that names `path`.
    package static func perform<R>(_ action: String, _ path: FilePath, _ body: () throws -> R) throws -> R {
        do { return try body() } catch let errno as Errno {
            throw FileFailure(action: action, path: path, errno: errno)
        }
    }

    // MARK: What is there

    /// What is there by this name; nil for nothing. A symbolic link is told of itself, unless it is followed.
    ///
    /// Throws if that can't be determined, for example in a folder that this user may not enter: what can't be seen
    /// must not pass for absent where something is then removed or replaced.
    package static func status(of path: FilePath, followingLinks: Bool = false) throws(FileFailure) -> FileStatus? {
        var status = stat()
        let result = path.withPlatformString { followingLinks ? stat($0, &status) : lstat($0, &status) }
        if result == 0 { return FileStatus(status) }
        let error = currentErrno()
        guard error == .noSuchFileOrDirectory || error == .notDirectory else {
            throw FileFailure(action: "look at", path: path, errno: error)
        }
        return nil
    }

    /// Whether there is anything by this name. Links are followed; one that leads nowhere is nothing. Throws as
    /// ``status(of:followingLinks:)`` does.
    package static func exists(_ path: FilePath) throws(FileFailure) -> Bool {
        try status(of: path, followingLinks: true) != nil
    }

    /// Whether it is a folder, or a link to one. Throws as ``status(of:followingLinks:)`` does.
    package static func isFolder(_ path: FilePath) throws(FileFailure) -> Bool {
        try status(of: path, followingLinks: true)?.kind == .directory
    }

    /// The size of a file in bytes; nil if there is none. Links are followed. Throws as
    /// ``status(of:followingLinks:)`` does.
    package static func size(of path: FilePath) throws(FileFailure) -> Int? {
        guard let status = try status(of: path, followingLinks: true) else { return nil }
        return Int(status.stamp.size)
    }

    /// Whether this user may write to it, as far as that can be determined.
    package static func isWritable(_ path: FilePath) -> Bool { path.withPlatformString { access($0, W_OK) } == 0 }

    /// The names in a folder, without `.` and `..`, in no particular order.
    package static func names(in folder: FilePath) throws -> [FilePath.Component] {
        try entries(of: folder) { _ in true }.compactMap { FilePath($0).lastComponent }
    }

    /// Those of the names in a folder that are folders or may be, as far as the folder itself tells; links are none.
    package static func possibleFolders(in folder: FilePath) throws(FileFailure) -> [RawPath] {
        try entries(of: folder) { $0.d_type == UInt8(DT_DIR) || $0.d_type == UInt8(DT_UNKNOWN) }
    }

    private static func entries(
        of folder: FilePath, where isWanted: (dirent) -> Bool
    ) throws(FileFailure) -> [RawPath] {
        guard let stream = folder.withPlatformString({ opendir($0) }) else {
            throw FileFailure(action: "list", path: folder, errno: currentErrno())
        }
        defer { closedir(stream) }
        errno = 0
        let names = FolderHandle.names(in: stream, where: isWanted)
        guard errno == 0 else { throw FileFailure(action: "list", path: folder, errno: currentErrno()) }
        return names
    }

    /// Where a symbolic link leads, as it is written in it; nil where there is none by this name.
    package static func target(ofLink path: FilePath) -> FilePath? {
        withUnsafeTemporaryAllocation(byteCount: Int(PATH_MAX) + 1, alignment: 1) { buffer in
            let start = buffer.baseAddress!.assumingMemoryBound(to: CChar.self)
            let count = path.withPlatformString { readlink($0, start, buffer.count - 1) }
            guard count >= 0 else { return nil }
            start[count] = 0
            return FilePath(platformString: start)
        }
    }

    /// The folder that relative paths begin in.
    package static func currentFolder() throws(FileFailure) -> FilePath {
        guard let text = getcwd(nil, 0) else {
            throw FileFailure(action: "find", path: ".", errno: currentErrno())
        }
        defer { free(text) }
        return FilePath(platformString: text)
    }

    // MARK: Changes

    /// Creates a folder, or leaves an existing one as it is.
    ///
    /// Returns whether it was created.
    @discardableResult
    package static func makeFolder(_ path: FilePath, permissions: FilePermissions) throws -> Bool {
        if path.withPlatformString({ mkdir($0, mode_t(permissions.rawValue)) }) == 0 { return true }
        let error = currentErrno()
        guard error == .fileExists, try isFolder(path) else {
            throw FileFailure(action: "make the folder", path: path, errno: error)
        }
        return false
    }

    /// Renames an entry, in place of a file that may have the new name. Throws `Errno`: callers know what to call it.
    static func rename(_ source: FilePath, to target: FilePath) throws(Errno) {
        let result = source.withPlatformString { old in target.withPlatformString { Glibc.rename(old, $0) } }
        guard result == 0 else { throw currentErrno() }
    }

    /// Gives a file a second name, replacing a file that has it.
    package static func link(_ source: FilePath, to target: FilePath) throws {
        try remove(target)
        let result = source.withPlatformString { old in target.withPlatformString { Glibc.link(old, $0) } }
        if result != 0 { throw FileFailure(action: "link \(source) to", path: target, errno: currentErrno()) }
    }

    /// Makes a symbolic link that leads to `destination`, as it is written.
    package static func makeLink(_ path: FilePath, to destination: FilePath) throws {
        let result = destination.withPlatformString { text in path.withPlatformString { symlink(text, $0) } }
        if result != 0 { throw FileFailure(action: "make the link", path: path, errno: currentErrno()) }
    }

    /// Removes a file, or a link itself; one that isn't there is no error.
    package static func remove(_ path: FilePath) throws {
        guard path.withPlatformString({ unlink($0) }) != 0 else { return }
        let error = currentErrno()
        if error != .noSuchFileOrDirectory { throw FileFailure(action: "remove", path: path, errno: error) }
    }

    /// Removes a folder and the files in it; one that isn't there is no error. For folders of our own, which hold no
    /// others.
    package static func removeFolder(_ path: FilePath) throws {
        guard try exists(path) else { return }
        for name in try names(in: path) { try remove(path.appending(name)) }
        guard path.withPlatformString({ rmdir($0) }) != 0 else { return }
        throw FileFailure(action: "remove the folder", path: path, errno: currentErrno())
    }

    /// Gives a file or folder exactly these permissions.
    package static func setPermissions(_ permissions: FilePermissions, of path: FilePath) throws {
        try perform("set the permissions of", path) {
            let result = path.withPlatformString { chmod($0, mode_t(permissions.rawValue)) }
            guard result == 0 else { throw currentErrno() }
        }
    }

    /// Writes pending changes of a folder's entries to the disk.
    package static func synchronize(folder: FilePath) throws {
        try reading(folder, action: "synchronise") { try synchronize($0) }
    }

    static func synchronize(_ descriptor: FileDescriptor) throws(Errno) {
        guard fsync(descriptor.rawValue) == 0 else { throw currentErrno() }
    }

    static func currentErrno() -> Errno { Errno(rawValue: errno) }
}
