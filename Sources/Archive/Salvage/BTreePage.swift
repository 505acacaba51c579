import GRDB

/// One page of a b-tree: the pages below it and the records in it.
struct BTreePage {
    enum Kind: UInt8 {
        case indexInterior = 2
        case tableInterior = 5
        case indexLeaf = 10
        case tableLeaf = 13

        /// Whether it belongs to a table with row ids, rather than to an index or a table WITHOUT ROWID.
        var isOfTable: Bool { self == .tableInterior || self == .tableLeaf }
        var isInterior: Bool { self == .indexInterior || self == .tableInterior }
    }

    let kind: Kind
    /// The pages below it, in order.
    private(set) var children: [Int] = []
    private(set) var records: [Record] = []
    /// How many cells can't be read.
    private(set) var badCells = 0

    /// Nil for a page that doesn't belong to a b-tree.
    init?(_ number: Int, in pages: DatabasePages) throws {
        guard let bytes = try pages.page(number) else { return nil }
        let start = number == 1 ? 100 : 0
        guard let kind = Kind(rawValue: bytes[start]) else { return nil }
        self.kind = kind
        let count = bytes.bigEndian(at: start + 3, count: 2)
        let pointers = start + (kind.isInterior ? 12 : 8)
        guard pointers + 2 * count <= pages.usableSize else { return nil }
        let reader = CellReader(bytes: bytes, kind: kind, pages: pages)
        for index in 0..<count {
            let offset = bytes.bigEndian(at: pointers + 2 * index, count: 2)
            guard offset >= pointers + 2 * count, offset < pages.usableSize, let cell = try reader.cell(at: offset)
            else {
                badCells += 1
                continue
            }
            if let child = cell.child { children.append(child) }
            if let record = cell.record { records.append(record) }
        }
        if kind.isInterior { children.append(bytes.bigEndian(at: start + 8, count: 4)) }
    }
}

/// A row of a table, or an entry of an index.
struct Record {
    /// Nil in an index and in a table WITHOUT ROWID.
    let rowID: Int64?
    let values: [DatabaseValue]
}

/// Reads the cells of one page, and what overflows from them to other pages.
private struct CellReader {
    let bytes: [UInt8]
    let kind: BTreePage.Kind
    let pages: DatabasePages

    /// Nil if the bytes there aren't a cell.
    func cell(at offset: Int) throws -> (child: Int?, record: Record?)? {
        var bytes = ByteReader(bytes[offset..<pages.usableSize])
        var child: Int?
        if kind.isInterior {
            guard let number = bytes.bigEndian(4) else { return nil }
            child = number
        }
        if kind == .tableInterior { return bytes.varint() == nil ? nil : (child, nil) }
        guard let size = bytes.varint(), size > 0, size <= Int64(pages.pageSize) * Int64(pages.count) else {
            return nil
        }
        var rowID: Int64?
        if kind == .tableLeaf {
            guard let number = bytes.varint() else { return nil }
            rowID = number
        }
        guard let payload = try payload(Int(size), from: &bytes), let values = Self.values(of: payload) else {
            return nil
        }
        return (child, Record(rowID: rowID, values: values))
    }

    private func payload(_ size: Int, from bytes: inout ByteReader) throws -> [UInt8]? {
        let local = localSize(of: size)
        guard let start = bytes.take(local) else { return nil }
        var payload = Array(start)
        guard local < size else { return payload }
        guard var next = bytes.bigEndian(4) else { return nil }
        while payload.count < size {
            guard next > 1, let page = try pages.page(next) else { return nil }
            payload += page[4..<min(pages.usableSize, 4 + size - payload.count)]
            next = page.bigEndian(at: 0, count: 4)
        }
        // A page that was overwritten, or that belongs to something else, hardly ever claims to be the last one.
        return next == 0 ? payload : nil
    }

    /// How much of a payload is in the cell itself.
    private func localSize(of size: Int) -> Int {
        let usable = pages.usableSize
        let most = kind == .tableLeaf ? usable - 35 : (usable - 12) * 64 / 255 - 23
        guard size > most else { return size }
        let least = (usable - 12) * 32 / 255 - 23
        let local = least + (size - least) % (usable - 4)
        return local <= most ? local : least
    }

    /// The values of a record; nil if its header and its length contradict each other.
    private static func values(of payload: [UInt8]) -> [DatabaseValue]? {
        var header = ByteReader(payload[...])
        guard let headerSize = header.varint(), headerSize >= 1, headerSize <= Int64(payload.count) else { return nil }
        var body = ByteReader(payload[Int(headerSize)...])
        var values: [DatabaseValue] = []
        while header.position < Int(headerSize) {
            guard let type = header.varint(), let value = body.value(ofType: type) else { return nil }
            values.append(value)
        }
        return header.position == Int(headerSize) && body.isAtEnd ? values : nil
    }
}

/// Takes bytes from the front; nil if there aren't enough.
private struct ByteReader {
    private var rest: ArraySlice<UInt8>

    init(_ bytes: ArraySlice<UInt8>) { rest = bytes }

    var isAtEnd: Bool { rest.isEmpty }
    /// The index of the next byte.
    var position: Int { rest.startIndex }

    mutating func take(_ count: Int) -> ArraySlice<UInt8>? {
        guard count <= rest.count else { return nil }
        defer { rest = rest.dropFirst(count) }
        return rest.prefix(count)
    }

    mutating func bigEndian(_ count: Int) -> Int? { take(count)?.reduce(0) { $0 << 8 | Int($1) } }

    /// SQLite's number of one to nine bytes: seven bits per byte, eight in the ninth.
    mutating func varint() -> Int64? {
        var number: UInt64 = 0
        for index in 0..<9 {
            guard let byte = rest.popFirst() else { return nil }
            if index == 8 { return Int64(bitPattern: number << 8 | UInt64(byte)) }
            number = number << 7 | UInt64(byte & 0x7F)
            if byte < 0x80 { return Int64(bitPattern: number) }
        }
        return nil
    }

    /// A value of a record's serial type.
    mutating func value(ofType type: Int64) -> DatabaseValue? {
        switch type {
        case 0: return .null
        case 1...6: return signed([1, 2, 3, 4, 6, 8][Int(type) - 1])?.databaseValue
        case 7: return signed(8).map { Double(bitPattern: UInt64(bitPattern: $0)).databaseValue }
        case 8, 9: return (type - 8).databaseValue
        case 12...:
            guard let size = Int(exactly: (type - 12) / 2), let bytes = take(size) else { return nil }
            return type % 2 == 0
                ? DatabaseBytes(Array(bytes)).databaseValue : String(validating: bytes, as: UTF8.self)?.databaseValue
        default: return nil
        }
    }

    private mutating func signed(_ count: Int) -> Int64? {
        guard let bytes = take(count), let first = bytes.first else { return nil }
        return bytes.dropFirst().reduce(Int64(Int8(bitPattern: first))) { $0 << 8 | Int64($1) }
    }
}
