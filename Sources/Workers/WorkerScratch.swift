internal import Synchronization

/// One value for each worker of a pool, created when the worker first asks for it: scratch memory that is never shared.
package final class WorkerScratch<Value: Sendable>: Sendable {
    private let make: @Sendable () throws -> Value
    private let made = Mutex<[Int: Value]>([:])

    package init(_ make: @escaping @Sendable () throws -> Value) { self.make = make }

    /// The worker's own value. Throws what making it throws; the next call then tries again.
    package func value(for worker: Worker) throws -> Value {
        if let known = made.withLock({ $0[worker.index] }) { return known }
        let value = try make()
        made.withLock { $0[worker.index] = value }
        return value
    }
}
