import Foundation
import Testing

@testable import Numerics

@Suite("Matrix products")
struct GEMMTests {
    @Test(
        "A product equals the naive one, with and without transposes",
        arguments: [(1, 1, 1), (3, 5, 7), (16, 16, 16), (64, 10, 128), (37, 129, 65)], [0, 1, 2, 3])
    func product(size: (m: Int, n: Int, k: Int), transposes: Int) {
        let (m, n, k) = size
        let (transposeA, transposeB) = (transposes & 1 != 0, transposes & 2 != 0)
        var random = SeededRandom(seed: UInt64(m * n * k + transposes))
        let a = (0..<m * k).map { _ in random.uniform(-1, 1) }
        let b = (0..<k * n).map { _ in random.uniform(-1, 1) }
        let before = (0..<m * n).map { _ in random.uniform(-1, 1) }
        var c = before
        GEMM.multiply(
            m: m, n: n, k: k, a, leadingA: transposeA ? m : k, transposeA: transposeA, b,
            leadingB: transposeB ? k : n, transposeB: transposeB, beta: 2, into: &c, leadingC: n)
        for row in 0..<m {
            for column in 0..<n {
                var sum = 0.0
                for inner in 0..<k {
                    let left = transposeA ? a[inner * m + row] : a[row * k + inner]
                    let right = transposeB ? b[column * k + inner] : b[inner * n + column]
                    sum += Double(left) * Double(right)
                }
                let expected = sum + 2 * Double(before[row * n + column])
                #expect(abs(Double(c[row * n + column]) - expected) < 2e-5)
            }
        }
    }

    @Test("A product of a part of a larger matrix leaves the rest alone")
    func leadingDimension() {
        let a: [Float] = [1, 2, 9, 3, 4, 9]
        let b: [Float] = [1, 0, 0, 1]
        var c: [Float] = [7, 7, 7, 7, 7, 7]
        GEMM.multiply(m: 2, n: 2, k: 2, a, leadingA: 3, b, leadingB: 2, into: &c, leadingC: 3)
        #expect(c == [1, 2, 7, 3, 4, 7])
    }

    @Test("An empty product does nothing")
    func empty() {
        var c: [Float] = [7]
        GEMM.multiply(m: 0, n: 1, k: 1, [1], leadingA: 1, [1], leadingB: 1, into: &c, leadingC: 1)
        #expect(c == [7])
    }

    #if arch(x86_64)
        @Test("OpenBLAS doesn't stay with the kernels of a CPU without AVX on one that has it")
        func kernels() throws {
            let flags = try String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)
            let isOld = !flags.contains(" avx2 ")
            GEMM.prepare()
            #expect(isOld || OpenBLAS.kernelName != "Prescott")
        }
    #endif
}
