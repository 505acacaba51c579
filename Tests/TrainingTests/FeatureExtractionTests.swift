import Archive
import Foundation
import Glibc
import Installation
import Networks
import Numerics
import Pictures
import Records
import Settings
import Status
import Synchronization
import System
import SystemPackage
import TestInstallations
import TestSupport
import Testing

@testable import Decoding
@testable import Training

/// Kills the decoder processes of this process, and returns how many there were.
private func killDecoders() -> Int {
    let tasks = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/task")) ?? []
    func text(_ path: String) -> String {
        String(decoding: (try? Locations.bytes(of: FilePath(path))) ?? [], as: UTF8.self)
    }
    let children = tasks.flatMap { task in
        text("/proc/self/task/\(task)/children").split(separator: " ").compactMap { Int32($0) }
    }
    let decoders = children.filter { text("/proc/\($0)/cmdline").contains("decode-pictures") }
    for decoder in decoders {
        kill(decoder, SIGKILL)
        // Until its end of the socket is closed.
        var information = siginfo_t()
        waitid(P_PID, id_t(decoder), &information, Int32(WEXITED | WNOWAIT))
    }
    return decoders.count
}

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
            let result = try await place.extraction.extract(
                pictures, of: .train, copies: 1, from: place.source(), progress: first.note)
            #expect(result == ExtractionResult(computed: 36, unusable: []))
            #expect(pictures.count == 18 && first.totals == [18] && first.most == 18)
        }
        let place = try workshop.open()
        let pictures = PictureSet(try place.history.dataset(), .train).digests
        let again = Told()
        func extract(copies: Int) async throws -> ExtractionResult {
            try await place.extraction.extract(
                pictures, of: .train, copies: copies, from: place.source(), progress: again.note)
        }
        let none = try await extract(copies: 1)
        #expect(again.totals.isEmpty && none.computed == 0)
        let more = try await extract(copies: 2)
        #expect(again.totals == [18] && more.computed == 18)
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
        _ = try await place.extraction.extract([picture.digest], of: .train, copies: 1, from: source)
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
            .resized(width: source.inputSize, height: source.inputSize)
        let parameters = AugmentationParameters(
            drawnFrom: place.settings.augment.transforms, seed: 0, digest: digest.bytes, index: 0)
        let copy = image.augmented(by: parameters)
        return try source.loaded.backbone.makeExtractor(inputSize: source.inputSize).extract(
            image.pixels + copy.pixels)
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
            _ = try await place.extraction.extract(pictures, of: .train, copies: 0, from: source) { done, total in
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

    @Test("A stored picture that is gone is named")
    func gone() async throws {
        let workshop = try Workshop()
        let place = try workshop.open()
        try place.drop(train: 2, test: 1)
        let digest = try #require(try place.history.dataset().pictures.first).digest
        try FileManager.default.removeItem(atPath: place.store.path(of: digest).string)
        await #expect {
            _ = try await place.extraction.extract([digest], of: .train, copies: 0, from: place.source())
        } throws: {
            "\($0)".contains("the stored picture \(digest) can't be used") && "\($0)".contains("not in the store")
        }
    }

    @Test("Stored pictures that are damaged are named, and the others have features")
    func damaged() async throws {
        let workshop = try Workshop()
        let place = try workshop.open()
        try place.drop(train: 3, test: 0)
        let pictures = try place.history.dataset().pictures.map(\.digest)
        let damages: [(Int, [UInt8])] = [(1, Array("not a picture".utf8)), (4, []), (7, Array("GIF89a".utf8))]
        for (index, bytes) in damages {
            let path = place.store.path(of: pictures[index]).string
            try Data(bytes).write(to: URL(fileURLWithPath: path))
        }
        let source = try place.source()
        let result = try await place.extraction.extract(pictures, of: .train, copies: 1, from: source)
        #expect(result.computed == 12)
        #expect(result.unusable.map(\.digest) == [pictures[1], pictures[4], pictures[7]])
        #expect(result.unusable.map(\.code) == ["not_a_picture", "empty", "unsupported_format"])
        #expect(result.unusable[2].reason.contains("GIF"))
        #expect(throws: UnusablePictures.self) { try result.usable() }
        let keys = pictures.flatMap { digest in (0...1).map { FeatureKey(picture: digest, copy: $0) } }
        let missing = try place.cache.missing(keys, in: source.space)
        #expect(Set(missing.map(\.picture)) == Set(result.unusable.map(\.digest)) && missing.count == 6)
    }

    @Test("Decoders that are killed in between cost nothing, but a picture that was deadly before isn't tried again")
    func killedDecoders() async throws {
        let workshop = try Workshop()
        let place = try workshop.open(workers: 1)
        try place.drop(train: 10, test: 0)
        let pictures = try place.history.dataset().pictures.map(\.digest)
        // Ten of them are a chunk.
        let source = try FeatureSource(
            loaded: place.library.load("tiny"), inputSize: 256, augmentation: place.settings.augment.transforms)
        let deadly = pictures[15]
        for _ in 0..<2 { _ = try place.history.beginAttempt(on: deadly, at: .now) }
        let killed = Mutex(0)
        let result = try await place.extraction.extract(pictures, of: .train, copies: 0, from: source) { _, _ in
            let count = killDecoders()
            killed.withLock { $0 += count }
        }
        #expect(killed.withLock { $0 } >= 2)
        #expect(result.computed == 29)
        #expect(result.unusable.map(\.digest) == [deadly] && result.unusable.map(\.code) == ["killed_decoder"])
        let cached = try place.cache.matrix(of: [pictures[12]], copies: 0, from: source)
        let direct = try directFeatures(of: pictures[12], with: source, in: place)
        #expect(cached.values == direct.row(0))
        #expect(try place.history.beginAttempt(on: deadly, at: .now) == 0, "counting starts again")
    }

    @Test("Pictures that kill every decoder are named, and an unconfined decoder is told of once")
    func deadlyPictures() async throws {
        let workshop = try Workshop()
        // It says that it has no system call filter, and ends.
        let program = try workshop.folder.write(Array("#!/bin/sh\nprintf '\\001' >&3\n".utf8), to: "decoder")
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: program.string)
        let status = StatusBoard(file: nil)
        let place = try workshop.open(decoder: program, status: status)
        try place.drop(train: 2, test: 0)
        let pictures = try place.history.dataset().pictures.map(\.digest)
        #expect(status.status.weakSandbox == nil)
        let result = try await place.extraction.extract(pictures, of: .train, copies: 0, from: place.source())
        #expect(result.computed == 0 && result.unusable.map(\.digest) == pictures)
        #expect(Set(result.unusable.map(\.code)) == ["killed_decoder"])
        let told = try #require(status.status.weakSandbox)
        #expect(told.contains("no system call filters"))
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
