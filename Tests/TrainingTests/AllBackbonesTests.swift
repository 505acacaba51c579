import Archive
import Foundation
import Installation
import Learning
import Records
import Settings
import SystemPackage
import TestInstallations
import TestSupport
import Testing
import Training

@testable import Training

@Suite("The word for all backbones")
struct AllBackbonesTests {
    private func workshop() throws -> Workshop {
        let workshop = try Workshop()
        try workshop.writeBackbone("small", seed: 2)
        return workshop
    }

    @Test("It stands for every file in the folder, at the input size that is asked for, and nothing is there twice")
    func resolved() throws {
        let workshop = try workshop()
        let library = BackboneLibrary(folder: workshop.backbones)
        #expect(try library.resolved(["all"]) == ["small", "tiny"])
        #expect(try library.resolved(["all@48"]) == ["small@48", "tiny@48"])
        #expect(
            try library.resolved(["tiny", "all", "all@64", "tiny@64"]) == ["tiny", "small", "small@64", "tiny@64"])
        #expect(try library.resolved(["tiny@40", "huge"]) == ["tiny@40", "huge"])
    }

    @Test("Files that can't be used, or not be named, are passed over with a reason")
    func passedOver() throws {
        let workshop = try workshop()
        try workshop.folder.write(Array("no network".utf8), to: "backbones/broken.onnx")
        for name in ["all", "two@sizes"] { try workshop.writeBackbone(name, seed: 3) }
        var reasons: [String: String] = [:]
        let library = BackboneLibrary(folder: workshop.backbones)
        #expect(try library.resolved(["all"]) { reasons[$0] = "\($1)" } == ["small", "tiny"])
        #expect(reasons.keys.sorted() == ["all", "broken", "two@sizes"])
        #expect(reasons["broken"]?.contains("broken.onnx") == true)
        #expect(reasons["two@sizes"]?.contains("can't name 'two@sizes'") == true)
    }

    @Test("What it stands for is decided when a run starts, and is in the run's settings")
    func run() async throws {
        var workshop = try workshop()
        workshop.settings.search.space.backbone = ["all"]
        workshop.settings.search.candidates = 6
        let place = try workshop.open()
        try place.drop()
        let run = try #require(try await place.trainer.train(.schedule))
        #expect(run.outcome == .promoted, "\(run.reason?.text ?? "")")
        let details = try place.history.runDetails(run.run)
        let settings: Settings = try details.settings.decoded()
        #expect(settings.search.space.backbone == ["small", "tiny"])
        let drawn = try details.candidates.map { try $0.parameters.decoded(as: Hyperparameters.self).backbone }
        #expect(Set(drawn) == ["small", "tiny"])
    }

    @Test("Where it stands for nothing, the run fails with a reason that says so", arguments: [true, false])
    func none(hasFolder: Bool) async throws {
        var workshop = try Workshop()
        workshop.settings.search.space.backbone = ["all@64"]
        try workshop.removeBackbone("tiny")
        let place = try workshop.open()
        try place.drop()
        if !hasFolder { try FileManager.default.removeItem(atPath: workshop.backbones.string) }
        let problems = place.library.problems(with: workshop.settings.search)
        #expect(problems.count == 1 && "\(problems[0])".contains(workshop.backbones.string))
        let run = try #require(try await place.trainer.train(.schedule))
        #expect(run.outcome == .failed)
        #expect(run.reason?.text.contains("search.space.backbone is all, but no file in") == true)
    }

    @Test("The backbones that no candidate has are those that the search's candidates lack")
    func undrawn() throws {
        var settings = Settings()
        settings.search.space.backbone = ["a", "b", "c", "d", "e"]
        settings.search.candidates = 6
        var counts: Set<Int> = []
        for seed in 0..<40 {
            settings.search.seed = seed
            let undrawn = try settings.undrawnBackbones()
            let drawn = Set(
                try RandomizedSearch(space: settings.search.space, settings: SearchSettings(settings)).candidates.map(
                    \.backbone))
            #expect(undrawn == settings.search.space.backbone.filter { !drawn.contains($0) })
            counts.insert(undrawn.count)
        }
        #expect(counts.contains(1) && counts.contains(2))
        settings.search.candidates = 10_000
        #expect(try settings.undrawnBackbones().isEmpty)
    }
}
