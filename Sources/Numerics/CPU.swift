internal import CKernels

/// What the CPU can do. CKernels asks it, once for all.
package enum CPU {
    /// Vector instructions for which there is code; each includes those before it.
    package enum InstructionSet: Comparable, Sendable {
        case baseline, avx2, avx512
    }

    /// The best that it has.
    package static var instructionSet: InstructionSet {
        switch cultivar_cpu().best {
        case CULTIVAR_AVX512: .avx512
        case CULTIVAR_AVX2: .avx2
        default: .baseline
        }
    }

    /// Whether it multiplies bfloat16 elements (AVX512_BF16).
    package static var hasBFloat16: Bool { cultivar_cpu().hasBFloat16 != 0 }
}
