import Archive
import Foundation
import Installation
import Learning
import Networks
import Outbox
import Pictures
import Records
import Settings
import SystemPackage
import TestInstallations
import Testing
import Training

@Suite("Precision", .enabled(if: Precision.int16.problem == nil))
struct PrecisionTests {
    private func workshop(_ precision: Precision) throws -> Workshop {
        var workshop = try Workshop()
        try workshop.writeBackbone("mixing", seed: 3, mixes: true)
        workshop.settings.search.space.backbone = ["mixing"]
        workshop.settings.search.precision = precision
        return workshop
    }

    @Test("Features of different precisions have nothing to do with each other in the cache")
    func spaces() throws {
        let place = try workshop(.float32).open()
        let precisions = Precision.allCases.filter { $0.problem == nil }
        let spaces = try precisions.map { precision in
            try FeatureSource(
                loaded: place.library.load("mixing", precision: precision),
                augmentation: place.settings.augment.transforms
            ).space
        }
        #expect(Set(spaces).count == precisions.count)
        let exact = try place.source("mixing").space
        #expect(exact == spaces[0])
        let found = try #require(try place.library.find(exact.backbone, name: "mixing"))
        #expect(found.backbone.precision == .float32)
    }

    @Test("A run trains on the precision that was asked for, is tested in float32, and the manifest says so")
    func run() async throws {
        let place = try workshop(.int16).open()
        try place.drop()
        let run = try #require(try await place.trainer.train(.schedule))
        #expect(run.outcome == .promoted)
        let dataset = try place.history.dataset()
        for (precision, trains) in [(Precision.int16, true), (.float32, false)] {
            let source = try FeatureSource(
                loaded: place.library.load("mixing", precision: precision),
                augmentation: place.settings.augment.transforms)
            for (split, isThere) in [(Split.train, trains), (.test, !trains)] {
                let keys = PictureSet(dataset, split).pictures.map { FeatureKey(picture: $0.digest) }
                #expect(try place.cache.missing(keys, in: source.space).isEmpty == isThere)
            }
        }
        let bytes = try Data(
            contentsOf: URL(filePath: place.outbox.folder(of: "v0001").appending("manifest.json").string))
        let manifest = try JSONDecoder().decode(Manifest.self, from: bytes)
        let training = try #require(manifest.backbone.training)
        #expect(training.precision == "int16" && training.meanRelativeError < 0.015)
        #expect(String(decoding: bytes, as: UTF8.self).contains("\"mean_relative_error\""))
    }
}
