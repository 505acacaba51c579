internal import Glibc

/// xoshiro256** (Blackman and Vigna, "Scrambled linear pseudorandom number generators", 2021), seeded by SplitMix64.
///
/// The same seed gives the same numbers on every machine.
package struct SeededRandom: RandomNumberGenerator, Sendable {
    private var state: (UInt64, UInt64, UInt64, UInt64)

    /// Any seed is as good as any other, including 0.
    package init(seed: UInt64) {
        var mixer = SplitMix64(state: seed)
        state = (mixer.next(), mixer.next(), mixer.next(), mixer.next())
    }

    /// A separate generator for one place in a tree of seeds, for example (run seed, candidate, fold).
    package init(seed: UInt64, path: UInt64...) {
        self.init(seed: path.reduce(seed, Self.derive))
    }

    /// A seed that depends on `seed` and `branch` in a way that leaves no visible relation between branches.
    package static func derive(_ seed: UInt64, _ branch: UInt64) -> UInt64 {
        var mixer = SplitMix64(state: seed)
        var inner = SplitMix64(state: mixer.next() ^ (branch &* 0x9E37_79B9_7F4A_7C15))
        return inner.next()
    }

    /// 64 random bits.
    package mutating func next() -> UInt64 {
        let result = rotateLeft(state.1 &* 5, 7) &* 9
        let shifted = state.1 << 17
        state.2 ^= state.0
        state.3 ^= state.1
        state.1 ^= state.2
        state.0 ^= state.3
        state.2 ^= shifted
        state.3 = rotateLeft(state.3, 45)
        return result
    }

    /// Uniform in [0, 1), with 24 random bits.
    package mutating func uniform() -> Float { Float(next() >> 40) * 0x1p-24 }

    /// Uniform in [lower, upper).
    package mutating func uniform(_ lower: Float, _ upper: Float) -> Float { lower + (upper - lower) * uniform() }

    /// Uniform in 0..<bound, without modulo bias.
    package mutating func below(_ bound: Int) -> Int { Int(next(upperBound: UInt64(bound))) }

    /// Standard normal, by the polar method (Marsaglia and Bray, 1964).
    package mutating func normal() -> Float {
        while true {
            let x = 2 * Double(next() >> 11) * 0x1p-53 - 1
            let y = 2 * Double(next() >> 11) * 0x1p-53 - 1
            let square = x * x + y * y
            if square > 0 && square < 1 { return Float(x * (-2 * log(square) / square).squareRoot()) }
        }
    }

    private func rotateLeft(_ value: UInt64, _ count: UInt64) -> UInt64 { (value << count) | (value >> (64 - count)) }
}

/// SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014).
private struct SplitMix64 {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
