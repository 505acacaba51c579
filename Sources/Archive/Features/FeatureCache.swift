package import Records
import Foundation
import GRDB
import Synchronization
import System
package import SystemPackage

/// Computed features, kept in `features.sqlite`. The file may be deleted while nobody has it open.
///
/// A damaged or foreign file is replaced by a new one, even if the damage is found later; `notice` is then called. All
/// calls block and may come from any thread; only one writes at a time. Other failures of SQLite are thrown as GRDB's
/// `DatabaseError`.
package final class FeatureCache: Sendable {
    package let path: FilePath
    private let notice: @Sendable (String) -> Void
    private let pool: Mutex<DatabasePool>

    /// Opens or creates the cache at `path`. `notice` gets a sentence for the log if the cache had to be replaced.
    package init(_ path: FilePath, notice: @escaping @Sendable (String) -> Void) throws {
        self.path = path
        self.notice = notice
        do {
            pool = Mutex(try FeatureSchema.open(path))
        } catch let error as DatabaseError where Self.isDamage(error) {
            try FeatureSchema.remove(path)
            pool = Mutex(try FeatureSchema.open(path))
            notice(Self.sentence(path, error))
        }
    }

    /// The `keys` that have no features in `space`, in their order.
    package func missing(_ keys: [FeatureKey], in space: FeatureSpace) throws -> [FeatureKey] {
        try access { pool in
            try pool.read { db in
                let rows = try FeatureRows(db, space)
                return try keys.filter { try !rows.contains($0) }
            }
        }
    }

    /// Adds a batch in one transaction: `features` has a row of ``FeatureSpace/featureCount`` values for each key.
    ///
    /// Existing rows are replaced. A power loss may undo the latest batches (SQLite's `synchronous = NORMAL`).
    package func insert(_ keys: [FeatureKey], _ features: UnsafeBufferPointer<Float>, in space: FeatureSpace) throws {
        let width = space.featureCount
        precondition(
            features.count == keys.count * width, "\(features.count) values for \(keys.count) rows of \(width)")
        guard !keys.isEmpty else { return }
        try access { pool in
            try pool.write { db in
                for copies in Set(keys.map { $0.copy > 0 }) { try FeatureRows.declare(db, space, copies: copies) }
                let rows = try FeatureRows(db, space)
                for (index, key) in keys.enumerated() {
                    let row = UnsafeBufferPointer(rebasing: features[index * width..<(index + 1) * width])
                    try rows.insert(key, UnsafeRawBufferPointer(row))
                }
            }
        }
    }

    /// Copies the features of `keys` to `target` in their order, one row after the other.
    ///
    /// Reads each row into its place, so that no memory is needed beyond the target. Throws
    /// ``FeatureCacheFailure/missing(_:_:)`` for the first key that is missing.
    package func load(
        _ keys: [FeatureKey], in space: FeatureSpace, into target: UnsafeMutablePointer<Float>
    ) throws {
        let width = space.featureCount
        try access { pool in
            try pool.read { db in
                let rows = try FeatureRows(db, space)
                for (index, key) in keys.enumerated() where try !rows.read(key, into: target + index * width) {
                    throw FeatureCacheFailure.missing(key, space)
                }
            }
        }
    }

    /// Records that parts are used. ``trim(_:inUse:check:removed:)`` removes those that haven't been used for long.
    package func noteUse(of parts: [FeaturePart], at time: Timestamp) throws {
        try access { pool in
            try pool.write { db in for part in parts { try FeatureUse.note(db, part, at: time) } }
        }
    }

    /// Removes parts that nobody needs any more, the least recently used first, and gives their disk space back.
    ///
    /// It can be stopped anywhere: the next call continues.
    ///
    /// - Parameters:
    ///   - inUse: what is never removed. It is asked only if something has to be removed.
    ///   - check: called before each piece of work; what it throws ends the call.
    ///   - removed: called after each part that had any rows.
    /// - Returns: the bytes that the cache needs afterwards: its pages in use, without the write-ahead log.
    package func trim(
        _ rule: FeatureRule, inUse: () throws -> FeaturesInUse, check: @escaping () throws -> Void,
        removed: (FeatureRemoval) -> Void
    ) throws -> Int {
        try access { try FeatureTrimming(pool: $0, check: check).carryOut(rule, inUse: inUse, removed: removed) }
    }

    /// The size on disk in bytes of the cache at `path`, with the write-ahead log; 0 if there is none.
    package static func size(of path: FilePath) throws -> Int {
        try FeatureSchema.files(path).reduce(0) { try $0 + (Files.size(of: $1) ?? 0) }
    }
}

extension FeatureCache {
    /// What is wrong with a cache that nobody has open; nil if it is undamaged or doesn't exist.
    ///
    /// Reads the whole file, and upgrades it first if it is of an earlier release.
    package static func problem(with path: FilePath) throws -> String? {
        guard try Files.exists(path) else { return nil }
        do {
            return try FeatureSchema.open(path).read { db in
                try String.fetchOne(db, sql: "PRAGMA quick_check(1)").flatMap { $0 == "ok" ? nil : $0 }
            }
        } catch let error as DatabaseError where isDamage(error) {
            return error.message ?? "\(error.resultCode)"
        }
    }

    /// Deletes a cache that nobody has open, with its write-ahead log. Its features are computed again when they are
    /// needed.
    package static func remove(_ path: FilePath) throws { try FeatureSchema.remove(path) }

    /// Runs `body`. If it finds that the file is damaged, creates a new one and runs `body` once more.
    private func access<R>(_ body: (DatabasePool) throws -> R) throws -> R {
        let current = pool.withLock { $0 }
        do {
            return try body(current)
        } catch let error as DatabaseError where Self.isDamage(error) {
            return try body(try startAfresh(instead: current, because: error))
        }
    }

    private func startAfresh(instead damaged: DatabasePool, because error: DatabaseError) throws -> DatabasePool {
        try pool.withLock { current in
            guard current === damaged else { return current }
            try FeatureSchema.remove(path)
            current = try FeatureSchema.open(path)
            notice(Self.sentence(path, error))
            return current
        }
    }

    private static func isDamage(_ error: DatabaseError) -> Bool {
        [.SQLITE_CORRUPT, .SQLITE_NOTADB].contains(error.resultCode)
    }

    private static func sentence(_ path: FilePath, _ error: DatabaseError) -> String {
        "the feature cache \(path) was unusable (\(error.message ?? "\(error.resultCode)")) and was replaced"
    }
}
