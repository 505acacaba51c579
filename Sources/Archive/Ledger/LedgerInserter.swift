import GRDB
import Records
import System

/// Puts what the ledger says into a history, inside one transaction. What the history knows already stays as it is.
///
/// Entries come in the order of the ledger: the first one of a digest counts.
struct LedgerInserter {
    private let db: Database
    private var labels: [String: LabelID] = [:]
    private var drops: [DropKey: DropID] = [:]

    init(db: Database) { self.db = db }

    /// Whether the history didn't know it, or a part of it, and has it now.
    mutating func insert(_ entry: LedgerEntry) throws -> Bool {
        switch entry {
        case .installation, .unknown: false
        case .label(let label): try insert(label)
        case .drop(let drop): try self.drop(DropKey(id: drop.id, name: drop.name), arrived: drop.at).isNew
        case .picture(let picture): try insert(picture)
        }
    }
}

extension LedgerInserter {
    // MARK: Labels

    private mutating func insert(_ label: LedgerLabel) throws -> Bool {
        let known = try self.label(named: label.name)
        var isNew = known.isNew
        for spelling in label.spellings where try insert(spelling: spelling, of: known.id) { isNew = true }
        return isNew
    }

    /// The label that a name stands for; it is made if necessary.
    mutating func label(named name: String) throws -> (id: LabelID, isNew: Bool) {
        if let id = labels[name] { return (id, false) }
        let key = LabelKey.key(of: name)
        var id = try LabelID.fetchOne(
            db, sql: "SELECT label_id FROM label_spellings WHERE spelling = ?", arguments: [name])
        if id == nil { id = try LabelID.fetchOne(db, sql: "SELECT id FROM labels WHERE key = ?", arguments: [key]) }
        let isNew = id == nil
        if isNew { try db.execute(sql: "INSERT INTO labels (name, key) VALUES (?, ?)", arguments: [name, key]) }
        let label = id ?? db.lastInsertedRowID
        _ = try insert(spelling: name, of: label)
        labels[name] = label
        return (label, isNew)
    }

    /// False if the spelling belongs to a label already.
    private func insert(spelling: String, of label: LabelID) throws -> Bool {
        try db.execute(
            sql: "INSERT OR IGNORE INTO label_spellings (spelling, label_id) VALUES (?, ?)",
            arguments: [spelling, label])
        return db.changesCount > 0
    }

    // MARK: Drops

    /// What the ledger calls a drop. A history that was rebuilt may have given its number to another one.
    struct DropKey: Hashable {
        let id: DropID
        let name: RawPath
    }

    /// The history's drop for one of the ledger; it is made if necessary, under the same number if that is free.
    private mutating func drop(_ key: DropKey, arrived: Timestamp) throws -> (id: DropID, isNew: Bool) {
        if let id = drops[key] { return (id, false) }
        let numbered = try RawPath.fetchOne(db, sql: "SELECT name FROM drops WHERE id = ?", arguments: [key.id])
        var id = numbered == key.name ? key.id : nil
        if numbered != nil, id == nil {
            id = try DropID.fetchOne(
                db, sql: "SELECT id FROM drops WHERE name = ? AND arrived_at = ?", arguments: [key.name, arrived])
        }
        let drop = try id ?? insert(key.name, as: numbered == nil ? key.id : nil, arrived: arrived)
        drops[key] = drop
        return (drop, id == nil)
    }

    /// A new drop counts as unfinished, and the one before it with the same name as finished: the daemon finishes those
    /// that have left the inbox when it starts.
    private func insert(_ name: RawPath, as id: DropID?, arrived: Timestamp) throws -> DropID {
        let unfinished = "SELECT id, arrived_at FROM drops WHERE name = ? AND finished_at IS NULL"
        var finished: Timestamp?
        if let other = try Row.fetchOne(db, sql: unfinished, arguments: [name]) {
            if try other.decode(Timestamp.self, forColumn: "arrived_at") > arrived {
                finished = arrived
            } else {
                try finish(other.decode(DropID.self, forColumn: "id"))
            }
        }
        try db.execute(
            sql: "INSERT INTO drops (id, name, name_text, arrived_at, finished_at) VALUES (?, ?, ?, ?, ?)",
            arguments: [id, name, name.escaped, arrived, finished])
        return db.lastInsertedRowID
    }

    private func finish(_ drop: DropID) throws {
        try db.execute(
            sql: """
                UPDATE drops SET finished_at = coalesce(
                    (SELECT max(recorded_at) FROM files WHERE drop_id = drops.id), arrived_at)
                WHERE id = ?
                """, arguments: [drop])
    }

    // MARK: Pictures

    private mutating func insert(_ picture: LedgerPicture) throws -> Bool {
        let known = try db.cachedStatement(sql: "SELECT 1 FROM pictures WHERE digest = ?")
        if try known.exists([picture.digest]) { return false }
        let label = try label(named: picture.label).id
        let drop = try drop(DropKey(id: picture.drop, name: picture.dropName), arrived: picture.at).id
        try db.cachedStatement(
            sql: """
                INSERT INTO pictures
                (digest, bytes, format, width, height, label_id, split, split_origin, notes, drop_id, accepted_at)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """
        ).execute(arguments: [
            picture.digest, picture.byteCount, picture.format, picture.width, picture.height, label, picture.split,
            picture.splitOrigin, picture.notes, drop, picture.at,
        ])
        try insertFile(of: picture, id: db.lastInsertedRowID, drop: drop)
        return true
    }

    /// The file that a picture came from names it for people, and marks the picture as known to the intake.
    private func insertFile(of picture: LedgerPicture, id: PictureID, drop: DropID) throws {
        let path = picture.path ?? RawPath("lost path \(id)")
        try db.cachedStatement(
            sql: """
                INSERT INTO files (drop_id, path, path_text, verdict, bytes, picture_id, recorded_at)
                VALUES (?, ?, ?, 'accepted', ?, ?, ?)
                """
        ).execute(arguments: [drop, path, path.escaped, picture.byteCount, id, picture.at])
        try db.cachedStatement(sql: "UPDATE drops SET accepted = accepted + 1 WHERE id = ?").execute(arguments: [drop])
    }
}
