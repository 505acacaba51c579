internal import Glibc

/// Arithmetic without subnormal numbers (those below 1.2e-38), which cost the CPU 100 times as much as others.
///
/// Optimisers produce them in large numbers: a moment whose gradient stays zero, for example that of a dead ReLU unit,
/// halves until it is subnormal. TensorFlow's kernels also flush them to zero.
package enum Subnormals {
    /// Calls `body` with the calling thread's float unit flushing subnormal results and inputs to zero.
    package static func flushed<Result, Failure: Error>(_ body: () throws(Failure) -> Result) throws(Failure) -> Result
    {
        var previous = fenv_t()
        fegetenv(&previous)
        var flushing = previous
        #if arch(x86_64)
            // MXCSR: flush to zero (bit 15), denormals are zero (bit 6).
            flushing.__mxcsr |= 1 << 15 | 1 << 6
        #elseif arch(arm64)
            // FPCR: flush to zero (bit 24).
            flushing.__fpcr |= 1 << 24
        #endif
        fesetenv(&flushing)
        defer { fesetenv(&previous) }
        return try body()
    }
}
