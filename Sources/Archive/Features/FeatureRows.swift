import Records
import Foundation
import GRDB

/// The rows of one space, inside one transaction.
///
/// Originals and copies belong to two different rows of `spaces`, because all augmentations share the originals.
struct FeatureRows {
    private let db: Database
    private let space: FeatureSpace
    private let originals: Int64?
    private let copies: Int64?

    init(_ db: Database, _ space: FeatureSpace) throws {
        self.db = db
        self.space = space
        originals = try Self.id(db, space, augmentation: nil)
        copies = try Self.id(db, space, augmentation: space.augmentation)
    }

    /// The id of the row of `spaces` for the originals or the copies, which is inserted if it is missing.
    @discardableResult
    static func declare(_ db: Database, _ space: FeatureSpace, copies: Bool) throws -> Int64 {
        let augmentation = copies ? space.augmentation : nil
        if let known = try id(db, space, augmentation: augmentation) { return known }
        try db.execute(
            sql: "INSERT INTO spaces (backbone, preprocessing, augmentation, feature_count) VALUES (?, ?, ?, ?)",
            arguments: [space.backbone, space.preprocessing, augmentation, space.featureCount])
        let id = db.lastInsertedRowID
        try FeatureUse.begin(db, at: .now)
        return id
    }

    func contains(_ key: FeatureKey) throws -> Bool {
        guard let id = id(of: key) else { return false }
        return try db.cachedStatement(
            sql: "SELECT 1 FROM features WHERE space_id = ? AND picture = ? AND copy = ?"
        ).exists([id, key.picture, key.copy])
    }

    func insert(_ key: FeatureKey, _ vector: UnsafeRawBufferPointer) throws {
        guard let id = id(of: key) else { preconditionFailure("\(space) isn't declared") }
        try db.cachedStatement(
            sql: "INSERT OR REPLACE INTO features (space_id, picture, copy, vector) VALUES (?, ?, ?, ?)"
        ).execute(arguments: [id, key.picture, key.copy, Data(vector)])
    }

    /// Copies a row to `target`; false if there is none.
    func read(_ key: FeatureKey, into target: UnsafeMutablePointer<Float>) throws -> Bool {
        guard let id = id(of: key) else { return false }
        let statement = try db.cachedStatement(
            sql: "SELECT vector FROM features WHERE space_id = ? AND picture = ? AND copy = ?")
        // A cursor, because fetchOne would copy the vector again. The row is valid as long as the cursor. By position,
        // because this is done for each picture and copy.
        let rows = try Row.fetchCursor(statement, arguments: [id, key.picture, key.copy])
        defer { withExtendedLifetime(rows) {} }
        guard let row = try rows.next() else { return false }
        let byteCount = space.featureCount * MemoryLayout<Float>.size
        try row.withUnsafeData(atIndex: 0) { vector in
            guard let vector, vector.count == byteCount else {
                throw DatabaseError(resultCode: .SQLITE_CORRUPT, message: "a row of features has the wrong size")
            }
            vector.copyBytes(to: UnsafeMutableRawBufferPointer(start: target, count: byteCount))
        }
        return true
    }

    private func id(of key: FeatureKey) -> Int64? { key.copy == 0 ? originals : copies }

    private static func id(_ db: Database, _ space: FeatureSpace, augmentation: String?) throws -> Int64? {
        let sql = """
            SELECT id FROM spaces
            WHERE backbone = ? AND preprocessing = ? AND augmentation IS ? AND feature_count = ?
            """
        let arguments: StatementArguments = [space.backbone, space.preprocessing, augmentation, space.featureCount]
        return try Int64.fetchOne(db, sql: sql, arguments: arguments)
    }
}
