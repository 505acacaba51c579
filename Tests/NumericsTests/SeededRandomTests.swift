import Numerics
import Testing

/// The known values are from scripts/references/seeded_random.py.
@Suite("Seeded random numbers")
struct SeededRandomTests {
    @Test(
        "The numbers are those of xoshiro256** seeded by SplitMix64",
        arguments: [
            (
                UInt64(0),
                [
                    0x99ec_5f36_cb75_f2b4, 0xbf6e_1f78_4956_452a, 0x1a5f_849d_4933_e6e0, 0x6aa5_94f1_262d_2d2c,
                    0xbba5_ad4a_1f84_2e59,
                ] as [UInt64]
            ),
            (
                UInt64(42),
                [
                    0x1578_0b2e_0c2e_c716, 0x6104_d986_6d11_3a7e, 0xae17_5332_39e4_99a1, 0xecb8_ad47_03b3_60a1,
                    0xfde6_dc7f_e2ec_5e64,
                ] as [UInt64]
            ),
        ])
    func knownValues(seed: UInt64, expected: [UInt64]) {
        var random = SeededRandom(seed: seed)
        #expect(expected.indices.map { _ in random.next() } == expected)
    }

    @Test("Uniform numbers fill [0, 1) evenly")
    func uniform() {
        var random = SeededRandom(seed: 3)
        var counts = [Int](repeating: 0, count: 16)
        for _ in 0..<160_000 {
            let value = random.uniform()
            #expect(value >= 0 && value < 1)
            counts[Int(value * 16)] += 1
        }
        // Chi-squared with 15 degrees of freedom is above 37.7 once in a thousand seeds.
        #expect(counts.reduce(0.0) { $0 + Double(($1 - 10_000) * ($1 - 10_000)) / 10_000 } < 37.7)
    }

    @Test("Numbers below a bound are all reached and equally often")
    func below() {
        var random = SeededRandom(seed: 4)
        var counts = [Int](repeating: 0, count: 7)
        for _ in 0..<70_000 { counts[random.below(7)] += 1 }
        #expect(counts.allSatisfy { abs($0 - 10_000) < 400 })
    }

    @Test("Normal numbers have mean 0, variance 1 and the right tails")
    func normal() {
        var random = SeededRandom(seed: 5)
        let values = (0..<100_000).map { _ in Double(random.normal()) }
        let mean = values.reduce(0, +) / 100_000
        let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 100_000
        #expect(abs(mean) < 0.015)
        #expect(abs(variance - 1) < 0.02)
        let beyondTwo = Double(values.count { abs($0) > 2 }) / 100_000
        #expect(abs(beyondTwo - 0.0455) < 0.003)
    }

    @Test("Different branches of a seed have unrelated numbers, the same branch the same")
    func branches() {
        var seeds: Set<UInt64> = []
        for seed in 0..<100 as Range<UInt64> {
            for branch in 0..<100 as Range<UInt64> { seeds.insert(SeededRandom.derive(seed, branch)) }
        }
        #expect(seeds.count == 10_000)
        var one = SeededRandom(seed: 1, path: 2, 3)
        var same = SeededRandom(seed: 1, path: 2, 3)
        var other = SeededRandom(seed: 1, path: 3, 2)
        let first = one.next()
        #expect(first == same.next())
        #expect(first != other.next())
    }
}
