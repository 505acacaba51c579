import GRDB
import Records
import System
import SystemPackage

/// What had to be done so that the history and the ledger say the same.
package struct LedgerAgreement: Sendable, Hashable {
    /// Entries of the ledger that the history lacked.
    package fileprivate(set) var addedRows = 0
    /// Labels, drops and pictures of the history that the ledger lacked.
    package fileprivate(set) var addedLines = 0
    /// Lines that can't be read, among those that were looked at.
    package fileprivate(set) var damages: [LedgerDamage] = []
    /// Whether all of the ledger was read, and not just what is new in it.
    package fileprivate(set) var isComplete = false
}

extension History {
    /// Makes the history and the ledger say the same: what one of them lacks is added from the other.
    ///
    /// A process that was killed has at most written lines without rows. So normally only what the ledger has beyond the
    /// last recorded transaction is read. If there is no such place, or the files aren't what they were, all of it is
    /// read and compared: that is also how an installation of an earlier release gets its ledger, and how one that was
    /// lost is written again. May be interrupted at any time, and repeated.
    ///
    /// Throws ``LedgerFailure`` if the ledger has another split key, `FileFailure`, and GRDB's `DatabaseError`.
    ///
    /// - Parameters:
    ///   - comparingAll: whether to compare everything in any case.
    ///   - progress: gets the number of pictures of the history that have been written to the ledger so far.
    package func agree(
        with ledger: Ledger, comparingAll: Bool = false, progress: (_ pictures: Int) -> Void = { _ in }
    ) throws -> LedgerAgreement {
        var agreement = LedgerAgreement()
        let known = comparingAll ? nil : try ledgerPosition()
        let position = try known.flatMap { try $0.isIn(ledger.folder) ? $0 : nil }
        agreement.isComplete = position == nil
        if position != ledger.position {
            var content = LedgerContent()
            try addRows(from: ledger, after: position, noting: &content, &agreement)
            if position == nil { try addLines(to: ledger, beside: content, &agreement, progress) }
            let end = ledger.position
            try write { try end.save($0) }
        }
        return agreement
    }

    /// Runs `updates` in one transaction, at whose end its entries are written to the ledger: they are on the disk
    /// before the rows are.
    func writeWithLedger<R>(_ ledger: Ledger, _ updates: (Database) throws -> (R, [LedgerEntry])) throws -> R {
        var before: LedgerReading.Position?
        do {
            return try write { db in
                before = ledger.position
                let (result, entries) = try updates(db)
                if !entries.isEmpty { try ledger.append(entries).save(db) }
                return result
            }
        } catch {
            if let before { ledger.takeBack(to: before) }
            throw error
        }
    }

    private func ledgerPosition() throws -> LedgerReading.Position? {
        try reader.read { db in
            try Row.fetchOne(db, sql: "SELECT file, length, total FROM ledger_position").map { row in
                try LedgerReading.Position(
                    file: row.decode(forColumn: "file"), length: row.decode(forColumn: "length"),
                    total: row.decode(forColumn: "total"))
            }
        }
    }

    private func addRows(
        from ledger: Ledger, after position: LedgerReading.Position?, noting content: inout LedgerContent,
        _ agreement: inout LedgerAgreement
    ) throws {
        var entries: [LedgerEntry] = []
        func flush() throws {
            agreement.addedRows += try write { db in
                var inserter = LedgerInserter(db: db)
                return try entries.count { try inserter.insert($0) }
            }
            entries = []
        }
        let key = try splitKey()
        let reading = try LedgerReading.read(ledger.folder, after: position) { entry in
            // A file begins with its key, so nothing of another installation is added.
            if case .installation(let installation) = entry, installation.splitKey != key {
                throw LedgerFailure.otherKey(ledger.folder, history: path)
            }
            content.note(entry)
            entries.append(entry)
            if entries.count == Self.ledgerBatch { try flush() }
        }
        try flush()
        agreement.damages = reading.damages
    }

    private static var ledgerBatch: Int { 4096 }
}

extension LedgerReading.Position {
    /// Whether the files go at least that far and are as long as they were.
    fileprivate func isIn(_ folder: FilePath) throws -> Bool {
        var found = 0
        for path in try LedgerReading.files(in: folder) {
            let name = path.lastComponent?.string ?? ""
            let size = try Files.size(of: path) ?? 0
            if name == file { return size >= length && found + length == total }
            found += size
        }
        return false
    }

    fileprivate func save(_ db: Database) throws {
        try db.cachedStatement(
            sql: """
                INSERT INTO ledger_position (id, file, length, total) VALUES (1, ?, ?, ?) ON CONFLICT (id)
                DO UPDATE SET file = excluded.file, length = excluded.length, total = excluded.total
                """
        ).execute(arguments: [file, length, total])
    }
}

// MARK: From the history to the ledger

/// What a ledger says, so that what it doesn't say can be found.
private struct LedgerContent {
    private var pictures: Set<PictureDigest> = []
    /// By number and name, which together identify a drop.
    private var drops: Set<LedgerInserter.DropKey> = []
    /// As bytes: spellings that Swift finds equal may differ in them.
    private var spellings: Set<RawPath> = []

    mutating func note(_ entry: LedgerEntry) {
        switch entry {
        case .picture(let picture): pictures.insert(picture.digest)
        case .drop(let drop): drops.insert(.init(id: drop.id, name: drop.name))
        case .label(let label): spellings.formUnion(label.spellings.map { RawPath($0) })
        case .installation, .unknown: break
        }
    }

    func has(_ entry: LedgerEntry) -> Bool {
        switch entry {
        case .picture(let picture): pictures.contains(picture.digest)
        case .drop(let drop): drops.contains(.init(id: drop.id, name: drop.name))
        case .label(let label): spellings.isSuperset(of: label.spellings.map { RawPath($0) })
        case .installation, .unknown: true
        }
    }
}

extension History {
    private func addLines(
        to ledger: Ledger, beside content: LedgerContent, _ agreement: inout LedgerAgreement,
        _ progress: (_ pictures: Int) -> Void
    ) throws {
        func append(_ entries: [LedgerEntry]) throws {
            let missing = entries.filter { !content.has($0) }
            guard !missing.isEmpty else { return }
            _ = try ledger.append(missing)
            agreement.addedLines += missing.count
        }
        try append(reader.read(Self.ledgerLabels))
        try append(reader.read(Self.ledgerDrops))
        var last: PictureID = 0
        var done = 0
        while true {
            let batch = try reader.read { try Self.ledgerPictures($0, after: last) }
            guard let end = batch.last?.id else { return }
            try append(batch.map(\.entry))
            (last, done) = (end, done + batch.count)
            progress(done)
        }
    }

    private static func ledgerLabels(_ db: Database) throws -> [LedgerEntry] {
        let rows = try Row.fetchAll(
            db,
            sql: """
                SELECT l.name, s.spelling FROM labels l JOIN label_spellings s ON s.label_id = l.id
                ORDER BY l.id, s.spelling = l.name DESC, s.spelling
                """)
        let now = Timestamp.now
        return try rows.map { row in
            .label(
                LedgerLabel(
                    name: try row.decode(forColumn: "name"), spellings: [try row.decode(forColumn: "spelling")],
                    at: now))
        }
    }

    private static func ledgerDrops(_ db: Database) throws -> [LedgerEntry] {
        let sql = """
            SELECT id, name, arrived_at FROM drops WHERE EXISTS (SELECT 1 FROM files WHERE drop_id = drops.id) ORDER BY id
            """
        return try Row.fetchAll(db, sql: sql).map { row in
            .drop(
                LedgerDrop(
                    id: try row.decode(forColumn: "id"), name: try row.decode(forColumn: "name"),
                    at: try row.decode(forColumn: "arrived_at")))
        }
    }

    private static func ledgerPictures(
        _ db: Database, after last: PictureID
    ) throws -> [(id: PictureID, entry: LedgerEntry)] {
        let rows = try Row.fetchAll(
            db.cachedStatement(
                sql: """
                    SELECT p.id, p.digest, p.bytes, p.format, p.width, p.height, p.notes, l.name AS label, p.split,
                        p.split_origin, p.drop_id, d.name AS drop_name, p.accepted_at,
                        (SELECT f.path FROM files f WHERE f.picture_id = p.id AND f.verdict = 'accepted' LIMIT 1) AS path
                    FROM pictures p JOIN labels l ON l.id = p.label_id JOIN drops d ON d.id = p.drop_id
                    WHERE p.id > ? ORDER BY p.id LIMIT ?
                    """), arguments: [last, ledgerBatch])
        return try rows.map { row in
            let picture = LedgerPicture(
                digest: try row.decode(forColumn: "digest"), byteCount: try row.decode(forColumn: "bytes"),
                format: try row.decode(forColumn: "format"), width: try row.decode(forColumn: "width"),
                height: try row.decode(forColumn: "height"), notes: try row.decode(forColumn: "notes"),
                label: try row.decode(forColumn: "label"), split: try row.decode(forColumn: "split"),
                splitOrigin: try row.decode(forColumn: "split_origin"), drop: try row.decode(forColumn: "drop_id"),
                dropName: try row.decode(forColumn: "drop_name"), path: try row.decode(forColumn: "path"),
                at: try row.decode(forColumn: "accepted_at"))
            return (try row.decode(forColumn: "id"), .picture(picture))
        }
    }
}
