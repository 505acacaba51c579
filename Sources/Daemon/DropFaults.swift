package import Intake
internal import Synchronization

/// The drops that the environment keeps from being taken in, each until it is taken in or gone from the inbox.
package final class DropFaults: Sendable {
    private let faults = Mutex<[RawPath: String]>([:])
    private let changed: @Sendable (String?) -> Void

    /// - Parameter changed: called with what is wrong, in a sentence, and with nil when nothing is any more.
    package init(changed: @escaping @Sendable (String?) -> Void) { self.changed = changed }

    package func note(_ reason: String, of drop: RawPath) { update { $0[drop] = reason } }

    /// The drop has been taken in.
    package func clear(_ drop: RawPath) { update { $0[drop] = nil } }

    /// These are in the inbox and no others.
    package func retain(_ drops: Set<RawPath>) { update { $0 = $0.filter { drops.contains($0.key) } } }

    private func update(_ change: (inout [RawPath: String]) -> Void) {
        let text: String?? = faults.withLock { faults in
            let before = faults
            change(&faults)
            return faults == before ? nil : .some(Self.sentence(faults))
        }
        if let text { changed(text) }
    }

    private static func sentence(_ faults: [RawPath: String]) -> String? {
        guard let first = faults.min(by: { $0.key < $1.key }) else { return nil }
        let more = faults.count > 1 ? ", and \(faults.count - 1) more" : ""
        return "can't take in the drop \(first.key.escaped): \(first.value)\(more)"
    }
}
