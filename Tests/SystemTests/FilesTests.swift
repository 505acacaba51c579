import SystemPackage
import TestSupport
import Testing

@testable import System

@Suite("Files")
struct FilesTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func path(_ name: FilePath.Component) -> FilePath { folder.path.appending(name) }

    @Test("A file is read to its end, and one beyond the limit isn't read at all")
    func reading() throws {
        let bytes = (0..<600_000).map { UInt8(truncatingIfNeeded: $0) }
        let file = try folder.write(bytes, to: "a")
        #expect(try Files.read(file) == bytes)
        #expect(try Files.read(file, limit: bytes.count) == bytes)
        let failure = #expect(throws: FileFailure.self) { try Files.read(file, limit: bytes.count - 1) }
        #expect(failure?.errno == .fileTooLarge)
    }

    @Test("A file without a size of its own is read to its end")
    func readingWithoutSize() throws {
        #expect(try !Files.read("/proc/self/status").isEmpty)
        let failure = #expect(throws: FileFailure.self) { try Files.read("/proc/self/status", limit: 10) }
        #expect(failure?.errno == .fileTooLarge)
    }

    @Test("Every failure names what was done, the path with its odd bytes shown, and the system's error")
    func failure() {
        let path = FilePath(RawPath(Array("/nowhere/a".utf8) + [0xE9, 0x1B]))
        let failure = #expect(throws: FileFailure.self) { try Files.read(path) }
        #expect(failure?.description == "can't read /nowhere/a\\xe9\\x1b: No such file or directory")
    }

    @Test("A new file isn't written where one is, and goes again where its writing fails")
    func writingNew() throws {
        let file = path("a")
        #expect(throws: Errno.ioError) {
            try Files.writingNew(file, permissions: .ownerReadWrite) { _ in throw Errno.ioError }
        }
        #expect(try !Files.exists(file))
        try Files.write([1, 2], to: file, permissions: [.ownerReadWrite])
        let failure = #expect(throws: FileFailure.self) {
            try Files.write([3], to: file, permissions: [.ownerReadWrite])
        }
        #expect(failure?.errno == .fileExists)
        #expect(try Files.read(file) == [1, 2])
    }

    @Test("A file is replaced as a whole, and nothing is left beside it, also where that fails")
    func replacing() throws {
        let file = path("a")
        try Files.replace(file, with: [1])
        try Files.replace(file, with: [2, 3])
        #expect(try Files.read(file) == [2, 3])
        let target = path("b")
        try Files.makeFolder(target, permissions: .ownerReadWriteExecute)
        let failure = #expect(throws: FileFailure.self) { try Files.replace(target, with: [4]) }
        #expect(failure?.path == target)
        #expect(try Set(Files.names(in: folder.path).map(\.string)) == ["a", "b"])
    }

    @Test("The bytes of a file are written over in place, and it gets no longer than they are")
    func rewriting() throws {
        let file = try folder.write([1, 2, 3], to: "a")
        let inode = try Files.status(of: file)?.stamp.inode
        try Files.rewrite(file, with: [9])
        #expect(try Files.read(file) == [9])
        #expect(try Files.status(of: file)?.stamp.inode == inode)
    }

    @Test("Files are compared by their bytes; a link is not followed, and a pipe not waited for")
    func comparing() throws {
        let bytes = (0..<300_000).map { UInt8(truncatingIfNeeded: $0 &* 7) }
        let one = try folder.write(bytes, to: "one")
        let same = try folder.write(bytes, to: "same")
        let last = try folder.write(bytes.dropLast() + [bytes.last! &+ 1], to: "last")
        #expect(try Files.haveSameBytes(one, same))
        #expect(try !Files.haveSameBytes(one, last))
        try Files.makeLink(path("link"), to: "one")
        #expect(throws: FileFailure.self) { try Files.haveSameBytes(one, path("link")) }
    }

    @Test("A link is told of itself or of what it leads to")
    func status() throws {
        try folder.write([1], to: "file")
        try Files.makeLink(path("link"), to: "file")
        try Files.makeLink(path("lost"), to: "nothing")
        #expect(try Files.status(of: path("link"))?.kind == .symbolicLink)
        #expect(try Files.status(of: path("link"), followingLinks: true)?.kind == .regular)
        #expect(try Files.status(of: path("lost"), followingLinks: true) == nil)
        #expect(try Files.status(of: path("lost")) != nil && !Files.exists(path("lost")))
        #expect(Files.target(ofLink: path("link")) == "file")
        #expect(Files.target(ofLink: path("file")) == nil)
    }

    @Test("What can't be looked at is an error, not absent")
    func unknown() throws {
        let loop = path("loop")
        try Files.makeLink(loop, to: "loop")
        let failure = FileFailure(action: "look at", path: loop, errno: .tooManySymbolicLinkLevels)
        #expect(throws: failure) { try Files.exists(loop) }
        #expect(throws: failure) { try Files.isFolder(loop) }
        #expect(throws: failure) { try Files.size(of: loop) }
        #expect(throws: failure) { try Files.removeFolder(loop) }
        #expect(try Files.status(of: loop)?.kind == .symbolicLink)
    }

    @Test("A folder of our own goes with the files in it")
    func removingFolder() throws {
        try folder.write([1], to: "models/a")
        try folder.write([2], to: "models/b")
        try Files.removeFolder(path("models"))
        try Files.removeFolder(path("models"))
        #expect(try Files.names(in: folder.path).isEmpty)
    }

    @Test("A lock is held by one open file at a time, and can be asked for without being taken")
    func locks() throws {
        let file = path("lock")
        let (one, other) = (
            try Files.openShared(file, permissions: .ownerReadWrite),
            try Files.openShared(file, permissions: .ownerReadWrite)
        )
        defer { try? other.close() }
        #expect(try FileLock.take(file: one))
        #expect(try FileLock.isHeld(file: other))
        #expect(try !FileLock.take(file: other))
        try one.close()
        #expect(try !FileLock.isHeld(file: other))
        #expect(try FileLock.take(file: other))
    }
}
