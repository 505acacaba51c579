import Archive
import Installation
import Learning
import Numerics
import Outbox
import Pictures
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
        let predictor = try Predictor(model: model, limits: .usual)
        #expect(predictor.labels == ["apple", "pear", "plum"])
        let results = try await predictor.predictEach(pictures.count, on: place.pool) {
            try place.store.read(pictures[$0])
        }
        let found = try results.map { try $0.get() }
        #expect(found.count == 9 && found.allSatisfy { $0.count == 3 })
        #expect(zip(found.flatMap { $0 }, expected.values).allSatisfy { abs($0 - $1) < 1e-5 })
        #expect(Set(found.flatMap { $0 }).count > 9)
    }

    @Test("A picture that can't be decoded doesn't keep the others from being predicted")
    func badPicture() async throws {
        let workshop = try Workshop()
        let place = try workshop.open()
        try place.drop(train: 1, test: 1)
        try place.promote("v0001", seed: 1)
        let model = place.outbox.current.appending(OutboxFolder.modelName)
        let predictor = try Predictor(model: model, limits: .usual)
        let files = [
            TinyPictures.pngOfClass(0, of: 4, seed: 1), Array("no picture".utf8),
            TinyPictures.pngOfClass(1, of: 4, seed: 2, side: 50),
        ]
        let results = try await predictor.predictEach(3, on: place.pool) { files[$0] }
        let sums = results.map { (try? $0.get())?.reduce(0, +) }
        #expect(sums[1] == nil)
        #expect(abs((sums[0] ?? 0) - 1) < 1e-5 && abs((sums[2] ?? 0) - 1) < 1e-5)
        #expect(throws: DecodeFailure.self) { try results[1].get() }
    }

    @Test("A file that is no classifier is named")
    func notAClassifier() throws {
        let workshop = try Workshop()
        let path = workshop.backbones.appending("tiny.onnx")
        #expect { try Predictor(model: path, limits: .usual) } throws: { "\($0)".contains(path.string) }
    }
}
