import Glibc
package import SystemPackage

/// The few file operations that the System package doesn't offer, with errors that name the file.
package enum Files {
    /// Runs `body`, whose `Errno` becomes a ``FileFailure`` that names `path`.
    package static func perform<R>(_ action: String, _ path: FilePath, _ body: () throws -> R) throws -> R {
        do { return try body() } catch let errno as Errno {
            throw FileFailure(action: action, path: path, errno: errno)
        }
    }

    /// Makes a folder, or leaves the one that is there as it is.
    ///
    /// Returns whether it was made.
    @discardableResult
    package static func makeFolder(_ path: FilePath, permissions: FilePermissions) throws -> Bool {
        if path.withPlatformString({ mkdir($0, mode_t(permissions.rawValue)) }) == 0 { return true }
        let error = currentErrno()
        guard error == .fileExists, isFolder(path) else {
            throw FileFailure(action: "make the folder", path: path, errno: error)
        }
        return false
    }

    static func isFolder(_ path: FilePath) -> Bool {
        var status = stat()
        return path.withPlatformString { stat($0, &status) } == 0 && status.st_mode & S_IFMT == S_IFDIR
    }

    /// Whether there is anything by this name.
    package static func exists(_ path: FilePath) -> Bool { path.withPlatformString { access($0, F_OK) } == 0 }

    /// Whether the name is taken, be it by a symbolic link that leads nowhere.
    static func isTaken(_ path: FilePath) -> Bool {
        var status = stat()
        return path.withPlatformString { lstat($0, &status) } == 0
    }

    /// The same as ``exists(_:)``, but throws where it can't be known, as in a folder that this user may not enter.
    static func isThere(_ path: FilePath) throws -> Bool {
        if exists(path) { return true }
        let error = currentErrno()
        guard error == .noSuchFileOrDirectory || error == .notDirectory else {
            throw FileFailure(action: "look for", path: path, errno: error)
        }
        return false
    }

    /// Writes what the system still holds of a folder's entries to the disk.
    package static func synchronize(folder: FilePath) throws {
        try perform("synchronise", folder) {
            let descriptor = try FileDescriptor.open(folder, .readOnly, options: [.directory, .closeOnExec])
            try descriptor.closeAfter { try synchronize(descriptor) }
        }
    }

    static func synchronize(_ descriptor: FileDescriptor) throws {
        guard fsync(descriptor.rawValue) == 0 else { throw currentErrno() }
    }

    package static func rename(_ source: FilePath, to target: FilePath) throws {
        let result = source.withPlatformString { old in target.withPlatformString { Glibc.rename(old, $0) } }
        guard result == 0 else { throw currentErrno() }
    }

    /// Removes a file; one that isn't there is no error.
    package static func remove(_ path: FilePath) throws {
        guard path.withPlatformString({ unlink($0) }) != 0 else { return }
        let error = currentErrno()
        if error != .noSuchFileOrDirectory { throw FileFailure(action: "remove", path: path, errno: error) }
    }

    /// The bytes of a file, which may be a pipe or a device. Throws `Errno.fileTooLarge` where there are more than `limit`.
    package static func read(_ path: FilePath, limit: Int) throws -> [UInt8] {
        try perform("read", path) {
            let descriptor = try FileDescriptor.open(path, .readOnly, options: .closeOnExec)
            return try descriptor.closeAfter {
                var (bytes, count) = ([UInt8](repeating: 0, count: limit + 1), 0)
                while count <= limit {
                    let read = try bytes.withUnsafeMutableBytes {
                        try descriptor.read(into: .init(rebasing: $0[count...]))
                    }
                    if read == 0 { return Array(bytes[..<count]) }
                    count += read
                }
                throw Errno.fileTooLarge
            }
        }
    }

    /// Writes a new file with exactly these permissions, whatever the umask, and its data to the disk.
    package static func write(_ bytes: [UInt8], to path: FilePath, permissions: FilePermissions) throws {
        try perform("write", path) {
            let descriptor = try FileDescriptor.open(
                path, .writeOnly, options: [.create, .exclusiveCreate, .closeOnExec], permissions: permissions)
            try descriptor.closeAfter {
                _ = try descriptor.writeAll(bytes)
                guard fchmod(descriptor.rawValue, mode_t(permissions.rawValue)) == 0 else { throw currentErrno() }
                try synchronize(descriptor)
            }
        }
    }

    /// Gives a file or folder exactly these permissions.
    package static func setPermissions(_ permissions: FilePermissions, of path: FilePath) throws {
        try perform("set the permissions of", path) {
            let result = path.withPlatformString { chmod($0, mode_t(permissions.rawValue)) }
            guard result == 0 else { throw currentErrno() }
        }
    }

    /// The size of an open file in bytes.
    static func size(of descriptor: FileDescriptor) throws -> Int {
        var status = stat()
        guard fstat(descriptor.rawValue, &status) == 0 else { throw currentErrno() }
        return Int(status.st_size)
    }

    /// The size of a file in bytes.
    static func size(of path: FilePath) throws -> Int {
        var status = stat()
        guard path.withPlatformString({ stat($0, &status) }) == 0 else {
            throw FileFailure(action: "look at", path: path, errno: currentErrno())
        }
        return Int(status.st_size)
    }

    /// How many bytes the file system of an open file has left for this user.
    static func freeBytes(of descriptor: FileDescriptor) throws -> Int {
        var status = statvfs()
        guard fstatvfs(descriptor.rawValue, &status) == 0 else { throw currentErrno() }
        return Int(
            clamping: UInt64(status.f_bavail).multipliedReportingOverflow(by: UInt64(status.f_frsize)).partialValue)
    }

    /// The names in a folder, without `.` and `..`, in no particular order.
    package static func names(in folder: FilePath) throws -> [FilePath.Component] {
        guard let stream = folder.withPlatformString({ opendir($0) }) else {
            throw FileFailure(action: "list", path: folder, errno: currentErrno())
        }
        defer { closedir(stream) }
        var names: [FilePath.Component] = []
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { FilePath(platformString: $0) }
            }
            if let component = name.lastComponent, component.kind == .regular { names.append(component) }
        }
        return names
    }

    static func currentErrno() -> Errno { Errno(rawValue: errno) }
}
