import Archive
import Decoding
import Foundation
import Installation
import Learning
import Numerics
import Outbox
import Records
import SystemPackage
import TestInstallations
import TestSupport
import Testing
import Training

@Suite("Predictor")
struct PredictorTests {
    @Test("The published file gives the probabilities of cached features and the recorded head")
    func equalsTrainingPath() async throws {
        let workshop = try Workshop()
        let place = try workshop.open()
        try place.drop()
        #expect(try await place.trainer.train(.request)?.outcome == .promoted)
        let champion = try #require(try place.history.champion())
        let pictures = PictureSet(try place.history.dataset(), .test).digests
        let features = try place.cache.matrix(of: pictures, copies: 0, from: place.source())
        let expected = try Head(serialized: champion.head).predict(features)

        let model = place.outbox.current.appending(OutboxFolder.modelName)
        let predictor = try Predictor(model: model) { place.decoders.forStored(side: $0) }
        #expect(predictor.labels == ["apple", "pear", "plum"])
        let results = try await predictor.predict(pictures.count, on: place.pool) {
            try PictureSource(pictures[$0], in: place.store)
        }
        let found = try results.map { try $0.get() }
        #expect(found.count == 9 && found.allSatisfy { $0.count == 3 })
        #expect(zip(found.joined(), expected.values).allSatisfy { abs($0 - $1) < 1e-5 })
        #expect(Set(found.joined()).count > 9)
    }

    @Test("A picture that can't be decoded doesn't keep the others from being predicted")
    func badPicture() async throws {
        let workshop = try Workshop()
        let place = try workshop.open()
        try place.drop(train: 1, test: 1)
        try place.promote("v0001", seed: 1)
        let model = place.outbox.current.appending(OutboxFolder.modelName)
        let predictor = try Predictor(model: model) { place.decoders.forStored(side: $0) }
        let files = [
            TinyPictures.pngOfClass(0, of: 4, seed: 1), Array("no picture".utf8),
            TinyPictures.pngOfClass(1, of: 4, seed: 2, side: 50),
        ]
        let results = try await predictor.predict(32, on: place.pool) { index in
            guard index % 4 < files.count else { throw CocoaError(.fileNoSuchFile) }
            return PictureSource(files[index % 4])
        }
        let sums = results.map { (try? $0.get())?.reduce(0, +) }
        #expect(sums.count == 32 && sums.indices.allSatisfy { sums[$0] == sums[$0 % 4] })
        #expect(sums[1] == nil && sums[3] == nil)
        #expect(abs((sums[0] ?? 0) - 1) < 1e-5 && abs((sums[2] ?? 0) - 1) < 1e-5)
        #expect(throws: DecodingFailure.self) { _ = try results[1].get() }
        #expect(throws: CocoaError.self) { _ = try results[3].get() }
    }

    @Test("A file that is no classifier is named")
    func notAClassifier() throws {
        let workshop = try Workshop()
        let path = workshop.backbones.appending("tiny.onnx")
        let place = try workshop.open()
        #expect {
            try Predictor(model: path) { place.decoders.forStored(side: $0) }
        } throws: {
            "\($0)".contains(path.string)
        }
    }
}
