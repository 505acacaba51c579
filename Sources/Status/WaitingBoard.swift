internal import Foundation
package import Intake
internal import Synchronization
package import SystemPackage

/// Keeps the list of what waits in the inbox where readers find it: a JSON file in the state folder that is replaced as a
/// whole. Losing it loses nothing but the times since when.
package final class WaitingBoard: Sendable {
    private let file: FilePath
    private let list: Mutex<[WaitingItem]>

    /// Goes on from what the process before has left.
    package init(file: FilePath) {
        self.file = file
        list = Mutex(Self.read(from: file))
    }

    package var items: [WaitingItem] { list.withLock { $0 } }

    /// Takes another list, and gives what is new in it and what is no longer there; what passes in a moment is left out.
    package func replace(by items: [WaitingItem]) -> (new: [WaitingItem], gone: [WaitingItem]) {
        let before = list.withLock { list in
            defer { list = items }
            return list
        }
        write(items)
        func key(_ item: WaitingItem) -> String { "\(item.code.rawValue) \(item.path)" }
        let old = Set(before.map { "\($0.degrades) \(key($0))" })
        let new = Set(items.map(key))
        return (
            // What has come to need somebody is told of once more.
            items.filter { !$0.isPassing && !old.contains("\($0.degrades) \(key($0))") },
            before.filter { !$0.isPassing && !new.contains(key($0)) }
        )
    }

    /// What a service published last; empty where none has.
    package static func read(from file: FilePath) -> [WaitingItem] {
        guard let data = StatusFile.read(file) else { return [] }
        let decoder = JSONDecoder()
        decoder.dateDecodingStrategy = .secondsSince1970
        // A file that another release has written says nothing that isn't found out anew.
        return (try? decoder.decode([WaitingItem].self, from: data)) ?? []
    }

    /// Where pictures wait that will never be taken by themselves, in a sentence; nil where none do.
    package static func sentence(_ items: [WaitingItem]) -> String? {
        let held = items.filter(\.degrades)
        guard let first = held.first else { return nil }
        let more = held.count > 1 ? ", and \(held.count - 1) more (cultivar status)" : ""
        return "not taken in: \(first.path) \(first.waitsFor)\(more)"
    }

    private func write(_ items: [WaitingItem]) {
        let encoder = JSONEncoder()
        encoder.dateEncodingStrategy = .secondsSince1970
        if let data = try? encoder.encode(items) { StatusFile.write(data, to: file) }
    }
}
