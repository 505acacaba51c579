import GRDB
package import SystemPackage

extension History {
    /// SQLite's quick_check: the problems it finds, none in a sound history.
    package func quickCheck() throws -> [String] {
        try reader.read { db in
            try String.fetchAll(db, sql: "PRAGMA quick_check").filter { $0 != "ok" }
        }
    }

    /// Writes a consistent copy to one file while others go on reading and writing.
    ///
    /// The file appears whole or not at all. Throws ``HistoryFailure/exists(_:)`` where there is one already.
    package func backup(to target: FilePath) throws {
        guard !Files.exists(target) else { throw HistoryFailure.exists(target) }
        let partial = FilePath(target.string + ".part")
        try Files.remove(partial)
        do {
            try copy(to: partial)
            try Files.perform("synchronise", partial) {
                let descriptor = try FileDescriptor.open(partial, .readOnly, options: .closeOnExec)
                try descriptor.closeAfter { try Files.synchronize(descriptor) }
            }
            try Files.perform("make", target) { try Files.rename(partial, to: target) }
            let folder = target.removingLastComponent()
            try Files.synchronize(folder: folder.isEmpty ? "." : folder)
        } catch {
            try Files.remove(partial)
            throw error
        }
    }

    private func copy(to partial: FilePath) throws {
        let copy = try DatabaseQueue(path: partial.string)
        try reader.backup(to: copy)
        // A single file without a write-ahead log beside it.
        try copy.inDatabase { db in try db.execute(sql: "PRAGMA journal_mode = DELETE") }
        try copy.close()
    }
}
