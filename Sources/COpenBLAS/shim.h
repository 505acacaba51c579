// OpenBLAS's C interface, and what the CPU can do.

#include <cblas.h>

#if defined(__x86_64__)
/* What Swift can't find out: which vector instructions this CPU, and the system's register saving, allow. */
static inline int cultivar_cpu_has_avx512(void) {
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
           __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("fma");
}

static inline int cultivar_cpu_has_avx2(void) {
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
}
#endif
