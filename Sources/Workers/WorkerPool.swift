internal import Foundation
internal import Synchronization

/// Set once to make running work stop at its next check.
package final class CancellationFlag: Sendable {
    private let flag = Atomic(false)
    private let beat: @Sendable () -> Void

    /// - Parameter beat: called at every check, because the work has made progress since the last one.
    package init(beat: @escaping @Sendable () -> Void = {}) { self.beat = beat }

    package var isCancelled: Bool { flag.load(ordering: .relaxed) }

    /// Can't be undone.
    package func cancel() { flag.store(true, ordering: .relaxed) }

    /// Throws `CancellationError` once the flag is set.
    package func check() throws(CancellationError) {
        beat()
        if isCancelled { throw CancellationError() }
    }
}

/// Where a piece of pooled work runs: `index` in 0..<pool.workerCount selects scratch memory that nobody else is using.
package struct Worker: Sendable {
    /// In 0..<pool.workerCount.
    package let index: Int
    package let cancellation: CancellationFlag

    package init(index: Int = 0, cancellation: CancellationFlag = CancellationFlag()) {
        self.index = index
        self.cancellation = cancellation
    }
}

/// One thread per core, on which all heavy and blocking work runs; Swift's cooperative pool stays free for waiting.
package final class WorkerPool: Sendable {
    /// The number of threads.
    package let workerCount: Int
    /// The sign of life of the work done here: given at each index, and whenever long work checks for cancellation.
    package let beat: @Sendable () -> Void
    private let queue = JobQueue()

    /// Starts the threads, each with a stack of 8 MiB.
    package init(
        workerCount: Int = ProcessInfo.processInfo.activeProcessorCount, beat: @escaping @Sendable () -> Void = {}
    ) {
        precondition(workerCount > 0, "a pool needs at least one worker, got \(workerCount)")
        self.workerCount = workerCount
        self.beat = beat
        for index in 0..<workerCount {
            let thread = Thread { [queue] in
                while let job = queue.next() { job(index) }
            }
            thread.name = "worker-\(index)"
            thread.stackSize = 8 << 20
            thread.start()
        }
    }

    deinit { queue.close() }

    /// Calls `body` once for every index in 0..<count, on all workers, in any order, and returns when all are done.
    ///
    /// After the first error, no further indices are started, and the error is thrown once the running ones have ended.
    /// Cancelling the calling task does the same with `CancellationError`; a long `body` checks `worker.cancellation`.
    package func forEach(_ count: Int, _ body: @escaping @Sendable (Int, Worker) throws -> Void) async throws {
        guard count > 0 else { return }
        let cancellation = CancellationFlag(beat: beat)
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
                let share = SharedLoop(
                    count: count, helpers: min(count, workerCount), cancellation: cancellation, body: body,
                    continuation: continuation)
                for _ in 0..<min(count, workerCount) { queue.add { worker in share.run(on: worker) } }
            }
        } onCancel: {
            cancellation.cancel()
        }
    }

    /// Runs one piece of work on one worker and returns its result.
    package func run<Result: Sendable>(_ body: @escaping @Sendable (Worker) throws -> Result) async throws -> Result {
        let result = Mutex<Result?>(nil)
        try await forEach(1) { _, worker in
            let value = try body(worker)
            result.withLock { $0 = value }
        }
        return result.withLock { $0! }
    }
}

/// One call of `forEach`: its workers draw indices from a common counter, and the last one to leave resumes the caller.
private final class SharedLoop: Sendable {
    private let count: Int
    private let next = Atomic(0)
    private let running: Atomic<Int>
    private let failure = Mutex<(any Error)?>(nil)
    private let cancellation: CancellationFlag
    private let body: @Sendable (Int, Worker) throws -> Void
    private let continuation: CheckedContinuation<Void, any Error>

    init(
        count: Int, helpers: Int, cancellation: CancellationFlag,
        body: @escaping @Sendable (Int, Worker) throws -> Void, continuation: CheckedContinuation<Void, any Error>
    ) {
        self.count = count
        running = Atomic(helpers)
        self.cancellation = cancellation
        self.body = body
        self.continuation = continuation
    }

    func run(on index: Int) {
        let worker = Worker(index: index, cancellation: cancellation)
        do {
            while true {
                try cancellation.check()
                let item = next.add(1, ordering: .relaxed).oldValue
                if item >= count { break }
                try body(item, worker)
            }
        } catch {
            failure.withLock { $0 = $0 ?? error }
            next.store(count, ordering: .relaxed)
        }
        guard running.subtract(1, ordering: .acquiringAndReleasing).newValue == 0 else { return }
        if let error = failure.withLock({ $0 }) {
            continuation.resume(throwing: error)
        } else {
            continuation.resume()
        }
    }
}

/// A blocking queue of jobs, each called with the index of the worker that took it.
private final class JobQueue: @unchecked Sendable {
    private let condition = NSCondition()
    private var jobs: [@Sendable (Int) -> Void] = []
    private var isClosed = false

    func add(_ job: @escaping @Sendable (Int) -> Void) {
        condition.lock()
        jobs.append(job)
        condition.signal()
        condition.unlock()
    }

    func close() {
        condition.lock()
        isClosed = true
        condition.broadcast()
        condition.unlock()
    }

    func next() -> (@Sendable (Int) -> Void)? {
        condition.lock()
        defer { condition.unlock() }
        while jobs.isEmpty && !isClosed { condition.wait() }
        return jobs.isEmpty ? nil : jobs.removeFirst()
    }
}
