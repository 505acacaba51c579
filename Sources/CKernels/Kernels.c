#include "CKernels.h"

#include <math.h>
#include <string.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#pragma clang fp contract(fast)

// The first tap inside the image of a window whose origin may be before the image, and the tap after the last one
// inside `size`.
static inline ptrdiff_t first_tap(ptrdiff_t origin, ptrdiff_t dilation) {
    return origin >= 0 ? 0 : (-origin + dilation - 1) / dilation;
}

static inline ptrdiff_t tap_end(ptrdiff_t origin, ptrdiff_t dilation, ptrdiff_t taps, ptrdiff_t size) {
    if (origin >= size) return 0;
    ptrdiff_t end = (size - 1 - origin) / dilation + 1;
    return end < taps ? end : taps;
}

// Element `at` of a row of elements in the format.
static inline void *element_at(void *from, ptrdiff_t at, CultivarFormat format) {
    return (char *)from + at * (format == CULTIVAR_FLOAT32 ? 4 : 2);
}

#define BODIES "KernelBodies.h"
#define HAS_BASELINE
#include "ForEachInstructionSet.h"
#define RUN(name, ...) DISPATCH(cultivar_cpu().best, name, __VA_ARGS__)

void cultivar_normalize(const uint8_t *pixels, ptrdiff_t count, const float scale[3], const float shift[3],
                        float *output) {
    RUN(normalize, pixels, count, scale, shift, output);
}

void cultivar_finish(float *values, ptrdiff_t rows, ptrdiff_t channels, const float *bias, const float *residual,
                     CultivarActivation activation) {
    RUN(finish, values, rows, channels, bias, residual, activation);
}

void cultivar_affine(const float *input, ptrdiff_t rows, ptrdiff_t channels, const float *scale, const float *shift,
                     CultivarActivation activation, float *output) {
    RUN(affine, input, rows, channels, scale, shift, activation, output);
}

void cultivar_arithmetic(CultivarArithmetic op, const float *left, ptrdiff_t leftStep, const float *right,
                         ptrdiff_t rightStep, ptrdiff_t rows, ptrdiff_t channels, CultivarActivation activation,
                         float *output) {
    RUN(arithmetic, op, left, leftStep, right, rightStep, rows, channels, activation, output);
}

void cultivar_depthwise(const CultivarWindow *window, const float *input, const float *weights, const float *bias,
                        CultivarActivation activation, float *output) {
    RUN(depthwise, window, input, weights, bias, activation, output);
}

void cultivar_depthwise_short(CultivarFormat format, const CultivarWindow *window, const float *input,
                              const float *weights, const float *bias, CultivarActivation activation,
                              uint16_t *output) {
#if defined(__x86_64__)
    if (format == CULTIVAR_BFLOAT16) depthwise_bfloat16_avx512(window, input, weights, bias, activation, output);
    else if (cultivar_cpu().best == CULTIVAR_AVX512) depthwise_int16_avx512(window, input, weights, bias, activation, output);
    else depthwise_int16_avx2(window, input, weights, bias, activation, output);
#else
    __builtin_trap();
#endif
}

void cultivar_max_pool(const CultivarWindow *window, const float *input, float *output) {
    RUN(max_pool, window, input, output);
}

void cultivar_average_pool(const CultivarWindow *window, int countPadding, ptrdiff_t padBottom, ptrdiff_t padRight,
                           const float *input, float *output) {
    RUN(average_pool, window, countPadding, padBottom, padRight, input, output);
}

void cultivar_global_average(const float *input, ptrdiff_t rows, ptrdiff_t channels, float *output) {
    RUN(global_average, input, rows, channels, output);
}

void cultivar_global_max(const float *input, ptrdiff_t rows, ptrdiff_t channels, float *output) {
    RUN(global_max, input, rows, channels, output);
}

void cultivar_softmax(const float *input, ptrdiff_t count, float *output) { RUN(softmax, input, count, output); }

// One kernel row of one patch: zeros left of the image, pixels, zeros right of it.
static float *patch_line(const CultivarWindow *w, const float *line, ptrdiff_t originX, ptrdiff_t channel,
                         ptrdiff_t groupChannels, float *output) {
    const size_t bytes = (size_t)groupChannels * sizeof(float);
    const ptrdiff_t left = first_tap(originX, w->dilationX);
    const ptrdiff_t right = tap_end(originX, w->dilationX, w->kernelWidth, w->width);
    if (line && left == 0 && right == w->kernelWidth && w->dilationX == 1 && groupChannels == w->channels) {
        memcpy(output, line + originX * w->channels, bytes * (size_t)w->kernelWidth);
        return output + w->kernelWidth * groupChannels;
    }
    for (ptrdiff_t kx = 0; kx < w->kernelWidth; kx++, output += groupChannels) {
        if (line && kx >= left && kx < right)
            memcpy(output, line + (originX + kx * w->dilationX) * w->channels + channel, bytes);
        else
            memset(output, 0, bytes);
    }
    return output;
}

void cultivar_patches(const CultivarWindow *w, const float *input, ptrdiff_t pixel, ptrdiff_t pixelEnd,
                      ptrdiff_t kernelRow, ptrdiff_t kernelRowEnd, ptrdiff_t channel, ptrdiff_t groupChannels,
                      float *output) {
    for (; pixel < pixelEnd; pixel++) {
        const ptrdiff_t y = pixel / w->outputWidth, x = pixel % w->outputWidth;
        const ptrdiff_t originX = x * w->strideX - w->padLeft;
        for (ptrdiff_t ky = kernelRow; ky < kernelRowEnd; ky++) {
            const ptrdiff_t row = y * w->strideY - w->padTop + ky * w->dilationY;
            const float *line = row >= 0 && row < w->height ? input + row * w->width * w->channels : NULL;
            output = patch_line(w, line, originX, channel, groupChannels, output);
        }
    }
}
