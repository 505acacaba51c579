import Numerics
import Synchronization
import Testing
import Workers

@Suite("The worker pool")
struct WorkerPoolTests {
    private struct Refusal: Error, Equatable { let index: Int }

    @Test("Every index is worked on exactly once", arguments: [1, 2, 5])
    func everyIndex(workers: Int) async throws {
        let pool = WorkerPool(workerCount: workers)
        let counts = AlignedBuffer<Int32>(count: 1000)
        let workersSeen = Mutex<Set<Int>>([])
        try await pool.forEach(1000) { index, worker in
            counts[index] += 1
            workersSeen.withLock { _ = $0.insert(worker.index) }
        }
        #expect(counts.elements.allSatisfy { $0 == 1 })
        #expect(workersSeen.withLock { $0.isSubset(of: 0..<workers) })
    }

    @Test("Nothing to do is done at once")
    func nothing() async throws {
        try await WorkerPool(workerCount: 1).forEach(0) { _, _ in Issue.record("called") }
    }

    @Test("One piece of work gives its result")
    func run() async throws {
        #expect(try await WorkerPool(workerCount: 2).run { _ in 6 * 7 } == 42)
    }

    @Test("An error is thrown to the caller and stops the indices after it")
    func failure() async throws {
        let pool = WorkerPool(workerCount: 1)
        let started = Atomic(0)
        await #expect(throws: Refusal(index: 3)) {
            try await pool.forEach(100) { index, _ in
                started.add(1, ordering: .relaxed)
                if index == 3 { throw Refusal(index: index) }
            }
        }
        #expect(started.load(ordering: .relaxed) == 4)
    }

    @Test("A pool beats at each index, and wherever a long one checks its cancellation")
    func beats() async throws {
        let beats = Atomic(0)
        let pool = WorkerPool(workerCount: 1, beat: { beats.add(1, ordering: .relaxed) })
        #expect(beats.load(ordering: .relaxed) == 0)
        try await pool.forEach(3) { _, _ in }
        let short = beats.load(ordering: .relaxed)
        #expect(short >= 3)
        try await pool.run { worker in
            let before = beats.load(ordering: .relaxed)
            for _ in 0..<10 { try worker.cancellation.check() }
            #expect(beats.load(ordering: .relaxed) == before + 10)
        }
    }

    @Test("A pool works on after a failure")
    func afterFailure() async throws {
        let pool = WorkerPool(workerCount: 2)
        await #expect(throws: Refusal.self) { try await pool.forEach(10) { index, _ in throw Refusal(index: index) } }
        #expect(try await pool.run { _ in true })
    }

    @Test("Cancelling the caller reaches work under way and ends in CancellationError")
    func cancellation() async throws {
        let pool = WorkerPool(workerCount: 2)
        let (starts, started) = AsyncStream.makeStream(of: Void.self)
        let task = Task {
            try await pool.forEach(1000) { _, worker in
                started.yield()
                while true { try worker.cancellation.check() }
            }
        }
        for await _ in starts { break }
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        #expect(try await pool.run { _ in true })
    }

    @Test("Two loops at a time don't mix")
    func concurrentLoops() async throws {
        let pool = WorkerPool(workerCount: 2)
        let first = Mutex(0)
        let second = Mutex(0)
        async let one: Void = pool.forEach(500) { index, _ in first.withLock { $0 += index } }
        async let two: Void = pool.forEach(300) { index, _ in second.withLock { $0 += index } }
        _ = try await (one, two)
        #expect(first.withLock { $0 } == 124_750)
        #expect(second.withLock { $0 } == 44_850)
    }
}
