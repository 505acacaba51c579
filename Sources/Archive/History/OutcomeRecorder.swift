import GRDB
import Records
import System

/// Records the files of one drop inside one transaction, and gathers what the ledger must say of them.
struct OutcomeRecorder {
    private let db: Database
    private let drop: LedgerDrop
    private let time: Timestamp
    private(set) var newSpellings: [(spelling: String, label: String)] = []
    /// What is new in labels, drops and pictures, in the order of its rows.
    private(set) var ledgerEntries: [LedgerEntry] = []

    /// - Parameter drop: its row.
    init(db: Database, drop: DropID, time: Timestamp) throws {
        (self.db, self.time) = (db, time)
        guard let row = try Row.fetchOne(db, sql: "SELECT name, arrived_at FROM drops WHERE id = ?", arguments: [drop])
        else { throw DatabaseError(resultCode: .SQLITE_CONSTRAINT_FOREIGNKEY, message: "there is no drop \(drop)") }
        self.drop = try LedgerDrop(
            id: drop, name: row.decode(forColumn: "name"), at: row.decode(forColumn: "arrived_at"))
        let hasFiles = try db.cachedStatement(sql: "SELECT 1 FROM files WHERE drop_id = ? LIMIT 1").exists([drop])
        if !hasFiles { ledgerEntries = [.drop(self.drop)] }
    }

    /// Records a file unless it is already recorded, and returns the verdict that counts.
    mutating func record(_ outcome: FileOutcome) throws -> Verdict {
        switch outcome.finding {
        case .refused(let code, let reason, let bytes, let digest):
            let verdict = Verdict.rejected(code: code, reason: reason)
            if try isRecorded(outcome.path, code: code, bytes: bytes, digest: digest) { return verdict }
            return try insert(outcome.path, verdict, bytes: bytes, picture: nil, digest: digest)
        case .picture(let picture):
            return try record(picture, path: outcome.path)
        }
    }

    private mutating func record(_ picture: NewPicture, path: RawPath) throws -> Verdict {
        let known = try KnownPicture.fetch(db, picture.digest)
        if let known { try useAgain(known) }
        if let known, let earlier = try earlierVerdict(on: path, picture: known) { return earlier }
        let label = known == nil ? picture.label.text : try name(of: picture.label)
        switch DuplicateRule.decide(label: label, known: known) {
        case .new:
            let id = try insert(picture, from: path)
            return try insert(path, .accepted(id), bytes: picture.byteCount, picture: id)
        case .duplicate(let known):
            _ = try self.label(of: picture.label)
            let verdict = Verdict.duplicate(of: known.id, firstPath: known.firstPath)
            return try insert(path, verdict, bytes: picture.byteCount, picture: known.id)
        case .contradiction(let known):
            let reason = DuplicateRule.contradictionReason(label: label, known: known)
            let verdict = Verdict.rejected(code: DuplicateRule.contradictionCode, reason: reason)
            return try insert(path, verdict, bytes: picture.byteCount, picture: known.id)
        }
    }
}

extension OutcomeRecorder {
    /// The picture's bytes are in the store anew, so runs may try it again if it was set aside.
    private func useAgain(_ picture: KnownPicture) throws {
        try db.cachedStatement(sql: "DELETE FROM set_aside_pictures WHERE picture_id = ?")
            .execute(arguments: [picture.id])
    }

    /// Whether the same file has been rejected before, because the daemon was stopped before it could remove it.
    private func isRecorded(_ path: RawPath, code: String, bytes: Int?, digest: PictureDigest?) throws -> Bool {
        try db.cachedStatement(
            sql: """
                SELECT 1 FROM files WHERE drop_id = ? AND path = ? AND reason_code = ? AND bytes IS ?
                AND picture_id IS NULL AND (digest IS NULL OR digest = ?)
                """
        ).exists([drop.id, path, code, bytes, digest])
    }

    /// The verdict on the same path with the same bytes, from before the daemon was stopped.
    private func earlierVerdict(on path: RawPath, picture: KnownPicture) throws -> Verdict? {
        let statement = try db.cachedStatement(
            sql: """
                SELECT verdict, reason_code, reason FROM files
                WHERE drop_id = ? AND path = ? AND picture_id = ? ORDER BY id LIMIT 1
                """)
        let arguments: StatementArguments = [drop.id, path, picture.id]
        guard let row = try Row.fetchOne(statement, arguments: arguments) else { return nil }
        switch try row.decode(String.self, forColumn: "verdict") {
        case "accepted": return .accepted(picture.id)
        case "duplicate": return .duplicate(of: picture.id, firstPath: picture.firstPath)
        default:
            return .rejected(
                code: try row.decode(forColumn: "reason_code"), reason: try row.decode(forColumn: "reason"))
        }
    }

    private func insert(
        _ path: RawPath, _ verdict: Verdict, bytes: Int?, picture: PictureID?, digest: PictureDigest? = nil
    ) throws -> Verdict {
        let (name, column, code, reason) =
            switch verdict {
            case .accepted: ("accepted", "accepted", String?.none, String?.none)
            case .duplicate: ("duplicate", "duplicates", nil, nil)
            case .rejected(let code, let reason): ("rejected", "rejected", code, reason)
            }
        try db.cachedStatement(
            sql: """
                INSERT INTO files
                (drop_id, path, path_text, verdict, reason_code, reason, bytes, picture_id, recorded_at, digest)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """
        ).execute(arguments: [
            drop.id, path, path.escaped, name, code, reason, bytes, picture, time, digest,
        ])
        try db.cachedStatement(sql: "UPDATE drops SET \(column) = \(column) + 1 WHERE id = ?")
            .execute(arguments: [drop.id])
        return verdict
    }

    private mutating func insert(_ picture: NewPicture, from path: RawPath) throws -> PictureID {
        let label = try label(of: picture.label)
        try db.cachedStatement(
            sql: """
                INSERT INTO pictures
                (digest, bytes, format, width, height, label_id, split, split_origin, notes, drop_id, accepted_at)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """
        ).execute(arguments: [
            picture.digest, picture.byteCount, picture.format, picture.width, picture.height, label.id, picture.split,
            picture.splitOrigin, picture.notes, drop.id, time,
        ])
        ledgerEntries.append(
            .picture(
                LedgerPicture(
                    digest: picture.digest, byteCount: picture.byteCount, format: picture.format, width: picture.width,
                    height: picture.height, notes: picture.notes, label: label.name, split: picture.split,
                    splitOrigin: picture.splitOrigin, drop: drop.id, dropName: drop.name, path: path, at: time)))
        return db.lastInsertedRowID
    }

    /// The name of the label that a folder's name stands for; the spelling may already belong to a label.
    private func name(of label: LabelName) throws -> String {
        try String.fetchOne(
            db.cachedStatement(
                sql: "SELECT l.name FROM label_spellings s JOIN labels l ON l.id = s.label_id WHERE s.spelling = ?"),
            arguments: [label.spelling]) ?? label.text
    }

    /// The label that a folder's name stands for; it is created, or gets the new spelling, if necessary.
    private mutating func label(of name: LabelName) throws -> (id: LabelID, name: String) {
        let bySpelling = try db.cachedStatement(
            sql: "SELECT l.id, l.name FROM label_spellings s JOIN labels l ON l.id = s.label_id WHERE s.spelling = ?")
        if let row = try Row.fetchOne(bySpelling, arguments: [name.spelling]) {
            return try (row.decode(forColumn: "id"), row.decode(forColumn: "name"))
        }
        let key = LabelKey.key(of: name.text)
        let known = try Row.fetchOne(db, sql: "SELECT id, name FROM labels WHERE key = ?", arguments: [key])
        let label: (id: LabelID, name: String)
        if let known {
            label = try (known.decode(forColumn: "id"), known.decode(forColumn: "name"))
            newSpellings.append((name.spelling, label.name))
        } else {
            try db.execute(sql: "INSERT INTO labels (name, key) VALUES (?, ?)", arguments: [name.text, key])
            label = (db.lastInsertedRowID, name.text)
            if name.isRespelled { newSpellings.append((name.spelling, name.text)) }
        }
        // By bytes, as SQLite compares them: two texts may be equal to Swift and not the same.
        let isPlain = name.spelling.utf8.elementsEqual(name.text.utf8)
        let spellings = isPlain ? [name.text] : [name.spelling, name.text]
        for spelling in spellings {
            try db.execute(
                sql: "INSERT OR IGNORE INTO label_spellings (spelling, label_id) VALUES (?, ?)",
                arguments: [spelling, label.id])
        }
        ledgerEntries.append(.label(LedgerLabel(name: label.name, spellings: spellings, at: time)))
        return label
    }
}

extension Statement {
    /// Whether the query returns a row.
    func exists(_ arguments: StatementArguments) throws -> Bool {
        try Row.fetchOne(self, arguments: arguments) != nil
    }
}
