import Foundation
import Installation
import Learning
import Outbox
import Settings
import TestInstallations
import Testing

@testable import Archive
@testable import Records
@testable import Training

@Suite("Classes with too few pictures")
struct ShortClassTests {
    private func manifest(of version: String, in workshop: Workshop) throws -> Manifest {
        try JSONDecoder().decode(Manifest.self, from: Data(workshop.published("manifest.json", of: version)))
    }

    private func labels(of version: String, in workshop: Workshop) throws -> String {
        String(decoding: try workshop.published("labels.txt", of: version), as: UTF8.self)
    }

    @Test("A run is made without them, and they are named in its record, in its reason and in the manifest")
    func leftOut() async throws {
        let workshop = try Workshop()
        let place = try workshop.open()
        try place.drop()
        try place.drop(train: 1, test: 0, classes: [3], seed: 9)
        let run = try #require(try await place.trainer.train(.schedule))
        #expect(run.outcome == .promoted && run.trainPictures == 18 && run.testPictures == 9)
        #expect(
            run.reason?.text.hasSuffix(
                " Left out because of too few pictures: quince (1 training picture, 5 needed; no test picture).")
                == true)
        let left = try #require(try place.history.runDetails(run.run).leftOut.first)
        let shortage = Shortage(label: "quince", train: 1, test: 0, needed: 5)
        #expect(left.shortage == shortage && left.tested == false)
        #expect(try labels(of: "v0001", in: workshop) == "apple\npear\nplum\n")
        let manifest = try manifest(of: "v0001", in: workshop)
        #expect(manifest.leftOut == [shortage])
        #expect(manifest.test.classes.map(\.label) == ["apple", "pear", "plum"] && manifest.test.pictures == 9)
    }

    @Test("They wait for more pictures, and those that they had count as new when there are enough")
    func waiting() async throws {
        var workshop = try Workshop()
        workshop.settings.train.minNew = 7
        let place = try workshop.open()
        try place.drop()
        try place.drop(train: 3, test: 0, classes: [3], seed: 9)
        #expect(try await place.trainer.train(.schedule)?.outcome == .promoted)
        let skipped = try #require(try await place.trainer.train(.schedule))
        #expect(skipped.outcome == .skipped && skipped.trainPictures == 21)
        #expect(
            skipped.reason?.text
                == "0 new pictures, 7 needed (train.min_new); 3 pictures wait in classes that are too small: "
                + "quince (3 training pictures, 5 needed; no test picture)")
        #expect(try await place.trainer.train(.drop) == nil)
        try place.drop(train: 3, test: 1, classes: [3], seed: 10)
        let second = try #require(try await place.trainer.train(.schedule))
        #expect(second.championVersion == "v0001" && second.trainPictures == 24 && second.testPictures == 10)
        #expect(second.reason?.text.contains("Left out") == false)
        #expect(try await place.trainer.train(.schedule)?.reason?.text == "0 new pictures, 7 needed (train.min_new)")
    }

    @Test("A class with training pictures only, or with test pictures only, is left out as well and counts for neither")
    func oneSide() async throws {
        let workshop = try Workshop()
        let place = try workshop.open()
        try place.drop(classes: [0, 1])
        try place.drop(train: 12, test: 0, classes: [2], seed: 8)
        try place.drop(train: 0, test: 4, classes: [3], seed: 9)
        let first = try #require(try await place.trainer.train(.schedule))
        #expect(first.outcome == .promoted && first.trainPictures == 12 && first.testPictures == 6)
        let second = try #require(try await place.trainer.train(.request))
        #expect(second.championAccuracy != nil && second.testPictures == 6)
        let details = try place.history.runDetails(second.run)
        let shortages = details.leftOut.map(\.shortage)
        #expect(shortages.map(\.label) == ["plum", "quince"] && shortages.map(\.test) == [0, 4])
        #expect(details.leftOut.allSatisfy { $0.tested == false })
        #expect(details.evaluations.map { $0.classes.map(\.label) } == [["apple", "pear"], ["apple", "pear"]])
        #expect(
            second.reason?.text.contains("plum (no test picture), quince (0 training pictures") == true)
    }

    @Test("The test pictures of a class that the champion knows count for a new model that can't learn it any more")
    func knownToChampion() async throws {
        var workshop = try Workshop()
        do {
            let place = try workshop.open()
            try place.drop(classes: [1, 3])
            #expect(try await place.trainer.train(.schedule)?.outcome == .promoted)
        }
        workshop.settings.train.minPerClass = 8
        let place = try workshop.open()
        try place.drop(train: 8, classes: [0, 1, 2], seed: 2)
        let run = try #require(try await place.trainer.train(.schedule))
        #expect(run.trainPictures == 6 + 24 && run.testPictures == 3 + 6 + 3 + 3)
        let details = try place.history.runDetails(run.run)
        #expect(details.leftOut.map(\.shortage.label) == ["quince"] && details.leftOut[0].tested == true)
        for evaluation in details.evaluations {
            #expect(evaluation.classes.map(\.label) == classNames)
            #expect(evaluation.classes.map(\.support) == [3, 6, 3, 3])
        }
        let challenger = try #require(details.evaluations.first { $0.role == .challenger })
        #expect(challenger.confusion.allSatisfy { $0[3] == 0 })
        let champion = try #require(details.evaluations.first { $0.role == .champion })
        #expect(champion.confusion[3][3] > 0 && champion.confusion.allSatisfy { $0[0] == 0 && $0[2] == 0 })
        for role in EvaluationRole.allCases {
            #expect(try place.history.predictions(of: run.run, role: role).count == 15)
        }
        // Nine right at least of the classes that it alone knows make up for three.
        try #require(run.outcome == .promoted, "\(run.reason?.text ?? "")")
        #expect(try labels(of: "v0002", in: workshop) == "apple\npear\nplum\n")
        let manifest = try manifest(of: "v0002", in: workshop)
        #expect(manifest.labels.count == 3 && manifest.test.pictures == 15)
        #expect(manifest.test.classes.map(\.label) == classNames && manifest.test.classes[3].recall == 0)
    }

    @Test("With fewer than two classes left nothing is trained, and the short ones are named")
    func oneLeft() async throws {
        let workshop = try Workshop()
        let place = try workshop.open()
        try place.drop(classes: [1])
        try place.drop(train: 2, test: 1, classes: [0], seed: 2)
        let run = try #require(try await place.trainer.train(.request))
        #expect(run.outcome == .skipped && run.trainPictures == 8)
        #expect(
            run.reason?.text == "only the class pear has enough pictures, and a run needs 2 classes; "
                + "too small (train.min_per_class): apple (2 training pictures, 5 needed)")
        #expect(try place.history.runDetails(run.run).leftOut.isEmpty)
    }

    @Test("With train.short_classes: wait they keep the others waiting")
    func wait() async throws {
        var workshop = try Workshop()
        workshop.settings.train.shortClasses = .wait
        let place = try workshop.open()
        try place.drop()
        try place.drop(train: 1, test: 0, classes: [3], seed: 9)
        let run = try #require(try await place.trainer.train(.request))
        #expect(
            run.outcome == .skipped
                && run.reason?.text.contains("quince (1 training picture, 5 needed; no test picture)") == true)
        try place.drop(train: 4, test: 1, classes: [3], seed: 10)
        let next = try #require(try await place.trainer.train(.schedule))
        #expect(next.outcome == .promoted)
        #expect(try labels(of: "v0001", in: workshop).hasSuffix("quince\n"))
    }

    @Test("Pictures of a class that is left out don't have a failed run tried again at once")
    func failedRun() async throws {
        var workshop = try Workshop()
        workshop.settings.search.space.backbone = ["huge"]
        let place = try workshop.open()
        try place.drop()
        #expect(try await place.trainer.train(.schedule)?.outcome == .failed)
        try place.drop(train: 1, test: 0, classes: [3], seed: 9)
        #expect(try await place.trainer.train(.schedule) == nil)
        try place.drop(train: 1, test: 0, seed: 10)
        #expect(try await place.trainer.train(.schedule)?.outcome == .failed)
    }

    @Test("A champion's class whose pictures went with a damaged history may be predicted, and makes no trouble")
    func lostClass() async throws {
        let workshop = try Workshop()
        let place = try workshop.open()
        try place.drop(classes: [0, 1])
        let dataset = try place.history.dataset()
        let lost = Label(id: 77, name: "lost")
        let start = try NewRun(
            trigger: .request, startedAt: .now, seed: 1, settings: JSONText(place.settings), trainPictures: 12,
            testPictures: 6, lastPicture: place.history.lastPicture())
        let plan = try RunPlan(id: 1, start: start, history: place.history, library: place.library)
        try place.promote("v0001", seed: 3)
        var champion = try #require(try place.history.champion())
        champion.labels = [lost, dataset.labels[1]]
        let tests = plan.testSet(champion: champion)
        #expect(tests.labels == dataset.labels + [lost] && tests.pictures.count == 6)
    }
}
