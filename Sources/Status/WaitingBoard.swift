internal import Foundation
package import Intake
internal import Synchronization
package import SystemPackage

/// Stores the list of what waits in the inbox for readers: a JSON file in the state folder that is replaced as a whole.
/// If it is lost, only the waiting times are lost.
package final class WaitingBoard: Sendable {
    private let file: FilePath
    private let list: Mutex<[WaitingItem]>

    /// Continues with the list of the previous process.
    package init(file: FilePath) {
        self.file = file
        list = Mutex(Self.read(from: file))
    }

    package var items: [WaitingItem] { list.withLock { $0 } }

    /// Stores a new list in memory and in the file; returns what is new in it and what is gone. Items that resolve
    /// themselves in a moment are left out.
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
            // Items that now need somebody's help are reported again.
            items.filter { !$0.isPassing && !old.contains("\($0.degrades) \(key($0))") },
            before.filter { !$0.isPassing && !new.contains(key($0)) }
        )
    }

    /// What a service last published; empty if there is nothing, or nothing that this user and this release can read.
    package static func read(from file: FilePath) -> [WaitingItem] {
        guard let data = StatusFile.read(file) else { return [] }
        let decoder = JSONDecoder()
        decoder.dateDecodingStrategy = .secondsSince1970
        // Everything in a file from another release is found out again anyway.
        return (try? decoder.decode([WaitingItem].self, from: data)) ?? []
    }

    /// Where pictures wait that will never be taken without somebody's help; nil if there are none.
    package static func fault(_ items: [WaitingItem]) -> ServiceFault? {
        let held = items.filter(\.degrades)
        return held.first.map { ServiceFault.notTaken(path: $0.path, $0.reason, more: held.count - 1) }
    }

    private func write(_ items: [WaitingItem]) {
        let encoder = JSONEncoder()
        encoder.dateEncodingStrategy = .secondsSince1970
        if let data = try? encoder.encode(items) { StatusFile.write(data, to: file) }
    }
}
