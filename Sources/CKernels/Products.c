#include "Products.h"
#include "ShortProducts.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#pragma clang fp contract(fast)

#define BODIES "ProductBodies.h"
#define MULTIPLY(v) FUSED("vfmadd231ps", v)
#define PRODUCT
#define SCALED 0
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

int cultivar_has_format(CultivarInstructionSet set, CultivarFormat format) {
#if defined(__x86_64__)
    if (format == CULTIVAR_BFLOAT16)
        return set == CULTIVAR_AVX512 && cultivar_has(set) && __builtin_cpu_supports("avx512bf16");
#endif
    return cultivar_has(set);
}

void cultivar_product(CultivarInstructionSet set, const CultivarProduct *product) {
    if (product->format == CULTIVAR_FLOAT32) {
        DISPATCH(set, product, product);
    } else {
        cultivar_short_product(set, product);
    }
}

ptrdiff_t cultivar_packed_count(CultivarInstructionSet set, ptrdiff_t depth, ptrdiff_t columns) {
    const ptrdiff_t width = set == CULTIVAR_AVX512 ? 16 : 8;
    return depth * ((columns + width - 1) / width * width);
}

void cultivar_pack(CultivarInstructionSet set, const float *matrix, ptrdiff_t depth, ptrdiff_t columns,
                   float *packed) {
    DISPATCH(set, pack, matrix, depth, columns, packed);
}
