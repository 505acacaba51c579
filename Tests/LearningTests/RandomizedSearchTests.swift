import Numerics
import Records
import Synchronization
import TestSupport
import Testing
import Workers

@testable import Learning

@Suite("The randomized search")
struct RandomizedSearchTests {
    private let space = changing(SearchSpace.usual) {
        $0.backbone = ["a", "b"]
        ($0.learningRate, $0.batchSize, $0.hiddenUnits) = ([0.01, 0.001], [8, 16], [8])
    }
    private let features = ["a": clusters(copies: 1), "b": clusters(copies: 1, spread: 2, seed: 2)]

    private func settings(candidates: Int = 4, epochs: Int = 4) -> SearchSettings {
        changing(.usual) { ($0.candidates, $0.fit.epochs) = (candidates, epochs) }
    }

    private func search(candidates: Int = 4) throws -> RandomizedSearch {
        try RandomizedSearch(space: space, settings: settings(candidates: candidates))
    }

    /// What must not depend on timing.
    private func facts(_ trials: [TrialRecord]) -> [[Double]] {
        trials.map { [Double($0.candidate), Double($0.fold), $0.accuracy ?? -1] + $0.curve.map { $0.loss! } }
    }

    @Test("The number of workers doesn't change anything")
    func workers() async throws {
        let one = try await search().run(on: WorkerPool(workerCount: 1), features: features)
        let three = try await search().run(on: WorkerPool(workerCount: 3), features: features)
        #expect(facts(one.trials) == facts(three.trials))
        #expect(one.candidates == three.candidates)
        #expect(one.refit == three.refit)
    }

    @Test("A search that was interrupted and goes on ends as one that wasn't")
    func resumption() async throws {
        struct Interruption: Error {}
        let pool = WorkerPool(workerCount: 2)
        let whole = try await search().run(on: pool, features: features)
        let kept = Mutex<[TrialRecord]>([])
        await #expect(throws: Interruption.self) {
            let observer = SearchObserver(trialFinished: { trial in
                try kept.withLock { trials in
                    if trials.count == 5 { throw Interruption() }
                    trials.append(trial)
                }
            })
            _ = try await search().run(on: pool, features: features, observer: observer)
        }
        let finished = kept.withLock { $0 }
        try #require(finished.count == 5)
        let reported = Mutex(0)
        let observer = SearchObserver(trialFinished: { _ in reported.withLock { $0 += 1 } })
        let resumed = try await search().run(on: pool, features: features, resuming: finished, observer: observer)
        #expect(reported.withLock { $0 } == 7)
        #expect(facts(resumed.trials) == facts(whole.trials))
        #expect(resumed.candidates == whole.candidates)
        #expect(resumed.refit == whole.refit)
    }

    @Test("The best candidate has the highest mean fold accuracy and is refitted on all pictures")
    func best() async throws {
        let search = try search(candidates: 6)
        let result = try await search.run(on: WorkerPool(workerCount: 2), features: features)
        #expect(result.trials.count == 18 && result.candidates.count == 6)
        let means = result.candidates.compactMap(\.meanAccuracy)
        #expect(result.best.meanAccuracy == means.max())
        #expect(result.best.candidate == means.firstIndex(of: result.best.meanAccuracy ?? -1))
        #expect(search.candidates[result.best.candidate].backbone == "a")
        for score in result.candidates {
            let folds = result.trials.filter { $0.candidate == score.candidate }.compactMap(\.accuracy)
            #expect(folds.count == 3)
            let mean = folds.reduce(0, +) / 3
            #expect(abs((score.meanAccuracy ?? -1) - mean) < 1e-12)
            let variance = folds.map { ($0 - mean) * ($0 - mean) }.reduce(0, +) / 3
            #expect(abs((score.stdAccuracy ?? -1) - variance.squareRoot()) < 1e-12)
        }
        #expect(result.refit.head.hiddenUnits == 8)
    }

    @Test("The trials say which candidate is refitted, and the refit comes out the same on its own")
    func refitAlone() async throws {
        let (pool, features) = (WorkerPool(workerCount: 2), features)
        let whole = try await search().run(on: pool, features: features)
        let trials = Mutex(0)
        let observer = SearchObserver(
            trialFinished: { _ in trials.withLock { $0 += 1 } }, progress: { #expect($0.fold != nil) })
        let ranking = try await search().rank(on: pool, features: { features[$0]! }, observer: observer)
        #expect(trials.withLock { $0 } == 12 && ranking.candidates == whole.candidates && ranking.best == whole.best)
        let refit = try await search().refit(ranking, on: pool, features: { features[$0]! })
        #expect(refit == whole.refit)
    }

    @Test("Equal candidates share a rank and the earlier one wins")
    func ties() async throws {
        let easy = clusters(spread: 0.01)
        let space = changing(SearchSpace.usual) {
            $0.backbone = ["a"]
            ($0.learningRate, $0.batchSize, $0.hiddenUnits) = ([0.05], [4, 8], [16])
        }
        let result = try await RandomizedSearch(space: space, settings: settings(epochs: 10)).run(
            on: WorkerPool(workerCount: 2), features: ["a": easy])
        try #require(result.candidates.count { $0.meanAccuracy == 1 } > 1)
        #expect(result.best.candidate == result.candidates.firstIndex { $0.meanAccuracy == 1 })
        #expect(result.candidates.allSatisfy { $0.meanAccuracy != 1 || $0.rank == 1 })
    }

    @Test("A candidate whose loss isn't finite comes last, with the reason, and the search goes on")
    func failedCandidate() async throws {
        let broken = LabeledFeatures(
            features: Matrix(
                rows: 120, columns: 12, values: [Float](repeating: .infinity, count: 1440)), rows: features["a"]!.rows)
        let search = try search(candidates: 16)
        let result = try await search.run(
            on: WorkerPool(workerCount: 2), features: ["a": features["a"]!, "b": broken])
        let failed = result.candidates.filter { search.candidates[$0.candidate].backbone == "b" }
        #expect(!failed.isEmpty && failed.count < 16)
        #expect(failed.allSatisfy { $0.meanAccuracy == nil && $0.stdAccuracy == nil && $0.rank == 17 - failed.count })
        #expect(search.candidates[result.best.candidate].backbone == "a")
        for trial in result.trials where search.candidates[trial.candidate].backbone == "b" {
            #expect(trial.failure?.description.contains("finite") == true && trial.curve.isEmpty)
        }
    }

    @Test("A search in which every candidate fails says why")
    func allFail() async throws {
        let rows = features["a"]!.rows
        let broken = LabeledFeatures(
            features: Matrix(rows: 120, columns: 1, values: [Float](repeating: .nan, count: 120)), rows: rows)
        let search = try RandomizedSearch(
            space: changing(.usual) { $0.backbone = ["a"] }, settings: settings(candidates: 2))
        await #expect {
            _ = try await search.run(on: WorkerPool(workerCount: 2), features: ["a": broken])
        } throws: { error in
            guard case SearchError.allFailed(.diverged(epoch: 1, learningRate: _)?) = error else { return false }
            return "\(error)".contains("finite")
        }
    }

    @Test("Copies are never scored")
    func copies() async throws {
        // Each fold tests 20 pictures; were their copies scored too, some accuracy would be an odd number of fortieths.
        let data = clusters(copies: 1, spread: 4)
        let result = try await search(candidates: 8).run(
            on: WorkerPool(workerCount: 2), features: ["a": data, "b": data])
        let hits = result.trials.compactMap(\.accuracy).map { $0 * 20 }
        #expect(hits.count == 24)
        #expect(hits.allSatisfy { abs($0 - $0.rounded()) < 1e-9 })
        #expect(hits.contains { $0 < 20 })
    }

    @Test("Progress names trial, epoch and the best so far; the refit comes last")
    func progress() async throws {
        let seen = Mutex<[SearchProgress]>([])
        let observer = SearchObserver(progress: { progress in seen.withLock { $0.append(progress) } })
        let result = try await search(candidates: 2).run(
            on: WorkerPool(workerCount: 1), features: features, observer: observer)
        let all = seen.withLock { $0 }
        #expect(all.count == result.trials.map(\.curve.count).reduce(0, +) + result.refit.history.count)
        #expect(all.first?.finishedTrials == 0 && all.first?.bestAccuracy == nil && all.first?.totalTrials == 6)
        let last = try #require(all.last)
        #expect(last.fold == nil && last.finishedTrials == 6)
        #expect(last.bestCandidate == result.best.candidate && last.bestAccuracy == result.best.meanAccuracy)
    }

    @Test("Trials of one backbone follow one another")
    func grouped() async throws {
        let asked = Mutex<[String]>([])
        let features = features
        _ = try await search(candidates: 8).rank(
            on: WorkerPool(workerCount: 1),
            features: { backbone in
                asked.withLock { $0.append(backbone) }
                return features[backbone]!
            })
        let trials = asked.withLock { $0.dropFirst() }
        let changes = zip(trials, trials.dropFirst()).count { $0 != $1 }
        #expect(Set(trials).count == 2 && changes == 1)
    }

    @Test("A finished trial of a candidate or fold that isn't in the search is refused", arguments: [(4, 0), (0, 3)])
    func foreignTrial(candidate: Int, fold: Int) async throws {
        let trial = TrialRecord(
            candidate: candidate, fold: fold, result: .accuracy(1, bestEpoch: 1), seconds: 1, curve: [])
        await #expect(throws: SearchError.foreignTrial(candidate: candidate, fold: fold)) {
            _ = try await search().run(on: WorkerPool(workerCount: 1), features: features, resuming: [trial])
        }
    }

    @Test("What is thrown instead of a backbone's features ends the search")
    func missing() async throws {
        await #expect(throws: SearchError.missingFeatures(backbone: "b")) {
            _ = try await search(candidates: 16).rank(on: WorkerPool(workerCount: 1)) { name in
                guard name == "a" else { throw SearchError.missingFeatures(backbone: name) }
                return clusters()
            }
        }
    }

    @Test("Too few pictures for the folds are an error")
    func tooFew() async throws {
        let pool = WorkerPool(workerCount: 1)
        let small = try RandomizedSearch(space: changing(.usual) { $0.backbone = ["a"] }, settings: settings())
        await #expect(throws: FoldError(folds: 3, largestClass: 2)) {
            _ = try await small.run(on: pool, features: ["a": clusters(perClass: 2)])
        }
    }

    @Test("Cancelling the task ends the search")
    func cancellation() async throws {
        let (epochs, epoch) = AsyncStream.makeStream(of: Void.self)
        let observer = SearchObserver(progress: { _ in epoch.yield() })
        var long = settings(epochs: 1_000_000)
        long.fit.stoppingPatience = 1_000_000
        let search = try RandomizedSearch(space: space, settings: long)
        let features = features
        let task = Task {
            _ = try await search.run(on: WorkerPool(workerCount: 2), features: features, observer: observer)
        }
        for await _ in epochs { break }
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
    }
}
