import Testing

@testable import Archive
@testable import Records

@Suite("Pictures that are set aside")
struct SetAsideTests {
    private func unusable(_ number: Int, _ reason: String = "a test") -> UnusablePicture {
        UnusablePicture(digest: digest(number), code: "damaged", reason: reason)
    }

    /// A history of two cats, of which the second is a test picture, and two dogs.
    private func withPictures(_ body: (History) throws -> Void) throws {
        try withHistory { history in
            try history.take([
                picture(1, "cat"), picture(2, "cat", split: .test), picture(3, "dog"), picture(4, "dog"),
            ])
            try body(history)
        }
    }

    @Test("They are listed once, with what is wrong and where they came from, and keep their rows")
    func listed() throws {
        try withPictures { history in
            let new = try history.setAside([unusable(4), unusable(2), unusable(9)], at: time(5))
            let last = SetAsidePicture(
                digest: digest(4), label: "dog", split: .train, path: "drop/dog/4.jpg", code: "damaged",
                reason: "a test", since: time(5))
            #expect(new.map(\.digest) == [digest(2), digest(4)] && new[1] == last)
            let again = try history.setAside([unusable(4, "another"), unusable(3)], at: time(6))
            #expect(again.map(\.digest) == [digest(3)])
            let all = try history.setAsidePictures()
            #expect(all.map(\.digest) == [digest(2), digest(3), digest(4)] && all[2] == last)
            #expect(try history.pictureCount() == 4)
        }
    }

    @Test("Data set and counts are without them, and without a label of which none is left")
    func withoutThem() throws {
        try withPictures { history in
            let ids = try history.dataset().pictures.map(\.id)
            _ = try history.setAside([unusable(2), unusable(3)], at: time(5))
            let dataset = try history.dataset()
            #expect(dataset.pictures.map(\.digest) == [digest(1), digest(4)])
            let counts = try history.labelCounts()
            #expect(counts.map(\.label) == ["cat", "dog"] && counts.map(\.train) == [1, 1])
            #expect(counts.map(\.test) == [0, 0] && dataset.labelCounts == counts)
            let all = try history.counts()
            #expect(all.trainPictures == 2 && all.testPictures == 0 && all.setAsidePictures == 2)
            #expect(try history.newPictures().values.reduce(0, +) == 2)
            let basis = try history.runBasis()
            #expect(basis.lastPicture == ids[3] && basis.labels == counts && basis.setAside == [ids[1], ids[2]])

            _ = try history.setAside([unusable(1)], at: time(6))
            let dogs = try history.dataset()
            #expect(dogs.labels.map(\.name) == ["dog"] && dogs.pictures.map(\.label) == [0])
            #expect(try history.labelCounts() == dogs.labelCounts)
            #expect(try history.dataset(leavingOut: []).pictures.map(\.id) == ids)
        }
    }

    @Test("When the same bytes come again, under whatever path and label, they are used again", arguments: 0..<3)
    func usedAgain(way: Int) throws {
        try withPictures { history in
            let drop = try history.beginDrop(name("unfinished"), at: time(3))
            let file = picture(5, "cat", at: "cat/5.jpg")
            _ = try history.recordOutcomes([file], in: drop, ledger: history.ledger(), at: time(4))
            _ = try history.setAside([unusable(5), unusable(1)], at: time(5))
            let again = [file, picture(5, "CAT", at: "elsewhere.jpg"), picture(5, "dog")][way]
            _ = try history.recordOutcomes([again], in: drop, ledger: history.ledger(), at: time(6))
            #expect(try history.setAsidePictures().map(\.digest) == [digest(1)])
            #expect(try history.pictureCount() == 5)
        }
    }

    @Test("What a run has left out stays so when it is resumed, and is new to the next one once it can be used")
    func newToNextRun() throws {
        try withPictures { history in
            let ids = try history.dataset().pictures.map(\.id)
            _ = try history.setAside([unusable(3), unusable(4)], at: time(5))
            var start = try history.run()
            start.leftOutPictures = try history.runBasis().setAside
            let run = try history.startRun(start)
            try history.take([picture(3, "dog")], drop: "again")
            #expect(try history.unfinishedRun()?.start == start)
            #expect(start.leftOutPictures == [ids[2], ids[3]])
            #expect(try history.runDetails(run).leftOutPictures == 2)
            let result = RunResult(reason: "not better", trainPictures: 1, testPictures: 1)
            try history.finishRun(run, as: .kept, result, at: time(20))
            let summary = try history.run(run)
            #expect(summary.trainPictures == 1 && summary.testPictures == 1)
            #expect(try Array(history.newPictures().values) == [1])
        }
    }

    @Test("A run that is redefined forgets its evaluations, and what it has trained if that is asked for")
    func redefined() throws {
        try withPictures { history in
            let dataset = try history.dataset()
            let run = try history.newRun()
            try history.recordCandidates([JSONText(["units": 64])], of: run)
            let trial = TrialRecord(
                candidate: 0, fold: 0, result: .accuracy(0.5, bestEpoch: 2), seconds: 1, curve: curve(3))
            let evaluation = NewEvaluation(
                role: .challenger, version: nil, accuracy: 1,
                classes: dataset.labels.map {
                    ClassScore(label: $0.id, precision: nil, recall: nil, f1: nil, support: 0)
                }, confusion: [[0, 0], [0, 0]], predictions: [])
            var start = try history.run()
            for forgetting in [false, true] {
                try history.recordTrial(trial, of: run)
                let score = CandidateScore(candidate: 0, meanAccuracy: 1, stdAccuracy: 0, rank: 1)
                try history.recordScores([score], of: run)
                try history.recordRefit(RefitRecord(candidate: 0, bestEpoch: 2, seconds: 3, curve: curve(2)), of: run)
                try history.recordEvaluation(evaluation, of: run)
                start.leftOutPictures.insert(dataset.pictures[forgetting ? 1 : 0].id)
                start.leftOut[dataset.labels[0].id] = Shortage(label: "cat", train: 1, test: 0, needed: 5)
                start.trainPictures -= 1
                try history.redefine(run, as: start, forgettingTrials: forgetting)
                let unfinished = try #require(try history.unfinishedRun())
                #expect(unfinished.start == start && unfinished.candidates.count == 1)
                #expect(unfinished.trials == (forgetting ? [] : [trial]))
                let details = try history.runDetails(run)
                #expect(details.evaluations.isEmpty && (details.refit == nil) == forgetting)
                #expect(details.candidates[0].rank == (forgetting ? nil : 1))
            }
            try history.finishRun(run, as: .kept, RunResult(reason: "not better"), at: time(20))
            #expect(throws: HistoryFailure.notRunning(run)) {
                try history.redefine(run, as: start, forgettingTrials: false)
            }
        }
    }
}
