internal import CPlatform
internal import Glibc
package import SystemPackage

/// An open folder. Everything is opened through its descriptor by a single name, and links are never followed. So
/// nobody who renames things in the inbox can lead the intake out of it.
package final class FolderHandle: Sendable {
    private let descriptor: Int32
    /// For messages only.
    package let path: RawPath

    private init(descriptor: Int32, path: RawPath) {
        self.descriptor = descriptor
        self.path = path
    }

    deinit { close(descriptor) }

    /// Opens the folder that `path` leads to, links included.
    package static func open(_ path: FilePath) throws(FileFailure) -> FolderHandle {
        let descriptor = path.withPlatformString { Glibc.open($0, O_RDONLY | O_DIRECTORY | O_CLOEXEC) }
        let name = RawPath(path)
        guard descriptor >= 0 else { throw failure("open the folder", name) }
        return FolderHandle(descriptor: descriptor, path: name)
    }

    /// Opens a folder in this one. A link of that name is not followed: ELOOP or ENOTDIR.
    package func folder(_ name: RawPath) throws(FileFailure) -> FolderHandle {
        let flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC
        let opened = name.withCString { openat(descriptor, $0, flags) }
        guard opened >= 0 else { throw failure("open the folder", name) }
        return FolderHandle(descriptor: opened, path: path.appending(name))
    }

    /// Opens a file in this folder for reading, without following a link or waiting for a pipe's writer.
    package func file(_ name: RawPath) throws(FileFailure) -> FileDescriptor {
        let flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC
        let opened = name.withCString { openat(descriptor, $0, flags) }
        guard opened >= 0 else { throw failure("open", name) }
        return FileDescriptor(rawValue: opened)
    }

    /// What has this name; nil if nothing does.
    package func status(of name: RawPath) throws(FileFailure) -> FileStatus? {
        var status = stat()
        guard name.withCString({ fstatat(descriptor, $0, &status, AT_SYMLINK_NOFOLLOW) }) != 0 else {
            return FileStatus(status)
        }
        guard errno == ENOENT else { throw failure("examine", name) }
        return nil
    }

    /// The status of the folder itself.
    package func status() throws(FileFailure) -> FileStatus {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw failure("examine", RawPath("")) }
        return FileStatus(status)
    }

    /// Where a symbolic link leads; nil if there is none by this name.
    package func target(ofLink name: RawPath) -> RawPath? {
        withUnsafeTemporaryAllocation(byteCount: Int(PATH_MAX), alignment: 1) { buffer in
            let start = buffer.baseAddress!.assumingMemoryBound(to: CChar.self)
            let count = name.withCString { readlinkat(descriptor, $0, start, buffer.count) }
            return count < 0 ? nil : RawPath(buffer[..<count])
        }
    }

    /// Where the folder is now, even if somebody has renamed it; nil if the system can't tell, for example for paths
    /// beyond 4,096 bytes.
    package var place: RawPath? {
        withUnsafeTemporaryAllocation(byteCount: Int(PATH_MAX), alignment: 1) { buffer in
            let start = buffer.baseAddress!.assumingMemoryBound(to: CChar.self)
            let count = readlink("/proc/self/fd/\(descriptor)", start, buffer.count)
            return (1..<buffer.count).contains(count) ? RawPath(buffer[..<count]) : nil
        }
    }

    /// Whether it is known to be no longer in or below `other`.
    package func hasLeft(_ other: FolderHandle) -> Bool {
        guard let place, let otherPlace = other.place else { return false }
        return place != otherPlace && !place.isBelow(otherPlace)
    }

    /// The names in this folder, without `.` and `..`, in no particular order.
    package func names() throws(FileFailure) -> [RawPath] {
        let opened = openat(descriptor, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard opened >= 0 else { throw failure("list the folder", RawPath("")) }
        guard let stream = fdopendir(opened) else {
            let failure = failure("list the folder", RawPath(""))
            close(opened)
            throw failure
        }
        defer { closedir(stream) }
        errno = 0
        let names = Self.names(in: stream) { _ in true }
        guard errno == 0 else { throw failure("list the folder", RawPath("")) }
        return names
    }

    /// Removes a file, or a link itself; one that isn't there is no error.
    package func removeFile(_ name: RawPath) throws(FileFailure) {
        if name.withCString({ unlinkat(descriptor, $0, 0) }) != 0 && errno != ENOENT { throw failure("remove", name) }
    }

    /// Removes an empty folder and returns whether it is gone.
    package func removeFolder(_ name: RawPath) -> Bool {
        name.withCString { unlinkat(descriptor, $0, AT_REMOVEDIR) } == 0 || errno == ENOENT
    }

    /// Renames an entry of this folder, into another folder if one is given, unless the new name is in use (EEXIST).
    package func rename(_ name: RawPath, to newName: RawPath, in other: FolderHandle? = nil) throws(FileFailure) {
        let target = other ?? self
        let result = name.withCString { old in
            newName.withCString { cultivar_rename_noreplace(descriptor, old, target.descriptor, $0) }
        }
        if result == 0 { return }
        guard errno == EINVAL || errno == ENOSYS else { throw failure("rename", name) }
        // The file system can't guarantee this.
        if try target.status(of: newName) != nil {
            throw FileFailure(action: "rename", path: FilePath(path.appending(name)), errno: .fileExists)
        }
        let renamed = name.withCString { old in newName.withCString { renameat(descriptor, old, target.descriptor, $0) }
        }
        guard renamed == 0 else { throw failure("rename", name) }
    }

    /// Creates a folder in this one; it is no error if it already exists.
    package func makeFolder(_ name: RawPath) throws(FileFailure) {
        guard name.withCString({ mkdirat(descriptor, $0, 0o770) }) != 0, errno != EEXIST else { return }
        throw failure("make the folder", name)
    }

    /// Writes all pending data of the folder's file system to the disk.
    package func synchronizeFileSystem() throws {
        try SystemDisk().synchronizeFileSystem(FileDescriptor(rawValue: descriptor), path: FilePath(path))
    }

    private func failure(_ action: String, _ name: RawPath) -> FileFailure {
        Self.failure(action, name.bytes.isEmpty ? path : path.appending(name))
    }

    private static func failure(_ action: String, _ path: RawPath) -> FileFailure {
        let code = errno
        return FileFailure(action: action, path: FilePath(path), errno: Errno(rawValue: code))
    }

    /// The rest of the names in an open folder, without `.` and `..`; where it fails, `errno` says so.
    static func names(in stream: OpaquePointer, where isWanted: (dirent) -> Bool) -> [RawPath] {
        var names: [RawPath] = []
        while let entry = readdir(stream) {
            let name = name(of: entry)
            if name != here && name != above && isWanted(entry.pointee) { names.append(name) }
            errno = 0
        }
        return names
    }

    private static let here = RawPath(".")
    private static let above = RawPath("..")

    private static func name(of entry: UnsafeMutablePointer<dirent>) -> RawPath {
        let offset = MemoryLayout<dirent>.offset(of: \.d_name)!
        let start = UnsafeRawPointer(entry).advanced(by: offset)
        return RawPath(UnsafeRawBufferPointer(start: start, count: strlen(start.assumingMemoryBound(to: CChar.self))))
    }
}
