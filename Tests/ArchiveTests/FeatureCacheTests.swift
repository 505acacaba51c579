import Synchronization
import System
import SystemPackage
import Testing

@testable import Archive
@testable import Records

@Suite("The feature cache")
struct FeatureCacheTests {
    private let space = FeatureSpace(
        backbone: .sha256("backbone".utf8), preprocessing: "224 f32", augmentation: "flip", featureCount: 3)

    private func withCache<R>(_ body: (FeatureCache, FilePath) throws -> R) throws -> R {
        try withStateFolder { folder in
            let cache = try FeatureCache(folder.features) { Issue.record("unexpected: \($0)") }
            return try body(cache, folder.features)
        }
    }

    private func keys(_ pictures: Range<Int>, copy: Int = 0) -> [FeatureKey] {
        pictures.map { FeatureKey(picture: digest($0), copy: copy) }
    }

    @Test("What is inserted is no longer missing and is loaded in the order asked for")
    func roundTrip() throws {
        try withCache { cache, _ in
            #expect(try cache.missing(keys(0..<2), in: space) == keys(0..<2))
            try cache.insert(keys(0..<2), [1, 2, 3, 4, 5, 6], in: space)
            #expect(try cache.missing(keys(0..<3), in: space) == keys(2..<3))
            #expect(try cache.load(keys(0..<2).reversed(), in: space) == [4, 5, 6, 1, 2, 3])
        }
    }

    @Test("A picture that isn't there is named")
    func missing() throws {
        try withCache { cache, _ in
            let failure = FeatureCacheFailure.missing(keys(0..<1)[0], space)
            #expect(throws: failure) { try cache.load(keys(0..<1), in: space) }
        }
    }

    @Test("Another backbone, preprocessing or width is another space")
    func spaces() throws {
        try withCache { cache, _ in
            try cache.insert(keys(0..<1), [1, 2, 3], in: space)
            let others = [
                FeatureSpace(backbone: digest(1), preprocessing: "224 f32", augmentation: "flip", featureCount: 3),
                FeatureSpace(backbone: space.backbone, preprocessing: "96 f32", augmentation: "flip", featureCount: 3),
                FeatureSpace(backbone: space.backbone, preprocessing: "224 f32", augmentation: "flip", featureCount: 4),
            ]
            for other in others { #expect(try cache.missing(keys(0..<1), in: other).count == 1) }
        }
    }

    @Test("Other augmentation settings share the originals and not the copies")
    func augmentation() throws {
        try withCache { cache, _ in
            try cache.insert(keys(0..<1), [1, 2, 3], in: space)
            try cache.insert(keys(0..<1, copy: 1), [4, 5, 6], in: space)
            let other = FeatureSpace(
                backbone: space.backbone, preprocessing: "224 f32", augmentation: "zoom", featureCount: 3)
            #expect(try cache.missing(keys(0..<1), in: other).isEmpty)
            #expect(try cache.missing(keys(0..<1, copy: 1), in: other).count == 1)
            #expect(try cache.missing(keys(0..<1, copy: 1), in: space).isEmpty)
        }
    }

    @Test("A new process finds what an earlier one has kept")
    func reopening() throws {
        try withStateFolder { folder in
            try FeatureCache(folder.features) { _ in }.insert(keys(0..<1), [1, 2, 3], in: space)
            let cache = try FeatureCache(folder.features) { Issue.record("unexpected: \($0)") }
            #expect(try cache.load(keys(0..<1), in: space) == [1, 2, 3])
        }
    }

    @Test("A file that is no cache is begun afresh, with a notice")
    func foreignFile() throws {
        try withStateFolder { folder in
            try write([UInt8](repeating: 65, count: 10_000), to: folder.features)
            let notices = Mutex(0)
            let cache = try FeatureCache(folder.features) { _ in notices.withLock { $0 += 1 } }
            #expect(notices.withLock { $0 } == 1)
            try cache.insert(keys(0..<1), [1, 2, 3], in: space)
            #expect(try cache.load(keys(0..<1), in: space) == [1, 2, 3])
        }
    }

    @Test("A cache that turns out to be damaged is begun afresh, and its features are missing then")
    func damage() throws {
        try withStateFolder { folder in
            try FeatureCache(folder.features) { _ in }.insert(
                keys(0..<200), [Float](repeating: 1, count: 600), in: space)
            let notices = Mutex(0)
            let cache = try FeatureCache(folder.features) { _ in notices.withLock { $0 += 1 } }
            try overwrite(folder.features, from: 64 << 10)
            #expect(try cache.missing(keys(0..<200), in: space).count == 200)
            #expect(notices.withLock { $0 } == 1)
            try cache.insert(keys(0..<1), [1, 2, 3], in: space)
            #expect(try cache.load(keys(0..<1), in: space) == [1, 2, 3])
        }
    }

    /// Replaces everything behind `offset` by nonsense.
    private func overwrite(_ path: FilePath, from offset: Int) throws {
        let descriptor = try FileDescriptor.open(path, .readWrite)
        try descriptor.closeAfter {
            let count = Int(try descriptor.seek(offset: 0, from: .end)) - offset
            _ = try descriptor.writeAll(toAbsoluteOffset: Int64(offset), [UInt8](repeating: 0xa5, count: count))
        }
    }
}

extension FeatureCache {
    fileprivate func insert(_ keys: [FeatureKey], _ features: [Float], in space: FeatureSpace) throws {
        try features.withUnsafeBufferPointer { try insert(keys, $0, in: space) }
    }

    fileprivate func load(_ keys: [FeatureKey], in space: FeatureSpace) throws -> [Float] {
        var rows = [Float](repeating: .nan, count: keys.count * space.featureCount)
        try rows.withUnsafeMutableBufferPointer { buffer in
            let start = try #require(buffer.baseAddress)
            try load(keys, in: space, into: start)
        }
        return rows
    }
}
