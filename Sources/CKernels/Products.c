#include "Products.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#pragma clang fp contract(fast)

// Floats of the left matrix that are multiplied with one panel after the other, and the rows that these are at least.
#define BLOCK_FLOATS (96 << 10)
#define MINIMUM_ROWS 56

#define BODIES "ProductBodies.h"
#define MULTIPLY "vfmadd231ps"
#define SCALED 0
#include "ForEachInstructionSet.h"
#undef MULTIPLY
#undef SCALED

#if defined(__x86_64__)
// The instructions that multiply pairs stand in assembly only, so that the target needn't name their extensions.
#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx2,fma"))), \
                             apply_to = function)
#define WIDTH 16
#define NAME(name) name##_bfloat16
#define MULTIPLY "vdpbf16ps"
#define SCALED 0
#include "ProductBodies.h"
#undef NAME
#undef MULTIPLY
#undef SCALED

#define NAME(name) name##_int16
#define MULTIPLY "vpdpwssd"
#define SCALED 1
#include "ProductBodies.h"
#undef NAME
#undef MULTIPLY
#undef SCALED
#undef WIDTH
#pragma clang attribute pop
#endif

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

int cultivar_has_format(CultivarFormat format) {
#if defined(__x86_64__)
    switch (format) {
        case CULTIVAR_BFLOAT16: return cultivar_has(CULTIVAR_AVX512) && __builtin_cpu_supports("avx512bf16");
        case CULTIVAR_INT16: return cultivar_has(CULTIVAR_AVX512) && __builtin_cpu_supports("avx512vnni");
        case CULTIVAR_FLOAT32: return 1;
    }
#endif
    return format == CULTIVAR_FLOAT32;
}

void cultivar_product(CultivarInstructionSet set, const CultivarProduct *product) {
#if defined(__x86_64__)
    switch (product->format) {
        case CULTIVAR_FLOAT32: break;
        case CULTIVAR_BFLOAT16: product_bfloat16(product); return;
        case CULTIVAR_INT16: product_int16(product); return;
    }
#endif
    DISPATCH(set, product, product);
}

ptrdiff_t cultivar_packed_count(CultivarInstructionSet set, ptrdiff_t depth, ptrdiff_t columns) {
    const ptrdiff_t width = set == CULTIVAR_AVX512 ? 16 : 8;
    return depth * ((columns + width - 1) / width * width);
}

void cultivar_pack(CultivarInstructionSet set, const float *matrix, ptrdiff_t depth, ptrdiff_t columns,
                   float *packed) {
    DISPATCH(set, pack, matrix, depth, columns, packed);
}
