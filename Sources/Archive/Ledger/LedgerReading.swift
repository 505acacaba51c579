package import System
package import SystemPackage

/// What the ledger's files say, and what in them can't be read.
package struct LedgerReading: Sendable {
    /// Up to where the history and the ledger are known to agree: this many bytes of that file, and of all earlier ones.
    struct Position: Hashable, Sendable {
        /// The file's name.
        var file: String
        /// In bytes.
        var length: Int
        /// The bytes of all earlier files, and this length. It shows whether one of them is missing or has changed.
        var total: Int
    }

    /// What can't be read, in the order of the files.
    package private(set) var damages: [LedgerDamage] = []
    /// The entries that were read.
    package private(set) var count = 0
    /// The installation's key; nil if no line says it.
    package private(set) var splitKey: [UInt8]?
    /// The file whose last line was never completed.
    package private(set) var torn: FilePath?

    private init() {}

    /// Gives `body` every entry in the order in which they were written.
    ///
    /// A damaged line costs what it says and is reported. The last line of the newest file may be incomplete, because the
    /// process that wrote it was killed; what it says was never acknowledged.
    ///
    /// Throws `FileFailure`, ``LedgerFailure/twoKeys(_:)`` if the files are of two installations, and what `body`
    /// throws.
    package static func read(_ folder: FilePath, _ body: (LedgerEntry) throws -> Void) throws -> LedgerReading {
        try read(folder, after: nil, body)
    }

    /// The same for what was written after a position.
    static func read(
        _ folder: FilePath, after position: Position?, _ body: (LedgerEntry) throws -> Void
    ) throws -> LedgerReading {
        var reading = LedgerReading()
        let files = try files(in: folder)
        for file in files {
            let name = file.lastComponent?.string ?? ""
            if let position, name < position.file { continue }
            let start = name == position?.file ? position?.length ?? 0 : 0
            try reading.read(file, from: start, isNewest: file == files.last, body)
        }
        return reading
    }

    /// The ledger's files, the oldest first; none if there is no folder.
    package static func files(in folder: FilePath) throws -> [FilePath] {
        guard try Files.exists(folder) else { return [] }
        return try Files.names(in: folder).map(\.string).filter(isFile).sorted().map { folder.appending($0) }
    }

    /// `YYYY-MM-DD.jsonl`.
    private static func isFile(_ name: String) -> Bool {
        let shape = Array("0000-00-00.jsonl".utf8)
        return name.utf8.count == shape.count
            && zip(name.utf8, shape).allSatisfy { byte, expected in
                expected == UInt8(ascii: "0")
                    ? (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) : byte == expected
            }
    }

    private mutating func read(
        _ file: FilePath, from start: Int, isNewest: Bool, _ body: (LedgerEntry) throws -> Void
    ) throws {
        var number = 0
        try Self.lines(of: file, from: start) { line, isComplete in
            number += 1
            let contents = LedgerLine.contents(of: line[...])
            for entry in contents.entries {
                if case .installation(let installation) = entry {
                    guard splitKey == nil || splitKey == installation.splitKey else {
                        throw LedgerFailure.twoKeys(file)
                    }
                    splitKey = installation.splitKey
                }
                count += 1
                try body(entry)
            }
            // An older file was whole when the next one was begun.
            if !isComplete, isNewest {
                torn = file
                return
            }
            if let damage = contents.damage { damages.append(LedgerDamage(file: file, line: number, reason: damage)) }
        }
    }

    /// Gives `body` each line without its newline, and whether it had one.
    static func lines(
        of file: FilePath, from start: Int = 0, _ body: (_ line: [UInt8], _ isComplete: Bool) throws -> Void
    ) throws {
        var line: [UInt8] = []
        try Files.reading(file) { descriptor in
            try descriptor.seek(offset: Int64(start), from: .start)
            try descriptor.readChunks { chunk in
                var rest = chunk[...]
                while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
                    line.append(contentsOf: rest[..<end])
                    try body(line, true)
                    line.removeAll(keepingCapacity: true)
                    rest = rest[(end + 1)...]
                }
                line.append(contentsOf: rest)
            }
        }
        if !line.isEmpty { try body(line, false) }
    }
}

/// A line of the ledger that can't be read.
package struct LedgerDamage: Sendable, Hashable, CustomStringConvertible {
    package let file: FilePath
    /// From 1 on; counted from where reading began.
    package let line: Int
    package let reason: LedgerLineFailure

    package var description: String { "\(file):\(line): \(reason)" }
}

/// Why a ledger can't be used.
package enum LedgerFailure: Error, Sendable, Hashable, CustomStringConvertible {
    /// The file has another key than the history, or than the files before it.
    case otherKey(FilePath, history: FilePath)
    case twoKeys(FilePath)
    /// Somebody has replaced or shortened the file while it was in use.
    case shortened(FilePath)

    package var description: String {
        switch self {
        case .otherKey(let file, let history):
            "the ledger \(file) and the history \(history) are of two installations: their split keys differ. Put the "
                + "one back that belongs to the pictures"
        case .twoKeys(let file):
            "\(file) is of another installation than the files before it: its split key differs. Move what doesn't "
                + "belong to the pictures elsewhere"
        case .shortened(let file):
            "\(file) is shorter than what was written to it: somebody has changed it. Restart the daemon, which writes "
                + "what is missing again"
        }
    }
}

extension LedgerFailure: MachineProblem {
    /// A file that somebody has changed is right again after the next start.
    package var isOfMachine: Bool { if case .shortened = self { true } else { false } }
}
