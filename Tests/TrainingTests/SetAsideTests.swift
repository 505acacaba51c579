import Foundation
import Installation
import Learning
import Outbox
import Settings
import Synchronization
import System
import SystemPackage
import TestInstallations
import Testing

@testable import Archive
@testable import Records
@testable import Training

@Suite("Pictures that prove unusable")
struct SetAsideTests {
    /// The first picture of a split, in the order in which they were accepted.
    private func first(_ split: Split, in place: Installation) throws -> Dataset.Picture {
        try #require(try place.history.dataset().pictures.first { $0.split == split })
    }

    @Test("They are set aside with a reason and a warning, and the run goes on; dropped again, they are used again")
    func setAside() async throws {
        let workshop = try Workshop()
        let warnings = Mutex<[String]>([])
        let place = try workshop.open { message in warnings.withLock { $0.append(message) } }
        try place.drop()
        let found = try [first(.train, in: place), first(.test, in: place)].map(\.digest)
        for picture in found { try place.spoil(picture) }
        let run = try #require(try await place.trainer.train(.schedule))
        #expect(run.outcome == .promoted && run.trainPictures == 17 && run.testPictures == 8)
        let aside = try place.history.setAsidePictures()
        #expect(aside.map(\.digest) == found && aside.map(\.split) == [.train, .test])
        #expect(aside.allSatisfy { $0.label == "apple" && $0.path.hasPrefix("d1/apple/") && !$0.reason.isEmpty })
        let told = warnings.withLock { messages in messages.count { $0 == "picture set aside" } }
        #expect(told == 2)
        #expect(try place.history.runDetails(run.run).leftOutPictures == 2)
        let scored = try place.history.predictions(of: run.run, role: .challenger).map(\.digest)
        #expect(scored.count == 8 && !scored.contains(found[1]))

        let skipped = try await place.trainer.train(.schedule)
        #expect(skipped?.reason?.text == "0 new pictures, 1 needed (train.min_new)" && skipped?.trainPictures == 17)
        let requested = try #require(try await place.trainer.train(.request))
        #expect(requested.trainPictures == 17 && requested.testPictures == 8)
        #expect(try place.history.runDetails(requested.run).leftOutPictures == 2)

        try place.drop()
        #expect(try place.history.setAsidePictures().isEmpty)
        let next = try #require(try await place.trainer.train(.schedule))
        #expect(next.outcome != .skipped && next.trainPictures == 18 && next.testPictures == 9)
        #expect(try place.history.runDetails(next.run).leftOutPictures == 0)
    }

    @Test(
        "One that only the champion's features need counts for neither model, whether or not its backbone is there",
        arguments: [false, true])
    func championOnly(withoutBackbone: Bool) async throws {
        var workshop = try Workshop()
        let place = try await workshop.openWithOtherBackbone(removingFirst: withoutBackbone)
        try place.drop(seed: 2)
        let found = try #require(try place.history.dataset().pictures.last { $0.split == .test }).digest
        try await place.extraction.extract([found], of: .test, copies: 0, from: place.source("other"))
        try place.spoil(found)
        let run = try #require(try await place.trainer.train(.schedule))
        #expect([.promoted, .kept].contains(run.outcome), "\(run.reason?.text ?? "")")
        #expect(run.trainPictures == 36 && run.testPictures == 17 && run.championAccuracy != nil)
        #expect(try place.history.setAsidePictures().map(\.digest) == [found])
        let details = try place.history.runDetails(run.run)
        #expect(details.evaluations.map { $0.classes.map(\.support) } == [[6, 6, 5], [6, 6, 5]])
        #expect(details.candidates.flatMap(\.trials).count == 9)
    }

    @Test("One that only the test of the written file needs is left out of the scores as well")
    func selfTest() async throws {
        let workshop = try Workshop()
        let place = try workshop.open()
        try place.drop()
        let found = try first(.test, in: place).digest
        try await place.extraction.extract([found], of: .test, copies: 0, from: place.source())
        try place.spoil(found)
        let run = try #require(try await place.trainer.train(.schedule))
        #expect(run.outcome == .promoted && run.trainPictures == 18 && run.testPictures == 8)
        #expect(try place.history.setAsidePictures().map(\.digest) == [found])
        #expect(place.outbox.currentVersion == "v0001")
    }

    @Test("A class that becomes too small by it is left out of the run")
    func shortClass() async throws {
        let workshop = try Workshop()
        let place = try workshop.open()
        try place.drop(train: 5)
        try place.spoil(first(.train, in: place).digest)
        let run = try #require(try await place.trainer.train(.schedule))
        #expect(run.outcome == .promoted && run.trainPictures == 10 && run.testPictures == 6)
        let details = try place.history.runDetails(run.run)
        #expect(details.leftOut.map(\.shortage) == [Shortage(label: "apple", train: 4, test: 3, needed: 5)])
        #expect(try place.history.champion()?.labels.map(\.name) == ["pear", "plum"])
    }

    @Test("If too few classes are left, or one is waited for, the run ends as skipped", arguments: [false, true])
    func tooFew(waits: Bool) async throws {
        var workshop = try Workshop()
        if waits { workshop.settings.train.shortClasses = .wait }
        let place = try workshop.open()
        try place.drop(train: 5, classes: waits ? [0, 1, 2] : [0, 1])
        try place.spoil(first(.train, in: place).digest)
        let request = try place.history.requestRun(by: "test", at: .now)
        let requests = try place.history.pendingRequests()
        let run = try #require(try await place.trainer.train(.request, requests: requests))
        #expect(run.outcome == .skipped && run.trainPictures == (waits ? 14 : 9))
        let short = [Shortage(label: "apple", train: 4, test: 3, needed: 5)]
        let reason: RunReason = waits ? .shortClasses(short) : .tooFewClasses(enough: "pear", short: short)
        #expect(run.reason == reason)
        #expect(try place.history.request(request)?.run == run.run)
        #expect(try place.history.setAsidePictures().count == 1)
        #expect(try await place.trainer.train(.schedule) == nil)
        #expect(try place.history.unfinishedRun() == nil)
    }

    @Test("One that is missing isn't set aside: the run fails and names it")
    func missing() async throws {
        let workshop = try Workshop()
        let place = try workshop.open()
        try place.drop()
        let picture = try first(.train, in: place).digest
        try FileManager.default.removeItem(atPath: place.store.path(of: picture).string)
        let run = try #require(try await place.trainer.train(.schedule))
        #expect(run.outcome == .failed && run.reason?.text.contains("\(picture)") == true)
        #expect(try place.history.setAsidePictures().isEmpty)
    }
}
