import Records
import GRDB
import System
import SystemPackage
import Testing

@testable import Archive

@Suite("What is removed from the feature cache")
struct FeatureTrimmingTests {
    /// 4 KB each.
    private static let width = 1000
    private static let day = 86_400

    private func space(_ number: Int, augmentation: String = "flip") -> FeatureSpace {
        FeatureSpace(
            backbone: digest(number), preprocessing: "224", augmentation: augmentation, featureCount: Self.width)
    }

    /// 100 training and 25 test pictures; nothing else is in the cache.
    private let training = Array(0..<100)
    private let tests = Array(100..<125)
    private var testPictures: Set<PictureDigest> { Set(tests.map(digest)) }

    private func keys(_ pictures: [Int], copy: Int = 0) -> [FeatureKey] {
        pictures.map { FeatureKey(picture: digest($0), copy: copy) }
    }

    /// Puts the originals and one copy of each training picture into each space, the first used the longest ago.
    private func fill(_ cache: FeatureCache, _ spaces: [FeatureSpace]) throws {
        for (day, space) in spaces.enumerated() {
            let parts = space.parts(.train, copies: 1) + space.parts(.test)
            try cache.noteUse(of: parts, at: time(day * Self.day))
            let all = keys(training + tests) + keys(training, copy: 1)
            let features = (0..<all.count * Self.width).map { Float($0 % 251) }
            try features.withUnsafeBufferPointer { try cache.insert(all, $0, in: space) }
        }
    }

    private func withCache<R>(_ spaces: [FeatureSpace], _ body: (FeatureCache, FilePath) throws -> R) throws -> R {
        try withStateFolder { folder in
            let cache = try FeatureCache(folder.features) { Issue.record("unexpected: \($0)") }
            try fill(cache, spaces)
            return try body(cache, folder.features)
        }
    }

    private struct Outcome {
        var removals: [FeatureRemoval] = []
        var size = 0
        var wasAsked = false
    }

    private func trim(
        _ cache: FeatureCache, since day: Int = 0, maxBytes: Int? = nil, keeping parts: [FeaturePart] = [],
        check: @escaping () throws -> Void = {}
    ) throws -> Outcome {
        var outcome = Outcome()
        outcome.size = try cache.trim(
            FeatureRule(usedSince: time(day * Self.day), maxBytes: maxBytes),
            inUse: {
                outcome.wasAsked = true
                return FeaturesInUse(parts: Set(parts), testPictures: testPictures)
            }, check: check, removed: { outcome.removals.append($0) })
        return outcome
    }

    /// How many originals of training pictures, copies and test pictures a space has.
    private func rows(_ cache: FeatureCache, _ space: FeatureSpace) throws -> [Int] {
        try [keys(training), keys(training, copy: 1), keys(tests)].map { keys in
            try keys.count - cache.missing(keys, in: space).count
        }
    }

    @Test("Without a limit, nothing that was used lately is removed, and nobody is asked what is in use")
    func nothing() throws {
        try withCache([space(1), space(2)]) { cache, _ in
            let outcome = try trim(cache)
            #expect(!outcome.wasAsked && outcome.removals.isEmpty && outcome.size > 2 * 225 * 4000)
            #expect(try rows(cache, space(1)) == [100, 100, 25])
        }
    }

    @Test("What was last used before the rule's time goes, unless it is in use, and its disk space is given back")
    func age() throws {
        try withCache([space(1), space(2), space(3)]) { cache, path in
            let before = try FeatureCache.size(of: path)
            let outcome = try trim(cache, since: 2, keeping: space(2).parts(.train, copies: 1) + space(2).parts(.test))
            #expect(outcome.removals.map(\.rows).sorted() == [25, 100, 100])
            #expect(outcome.removals.allSatisfy { $0.part.space.backbone == digest(1) && $0.bytes > 0 })
            #expect(try rows(cache, space(1)) == [0, 0, 0])
            #expect(try rows(cache, space(2)) == [100, 100, 25])
            #expect(try rows(cache, space(3)) == [100, 100, 25])
            let after = try FeatureCache.size(of: path)
            #expect(after < before * 3 / 4, "\(before) bytes, then \(after)")
            #expect(try Files.size(of: path) == outcome.size)
            #expect(try FeatureCache.problem(with: path) == nil)
        }
    }

    @Test("Above the limit the least recently used parts go first, and no more than necessary")
    func limit() throws {
        try withCache([space(1), space(2), space(3)]) { cache, path in
            let limit = try trim(cache).size * 3 / 4
            let outcome = try trim(cache, maxBytes: limit)
            #expect(outcome.size <= limit && outcome.size > limit / 2)
            #expect(try Files.size(of: path) == outcome.size)
            #expect(outcome.removals.allSatisfy { $0.part.space.backbone == digest(1) })
            #expect(try rows(cache, space(2)) == [100, 100, 25])
            #expect(try rows(cache, space(3)) == [100, 100, 25])
        }
    }

    @Test("What is in use stays above the limit, too")
    func inUse() throws {
        try withCache([space(1), space(2)]) { cache, _ in
            let outcome = try trim(
                cache, since: 10, maxBytes: 1, keeping: space(1).parts(.train, copies: 1) + space(1).parts(.test))
            #expect(try rows(cache, space(1)) == [100, 100, 25])
            #expect(try rows(cache, space(2)) == [0, 0, 0])
            #expect(outcome.size > 225 * 4000)
        }
    }

    @Test("Where only a model's test pictures are in use, the training pictures go, and come back under their own time")
    func testPart() throws {
        try withCache([space(1)]) { cache, _ in
            #expect(try trim(cache, since: 1, keeping: space(1).parts(.test)).removals.map(\.rows) == [100, 100])
            #expect(try rows(cache, space(1)) == [0, 0, 25])
            try fill(cache, [space(1)])
            try cache.noteUse(of: space(1).parts(.test), at: time(5 * Self.day))
            #expect(try trim(cache, since: 1).removals.map(\.rows) == [100, 100])
            #expect(try trim(cache, since: 6).removals.map(\.rows) == [25])
            #expect(try rows(cache, space(1)) == [0, 0, 0])
        }
    }

    @Test("Copies of another augmentation go alone: the originals belong to both")
    func augmentation() throws {
        try withCache([space(1), space(1, augmentation: "zoom")]) { cache, _ in
            let outcome = try trim(cache, since: 1, keeping: space(1, augmentation: "zoom").parts(.train, copies: 1))
            #expect(outcome.removals.map(\.rows) == [100])
            #expect(try rows(cache, space(1)) == [100, 0, 25])
            #expect(try rows(cache, space(1, augmentation: "zoom")) == [100, 100, 25])
        }
    }

    @Test("Stopped at any point, it loses nothing that is in use, and the next call finishes", arguments: 0..<8)
    func interrupted(steps: Int) throws {
        try withStateFolder { folder in
            let kept = space(2).parts(.train, copies: 1) + space(2).parts(.test)
            var left = steps
            let isDone = try { () throws -> Bool in
                let cache = try FeatureCache(folder.features) { Issue.record("unexpected: \($0)") }
                try fill(cache, [space(1), space(2)])
                do {
                    _ = try trim(cache, since: 9, keeping: kept) {
                        left -= 1
                        if left < 0 { throw CancellationError() }
                    }
                    return true
                } catch is CancellationError {
                    return false
                }
            }()
            #expect(isDone == (steps >= 4), "it can stop before each of three parts and before the file is shortened")
            let cache = try FeatureCache(folder.features) { Issue.record("unexpected: \($0)") }
            #expect(try rows(cache, space(2)) == [100, 100, 25])
            let outcome = try trim(cache, since: 9, keeping: kept)
            #expect(try rows(cache, space(1)) == [0, 0, 0])
            #expect(try rows(cache, space(2)) == [100, 100, 25])
            #expect(try Files.size(of: folder.features) == outcome.size)
        }
    }

    @Test("A cache of an earlier release keeps its features, which count as used when it was first opened")
    func olderRelease() throws {
        try withStateFolder { folder in
            try fill(FeatureCache(folder.features) { _ in }, [space(1), space(1, augmentation: "zoom")])
            let old = try DatabaseQueue(path: folder.features.string)
            try old.write { try $0.execute(sql: "DROP TABLE uses; PRAGMA user_version = 1") }
            try old.close()
            let start = Timestamp.now
            let cache = try FeatureCache(folder.features) { Issue.record("unexpected: \($0)") }
            #expect(try rows(cache, space(1)) == [100, 100, 25])
            func trim(since time: Timestamp) throws -> [Int] {
                var rows: [Int] = []
                _ = try cache.trim(
                    FeatureRule(usedSince: time, maxBytes: nil),
                    inUse: { FeaturesInUse(parts: [], testPictures: testPictures) }, check: {},
                    removed: { rows.append($0.rows) })
                return rows
            }
            #expect(try trim(since: start) == [])
            #expect(try trim(since: Timestamp(millisecondsSince1970: .max)).reduce(0, +) == 325)
        }
    }
}
