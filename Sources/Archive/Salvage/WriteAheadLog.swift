import SystemPackage

/// Where the committed pages of a write-ahead log are. They are found as SQLite finds them: frame by frame while salts
/// and checksums match, up to the last frame that ends a transaction.
struct WriteAheadLog {
    let pageSize: Int
    /// Where in the file the newest committed content of a page begins, by the page's number.
    private(set) var offsets: [Int: Int64] = [:]
    /// How many pages the database has after the last transaction; nil if there is none.
    private(set) var pageCount: Int?

    /// Nil for a file that isn't a log, and for an empty one.
    init?(_ file: FileDescriptor) throws {
        guard let header = try file.bytes(at: 0, count: Self.headerSize),
            [Self.magic, Self.magic | 1].contains(header.bigEndian(at: 0, count: 4))
        else { return nil }
        pageSize = header.bigEndian(at: 8, count: 4)
        guard DatabasePages.isPageSize(pageSize) else { return nil }
        var checksum = Checksum(isBigEndian: header.bigEndian(at: 0, count: 4) & 1 == 1)
        checksum.add(header[..<24])
        guard checksum.matches(header, at: 24) else { return nil }
        try readFrames(of: file, salts: header[16..<24], checksum: checksum)
    }

    private mutating func readFrames(
        of file: FileDescriptor, salts: ArraySlice<UInt8>, checksum: Checksum
    ) throws {
        var checksum = checksum
        var transaction: [Int: Int64] = [:]
        var offset = Int64(Self.headerSize)
        let size = Self.frameHeaderSize + pageSize
        while let frame = try file.bytes(at: offset, count: size) {
            checksum.add(frame[..<8])
            checksum.add(frame[Self.frameHeaderSize...])
            guard frame[8..<16] == salts, checksum.matches(frame, at: 16) else { return }
            transaction[frame.bigEndian(at: 0, count: 4)] = offset + Int64(Self.frameHeaderSize)
            let committedCount = frame.bigEndian(at: 4, count: 4)
            if committedCount > 0 {
                offsets.merge(transaction) { $1 }
                transaction = [:]
                pageCount = committedCount
            }
            offset += Int64(size)
        }
    }

    private static let magic = 0x377F_0682
    private static let headerSize = 32
    private static let frameHeaderSize = 24
}

/// The running checksum of a write-ahead log, over pairs of 32-bit words.
private struct Checksum {
    let isBigEndian: Bool
    private var first: UInt32 = 0
    private var second: UInt32 = 0

    init(isBigEndian: Bool) { self.isBigEndian = isBigEndian }

    mutating func add(_ bytes: ArraySlice<UInt8>) {
        bytes.withUnsafeBytes { raw in
            for offset in stride(from: 0, to: raw.count - 7, by: 8) {
                first = first &+ word(raw, offset) &+ second
                second = second &+ word(raw, offset + 4) &+ first
            }
        }
    }

    func matches(_ bytes: [UInt8], at offset: Int) -> Bool {
        bytes.bigEndian(at: offset, count: 4) == Int(first) && bytes.bigEndian(at: offset + 4, count: 4) == Int(second)
    }

    private func word(_ raw: UnsafeRawBufferPointer, _ offset: Int) -> UInt32 {
        let word = raw.loadUnaligned(fromByteOffset: offset, as: UInt32.self)
        return isBigEndian ? UInt32(bigEndian: word) : UInt32(littleEndian: word)
    }
}

extension [UInt8] {
    /// The unsigned big-endian number in `count` bytes, at most 7.
    func bigEndian(at offset: Int, count: Int) -> Int {
        self[offset..<offset + count].reduce(0) { $0 << 8 | Int($1) }
    }
}

extension FileDescriptor {
    /// Bytes of a file from an offset; nil if the file ends earlier.
    func bytes(at offset: Int64, count: Int) throws -> [UInt8]? {
        let bytes = try [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            let buffer = UnsafeMutableRawBufferPointer(buffer)
            while filled < count {
                let piece = try read(
                    fromAbsoluteOffset: offset + Int64(filled),
                    into: UnsafeMutableRawBufferPointer(rebasing: buffer[filled..<count]))
                if piece == 0 { return }
                filled += piece
            }
        }
        return bytes.count == count ? bytes : nil
    }
}
