internal import CKernels
internal import Glibc
internal import Numerics

/// What computes products and convolutions: OpenBLAS, which runs everywhere, or Cultivar's own kernels for one
/// instruction set, which are faster. Their results differ in the last bits.
package enum Kernels: String, Sendable, CaseIterable {
    case openblas
    case avx2
    case avx512
    /// AVX-512 and its instructions for bfloat16, AVX512_BF16; in other precisions the same as `avx512`.
    case bf16

    /// The environment variable that selects one of them.
    static let variable = "CULTIVAR_KERNELS"

    /// The kernels that this CPU can run, the slowest first.
    package static let available = allCases.filter(\.isAvailable)

    private var isAvailable: Bool {
        switch self {
        case .openblas: true
        case .avx2: CPU.instructionSet >= .avx2
        case .avx512: CPU.instructionSet >= .avx512
        case .bf16: CPU.instructionSet >= .avx512 && CPU.hasBFloat16
        }
    }

    /// The kernels that the environment asked for when it was first read, otherwise the fastest.
    ///
    /// Throws `NetworkError.unknownKernels` if the environment names kernels that don't exist or can't run here.
    package static func chosen() throws(NetworkError) -> Kernels { try choice.get() }

    private static let choice = choose(getenv(variable).map { String(cString: $0) })

    static func choose(_ wanted: String?) -> Result<Kernels, NetworkError> {
        guard let wanted else { return .success(available.last ?? .openblas) }
        guard let kernels = Kernels(rawValue: wanted), available.contains(kernels) else {
            return .failure(.unknownKernels(value: wanted, available: available.map(\.rawValue)))
        }
        return .success(kernels)
    }

    /// The name of what determines the bits of results in a given precision.
    package var family: String { self == .bf16 ? Kernels.avx512.rawValue : rawValue }

    /// The instruction set of Cultivar's own kernels.
    var instructionSet: CultivarInstructionSet? {
        switch self {
        case .openblas: nil
        case .avx2: CULTIVAR_AVX2
        case .avx512, .bf16: CULTIVAR_AVX512
        }
    }
}
