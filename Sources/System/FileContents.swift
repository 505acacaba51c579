internal import Glibc
package import SystemPackage

extension Files {
    /// Opens a file, folder or pipe for reading; closes it when `body` is done. An `Errno` becomes a ``FileFailure``.
    ///
    /// Opening a pipe doesn't wait for a writer. Whoever reads one to its end sets `waits`.
    /// - Parameter action: what is being done, for the error.
    package static func reading<R>(
        _ path: FilePath, action: String = "read", followingLinks: Bool = true, waits: Bool = false,
        _ body: (FileDescriptor) throws -> R
    ) throws -> R {
        try perform(action, path) {
            let descriptor = try open(path, followingLinks: followingLinks, waits: waits)
            return try descriptor.closeAfter { try body(descriptor) }
        }
    }

    /// An open folder, file or pipe for reading, which the caller closes. Throws `Errno`.
    package static func open(
        _ path: FilePath, followingLinks: Bool = true, waits: Bool = false
    ) throws -> FileDescriptor {
        var options: FileDescriptor.OpenOptions = .closeOnExec
        if !followingLinks { options.insert(.noFollow) }
        if !waits { options.insert(.nonBlocking) }
        return try FileDescriptor.open(path, .readOnly, options: options)
    }

    /// An open file for reading and writing, which is made where it isn't there. The caller closes it. Throws `Errno`.
    package static func openShared(_ path: FilePath, permissions: FilePermissions) throws -> FileDescriptor {
        try FileDescriptor.open(path, .readWrite, options: [.create, .closeOnExec], permissions: permissions)
    }

    /// All bytes of a file, which may be a pipe or a device. Fails with `fileTooLarge` if there are more than `limit`.
    package static func read(_ path: FilePath, limit: Int = .max) throws -> [UInt8] {
        try reading(path, waits: true) { try $0.readToEnd(limit: limit) }
    }

    /// Writes a new file with exactly these permissions, whatever the umask, and its data to the disk.
    package static func write(_ bytes: [UInt8], to path: FilePath, permissions: FilePermissions) throws {
        try writingNew(path, permissions: permissions) { descriptor in
            try perform("write", path) {
                _ = try descriptor.writeAll(bytes)
                guard fchmod(descriptor.rawValue, mode_t(permissions.rawValue)) == 0 else { throw currentErrno() }
                try synchronize(descriptor)
            }
        }
    }

    /// Makes a file that isn't there yet and gives it to `body`, open for writing. If that throws, the file is removed.
    ///
    /// What `body` throws is thrown as it is, an `Errno` too: it may be of another file.
    package static func writingNew<R>(
        _ path: FilePath, permissions: FilePermissions, _ body: (FileDescriptor) throws -> R
    ) throws -> R {
        let descriptor = try perform("make", path) {
            try FileDescriptor.open(
                path, .writeOnly, options: [.create, .exclusiveCreate, .closeOnExec], permissions: permissions)
        }
        do { return try descriptor.closeAfter { try body(descriptor) } } catch {
            try remove(path)
            throw error
        }
    }

    /// Writes a whole file, in place of what may be in it. Making it durable is the caller's business.
    package static func overwrite(
        _ path: FilePath, with bytes: [UInt8], permissions: FilePermissions = [.ownerReadWrite, .groupRead]
    ) throws {
        try writing(path, permissions: permissions) { _ = try $0.writeAll(bytes) }
    }

    /// Replaces a file as a whole: readers see the old bytes or the new ones. It isn't made durable.
    package static func replace(_ path: FilePath, with bytes: [UInt8]) throws {
        var temporary = path
        temporary.removeLastComponent()
        temporary.append(".\(path.lastComponent?.string ?? "file").new~")
        do {
            try overwrite(temporary, with: bytes, permissions: FilePermissions(rawValue: 0o666))
            try perform("write", path) { try rename(temporary, to: path) }
        } catch {
            try? remove(temporary)
            throw (error as? FileFailure).map { FileFailure(action: "write", path: path, errno: $0.errno) } ?? error
        }
    }

    /// Replaces the bytes of a file that is there, in its own blocks: for a full disk, which has no room for another.
    package static func rewrite(_ path: FilePath, with bytes: [UInt8]) throws {
        try perform("write", path) {
            let descriptor = try FileDescriptor.open(path, .writeOnly, options: [.noFollow, .closeOnExec])
            try descriptor.closeAfter {
                _ = try descriptor.writeAll(bytes)
                try descriptor.resize(to: Int64(bytes.count))
            }
        }
    }

    /// Opens a file for writing, keeps what is in it, and closes it when `body` is done; one that isn't there is made.
    /// What `body` throws is thrown as it is.
    package static func extending<R>(
        _ path: FilePath, permissions: FilePermissions, _ body: (FileDescriptor) throws -> R
    ) throws -> R {
        let descriptor = try perform("open", path) {
            try FileDescriptor.open(
                path, .writeOnly, options: [.create, .noFollow, .closeOnExec], permissions: permissions)
        }
        return try descriptor.closeAfter { try body(descriptor) }
    }

    /// Copies a file's bytes to a new file, or over the one that is there.
    package static func copy(_ source: FilePath, to target: FilePath) throws {
        try reading(source, action: "copy", waits: true) { input in
            try writing(target, permissions: [.ownerReadWrite, .groupRead]) { output in
                try input.readChunks { _ = try output.writeAll($0) }
            }
        }
    }

    /// Whether two files hold the same bytes. What isn't a regular file is like none.
    package static func haveSameBytes(_ first: FilePath, _ second: FilePath) throws -> Bool {
        try reading(first, action: "compare", followingLinks: false) { one in
            try reading(second, action: "compare", followingLinks: false) { try haveSameBytes(one, $0) }
        }
    }

    private static func haveSameBytes(_ one: FileDescriptor, _ other: FileDescriptor) throws -> Bool {
        let (status, otherStatus) = (try FileStatus(of: one), try FileStatus(of: other))
        guard otherStatus.kind == .regular, status.stamp.size == otherStatus.stamp.size else { return false }
        var (isSame, offset) = (true, Int64(0))
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: FileDescriptor.chunkSize, alignment: 16)
        defer { buffer.deallocate() }
        try one.readChunks { chunk in
            let piece = UnsafeMutableRawBufferPointer(rebasing: buffer[..<chunk.count])
            isSame =
                try isSame && other.read(fromAbsoluteOffset: offset, into: piece) == chunk.count
                && memcmp(piece.baseAddress!, chunk.baseAddress!, chunk.count) == 0
            offset += Int64(chunk.count)
        }
        return isSame
    }

    private static func writing(
        _ path: FilePath, permissions: FilePermissions, _ body: (FileDescriptor) throws -> Void
    ) throws {
        try perform("write", path) {
            let descriptor = try FileDescriptor.open(
                path, .writeOnly, options: [.create, .truncate, .closeOnExec], permissions: permissions)
            try descriptor.closeAfter { try body(descriptor) }
        }
    }
}

/// Open files. What fails throws `Errno`, as the System package's own calls do.
extension FileDescriptor {
    static let chunkSize = 256 << 10

    /// Gives `body` the rest of the file in pieces of at most 256 KiB.
    package func readChunks(_ body: (UnsafeRawBufferPointer) throws -> Void) throws {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: Self.chunkSize, alignment: 16)
        defer { buffer.deallocate() }
        while true {
            let count = try read(into: buffer)
            guard count > 0 else { return }
            try body(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
        }
    }

    /// The rest of the file, which for a pipe ends when its writer is done. Throws `fileTooLarge` beyond `limit` bytes.
    package func readToEnd(limit: Int = .max) throws -> [UInt8] {
        let size = min(Int(try FileStatus(of: self).stamp.size), limit)
        var bytes = try [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
            count = try read(into: UnsafeMutableRawBufferPointer(buffer))
        }
        try readChunks {
            guard bytes.count + $0.count <= limit else { throw Errno.fileTooLarge }
            bytes.append(contentsOf: $0)
        }
        return bytes
    }

    /// The first bytes of the file, `limit` at most. Doesn't move the place where the next read begins.
    package func readHead(limit: Int) throws -> [UInt8] {
        try [UInt8](unsafeUninitializedCapacity: limit) { buffer, count in
            count = try read(fromAbsoluteOffset: 0, into: UnsafeMutableRawBufferPointer(buffer))
        }
    }

    /// The size of the file in bytes.
    package func size() throws(Errno) -> Int { Int(try FileStatus(of: self).stamp.size) }

    /// How many bytes the file system of the file has left for this user.
    package func freeBytes() throws(Errno) -> Int {
        var status = statvfs()
        guard fstatvfs(rawValue, &status) == 0 else { throw Files.currentErrno() }
        return Int(
            clamping: UInt64(status.f_bavail).multipliedReportingOverflow(by: UInt64(status.f_frsize)).partialValue)
    }

    /// Whether the file is known to be open for writing, found out with a read lease. Unknown (other users' files, file
    /// systems without leases) counts as no.
    ///
    /// The signal for a broken lease is replaced by one that is ignored by default.
    package var isOpenForWritingElsewhere: Bool {
        let (setSignal, setLease): (Int32, Int32) = (10, 1024)  // F_SETSIG, F_SETLEASE
        guard fcntl(rawValue, setSignal, SIGURG) == 0 else { return false }
        guard fcntl(rawValue, setLease, Int32(F_RDLCK)) != 0 else {
            _ = fcntl(rawValue, setLease, Int32(F_UNLCK))
            return false
        }
        return errno == EAGAIN
    }
}
