import Learning
import Records
import Archive
import Installation
import Settings
import Status
import Synchronization
import System
import TestInstallations
import TestSupport
import Testing

@testable import Training

@Suite("What the feature cache of an installation keeps")
struct FeatureUpkeepTests {
    /// Trained with the backbone tiny, whose model is the champion, then with small, for which the settings are.
    private func workshop() async throws -> Workshop {
        var workshop = try Workshop()
        try workshop.writeBackbone("small", seed: 2)
        do {
            let place = try workshop.open()
            try place.drop()
            let run = try #require(try await place.trainer.train(.schedule))
            #expect(run.outcome == .promoted, "\(run.reason?.text ?? "")")
        }
        workshop.settings.search.space.backbone = ["small"]
        // So that it doesn't become the champion.
        workshop.settings.promotion.minGain = 1
        let place = try workshop.open()
        #expect(try await place.trainer.train(.request)?.outcome == .kept)
        return workshop
    }

    private func trim(_ place: Installation, in days: Int64) throws -> Int {
        let now = Timestamp.now - .seconds(-days * 86_400)
        return try FeatureUpkeep(place, status: StatusBoard(file: nil)).trim(now: now, check: {})
    }

    /// How many originals of training pictures, copies and test pictures the cache has of a backbone.
    private func rows(_ place: Installation, _ backbone: String) throws -> [Int] {
        let dataset = try place.history.dataset()
        return try [(Split.train, 0), (.train, 1), (.test, 0)].map { split, copy in
            let keys = PictureSet(dataset, split).digests.map { FeatureKey(picture: $0, copy: copy) }
            return try keys.count - place.cache.missing(keys, in: place.source(backbone).space).count
        }
    }

    /// How many features a run computes.
    private func computed(_ place: Installation, _ backbone: String, copies: Int) async throws -> Int {
        let dataset = try place.history.dataset()
        let source = try place.source(backbone)
        let (train, test) = (PictureSet(dataset, .train).digests, PictureSet(dataset, .test).digests)
        let training = try await place.extraction.extract(train, of: .train, copies: copies, from: source)
        let testing = try await place.extraction.extract(test, of: .test, copies: 0, from: source)
        return training.computed + testing.computed
    }

    @Test("After 30 days the champion's test pictures and what the settings use are left, and a run computes nothing")
    func age() async throws {
        let place = try await workshop().open()
        _ = try trim(place, in: 29)
        #expect(try rows(place, "tiny") == [18, 18, 9])
        _ = try trim(place, in: 31)
        #expect(try rows(place, "tiny") == [0, 0, 9])
        #expect(try rows(place, "small") == [18, 18, 9])
        #expect(try await computed(place, "small", copies: 1) == 0)
        let again = try #require(try await place.trainer.train(.request))
        #expect(again.outcome == .kept && again.championVersion == "v0001")
        #expect(try rows(place, "tiny") == [0, 0, 9])
    }

    @Test("What an unfinished run uses is kept until it ends")
    func unfinished() async throws {
        let workshop = try await workshop()
        try workshop.writeBackbone("third", seed: 3)
        let place = try workshop.open()
        #expect(try await computed(place, "third", copies: 1) == 45)
        var settings = workshop.settings
        settings.search.space.backbone = ["third"]
        let run = try place.history.startRun(
            NewRun(
                trigger: .request, startedAt: .now, seed: 1, settings: JSONText(settings), trainPictures: 18,
                testPictures: 9, lastPicture: place.history.lastPicture()))
        _ = try trim(place, in: 31)
        #expect(try rows(place, "third") == [18, 18, 9])
        #expect(try rows(place, "tiny") == [0, 0, 9])
        try place.history.finishRun(run, as: .failed, RunResult(reason: .failure("a test")), at: .now)
        _ = try trim(place, in: 31)
        #expect(try rows(place, "third") == [0, 0, 0])
    }

    @Test("Every backbone for which all stands is in use")
    func all() async throws {
        var workshop = try await workshop()
        workshop.settings.search.space.backbone = ["all"]
        let place = try workshop.open()
        _ = try trim(place, in: 31)
        for backbone in ["tiny", "small"] { #expect(try rows(place, backbone) == [18, 18, 9]) }
    }

    @Test("Copies that the settings no longer ask for go, the originals stay")
    func fewerCopies() async throws {
        var workshop = try await workshop()
        workshop.settings.augment.copies = 0
        let place = try workshop.open()
        _ = try trim(place, in: 31)
        #expect(try rows(place, "small") == [18, 0, 9])
    }

    @Test("As long as a backbone of the settings is missing, nothing is removed")
    func missingBackbone() async throws {
        let workshop = try await workshop()
        try workshop.removeBackbone("small")
        let place = try workshop.open()
        #expect(throws: BackboneFailure.self) { try trim(place, in: 31) }
        #expect(try rows(place, "tiny") == [18, 18, 9])
    }

    @Test("Above the limit, unused features go at once, and the status says if those in use are too many")
    func limit() async throws {
        var workshop = try await workshop()
        workshop.settings.features.maxSize = 1
        do {
            let place = try workshop.open()
            let status = StatusBoard(file: nil)
            await FeatureUpkeep(place, status: status).tidy()
            let problem = try #require(status.status.degraded)
            #expect(problem.contains("more than features.max_size (1 bytes)"))
            #expect(try rows(place, "tiny") == [0, 0, 9])
            #expect(try await computed(place, "small", copies: 1) == 0)
        }
        workshop.settings.features.maxSize = 1 << 30
        let place = try workshop.open()
        let status = StatusBoard(file: nil)
        status.setDegraded(.features(bytes: 2, limit: 1), in: .features)
        await FeatureUpkeep(place, status: status).tidy()
        #expect(status.status.degraded == nil)
    }

    @Test("That the features in use are too many is logged once, even if they become more")
    func loggedOnce() async throws {
        var workshop = try await workshop()
        workshop.settings.features.maxSize = 1
        let warnings = Mutex<[String]>([])
        let place = try workshop.open { message in warnings.withLock { $0.append(message) } }
        let status = StatusBoard(file: nil)
        let upkeep = FeatureUpkeep(place, status: status)
        await upkeep.tidy()
        let before = try #require(status.status.degraded)
        #expect(try await computed(place, "small", copies: 40) == 18 * 39)
        await upkeep.tidy()
        let after = try #require(status.status.degraded)
        #expect(after != before)
        #expect(warnings.withLock { $0 } == ["feature cache too large"])
    }
}
