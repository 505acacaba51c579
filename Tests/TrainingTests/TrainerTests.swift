import Decoding
import Foundation
import Installation
import Learning
import ONNX
import Outbox
import Pictures
import Settings
import System
import SystemPackage
import TestInstallations
import TestSupport
import Testing

@testable import Archive
@testable import Networks
@testable import Records
@testable import Training

@Suite("Trainer")
struct TrainerTests {
    @Test("The first run promotes its model: evaluation, version, current and manifest agree")
    func firstRun() async throws {
        let workshop = try Workshop()
        let place = try workshop.open()
        try place.drop()
        let run = try #require(try await place.trainer.train(.schedule))
        #expect(run.outcome == .promoted && run.version == "v0001" && run.championAccuracy == nil)
        #expect(run.trainPictures == 18 && run.testPictures == 9)
        #expect(place.outbox.currentVersion == "v0001")
        let details = try place.history.runDetails(run.run)
        #expect(details.candidates.count == 3 && details.candidates.allSatisfy { $0.trials.count == 3 })
        #expect(details.refit?.candidate == details.candidates.first { $0.rank == 1 }?.candidate)
        #expect(details.evaluations.map(\.role) == [.challenger])
        #expect(details.evaluations[0].version == "v0001" && details.evaluations[0].accuracy == run.testAccuracy)
        #expect(try place.history.publications().allSatisfy { $0.publishedAt != nil })
    }

    @Test("A run without new pictures is skipped, and its reason is recorded once")
    func skipped() async throws {
        let workshop = try Workshop()
        let place = try workshop.open()
        let empty = try await place.trainer.train(.schedule)
        #expect(empty?.outcome == .skipped && empty?.reason?.text == "there are no pictures yet")
        #expect(try await place.trainer.train(.drop) == nil)
        try place.drop()
        #expect(try await place.trainer.train(.schedule)?.outcome == .promoted)
        let second = try await place.trainer.train(.schedule)
        #expect(second?.outcome == .skipped && second?.reason?.text == "0 new pictures, 1 needed (train.min_new)")
        #expect(try await place.trainer.train(.schedule) == nil)
        #expect(try place.history.runs().map(\.outcome) == [.skipped, .promoted, .skipped])
    }

    @Test("A request is answered by a run of its own, whether that is made or skipped")
    func requests() async throws {
        let workshop = try Workshop()
        let place = try workshop.open()
        for _ in 0..<2 {
            let request = try place.history.requestRun(by: "test", at: .now)
            let requests = try place.history.pendingRequests()
            let run = try #require(try await place.trainer.train(.request, requests: requests))
            #expect(run.outcome == .skipped)
            #expect(try place.history.request(request)?.run == run.run)
        }
        #expect(try place.history.pendingRequests().isEmpty && place.history.runs().count == 2)
    }

    /// The champion's evaluation, then the challenger's.
    private func evaluations(of run: RunSummary, in place: Installation) throws -> [EvaluationDetails] {
        let all = try place.history.runDetails(run.run).evaluations
        return try [EvaluationRole.champion, .challenger].map { role in
            try #require(all.first { $0.role == role })
        }
    }

    @Test("A champion whose classes an older release has named with escapes is compared, and made again as it was")
    func escapedNames() async throws {
        let workshop = try Workshop()
        let place = try workshop.open()
        let names = [#"x\xe2\x80\x8cy"#, "pear", "plum"]
        try place.drop(names: names)
        _ = try await place.trainer.train(.request)
        #expect(String(decoding: try workshop.published("labels.txt", of: "v0001"), as: UTF8.self).contains(#"x\xe2"#))
        try place.history.write { try LabelsAsWritten.rewrite($0) }

        let files = ["model.onnx", "labels.txt", "manifest.json"]
        let before = try files.map { try workshop.published($0, of: "v0001") }
        try FileManager.default.removeItem(atPath: place.outbox.folder(of: "v0001").string)
        #expect(try place.publisher.agree() == "v0001")
        #expect(try files.map { try workshop.published($0, of: "v0001") } == before)

        try place.drop(seed: 2, names: names)
        let run = try #require(try await place.trainer.train(.request))
        #expect(run.championAccuracy != nil)
        let champion = try evaluations(of: run, in: place)[0]
        #expect(champion.classes.contains { Array($0.label.utf8) == Array("x\u{200C}y".utf8) && $0.recall != nil })
        #expect(champion.accuracy > 0.5)
    }

    @Test("A challenger that is only as good is kept out, and both models' predictions are in the history")
    func kept() async throws {
        let workshop = try Workshop()
        let place = try workshop.open()
        try place.drop()
        let first = try #require(try await place.trainer.train(.request))
        let link = try workshop.published("model.onnx", of: "v0001")
        let second = try #require(try await place.trainer.train(.request))
        #expect(second.outcome == .kept && second.version == nil)
        #expect(second.championVersion == "v0001" && second.championAccuracy == first.testAccuracy)
        #expect(second.testAccuracy == first.testAccuracy)
        #expect(second.reason?.text.contains("the same number") == true)
        #expect(place.outbox.currentVersion == "v0001")
        #expect(try workshop.published("model.onnx", of: "v0001") == link)

        let evaluations = try evaluations(of: second, in: place)
        #expect(evaluations.map(\.version) == ["v0001", nil])
        let test = PictureSet(try place.history.dataset(), .test).digests
        for (role, evaluation) in zip([EvaluationRole.champion, .challenger], evaluations) {
            #expect(evaluation.classes.map(\.label) == ["apple", "pear", "plum"])
            #expect(evaluation.classes.map(\.support) == [3, 3, 3])
            let predictions = try place.history.predictions(of: second.run, role: role)
            #expect(predictions.map(\.digest) == test)
            let right = predictions.count { $0.label == $0.predicted }
            #expect(Double(right) / 9 == evaluation.accuracy)
        }
    }

    @Test("A gain that promotion.min_gain asks for and that isn't reached keeps the champion")
    func minimumGain() async throws {
        var workshop = try Workshop()
        workshop.settings.promotion.minGain = 1
        let place = try workshop.open()
        try place.drop()
        #expect(try await place.trainer.train(.request)?.outcome == .promoted)
        try place.drop(seed: 2)
        #expect(try await place.trainer.train(.schedule)?.outcome == .kept)
    }

    @Test("A backbone that is missing fails the run with a reason that names it, and the next run goes well")
    func missingBackbone() async throws {
        var workshop = try Workshop()
        workshop.settings.search.space.backbone = ["huge"]
        do {
            let place = try workshop.open()
            try place.drop()
            let run = try #require(try await place.trainer.train(.schedule))
            #expect(run.outcome == .failed)
            #expect(run.reason?.text.contains("there is no backbone 'huge'") == true)
            #expect(try place.history.unfinishedRun() == nil && place.outbox.currentVersion == nil)
        }
        workshop.settings.search.space.backbone = ["tiny"]
        let place = try workshop.open()
        #expect(try await place.trainer.train(.schedule)?.outcome == .promoted)
    }

    @Test("A fault of the environment doesn't end a run: it is gone on with when the fault has passed")
    func heldUp() async throws {
        let workshop = try Workshop()
        let place = try workshop.open()
        try place.drop()
        let models = workshop.outbox.models
        // A folder that nothing can be made in, not even by root.
        guard try Immutability.set(true, of: models) else { return }
        await #expect { try await place.trainer.train(.schedule) } throws: { $0.isProblemOfMachine }
        #expect(try Immutability.set(false, of: models))
        #expect(try place.history.runs().map(\.outcome) == [.running])
        #expect(try await place.trainer.resume()?.outcome == .promoted)
        #expect(place.outbox.currentVersion == "v0001")
    }

    @Test(
        "That a backbone can't be read for want of something passes; that it isn't there doesn't",
        arguments: [(Errno.tooManyOpenFiles, true), (.ioError, true), (.noSuchFileOrDirectory, false)])
    func unreadableBackbone(_ errno: Errno, isProblemOfMachine: Bool) {
        let path = FilePath("backbones/tiny.onnx")
        let failure = NetworkFileError(
            path: path, cause: ModelFileError.file(FileFailure(action: "read", path: path, errno: errno)))
        #expect(failure.isProblemOfMachine == isProblemOfMachine)
    }

    @Test("A champion whose backbone is gone is scored through its published model, to the same result")
    func championWithoutBackbone() async throws {
        func secondRun(withoutBackbone: Bool) async throws -> [PredictionDetails] {
            var workshop = try Workshop()
            let place = try await workshop.openWithOtherBackbone(removingFirst: withoutBackbone)
            try place.drop(seed: 2)
            let run = try #require(try await place.trainer.train(.schedule))
            #expect([.promoted, .kept].contains(run.outcome), "\(run.reason?.text ?? "")")
            return try place.history.predictions(of: run.run, role: .champion)
        }
        let with = try await secondRun(withoutBackbone: false)
        let without = try await secondRun(withoutBackbone: true)
        #expect(with.count == 18 && with.map(\.predicted) == without.map(\.predicted))
        #expect(zip(with, without).allSatisfy { abs(($0.probability ?? 2) - ($1.probability ?? 9)) < 1e-5 })
    }

    @Test("Limits that are lowered don't bear on pictures that were taken in before")
    func loweredLimits() async throws {
        var workshop = try Workshop()
        workshop.settings.limits.maxSide = 1
        workshop.settings.limits.maxPixels = 1
        // Without its backbone the champion is run on the pictures themselves.
        let place = try await workshop.openWithOtherBackbone(removingFirst: true)
        try place.drop(seed: 2)
        let second = try #require(try await place.trainer.train(.schedule))
        #expect(second.championAccuracy != nil, "\(second.reason?.text ?? "")")
    }

    @Test("If no decoder process can be started, a run is blocked, and resumed when one can")
    func noDecoder() async throws {
        let workshop = try Workshop()
        do {
            let place = try workshop.open(decoder: "/bin/true")
            try place.drop()
            await #expect {
                try await place.trainer.train(.schedule)
            } throws: {
                $0.isProblemOfMachine && "\($0)".contains("can't start a decoder process")
            }
            #expect(try place.history.unfinishedRun() != nil)
        }
        let place = try workshop.open()
        #expect(try await place.trainer.resume()?.outcome == .promoted)
    }

    @Test("A class that comes later is learned, and counts against the champion that doesn't know it")
    func newClass() async throws {
        let workshop = try Workshop()
        let place = try workshop.open()
        try place.drop(classes: [1, 3])
        #expect(try await place.trainer.train(.schedule)?.outcome == .promoted)
        try place.drop(classes: [0, 1, 2, 3], seed: 2)
        let run = try #require(try await place.trainer.train(.schedule))
        let evaluations = try evaluations(of: run, in: place)
        #expect(evaluations.map { $0.classes.map(\.label) } == [classNames, classNames])
        #expect(evaluations[0].classes.map(\.support) == [3, 6, 3, 6])
        #expect(evaluations[0].confusion[1][1] > 3 && evaluations[0].confusion[3][3] > 3)
        #expect(evaluations[0].confusion.allSatisfy { $0[0] == 0 && $0[2] == 0 })
        #expect(run.outcome == .promoted)
        let labels = try workshop.published("labels.txt", of: "v0002")
        #expect(String(decoding: labels, as: UTF8.self) == "apple\npear\nplum\nquince\n")
        #expect(try workshop.published("labels.txt", of: "v0001") == Array("pear\nquince\n".utf8))
    }

    @Test("When the outbox can't follow a decision, the error says why, and the run stays promoted")
    func outboxInTheWay() async throws {
        let workshop = try Workshop()
        let place = try workshop.open()
        try place.drop()
        let obstacle = try workshop.folder.write([1], to: "outbox/current/file")
        await #expect { try await place.trainer.train(.schedule) } throws: { "\($0)".contains("outbox/current") }
        #expect(try place.history.runs().map(\.outcome) == [.promoted])
        #expect(try place.history.publications().filter { $0.publishedAt == nil }.map(\.version) == ["v0001"])
        try FileManager.default.removeItem(atPath: obstacle.removingLastComponent().string)
        #expect(try place.publisher.agree() == "v0001")
        #expect(place.outbox.currentVersion == "v0001")
    }
}
