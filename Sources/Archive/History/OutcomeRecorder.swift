import GRDB
import Records
import System

/// Records the files of one drop inside one transaction.
struct OutcomeRecorder {
    let db: Database
    let drop: DropID
    let time: Timestamp
    private(set) var newSpellings: [(spelling: String, label: String)] = []

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
        if let known, let earlier = try earlierVerdict(on: path, picture: known) { return earlier }
        let label = known == nil ? picture.label.text : try name(of: picture.label)
        switch DuplicateRule.decide(label: label, known: known) {
        case .new:
            let id = try insert(picture)
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
    /// Whether the same file has been rejected before, because the daemon was stopped before it could remove it.
    private func isRecorded(_ path: RawPath, code: String, bytes: Int?, digest: PictureDigest?) throws -> Bool {
        try db.cachedStatement(
            sql: """
                SELECT 1 FROM files WHERE drop_id = ? AND path = ? AND reason_code = ? AND bytes IS ?
                AND picture_id IS NULL AND (digest IS NULL OR digest = ?)
                """
        ).exists([drop, path, code, bytes, digest])
    }

    /// The verdict on the same path with the same bytes, from before the daemon was stopped.
    private func earlierVerdict(on path: RawPath, picture: KnownPicture) throws -> Verdict? {
        let statement = try db.cachedStatement(
            sql: """
                SELECT verdict, reason_code, reason FROM files
                WHERE drop_id = ? AND path = ? AND picture_id = ? ORDER BY id LIMIT 1
                """)
        let arguments: StatementArguments = [drop, path, picture.id]
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
            drop, path, path.escaped, name, code, reason, bytes, picture, time, digest,
        ])
        try db.cachedStatement(sql: "UPDATE drops SET \(column) = \(column) + 1 WHERE id = ?")
            .execute(arguments: [drop])
        return verdict
    }

    private mutating func insert(_ picture: NewPicture) throws -> PictureID {
        let label = try label(of: picture.label)
        try db.cachedStatement(
            sql: """
                INSERT INTO pictures
                (digest, bytes, format, width, height, label_id, split, split_origin, notes, drop_id, accepted_at)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """
        ).execute(arguments: [
            picture.digest, picture.byteCount, picture.format, picture.width, picture.height, label, picture.split,
            picture.splitOrigin, picture.notes, drop, time,
        ])
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
    private mutating func label(of name: LabelName) throws -> LabelID {
        let bySpelling = try db.cachedStatement(sql: "SELECT label_id FROM label_spellings WHERE spelling = ?")
        if let id = try LabelID.fetchOne(bySpelling, arguments: [name.spelling]) { return id }
        let key = LabelKey.key(of: name.text)
        let id: LabelID
        if let row = try Row.fetchOne(db, sql: "SELECT id, name FROM labels WHERE key = ?", arguments: [key]) {
            id = try row.decode(forColumn: "id")
            newSpellings.append((name.spelling, try row.decode(forColumn: "name")))
        } else {
            try db.execute(sql: "INSERT INTO labels (name, key) VALUES (?, ?)", arguments: [name.text, key])
            id = db.lastInsertedRowID
            if name.isRespelled { newSpellings.append((name.spelling, name.text)) }
        }
        for spelling in [name.spelling, name.text] {
            try db.execute(
                sql: "INSERT OR IGNORE INTO label_spellings (spelling, label_id) VALUES (?, ?)",
                arguments: [spelling, id])
        }
        return id
    }
}

extension Statement {
    /// Whether the query returns a row.
    func exists(_ arguments: StatementArguments) throws -> Bool {
        try Row.fetchOne(self, arguments: arguments) != nil
    }
}
