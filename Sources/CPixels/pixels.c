#include <stddef.h>
#include <string.h>

#include "CPixels.h"

// One source, also compiled for AVX2 and selected at start; integers and unfused doubles give the same bits in both.
#if defined(__x86_64__)
#define CPX_MULTIVERSIONED __attribute__((target_clones("avx2", "default")))
#else
#define CPX_MULTIVERSIONED
#endif

#pragma STDC FP_CONTRACT OFF

enum { FRACTION_BITS = 22 };

/// Converts a fixed-point sum to a sample. The weights of a position are positive and add up to 1, except for rounding.
static inline uint8_t sample(int32_t sum) {
    int32_t value = sum >> FRACTION_BITS;
    return (uint8_t)(value > 255 ? 255 : value);
}

void cpx_resample_rows(
    const uint8_t *in, int32_t in_width, int32_t rows, uint8_t *out, int32_t out_width, const struct cpx_taps *taps
) {
    for (int32_t row = 0; row < rows; row++) {
        const uint8_t *line = in + (size_t)row * (size_t)in_width * 3;
        for (int32_t x = 0; x < out_width; x++) {
            const uint8_t *pixel = line + (size_t)taps->first[x] * 3;
            const int32_t *weights = taps->weights + (size_t)x * (size_t)taps->stride;
            int32_t red = 1 << (FRACTION_BITS - 1), green = red, blue = red;
            for (int32_t tap = 0; tap < taps->count[x]; tap++, pixel += 3) {
                red += pixel[0] * weights[tap];
                green += pixel[1] * weights[tap];
                blue += pixel[2] * weights[tap];
            }
            *out++ = sample(red);
            *out++ = sample(green);
            *out++ = sample(blue);
        }
    }
}

CPX_MULTIVERSIONED
void cpx_resample_columns(
    const uint8_t *in, int32_t row_bytes, uint8_t *out, int32_t out_rows, const struct cpx_taps *taps, int32_t *sums
) {
    for (int32_t row = 0; row < out_rows; row++, out += row_bytes) {
        const uint8_t *restrict line = in + (size_t)taps->first[row] * (size_t)row_bytes;
        int32_t *restrict sum = sums;
        for (int32_t x = 0; x < row_bytes; x++) sum[x] = 1 << (FRACTION_BITS - 1);
        for (int32_t tap = 0; tap < taps->count[row]; tap++, line += row_bytes) {
            int32_t weight = taps->weights[(size_t)row * (size_t)taps->stride + (size_t)tap];
            for (int32_t x = 0; x < row_bytes; x++) sum[x] += line[x] * weight;
        }
        for (int32_t x = 0; x < row_bytes; x++) out[x] = sample(sum[x]);
    }
}

static inline double clamp(double position, double last) {
    return position < 0 ? 0 : position > last ? last : position;
}

typedef uint8_t byte4 __attribute__((vector_size(4)));
typedef double double4 __attribute__((vector_size(32)));
typedef float float4 __attribute__((vector_size(16)));

static void pad_pixels(const uint8_t *in, size_t count, uint32_t *padded) {
    for (size_t pixel = 0; pixel < count; pixel++, in += 3) {
        byte4 value = {in[0], in[1], in[2], 0};
        memcpy(padded + pixel, &value, sizeof value);
    }
}

CPX_MULTIVERSIONED
void cpx_warp_bilinear(
    const uint8_t *in, int32_t width, int32_t height, const double *m, uint32_t *scratch, float *out
) {
    pad_pixels(in, (size_t)width * (size_t)height, scratch);
    for (int32_t y = 0; y < height; y++) {
        for (int32_t x = 0; x < width; x++, out += 3) {
            double from_y = clamp(y * m[0] + x * m[1] + m[2], height - 1);
            double from_x = clamp(y * m[3] + x * m[4] + m[5], width - 1);
            int32_t top = (int32_t)from_y, left = (int32_t)from_x;
            double upper = 1 - (from_y - top), lower = 1 - upper;
            double before = 1 - (from_x - left), after = 1 - before;
            const uint32_t *corner = scratch + (size_t)top * (size_t)width + (size_t)left;
            size_t down = top + 1 < height ? (size_t)width : 0, right = left + 1 < width ? 1 : 0;
            byte4 values[4];
            memcpy(&values[0], corner, 4);
            memcpy(&values[1], corner + right, 4);
            memcpy(&values[2], corner + down, 4);
            memcpy(&values[3], corner + down + right, 4);
            double4 sum = __builtin_convertvector(values[0], double4) * upper * before;
            sum += __builtin_convertvector(values[1], double4) * upper * after;
            sum += __builtin_convertvector(values[2], double4) * lower * before;
            sum += __builtin_convertvector(values[3], double4) * lower * after;
            // The fourth sample is overwritten by the next pixel.
            float4 rounded = __builtin_convertvector(sum, float4);
            memcpy(out, &rounded, sizeof rounded);
        }
    }
}

CPX_MULTIVERSIONED
void cpx_shift_levels(float *samples, int64_t count, float amount) {
    // Floats that aren't negative have the same order as their bits, and integer minima needn't handle NaN.
    int32_t least = INT32_MAX, most = 0;
    for (int64_t index = 0; index < count; index++) {
        int32_t bits;
        memcpy(&bits, samples + index, sizeof bits);
        least = bits < least ? bits : least;
        most = bits > most ? bits : most;
    }
    float smallest, largest;
    memcpy(&smallest, &least, sizeof smallest);
    memcpy(&largest, &most, sizeof largest);
    for (int64_t index = 0; index < count; index++) {
        float shifted = samples[index] + amount;
        shifted = shifted < smallest ? smallest : shifted;
        samples[index] = shifted > largest ? largest : shifted;
    }
}

void cpx_quantise(
    const float *in, int32_t width, int32_t height, float offset, const uint8_t *levels, bool flip_horizontal,
    bool flip_vertical, uint8_t *out
) {
    const ptrdiff_t step = flip_horizontal ? -3 : 3;
    for (int32_t y = 0; y < height; y++) {
        const float *pixel = in + (size_t)(flip_vertical ? height - 1 - y : y) * (size_t)width * 3;
        if (flip_horizontal) pixel += (ptrdiff_t)(width - 1) * 3;
        for (int32_t x = 0; x < width; x++, pixel += step, out += 3) {
            out[0] = levels[(uint8_t)(int32_t)(pixel[0] + offset)];
            out[1] = levels[(uint8_t)(int32_t)(pixel[1] + offset)];
            out[2] = levels[(uint8_t)(int32_t)(pixel[2] + offset)];
        }
    }
}
