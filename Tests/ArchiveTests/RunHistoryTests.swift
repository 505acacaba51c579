import GRDB
import Testing

@testable import Archive
@testable import Records

@Suite("Recording runs")
struct RunHistoryTests {
    private func withRun<R>(_ body: (History, RunID) throws -> R) throws -> R {
        try withHistory { history in
            try history.take((1...6).map { picture($0, $0 % 2 == 0 ? "cat" : "dog", split: $0 > 4 ? .test : .train) })
            return try body(history, try history.newRun())
        }
    }

    private func trial(_ candidate: Int, _ fold: Int, accuracy: Double) -> TrialRecord {
        TrialRecord(
            candidate: candidate, fold: fold, result: .accuracy(accuracy, bestEpoch: 2), seconds: 1.5, curve: curve(3))
    }

    @Test("An unfinished run comes back with its start, its candidates and its finished trials")
    func resumption() throws {
        try withRun { history, run in
            let candidates = try [JSONText(["units": 64]), JSONText(["units": 128])]
            try history.recordCandidates(candidates, of: run)
            let diverged = TrainingFailure.diverged(epoch: 2, learningRate: 0.1)
            func failed(_ failure: TrainingFailure) -> TrialRecord {
                TrialRecord(candidate: 1, fold: 0, result: .failure(failure), seconds: 0.5, curve: [])
            }
            try history.recordTrial(trial(0, 0, accuracy: 0.5), of: run)
            try history.recordTrial(failed(diverged), of: run)
            let unfinished = try #require(try history.unfinishedRun())
            #expect(unfinished.id == run)
            #expect(try unfinished.start == history.run())
            #expect(unfinished.candidates == candidates)
            #expect(unfinished.trials == [trial(0, 0, accuracy: 0.5), failed(.sentence("\(diverged)"))])
        }
    }

    @Test("A trial that is recorded again replaces the earlier one with its curve")
    func replacement() throws {
        try withRun { history, run in
            try history.recordCandidates([JSONText(["units": 64])], of: run)
            try history.recordTrial(trial(0, 0, accuracy: 0.5), of: run)
            try history.recordTrial(trial(0, 0, accuracy: 0.75), of: run)
            #expect(try history.unfinishedRun()?.trials == [trial(0, 0, accuracy: 0.75)])
        }
    }

    @Test("A loss that isn't finite is kept as absent")
    func divergence() throws {
        try withRun { history, run in
            try history.recordCandidates([JSONText(["units": 64])], of: run)
            let epoch = EpochRecord(
                epoch: 1, loss: .nan, accuracy: 0.1, valLoss: .infinity, valAccuracy: 0.2, learningRate: 0.1)
            try history.recordTrial(
                TrialRecord(
                    candidate: 0, fold: 0, result: .failure(.sentence("diverged")), seconds: 1, curve: [epoch]),
                of: run)
            let curve = try #require(try history.unfinishedRun()?.trials.first?.curve.first)
            #expect(curve.loss == nil && curve.valLoss == nil && curve.valAccuracy == 0.2)
        }
    }

    @Test("Numbers of a damaged history that no sum can hold are shown as the highest number, not stumbled over")
    func hugeNumbers() throws {
        try withRun { history, run in
            for _ in 0..<2 { try history.take([]) }
            try history.write { db in
                try db.execute(sql: "UPDATE runs SET train_pictures = ?1, test_pictures = ?1", arguments: [Int.max])
                try db.execute(sql: "UPDATE drops SET duplicates = ?1, rejected = ?1", arguments: [Int.max])
            }
            #expect(try history.runs()[0].pictures == .max)
            #expect(try history.runDetails(run).summary.pictures == .max)
            let counts = try history.counts()
            #expect(counts.duplicates == .max && counts.rejects == .max && counts.lastRun?.pictures == .max)
            #expect((-2).saturatingSum(.min) == .min && Int.max.saturatingSum(-1) == .max - 1)
        }
    }

    @Test("Only one run runs at a time")
    func oneAtATime() throws {
        try withRun { history, run in
            #expect(throws: (any Error).self) { try history.newRun() }
            try history.finishRun(run, as: .kept, RunResult(reason: "not better"), at: time(20))
            #expect(try history.unfinishedRun() == nil)
            #expect(try history.newRun() > run)
        }
    }

    @Test("A run ends once")
    func endsOnce() throws {
        try withRun { history, run in
            try history.finishRun(run, as: .failed, RunResult(reason: "no backbone"), at: time(20))
            #expect(throws: HistoryFailure.notRunning(run)) {
                try history.finishRun(run, as: .kept, RunResult(reason: "not better"), at: time(21))
            }
        }
    }

    @Test("Skipped runs are listed with their reason and don't count as having seen pictures")
    func skipped() throws {
        try withRun { history, run in
            let parameters = try JSONText(["units": 64])
            let result = RunResult(reason: "0.5 is not better", testAccuracy: 0.5, parameters: parameters)
            try history.finishRun(run, as: .kept, result, at: time(20))
            try history.take([picture(7, "cat")], drop: "second")
            try history.recordSkippedRun(try history.run(at: 30), reason: "too few pictures", at: time(30))
            let runs = try history.runs()
            #expect(runs.map(\.outcome) == [.skipped, .kept])
            #expect(runs.map(\.reason) == ["too few pictures", "0.5 is not better"])
            #expect(runs[1].parameters == parameters && runs[1].pictures == 6)
            #expect(try history.runs(limit: 1).map(\.run) == [runs[0].run])
            #expect(try history.newPictures().values.reduce(0, +) == 1)
        }
    }

    @Test("A run's details hold its candidates, trials, refit and scores")
    func details() throws {
        try withRun { history, run in
            try history.recordCandidates([JSONText(["units": 64]), JSONText(["units": 128])], of: run)
            try history.recordTrial(trial(1, 0, accuracy: 0.5), of: run)
            try history.recordScores(
                [
                    CandidateScore(candidate: 0, meanAccuracy: nil, stdAccuracy: nil, rank: 2),
                    CandidateScore(candidate: 1, meanAccuracy: 0.5, stdAccuracy: 0.25, rank: 1),
                ], of: run)
            let refit = RefitRecord(candidate: 1, bestEpoch: 2, seconds: 3, curve: curve(2))
            try history.recordRefit(refit, of: run)
            try history.recordRefit(refit, of: run)
            let details = try history.runDetails(run)
            #expect(details.seed == .max)
            #expect(details.refit == refit)
            #expect(details.candidates.map(\.rank) == [2, 1])
            #expect(details.candidates[1].trials == [trial(1, 0, accuracy: 0.5)])
            #expect(throws: HistoryFailure.noSuchRun(run + 1)) { try history.runDetails(run + 1) }
        }
    }

    @Test("The seconds of a stage add up, and stages that a run hasn't come to have none")
    func stages() throws {
        try withRun { history, run in
            #expect(try RunStage.allCases.allSatisfy { try history.runDetails(run).seconds[$0] == nil })
            for (stage, seconds) in [(RunStage.features, 1.5), (.search, 4), (.search, 0.25)] {
                try history.recordStage(stage, seconds: seconds, of: run)
            }
            let seconds = try history.runDetails(run).seconds
            #expect(RunStage.allCases.map { seconds[$0] } == [1.5, 4.25, nil, nil, nil])
        }
    }

    @Test("The list of runs has the mean over the folds of the winner, the earlier of equals")
    func crossValidation() throws {
        try withRun { history, run in
            try history.recordCandidates(try (0..<3).map { try JSONText(["units": $0]) }, of: run)
            #expect(try history.runs()[0].crossValidationAccuracy == nil)
            let scores = [(nil, 3), (0.75, 1), (0.75, 1)] as [(Double?, Int)]
            try history.recordScores(
                scores.enumerated().map {
                    CandidateScore(candidate: $0, meanAccuracy: $1.0, stdAccuracy: nil, rank: $1.1)
                }, of: run)
            #expect(try history.runs()[0].crossValidationAccuracy == 0.75)
            #expect(try history.runDetails(run).summary.crossValidationAccuracy == 0.75)
            #expect(try history.counts().lastRun?.crossValidationAccuracy == 0.75)
        }
    }

    @Test("A run ends with the number of test pictures that were scored, where that is known")
    func scoredPictures() throws {
        try withRun { history, run in
            try history.finishRun(run, as: .kept, RunResult(reason: "not better", testPictures: 7), at: time(20))
            let next = try history.newRun()
            try history.finishRun(next, as: .failed, RunResult(reason: "no backbone"), at: time(21))
            #expect(try history.runs().map(\.testPictures) == [2, 7])
        }
    }

    @Test("What a run leaves out is known when it is gone on with, and is new to the next run, with what came later")
    func leftOut() throws {
        try withHistory { history in
            try history.take((1...4).map { picture($0, ["cat", "dog", "cat", "emu"][$0 - 1]) })
            let labels = try history.dataset().labels.map(\.id)
            var start = try history.run()
            start.leftOut = [
                labels[0]: Shortage(label: "cat", train: 2, test: 0, needed: 5),
                labels[2]: Shortage(label: "emu", train: 2, test: 0, needed: 5),
            ]
            let run = try history.startRun(start)
            #expect(try history.unfinishedRun()?.start == start)
            #expect(try history.runDetails(run).leftOut.map(\.shortage.label) == ["cat", "emu"])
            #expect(try history.newPictures() == [labels[0]: 2, labels[1]: 1, labels[2]: 1])
            try history.recordEvaluation(
                NewEvaluation(
                    role: .challenger, version: nil, accuracy: 1,
                    classes: labels.prefix(2).map {
                        ClassScore(label: $0, precision: nil, recall: nil, f1: nil, support: 0)
                    }, confusion: [[0, 0], [0, 0]], predictions: []), of: run)
            let details = try history.runDetails(run).leftOut
            #expect(details.map(\.tested) == [true, false] && details[0].shortage == start.leftOut[labels[0]])

            try history.finishRun(run, as: .kept, RunResult(reason: "not better"), at: time(20))
            #expect(try history.newPictures() == [labels[0]: 2, labels[2]: 1])
            try history.take([picture(5, "dog"), picture(6, "cat")], drop: "second")
            #expect(try history.newPictures() == [labels[0]: 3, labels[1]: 1, labels[2]: 1])
            #expect(try history.newPictures(upTo: 5) == [labels[0]: 2, labels[1]: 1, labels[2]: 1])
            #expect(try history.labelCounts(upTo: 4).map(\.train) == [2, 1, 1])
            let next = try history.newRun(at: 30)
            try history.finishRun(next, as: .failed, RunResult(reason: "no backbone"), at: time(31))
            #expect(try history.newPictures()[labels[1]] == 1)
            try history.finishRun(try history.newRun(at: 40), as: .kept, RunResult(reason: "none"), at: time(41))
            #expect(try history.newPictures().isEmpty)
        }
    }

    @Test("A request waits until a run takes it up")
    func requests() throws {
        try withRun { history, run in
            let id = try history.requestRun(by: "alice", at: time(5))
            let pending = try history.pendingRequests()
            #expect(pending.map(\.id) == [id] && pending[0].takenAt == nil && pending[0].run == nil)
            try history.takeRequests([id], for: run, at: time(10))
            #expect(try history.pendingRequests().isEmpty)
            let taken = try #require(try history.request(id))
            #expect(taken.requestedAt == time(5) && taken.requester == "alice")
            #expect(taken.takenAt == time(10) && taken.run == run)
        }
    }
}
