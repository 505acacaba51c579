#include "ShortProducts.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#pragma clang fp contract(fast)

#if defined(__x86_64__)
// The instructions that multiply pairs and add to a sum are only used in assembly, so the target needn't name their
// extensions.
#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx2,fma"))), \
                             apply_to = function)
#define WIDTH 16
#define PRODUCT
#define NAME(name) name##_bfloat16
#define MULTIPLY(v) FUSED("vdpbf16ps", v)
#define SCALED 0
#include "ProductBodies.h"
#undef NAME
#undef MULTIPLY
#undef SCALED

#define NAME(name) name##_vnni
#define MULTIPLY(v) FUSED("vpdpwssd", v)
#define SCALED 1
#include "ProductBodies.h"
#undef NAME
#undef MULTIPLY
#undef PRODUCT
#undef WIDTH
#pragma clang attribute pop
#endif

// Without VNNI, one instruction adds the two products of a pair and another one adds them to the sum.
#define BODIES "ProductBodies.h"
#define MULTIPLY(v) \
    "vpmaddwd %[weight" v "], %[factor], %[product]\n\tvpaddd %[product], %[sum" v "], %[sum" v "]\n\t"
#define PRODUCT , [product] "=&" REGISTER(product)
#include "ForEachInstructionSet.h"

void cultivar_short_product(CultivarInstructionSet set, const CultivarProduct *product) {
#if defined(__x86_64__)
    if (product->format == CULTIVAR_BFLOAT16) {
        product_bfloat16(product);
        return;
    }
    if (set == CULTIVAR_AVX512 && cultivar_cpu().hasVNNI) {
        product_vnni(product);
        return;
    }
#endif
    DISPATCH(set, product, product);
}
