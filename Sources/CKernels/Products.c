#include "Products.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#pragma clang fp contract(fast)

// Floats of the left matrix that are multiplied with one panel after the other, and the rows that these are at least.
#define BLOCK_FLOATS (96 << 10)
#define MINIMUM_ROWS 56

#define BODIES "ProductBodies.h"
#include "ForEachInstructionSet.h"

int cultivar_has(CultivarInstructionSet set) {
#if defined(__x86_64__)
    switch (set) {
        case CULTIVAR_AVX512:
            return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw")
                && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq");
        case CULTIVAR_AVX2: return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    }
#endif
    return 0;
}

void cultivar_product(CultivarInstructionSet set, const CultivarProduct *product) { DISPATCH(set, product, product); }

ptrdiff_t cultivar_packed_count(CultivarInstructionSet set, ptrdiff_t depth, ptrdiff_t columns) {
    const ptrdiff_t width = set == CULTIVAR_AVX512 ? 16 : 8;
    return depth * ((columns + width - 1) / width * width);
}

void cultivar_pack(CultivarInstructionSet set, const float *matrix, ptrdiff_t depth, ptrdiff_t columns,
                   float *packed) {
    DISPATCH(set, pack, matrix, depth, columns, packed);
}
