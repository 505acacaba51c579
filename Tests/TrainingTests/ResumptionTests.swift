import Archive
import Installation
import Learning
import Records
import Settings
import Status
import Synchronization
import SystemPackage
import TestInstallations
import TestSupport
import Testing
import Training

@Suite("Resumption and determinism")
struct ResumptionTests {
    private struct Outcome: Equatable {
        let head: [UInt8]
        let model: [UInt8]
        let accuracy: Double
    }

    private func outcome(_ workshop: Workshop, _ place: Installation) throws -> Outcome {
        let model = try place.history.model("v0001")
        return try Outcome(
            head: model.head, model: workshop.published("model.onnx", of: "v0001"), accuracy: model.testAccuracy)
    }

    private func unbroken(
        seed: Int = 42, workers: Int = 2, dropping: (Installation) throws -> Void = { try $0.drop() }
    ) async throws -> Outcome {
        var workshop = try Workshop()
        workshop.settings.search.seed = seed
        let place = try workshop.open(workers: workers)
        try dropping(place)
        #expect(try await place.trainer.train(.request)?.outcome == .promoted)
        return try outcome(workshop, place)
    }

    /// Trains until the status is as `isEnough` wants it, and cancels the run then.
    private func interrupt(
        _ workshop: Workshop, when isEnough: @escaping @Sendable (ServiceStatus) -> Bool,
        dropping: (Installation) throws -> Void = { try $0.drop() }
    ) async throws {
        let place = try workshop.open(workers: 1)
        if try place.history.lastPicture() == 0 { try dropping(place) }
        let task = Mutex<Task<RunSummary?, any Error>?>(nil)
        let status = StatusBoard(file: nil, interval: 0) { status in
            if isEnough(status) { task.withLock { $0?.cancel() } }
        }
        let started = Task { () async throws -> RunSummary? in
            while task.withLock({ $0 }) == nil { await Task.yield() }
            let trainer = Trainer(place, status: status)
            if let resumed = try await trainer.resume() { return resumed }
            return try await trainer.train(.request)
        }
        task.withLock { $0 = started }
        await #expect(throws: CancellationError.self) { _ = try await started.value }
        #expect(try place.history.runs().map(\.outcome) == [.running])
        #expect(status.status.phase == .idle)
    }

    @Test(
        "A run interrupted in any phase is gone on with and ends with the same bytes as an unbroken one",
        arguments: [ServiceStatus.Phase.extracting, .searching, .refitting, .evaluating, .publishing])
    func resumed(phase: ServiceStatus.Phase) async throws {
        let workshop = try Workshop()
        try await interrupt(workshop) { $0.phase == phase && (phase != .searching || $0.done >= 2) }
        let place = try workshop.open()
        let before = try #require(try place.history.unfinishedRun())
        if phase == .searching { #expect(before.trials.count >= 2 && before.trials.count < 9) }
        let run = try #require(try await place.trainer.resume())
        #expect(run.run == before.id && run.outcome == .promoted)
        let details = try place.history.runDetails(run.run)
        let kept = details.candidates.flatMap(\.trials)
        #expect(kept.count == 9)
        for trial in before.trials { #expect(kept.contains(trial), "a finished trial was run again") }
        #expect(try outcome(workshop, place) == (try await unbroken()))
        #expect(try await place.trainer.resume() == nil)
    }

    @Test("A run interrupted twice, with pictures and other settings coming in between, ends the same")
    func interruptedTwice() async throws {
        var workshop = try Workshop()
        try await interrupt(workshop) { $0.phase == .searching && $0.done >= 2 }
        workshop.settings.search.seed = 7
        workshop.settings.fit.epochs = 2
        try await interrupt(workshop) { $0.phase == .searching && $0.done >= 5 }
        let place = try workshop.open()
        try place.drop(classes: [0, 1, 2, 3], seed: 2)
        let run = try #require(try await place.trainer.resume())
        #expect(run.testPictures == 9)
        #expect(try outcome(workshop, place) == (try await unbroken()))
        #expect(try await place.trainer.train(.schedule)?.testPictures == 21)
    }

    @Test("A run goes on with the classes and the backbones that it began with, whatever becomes of them meanwhile")
    func sameClasses() async throws {
        var workshop = try Workshop()
        workshop.settings.search.space.backbone = ["all"]
        try await interrupt(workshop) {
            $0.phase == .searching && $0.done >= 2
        } dropping: { place in
            try place.drop()
            try place.drop(train: 1, test: 0, classes: [3], seed: 9)
        }
        try workshop.writeBackbone("another", seed: 2)
        workshop.settings.train.shortClasses = .wait
        workshop.settings.train.minPerClass = 3
        let place = try workshop.open()
        try place.drop(classes: [3], seed: 2)
        let run = try #require(try await place.trainer.resume())
        #expect(run.outcome == .promoted && run.trainPictures == 18 && run.testPictures == 9)
        #expect(try place.history.runDetails(run.run).leftOut.map(\.shortage.label) == ["quince"])
        #expect(try outcome(workshop, place) == (try await unbroken()))
        #expect(try await place.trainer.train(.schedule)?.testPictures == 12)
    }

    @Test("A run that a release without train.short_classes began is gone on with, with all classes that it began with")
    func olderRelease() async throws {
        let workshop = try Workshop()
        let place = try workshop.open()
        try place.drop(train: 4, test: 1, classes: [0, 1, 3])
        var document: [String: JSONText] = try JSONText(place.settings).decoded()
        #expect(document.removeValue(forKey: "train.short_classes") != nil)
        _ = try place.history.startRun(
            NewRun(
                trigger: .schedule, startedAt: .now, seed: 42, settings: JSONText(document), trainPictures: 12,
                testPictures: 3, lastPicture: place.history.lastPicture()))
        let run = try #require(try await place.trainer.resume())
        #expect(run.outcome == .promoted && run.trainPictures == 12 && run.testPictures == 3)
        #expect(try place.history.champion()?.labels.map(\.name) == ["apple", "pear", "quince"])
    }

    @Test("The seconds of the stages are those of all processes that worked on a run")
    func seconds() async throws {
        let workshop = try Workshop()
        try await interrupt(workshop) { $0.phase == .searching && $0.done >= 2 }
        let place = try workshop.open()
        let before = try place.history.runDetails(1).seconds
        let (features, search) = (try #require(before.features), try #require(before.search))
        #expect(features > 0 && search > 0 && before.refit == nil && before.evaluation == nil)
        _ = try await place.trainer.resume()
        let details = try place.history.runDetails(1)
        let after = details.seconds
        #expect(try #require(after.features) > features && #require(after.search) > search)
        #expect(RunStage.allCases.allSatisfy { (after[$0] ?? 0) > 0 })
        let refit = try #require(details.refit?.seconds)
        #expect(try refit > 0 && refit <= #require(after.refit))
    }

    @Test("The same seed gives the same bytes on one worker and on three, another seed gives others")
    func seeds() async throws {
        let first = try await unbroken(workers: 1)
        #expect(try await unbroken(workers: 3) == first)
        #expect(try await unbroken(seed: 43).head != first.head)
    }
}

extension ResumptionTests {
    /// The last picture of a split.
    private func last(_ split: Split, in place: Installation) throws -> PictureDigest {
        try #require(try place.history.dataset().pictures.last { $0.split == split }).digest
    }

    /// Takes in pictures of which some can't be decoded any more.
    private func drop(_ place: Installation, spoiling splits: [Split]) throws {
        try place.drop()
        for split in splits { try place.spoil(last(split, in: place)) }
    }

    private func setAside(_ splits: [Split], in place: Installation) throws {
        let pictures = try splits.map {
            UnusablePicture(digest: try last($0, in: place), code: "damaged", reason: "a test")
        }
        _ = try place.history.setAside(pictures, at: .now)
    }

    @Test(
        "A run that sets pictures aside ends with the same bytes wherever it is interrupted, as one without them does",
        arguments: [ServiceStatus.Phase.extracting, .searching, .evaluating])
    func unusable(phase: ServiceStatus.Phase) async throws {
        let workshop = try Workshop()
        try await interrupt(workshop) {
            $0.phase == phase && (phase != .searching || $0.done >= 2)
        } dropping: {
            try drop($0, spoiling: [.train, .test])
        }
        let place = try workshop.open()
        let before = try #require(try place.history.unfinishedRun())
        if phase == .extracting {
            #expect(before.start.leftOutPictures.isEmpty)
            // As if it had been killed after it had set them aside, and before it was redefined.
            try setAside([.train, .test], in: place)
        } else {
            #expect(before.start.leftOutPictures.count == 2)
        }
        let run = try #require(try await place.trainer.resume())
        #expect(run.outcome == .promoted && run.trainPictures == 17 && run.testPictures == 8)
        let trials = try place.history.runDetails(run.run).candidates.flatMap(\.trials)
        #expect(trials.count == 9 && before.trials.allSatisfy { trials.contains($0) })
        let found = try outcome(workshop, place)
        let unbroken = try await self.unbroken { try drop($0, spoiling: [.train, .test]) }
        let withoutThem = try await self.unbroken { place in
            try place.drop()
            try setAside([.train, .test], in: place)
        }
        #expect(found == unbroken && found == withoutThem)
    }

    @Test("What a run has left out stays out of it when the files are dropped again meanwhile")
    func droppedAgain() async throws {
        let workshop = try Workshop()
        try await interrupt(workshop) {
            $0.phase == .searching && $0.done >= 2
        } dropping: {
            try drop($0, spoiling: [.train])
        }
        let place = try workshop.open()
        try place.drop()
        #expect(try place.history.setAsidePictures().isEmpty)
        let run = try #require(try await place.trainer.resume())
        #expect(run.trainPictures == 17 && run.testPictures == 9)
        let expected = try await unbroken { try drop($0, spoiling: [.train]) }
        #expect(try outcome(workshop, place) == expected)
        #expect(try await place.trainer.train(.schedule)?.trainPictures == 18)
    }

    @Test("Trials on a training picture that can't be used any more are run again without it")
    func trialsForgotten() async throws {
        let workshop = try Workshop()
        try await interrupt(workshop) { $0.phase == .searching && $0.done >= 2 }
        let place = try workshop.open()
        let rule = FeatureRule(usedSince: Timestamp.now - .seconds(-3600), maxBytes: nil)
        let nothing = FeaturesInUse(parts: [], testPictures: [])
        _ = try place.cache.trim(rule, inUse: { nothing }, check: {}, removed: { _ in })
        let before = try #require(try place.history.unfinishedRun()).trials
        try place.spoil(last(.train, in: place))
        let run = try #require(try await place.trainer.resume())
        #expect(before.count >= 2 && run.outcome == .promoted && run.trainPictures == 17)
        let trials = try place.history.runDetails(run.run).candidates.flatMap(\.trials)
        #expect(trials.count == 9 && before.allSatisfy { !trials.contains($0) })
        let expected = try await unbroken { try drop($0, spoiling: [.train]) }
        #expect(try outcome(workshop, place) == expected)
    }
}
