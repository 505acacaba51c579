import Testing

@testable import Archive
@testable import Records

@Suite("Recording models")
struct ModelHistoryTests {
    private func withPictures<R>(_ body: (History, [Label]) throws -> R) throws -> R {
        try withHistory { history in
            try history.take([picture(1, "dog"), picture(2, "cat"), picture(3, "cat", split: .test)])
            return try body(history, try history.dataset().labels)
        }
    }

    private func promote(_ version: String, _ history: History, _ labels: [Label], at seconds: Int) throws
        -> Publication
    {
        let run = try history.newRun(at: seconds)
        return try history.promote(
            try model(version, labels: labels), in: run, RunResult(reason: "better", testAccuracy: 0.75),
            at: time(seconds + 1))
    }

    @Test("A promotion ends the run, keeps the model and decides on its publication, all at once")
    func promotion() throws {
        try withPictures { history, labels in
            let publication = try promote("v1", history, labels, at: 10)
            #expect(try history.runs()[0].outcome == .promoted)
            #expect(try history.runs()[0].version == "v1")
            #expect(try history.publications().filter { $0.publishedAt == nil } == [publication])
            #expect(try history.champion() == model("v1", labels: labels))
            #expect(labels.map(\.name) == ["cat", "dog"])
        }
    }

    @Test("A promotion that can't be recorded leaves no part of it")
    func failedPromotion() throws {
        try withPictures { history, labels in
            _ = try promote("v1", history, labels, at: 10)
            let run = try history.newRun(at: 20)
            let again = try model("v1", labels: labels)
            #expect(throws: (any Error).self) {
                try history.promote(again, in: run, RunResult(reason: "better"), at: time(21))
            }
            #expect(try history.runs()[0].outcome == .running)
            #expect(try history.publications().count == 1)
        }
    }

    @Test("A published decision is no longer waiting")
    func published() throws {
        try withPictures { history, labels in
            let publication = try promote("v1", history, labels, at: 10)
            try history.markPublished(publication.id, at: time(12))
            #expect(try history.publications().allSatisfy { $0.publishedAt != nil })
            #expect(try history.currentPublication()?.publishedAt == time(12))
            #expect(try history.models()[0].published == time(12))
        }
    }

    @Test("A rollback makes an earlier version the champion again")
    func rollback() throws {
        try withPictures { history, labels in
            _ = try promote("v1", history, labels, at: 10)
            _ = try promote("v2", history, labels, at: 20)
            #expect(try history.champion()?.version == "v2")
            let rollback = try history.recordRollback(to: "v1", at: time(30))
            #expect(rollback.kind == .rollback)
            #expect(try history.champion()?.version == "v1")
            #expect(try history.models().map(\.version) == ["v2", "v1"])
            #expect(try history.models().map(\.current) == [false, true])
            #expect(throws: HistoryFailure.noSuchVersion("v3")) { try history.recordRollback(to: "v3", at: time(31)) }
        }
    }

    @Test("Counts of everything come from one moment")
    func counts() throws {
        try withPictures { history, labels in
            _ = try promote("v1", history, labels, at: 10)
            try history.take([picture(1, "dog", at: "again"), picture(1, "cat"), picture(2, "dog")], drop: "second")
            let counts = try history.counts()
            #expect(counts.trainPictures == 2 && counts.testPictures == 1 && counts.labels == 2)
            #expect(counts.drops == 2 && counts.unfinishedDrops == 0 && counts.runs == 1 && counts.models == 1)
            #expect(counts.duplicates == 1 && counts.rejects == 2)
            #expect(counts.champion == "v1" && counts.lastRun?.version == "v1")
        }
    }
}
