internal import COpenBLAS

/// Single-precision matrix products on OpenBLAS.
///
/// OpenBLAS's thread count applies to the whole process, and workers that all call multi-threaded products slow each
/// other down. So it is set to one thread, once, before the first product: parallelism is the job of `WorkerPool`.
package enum GEMM {
    /// Sets OpenBLAS up. The first product does this automatically; if it is called first in `main`, no other thread is
    /// running yet.
    package static func prepare() { _ = OpenBLAS.configure }

    /// C (m x n) = op(A) (m x k) * op(B) (k x n) + beta * C, all row-major.
    ///
    /// - Parameters:
    ///   - leadingA: the distance between two rows of A as it is stored, in elements (likewise for B and C).
    ///   - transposeA: whether A is stored as k x m.
    ///   - transposeB: whether B is stored as n x k.
    package static func multiply(
        m: Int, n: Int, k: Int, _ a: UnsafePointer<Float>, leadingA: Int, transposeA: Bool = false,
        _ b: UnsafePointer<Float>, leadingB: Int, transposeB: Bool = false, beta: Float = 0,
        into c: UnsafeMutablePointer<Float>, leadingC: Int
    ) {
        prepare()
        guard m > 0, n > 0 else { return }
        cblas_sgemm(
            CblasRowMajor, transposeA ? CblasTrans : CblasNoTrans, transposeB ? CblasTrans : CblasNoTrans,
            Int32(m), Int32(n), Int32(k), 1, a, Int32(leadingA), b, Int32(leadingB), beta, c, Int32(leadingC))
    }
}
