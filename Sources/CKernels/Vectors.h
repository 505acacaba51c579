// The vector type of one instruction set and what all bodies do with it. The including file defines WIDTH (floats in a
// vector) and NAME(x) (the function's name for this instruction set), and includes VectorsEnd.h at its end.

typedef float NAME(Vector) __attribute__((ext_vector_type(WIDTH), aligned(4)));
#define V NAME(Vector)
#define INLINE static inline __attribute__((always_inline, unused))

INLINE V NAME(load)(const float *from) { return *(const V *)from; }
INLINE void NAME(store)(float *to, V value) { *(V *)to = value; }

// A vector with only its first `count` elements in memory; the others are zero.
#if defined(__x86_64__) && WIDTH == 16
INLINE V NAME(load_part)(const float *from, ptrdiff_t count) {
    return (V)_mm512_maskz_loadu_ps((__mmask16)((1u << count) - 1), from);
}
INLINE void NAME(store_part)(float *to, V value, ptrdiff_t count) {
    _mm512_mask_storeu_ps(to, (__mmask16)((1u << count) - 1), (__m512)value);
}
#else
INLINE V NAME(load_part)(const float *from, ptrdiff_t count) {
    V value = (V)(0.0f);
    for (ptrdiff_t i = 0; i < count; i++) value[i] = from[i];
    return value;
}
INLINE void NAME(store_part)(float *to, V value, ptrdiff_t count) {
    for (ptrdiff_t i = 0; i < count; i++) to[i] = value[i];
}
#endif

INLINE V NAME(get)(const float *from, ptrdiff_t count) {
    return count >= WIDTH ? NAME(load)(from) : NAME(load_part)(from, count);
}
INLINE void NAME(put)(float *to, V value, ptrdiff_t count) {
    if (count >= WIDTH) NAME(store)(to, value);
    else NAME(store_part)(to, value, count);
}

#if defined(__x86_64__) && WIDTH >= 8
// Stores a vector as int16, rounded to nearest, ties to even; values out of range become the nearest one.
INLINE void NAME(store_int16)(void *to, V value) {
#if WIDTH == 16
    _mm256_storeu_si256(to, _mm512_cvtsepi32_epi16(_mm512_cvtps_epi32((__m512)value)));
#else
    const __m256i integers = _mm256_cvtps_epi32((__m256)value);
    _mm_storeu_si128(to, _mm_packs_epi32(_mm256_castsi256_si128(integers), _mm256_extracti128_si256(integers, 1)));
#endif
}
#endif

INLINE V NAME(maximum)(V a, V b) { return a > b ? a : b; }
INLINE V NAME(minimum)(V a, V b) { return a < b ? a : b; }
INLINE V NAME(clip)(V x, float low, float high) { return NAME(minimum)(NAME(maximum)(x, (V)(low)), (V)(high)); }
