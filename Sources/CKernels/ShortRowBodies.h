// Rows of activations in int16, included once per instruction set; see ShortFormats.h.

#include "Vectors.h"

#if WIDTH == 16
INLINE V NAME(magnitude)(V value) { return (V)_mm512_abs_ps((__m512)value); }
INLINE float NAME(largest)(V value) { return _mm512_reduce_max_ps((__m512)value); }
#else
INLINE V NAME(magnitude)(V value) { return (V)_mm256_andnot_ps(_mm256_set1_ps(-0.0f), (__m256)value); }
INLINE float NAME(largest)(V value) {
    __m128 half = _mm_max_ps(_mm256_castps256_ps128((__m256)value), _mm256_extractf128_ps((__m256)value, 1));
    half = _mm_max_ps(half, _mm_movehl_ps(half, half));
    return _mm_cvtss_f32(_mm_max_ss(half, _mm_movehdup_ps(half)));
}
#endif

// Returns the scale.
static float NAME(row)(const float *input, ptrdiff_t depth, ptrdiff_t padded, uint16_t *output) {
    V largest = (V)(0.0f);
    for (ptrdiff_t at = 0; at < depth; at += WIDTH)
        largest = NAME(maximum)(largest, NAME(magnitude)(NAME(get)(input + at, depth - at)));
    const float maximum = NAME(largest)(largest);
    const float factor = maximum > 0 ? CULTIVAR_INT16_LIMIT / maximum : 0;
    for (ptrdiff_t at = 0; at < depth; at += WIDTH) {
        const V value = NAME(get)(input + at, depth - at) * factor;
        if (at + WIDTH <= padded) {
            NAME(store_int16)(output + at, value);
        } else {
            uint16_t rest[WIDTH];
            NAME(store_int16)(rest, value);
            memcpy(output + at, rest, (size_t)(padded - at) * sizeof *rest);
        }
    }
    return maximum / CULTIVAR_INT16_LIMIT;
}

static void NAME(rows)(const float *input, ptrdiff_t rows, ptrdiff_t depth, uint16_t *output, float *scales) {
    const ptrdiff_t padded = 2 * cultivar_short_units(depth);
    for (ptrdiff_t row = 0; row < rows; row++)
        scales[row] = NAME(row)(input + row * depth, depth, padded, output + row * padded);
}

#include "VectorsEnd.h"
