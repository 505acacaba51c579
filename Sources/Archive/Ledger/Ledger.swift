package import Records
internal import Synchronization
package import System
package import SystemPackage

/// The plain record of what people gave: a line in `ledger/YYYY-MM-DD.jsonl` (UTC) for every label, drop and picture.
///
/// It is written before the history's row, and the row before an original leaves the inbox; so everything in the history
/// is here too, and can be made again from here. Only for the holder of the installation's lock. All calls block.
package final class Ledger: Sendable {
    package let folder: FilePath
    private let splitKey: [UInt8]
    private let keepsPaths: Bool
    private let disk: any Disk
    private let place: Mutex<Place>

    /// Where the next line goes.
    private struct Place {
        /// The file's name; empty as long as there is none.
        var file = ""
        /// What of it counts, in bytes; what an attempt that failed has left behind it doesn't.
        var length = 0
        /// The bytes of all earlier files.
        var earlier = 0
        /// Whether there may be something behind what counts.
        var isDirty = false

        var position: LedgerReading.Position {
            LedgerReading.Position(file: file, length: length, total: earlier + length)
        }
    }

    /// The file whose last line was incomplete, and was cut off when the ledger was opened; nil if none was.
    package let cutFile: FilePath?

    /// Opens the ledger in a prepared state folder, and cuts off a last line that was never completed.
    ///
    /// - Parameters:
    ///   - history: the installation's history, to which the ledger must belong.
    ///   - keepsPaths: whether the lines of pictures say where in their drop they were.
    /// - Throws: ``LedgerFailure`` for the ledger of another installation, `FileFailure`, and errors of the history.
    package init(
        _ state: StateFolder, of history: History, keepsPaths: Bool, disk: any Disk = SystemDisk()
    ) throws {
        (folder, self.keepsPaths, self.disk) = (state.ledger, keepsPaths, disk)
        splitKey = try history.splitKey()
        let files = try LedgerReading.files(in: state.ledger)
        var place = Place()
        var cutFile: FilePath?
        if let newest = files.last {
            if try Self.cutTail(of: newest, disk) { cutFile = newest }
            place.file = newest.lastComponent?.string ?? ""
            place.length = try Files.size(of: newest) ?? 0
            place.earlier = try files.dropLast().reduce(0) { try $0 + (Files.size(of: $1) ?? 0) }
            if let key = try Self.firstKey(of: newest), key != splitKey {
                throw LedgerFailure.otherKey(newest, history: history.path)
            }
        }
        self.cutFile = cutFile
        self.place = Mutex(place)
    }

    /// Up to where the ledger goes.
    var position: LedgerReading.Position { place.withLock(\.position) }

    /// Writes the lines to the disk, and says up to where the ledger goes then.
    ///
    /// If it throws, nothing has been added: what may have been written is cut off, at the latest before the next line.
    func append(_ entries: [LedgerEntry]) throws -> LedgerReading.Position {
        try place.withLock { place in
            if place.isDirty { try cut(&place) }
            let today = "\(Timestamp.now.description.prefix(10)).jsonl"
            // If the clock was set back, the newest file goes on, so that the files stay in the order of their lines.
            if today > place.file { place = Place(file: today, earlier: place.earlier + place.length) }
            var bytes: [UInt8] = []
            bytes.reserveCapacity(512 * (entries.count + 1))
            if place.length == 0 {
                LedgerLine.append(
                    .installation(LedgerInstallation(splitKey: splitKey, at: .now)), keepsPaths: true, to: &bytes)
            }
            for entry in entries { LedgerLine.append(entry, keepsPaths: keepsPaths, to: &bytes) }
            try write(bytes, &place)
            place.length += bytes.count
            return place.position
        }
    }

    /// Takes back what was added after a position, because the history didn't take it over. It is cut off at once, so
    /// that no later start takes it for recorded; if that fails, before the next line.
    func takeBack(to position: LedgerReading.Position) {
        place.withLock { place in
            guard place.position != position else { return }
            place.length = place.file == position.file ? position.length : 0
            place.isDirty = true
            try? cut(&place)
        }
    }

    private func write(_ bytes: [UInt8], _ place: inout Place) throws {
        let path = folder.appending(place.file)
        // Until all of it is on the disk.
        place.isDirty = true
        do { try extend(path, with: bytes, place) } catch {
            // Nobody may take it for recorded later. If it can't be cut off now, it is before the next line.
            try? cut(&place)
            throw error
        }
        place.isDirty = false
    }

    private func extend(_ path: FilePath, with bytes: [UInt8], _ place: Place) throws {
        try Files.extending(path, permissions: [.ownerReadWrite, .groupRead]) { file in
            try Files.perform("write", path) {
                // A hole in the file would look like lines that are damaged.
                guard try file.size() >= place.length else { throw LedgerFailure.shortened(path) }
                _ = try file.writeAll(toAbsoluteOffset: Int64(place.length), bytes)
            }
            try disk.synchronize(file, path: path)
        }
        if place.length == 0 { try Files.reading(folder, action: "open") { try disk.synchronize($0, path: folder) } }
    }

    /// Cuts off what is behind what counts.
    private func cut(_ place: inout Place) throws {
        let path = folder.appending(place.file)
        if try Files.exists(path) {
            try Files.extending(path, permissions: []) { file in
                try Files.perform("cut", path) {
                    // A shorter file mustn't become longer.
                    if try file.size() > place.length { try file.resize(to: Int64(place.length)) }
                }
            }
        }
        place.isDirty = false
    }
}

extension Ledger {
    /// Cuts off what stands behind the last newline, unless it is a whole line, which gets its newline. Says whether
    /// there was anything.
    private static func cutTail(of path: FilePath, _ disk: any Disk) throws -> Bool {
        let size = try Files.size(of: path) ?? 0
        let tail = try tail(of: path, size: size)
        guard !tail.isEmpty else { return false }
        let contents = LedgerLine.contents(of: tail[...])
        try Files.extending(path, permissions: []) { file in
            try Files.perform("cut", path) {
                try file.resize(to: Int64(size - tail.count + contents.end))
                if !contents.entries.isEmpty {
                    try file.writeAll(toAbsoluteOffset: Int64(size - tail.count + contents.end), [UInt8(ascii: "\n")])
                }
            }
            try disk.synchronize(file, path: path)
        }
        return true
    }

    /// What stands behind the last newline of a file of `size` bytes.
    private static func tail(of path: FilePath, size: Int) throws -> [UInt8] {
        // Longer than any line, unless its end was damaged.
        var length = 64 << 10
        while true {
            var tail: [UInt8] = []
            var hasNewline = false
            try LedgerReading.lines(of: path, from: max(0, size - length)) { line, isComplete in
                if isComplete { hasNewline = true } else { tail = line }
            }
            if hasNewline || length >= size { return tail }
            length *= 16
        }
    }

    /// The key in a file's first line; nil if that can't be read.
    private static func firstKey(of path: FilePath) throws -> [UInt8]? {
        let head = try Files.reading(path) { try $0.readHead(limit: 1024) }
        let line = head.prefix { $0 != UInt8(ascii: "\n") }
        guard case .installation(let installation)? = LedgerLine.contents(of: line).entries.first else { return nil }
        return installation.splitKey
    }
}
