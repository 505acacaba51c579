internal import COpenBLAS
internal import Glibc

/// The one-time set-up of OpenBLAS, which is process-global.
enum OpenBLAS {
    /// Evaluated before the first product.
    static let configure: Void = {
        openblas_set_num_threads(1)
        #if arch(x86_64)
            chooseKernels()
        #endif
    }()

    #if arch(x86_64)
        /// Makes an OpenBLAS that is older than the CPU use the CPU's vector instructions.
        ///
        /// OpenBLAS chooses its kernels by CPU model and uses those of the Prescott (SSE3) for a model that it doesn't
        /// know: 0.3.21 on a Sapphire Rapids or newer is five times slower than it could be. It reads
        /// `OPENBLAS_CORETYPE`, but only when the library is loaded, before `main`. So its initialisation is run again
        /// here.
        private static func chooseKernels() {
            guard getenv(coreType) == nil, kernelName == "Prescott", let wanted = bestKernels,
                let quit = function("gotoblas_dynamic_quit"), let start = function("gotoblas_dynamic_init")
            else { return }
            setenv(coreType, wanted, 1)
            quit()
            start()
            unsetenv(coreType)
        }

        private static let coreType = "OPENBLAS_CORETYPE"

        private static var bestKernels: String? {
            switch CPU.instructionSet {
            case .avx512: "SkylakeX"
            case .avx2: "Haswell"
            case .baseline: nil
            }
        }

        /// A function of an OpenBLAS built with run-time dispatch; other builds lack it.
        private static func function(_ name: String) -> (@convention(c) () -> Void)? {
            dlsym(nil, name).map { unsafeBitCast($0, to: (@convention(c) () -> Void).self) }
        }
    #endif

    /// OpenBLAS's name of the CPU family whose kernels are in use, for example "SkylakeX".
    static var kernelName: String { openblas_get_corename().map { String(cString: $0) } ?? "unknown" }
}
