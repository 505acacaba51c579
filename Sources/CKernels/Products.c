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
