#include "CPU.h"

static CultivarCPU cpu;

#if defined(__x86_64__)
__attribute__((constructor)) static void ask(void) {
    __builtin_cpu_init();
    if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma")) return;
    cpu.best = CULTIVAR_AVX2;
    if (!__builtin_cpu_supports("avx512f") || !__builtin_cpu_supports("avx512bw") || !__builtin_cpu_supports("avx512cd")
        || !__builtin_cpu_supports("avx512dq") || !__builtin_cpu_supports("avx512vl"))
        return;
    cpu.best = CULTIVAR_AVX512;
    cpu.hasBFloat16 = __builtin_cpu_supports("avx512bf16") != 0;
    cpu.hasVNNI = __builtin_cpu_supports("avx512vnni") != 0;
}
#endif

CultivarCPU cultivar_cpu(void) { return cpu; }
