internal import Foundation
internal import Intake
internal import Records

/// Something that waits in the inbox, as commands print it.
struct WaitingRow: Encodable {
    let path: String
    let code: String
    let files: Int
    let since: Date
    let waitsFor: String
    @OrNull var toDo: String?
    let degrades: Bool

    init(_ item: WaitingItem) {
        path = item.path
        code = item.code.rawValue
        files = item.files
        since = item.since
        waitsFor = item.waitsFor
        toDo = item.toDo
        degrades = item.degrades
    }

    /// As a separate line.
    var sentence: String {
        let what = files > 1 ? "\(path) (\(files) files)" : path
        return "\(what) \(waitsFor)" + (toDo.map { "; \($0)" } ?? "") + ", since \(Text.time(since))"
    }

    static var columns: [Column<WaitingRow>] {
        [
            Column("path") { $0.path },
            Column("code") { $0.code },
            Column("files", number: true) { "\($0.files)" },
            Column("since") { Text.time($0.since) },
            Column("action needed") { $0.degrades ? "yes" : "" },
            Column("why") { $0.waitsFor },
            Column("what to do") { $0.toDo ?? "" },
        ]
    }
}
