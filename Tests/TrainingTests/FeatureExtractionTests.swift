import Archive
import Foundation
import Installation
import Networks
import Numerics
import Pictures
import Records
import Settings
import Synchronization
import System
import SystemPackage
import TestInstallations
import TestSupport
import Testing
import Training

@Suite("Feature extraction")
struct FeatureExtractionTests {
    /// The numbers of pictures that calls of `progress` told of, in order.
    private final class Told: Sendable {
        private let calls = Mutex<[(done: Int, total: Int)]>([])
        func note(_ done: Int, _ total: Int) { calls.withLock { $0.append((done, total)) } }
        var totals: Set<Int> { Set(calls.withLock { $0.map(\.total) }) }
        var most: Int { calls.withLock { $0.map(\.done).max() ?? 0 } }
    }

    @Test("What the cache has is not computed again, over a restart too")
    func onceOnly() async throws {
        let workshop = try Workshop()
        let first = Told()
        do {
            let place = try workshop.open()
            try place.drop()
            let pictures = PictureSet(try place.history.dataset(), .train).digests
            try await place.extraction.extract(
                pictures, of: .train, copies: 1, from: place.source(), progress: first.note)
            #expect(pictures.count == 18 && first.totals == [18] && first.most == 18)
        }
        let place = try workshop.open()
        let pictures = PictureSet(try place.history.dataset(), .train).digests
        let again = Told()
        try await place.extraction.extract(pictures, of: .train, copies: 1, from: place.source(), progress: again.note)
        #expect(again.totals.isEmpty)
        try await place.extraction.extract(pictures, of: .train, copies: 2, from: place.source(), progress: again.note)
        #expect(again.totals == [18])
    }

    @Test("A run makes copies for training pictures only")
    func copies() async throws {
        var workshop = try Workshop()
        workshop.settings.augment.copies = 2
        let place = try workshop.open()
        try place.drop()
        _ = try await place.trainer.train(.request)
        let dataset = try place.history.dataset()
        let (train, test) = (PictureSet(dataset, .train).pictures, PictureSet(dataset, .test).pictures)
        func missing(_ pictures: [PictureSet.Picture], copies: ClosedRange<Int>) throws -> Int {
            let keys = pictures.flatMap { picture in copies.map { FeatureKey(picture: picture.digest, copy: $0) } }
            return try place.cache.missing(keys, in: place.source().space).count
        }
        #expect(try missing(train, copies: 0...2) == 0)
        #expect(try missing(train, copies: 3...3) == train.count)
        #expect(try missing(test, copies: 0...0) == 0)
        #expect(try missing(test, copies: 1...2) == 2 * test.count)
    }

    @Test("Cached features are those of the backbone on the resized picture and on its augmented copy")
    func equalDirectOnes() async throws {
        let workshop = try Workshop()
        let place = try workshop.open()
        try place.drop(train: 2, test: 1)
        let picture = try #require(try place.history.dataset().pictures.first)
        let source = try place.source()
        try await place.extraction.extract([picture.digest], of: .train, copies: 1, from: source)
        let cached = try place.cache.matrix(of: [picture.digest], copies: 1, from: source)
        let direct = try directFeatures(of: picture.digest, with: source, in: place)
        #expect(cached.rows == 2 && cached.columns == 12)
        #expect(cached.values == direct.values)
        #expect(cached.row(0) != cached.row(1))
    }

    /// The features of a stored picture and of its first copy, without the cache.
    private func directFeatures(
        of digest: Digest, with source: FeatureSource, in place: Installation
    ) throws -> Matrix {
        let image = try PictureDecoder(limits: .usual).decode(place.store.read(digest)).image
            .resized(width: 32, height: 32)
        let parameters = AugmentationParameters(
            drawnFrom: place.settings.augment.transforms, seed: 0, digest: digest.bytes, index: 0)
        let copy = image.augmented(by: parameters)
        return try source.loaded.backbone.makeExtractor(inputSize: 32).extract(image.pixels + copy.pixels)
    }

    @Test("Cancelling keeps what is done")
    func cancelled() async throws {
        let workshop = try Workshop()
        let place = try workshop.open(workers: 1)
        try place.drop(train: 20, test: 0)
        let pictures = try place.history.dataset().pictures.map(\.digest)
        let source = try FeatureSource(loaded: place.library.load("tiny"), inputSize: 256, augmentation: .off)
        let task = Mutex<Task<Void, any Error>?>(nil)
        let told = Told()
        let started = Task {
            while task.withLock({ $0 }) == nil { await Task.yield() }
            try await place.extraction.extract(pictures, of: .train, copies: 0, from: source) { done, total in
                told.note(done, total)
                task.withLock { $0?.cancel() }
            }
        }
        task.withLock { $0 = started }
        await #expect(throws: CancellationError.self) { try await started.value }
        let missing = try place.cache.missing(pictures.map { FeatureKey(picture: $0) }, in: source.space)
        #expect(told.most > 0 && told.most < 60)
        #expect(missing.count == 60 - told.most)
    }

    @Test("A stored picture that is gone is named; one that can't be decoded costs the features of no other")
    func damaged() async throws {
        let workshop = try Workshop()
        let place = try workshop.open()
        try place.drop(train: 2, test: 1)
        let digest = try #require(try place.history.dataset().pictures.first).digest
        let file = place.store.path(of: digest).string
        try FileManager.default.removeItem(atPath: file)
        await #expect {
            try await place.extraction.extract([digest], of: .train, copies: 0, from: place.source())
        } throws: {
            "\($0)".contains("the stored picture \(digest) can't be used") && "\($0)".contains("not in the store")
        }
        try Data("not a picture".utf8).write(to: URL(fileURLWithPath: file))
        let all = try place.history.dataset().pictures.map(\.digest)
        let result = try await place.extraction.extract(all, of: .train, copies: 1, from: place.source())
        #expect(result.computed == 16 && result.unusable.map(\.digest) == [digest])
        #expect(result.unusable.allSatisfy { !$0.code.isEmpty && !$0.reason.isEmpty })
        let again = try await place.extraction.extract(all, of: .train, copies: 1, from: place.source())
        #expect(again.computed == 0 && again.unusable == result.unusable)
    }
}

@Suite("Backbone library")
struct BackboneLibraryTests {
    @Test("Backbones are the ONNX files of the folder, by name")
    func names() throws {
        let workshop = try Workshop()
        try workshop.writeBackbone("another", seed: 2)
        try workshop.folder.write([1], to: "backbones/notes.txt")
        try workshop.folder.write([1], to: "backbones/.hidden.onnx")
        #expect(try BackboneLibrary(folder: workshop.backbones).names() == ["another", "tiny"])
    }

    @Test("A backbone that isn't there is named, with those that are")
    func absent() throws {
        let workshop = try Workshop()
        let library = BackboneLibrary(folder: workshop.backbones)
        #expect(throws: BackboneFailure.absent("huge", folder: workshop.backbones, known: ["tiny"])) {
            try library.load("huge")
        }
        #expect(throws: BackboneFailure.self) { try library.load("../backbones/tiny") }
        #expect(throws: BackboneFailure.noFolder("/nowhere")) { try BackboneLibrary(folder: "/nowhere").load("tiny") }
    }

    @Test("A file that is no backbone is named")
    func broken() throws {
        let workshop = try Workshop()
        try workshop.folder.write(Array("nonsense".utf8), to: "backbones/broken.onnx")
        #expect { try BackboneLibrary(folder: workshop.backbones).load("broken") } throws: {
            "\($0)".contains("backbones/broken.onnx")
        }
    }

    @Test("A backbone is found by its checksum under whatever name it has now")
    func find() throws {
        let workshop = try Workshop()
        let checksum = try BackboneLibrary(folder: workshop.backbones).load("tiny").checksum
        try FileManager.default.moveItem(
            atPath: workshop.backbones.appending("tiny.onnx").string,
            toPath: workshop.backbones.appending("renamed.onnx").string)
        try workshop.writeBackbone("tiny", seed: 9)
        let library = BackboneLibrary(folder: workshop.backbones)
        let found = try #require(try library.find(checksum, name: "tiny"))
        #expect(found.path.lastComponent == "renamed.onnx" && found.checksum == checksum)
        #expect(try library.find(.sha256([1]), name: "tiny") == nil)
    }

    @Test("A file that was replaced while the process runs isn't taken for the one that was loaded")
    func replaced() throws {
        let workshop = try Workshop()
        let library = BackboneLibrary(folder: workshop.backbones)
        let old = try library.load("tiny").checksum
        try workshop.writeBackbone("tiny", seed: 5)
        let new = try BackboneLibrary(folder: workshop.backbones).load("tiny").checksum
        #expect(try #require(try library.find(new, name: "tiny")).checksum == new)
        #expect(old != new)
    }
}
