import System
import SystemPackage

/// The pages of an SQLite database with its write-ahead log, read without SQLite: SQLite gives up a whole table, or the
/// whole file, for one bad page. The format is that of https://www.sqlite.org/fileformat2.html.
final class DatabasePages {
    /// In bytes. A page's structures can use less of it if some bytes are reserved at its end.
    let pageSize: Int
    let usableSize: Int
    /// Pages are numbered from 1.
    let count: Int
    private let file: FileDescriptor?
    private let log: (file: FileDescriptor, index: WriteAheadLog)?

    /// Opens the files; either may be missing or damaged. Throws `FileFailure` if one can't be opened.
    init(_ path: FilePath) throws {
        let file = try Self.open(path)
        let logFile = try Self.open(FilePath(path.string + "-wal"))
        do {
            let index = try Self.perform(path) { try logFile.flatMap { try WriteAheadLog($0) } }
            log = index.flatMap { index in logFile.map { ($0, index) } }
            let size = try Self.perform(path) { try file.map { try $0.size() } } ?? 0
            let header = try Self.perform(path) { try file?.bytes(at: 0, count: 100) ?? nil }
            let known = header.flatMap(Self.sizes)
            pageSize = known?.page ?? index?.pageSize ?? Self.defaultPageSize
            usableSize = known?.usable ?? pageSize
            count = max(size / pageSize, index?.offsets.keys.max() ?? 0)
        } catch {
            try file?.close()
            try logFile?.close()
            throw error
        }
        self.file = file
        if log == nil { try logFile?.close() }
    }

    deinit {
        try? file?.close()
        try? log?.file.close()
    }

    /// A page's bytes; nil if the files have no such page, or if the disk can't read it.
    func page(_ number: Int) throws -> [UInt8]? {
        guard (1...max(count, 1)).contains(number) else { return nil }
        do {
            if let log, log.index.pageSize == pageSize, let offset = log.index.offsets[number] {
                return try log.file.bytes(at: offset, count: pageSize)
            }
            return try file?.bytes(at: Int64(number - 1) * Int64(pageSize), count: pageSize) ?? nil
        } catch Errno.ioError {
            return nil
        }
    }

    /// The unused pages of the file, as far as their list can be read.
    func freePages() throws -> Set<Int> {
        guard let first = try page(1), Self.sizes(first) != nil else { return [] }
        var free: Set<Int> = []
        var next = first.bigEndian(at: 32, count: 4)
        while next != 0, let trunk = try page(next), free.insert(next).inserted {
            let leaves = min(trunk.bigEndian(at: 4, count: 4), usableSize / 4 - 2)
            for index in 0..<leaves { free.insert(trunk.bigEndian(at: 8 + 4 * index, count: 4)) }
            next = trunk.bigEndian(at: 0, count: 4)
        }
        return free
    }

    /// A power of two from 512 to 65,536.
    static func isPageSize(_ size: Int) -> Bool { (512...65_536).contains(size) && size.nonzeroBitCount == 1 }

    /// SQLite's default, which histories use; for files whose header is lost.
    private static let defaultPageSize = 4096

    /// The contents of a database's header; nil if it isn't one.
    private static func sizes(_ header: [UInt8]) -> (page: Int, usable: Int)? {
        guard header.starts(with: Array("SQLite format 3\0".utf8)) else { return nil }
        let stated = header.bigEndian(at: 16, count: 2)
        let page = stated == 1 ? 65_536 : stated
        let usable = page - Int(header[20])
        return isPageSize(page) && usable >= 480 ? (page, usable) : nil
    }

    private static func open(_ path: FilePath) throws -> FileDescriptor? {
        guard try Files.exists(path) else { return nil }
        return try Files.perform("open", path) { try Files.open(path) }
    }

    private static func perform<R>(_ path: FilePath, _ body: () throws -> R) throws -> R {
        try Files.perform("read", path, body)
    }
}
