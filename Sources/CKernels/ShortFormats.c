#include "ShortFormats.h"

#include <math.h>
#include <string.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#define BODIES "ShortRowBodies.h"
#include "ForEachInstructionSet.h"

#if defined(__x86_64__)
#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx2,fma"))), \
                             apply_to = function)

static __mmask16 lanes(ptrdiff_t count) { return (__mmask16)(count >= 16 ? 0xffff : (1u << count) - 1); }

static void bfloat16_row(const float *input, ptrdiff_t depth, ptrdiff_t padded, uint16_t *output) {
    for (ptrdiff_t at = 0; at < depth; at += 16) {
        __m256i shorts;
        const __m512 value = _mm512_maskz_loadu_ps(lanes(depth - at), input + at);
        __asm__("vcvtneps2bf16 %1, %0" : "=v"(shorts) : "v"(value));
        _mm256_mask_storeu_epi16(output + at, lanes(padded - at), shorts);
    }
}

static void bfloat16_rows(const float *input, ptrdiff_t rows, ptrdiff_t depth, uint16_t *output) {
    const ptrdiff_t padded = 2 * cultivar_short_units(depth);
    for (ptrdiff_t row = 0; row < rows; row++) bfloat16_row(input + row * depth, depth, padded, output + row * padded);
}

#pragma clang attribute pop
#else
static void bfloat16_rows(const float *input, ptrdiff_t rows, ptrdiff_t depth, uint16_t *output) { __builtin_trap(); }
#endif

void cultivar_short_rows(CultivarInstructionSet set, CultivarFormat format, const float *input, ptrdiff_t rows,
                         ptrdiff_t depth, uint16_t *output, float *rowScales) {
    if (format == CULTIVAR_BFLOAT16) {
        bfloat16_rows(input, rows, depth, output);
    } else {
        DISPATCH(set, rows, input, rows, depth, output, rowScales);
    }
}

// Rounded to nearest, ties to even.
static uint16_t bfloat16_bits(float value) {
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return (uint16_t)((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

// The largest factor with which no weight exceeds int16 and no sum over the column exceeds int32; half a unit per
// weight is reserved for rounding.
static double int16_factor(const float *column, ptrdiff_t depth, ptrdiff_t columns) {
    double sum = 0, largest = 0;
    for (ptrdiff_t k = 0; k < depth; k++) {
        const double magnitude = fabs((double)column[k * columns]);
        sum += magnitude;
        largest = fmax(largest, magnitude);
    }
    if (largest == 0) return 1;
    const double room = (double)INT32_MAX / CULTIVAR_INT16_LIMIT - (double)depth;
    return fmin(INT16_MAX / largest, room / sum);
}

void cultivar_short_weights(CultivarFormat format, const float *matrix, ptrdiff_t depth, ptrdiff_t columns,
                            uint32_t *units, float *columnScales) {
    const ptrdiff_t rows = cultivar_short_units(depth);
    for (ptrdiff_t column = 0; column < columns; column++) {
        const double factor = format == CULTIVAR_INT16 ? int16_factor(matrix + column, depth, columns) : 1;
        if (format == CULTIVAR_INT16) columnScales[column] = (float)(1 / factor);
        for (ptrdiff_t row = 0; row < rows; row++) {
            uint32_t unit = 0;
            for (ptrdiff_t half = 0; half < 2 && 2 * row + half < depth; half++) {
                const float value = matrix[(2 * row + half) * columns + column];
                const uint16_t bits = format == CULTIVAR_INT16 ? (uint16_t)(int16_t)lrint(value * factor)
                                                               : bfloat16_bits(value);
                unit |= (uint32_t)bits << 16 * half;
            }
            units[row * columns + column] = unit;
        }
    }
}
