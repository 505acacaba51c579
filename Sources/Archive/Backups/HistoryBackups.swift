import System
package import SystemPackage

/// The backups of the history that the daemon makes by itself.
package struct HistoryBackups: Sendable {
    private let folder: FilePath

    package init(_ state: StateFolder) { folder = state.root.appending("backups") }

    /// The backups, the newest first; none if there is no folder.
    package var files: [FilePath] {
        get throws {
            guard try Files.exists(folder) else { return [] }
            return try Files.names(in: folder).map(\.string)
                .filter { $0.hasPrefix("history-") && $0.hasSuffix(".sqlite") }.sorted(by: >)
                .map { folder.appending($0) }
        }
    }
}
