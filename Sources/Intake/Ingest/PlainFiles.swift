internal import Glibc
internal import SystemPackage

/// File operations on the state folder, which is our own, by path; errors name the file.
enum PlainFiles {
    static func exists(_ path: FilePath) -> Bool {
        var status = stat()
        return path.withPlatformString { lstat($0, &status) } == 0
    }

    /// Makes a folder; false where something else has its name.
    static func makeFolder(_ path: FilePath) throws(IntakeFailure) -> Bool {
        if path.withPlatformString({ mkdir($0, 0o750) }) == 0 { return true }
        guard errno == EEXIST else { throw failure("make the folder", path) }
        var status = stat()
        return path.withPlatformString { lstat($0, &status) } == 0 && status.st_mode & S_IFMT == S_IFDIR
    }

    static func remove(_ path: FilePath) throws(IntakeFailure) {
        if path.withPlatformString({ unlink($0) }) != 0 && errno != ENOENT { throw failure("remove", path) }
    }

    /// Writes a whole file, in place of one that may be there.
    static func write(_ text: String, to path: FilePath) throws(IntakeFailure) {
        try perform("write", path) {
            let file = try create(path)
            try file.closeAfter { _ = try file.writeAll(Array(text.utf8)) }
        }
    }

    static func copy(_ source: FilePath, to target: FilePath) throws(IntakeFailure) {
        try perform("copy \(source.escaped) to", target) {
            let input = try FileDescriptor.open(source, .readOnly, options: .closeOnExec)
            try input.closeAfter {
                let output = try create(target)
                try output.closeAfter { try eachChunk(of: input) { _ = try output.writeAll($0) } }
            }
        }
    }

    /// Gives a file a second name, in place of a file that may have it.
    static func link(_ source: FilePath, to target: FilePath) throws(IntakeFailure) {
        try remove(target)
        let result = source.withPlatformString { old in target.withPlatformString { Glibc.link(old, $0) } }
        if result != 0 { throw failure("link \(source) to", target) }
    }

    static func haveSameBytes(_ first: FilePath, _ second: FilePath) throws(IntakeFailure) -> Bool {
        try perform("compare \(first.escaped) with", second) {
            let one = try FileDescriptor.open(first, .readOnly, options: [.closeOnExec, .noFollow])
            return try one.closeAfter {
                let other = try FileDescriptor.open(
                    second, .readOnly, options: [.closeOnExec, .noFollow, .nonBlocking])
                return try other.closeAfter { try haveSameBytes(one, other) }
            }
        }
    }

    private static func haveSameBytes(_ one: FileDescriptor, _ other: FileDescriptor) throws -> Bool {
        let (status, otherStatus) = (try FileStatus(of: one), try FileStatus(of: other))
        guard otherStatus.kind == .regular, status.stamp.size == otherStatus.stamp.size else { return false }
        var offset: Int64 = 0
        var isSame = true
        try eachChunk(of: one) { chunk in
            let rest = try UnsafeMutableRawBufferPointer.withTemporary(chunk.count) { buffer in
                try other.read(fromAbsoluteOffset: offset, into: buffer) == chunk.count
                    && memcmp(buffer.baseAddress!, chunk.baseAddress!, chunk.count) == 0
            }
            isSame = isSame && rest
            offset += Int64(chunk.count)
        }
        return isSame
    }

    private static func create(_ path: FilePath) throws -> FileDescriptor {
        try FileDescriptor.open(
            path, .writeOnly, options: [.create, .truncate, .closeOnExec],
            permissions: [.ownerReadWrite, .groupRead])
    }

    private static func eachChunk(of file: FileDescriptor, _ body: (UnsafeRawBufferPointer) throws -> Void) throws {
        try UnsafeMutableRawBufferPointer.withTemporary(256 << 10) { buffer in
            while true {
                let count = try file.read(into: buffer)
                guard count > 0 else { return }
                try body(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
            }
        }
    }

    private static func perform<R>(
        _ action: String, _ path: FilePath, _ body: () throws -> R
    ) throws(IntakeFailure) -> R {
        do {
            return try body()
        } catch {
            let errno = error as? Errno ?? .ioError
            throw IntakeFailure(action: action, path: path.escaped, errno: errno)
        }
    }

    private static func failure(_ action: String, _ path: FilePath) -> IntakeFailure {
        let code = errno
        return IntakeFailure(action: action, path: path.escaped, errno: Errno(rawValue: code))
    }
}

extension UnsafeMutableRawBufferPointer {
    fileprivate static func withTemporary<R>(
        _ count: Int, _ body: (UnsafeMutableRawBufferPointer) throws -> R
    ) rethrows -> R {
        let buffer = allocate(byteCount: count, alignment: 16)
        defer { buffer.deallocate() }
        return try body(buffer)
    }
}
