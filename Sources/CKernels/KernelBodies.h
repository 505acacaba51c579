// The bodies of all kernels, written once with clang's vector types and included once per instruction set.
// The including file defines WIDTH (floats in a vector) and NAME(x) (the function's name for this instruction set).

#include "Vectors.h"

typedef int32_t NAME(Integers) __attribute__((ext_vector_type(WIDTH), aligned(4)));
#define I NAME(Integers)

// exp to about 1e-7 relative: 2^n times Taylor's polynomial of degree 7 on [-ln 2 / 2, ln 2 / 2].
INLINE V NAME(exponential)(V x) {
    x = NAME(minimum)(NAME(maximum)(x, (V)(-87.0f)), (V)(88.0f));
    const V magic = (V)(12582912.0f);  // adding 1.5 * 2^23 rounds to an integer
    V n = (x * 1.44269504f + magic) - magic;
    V r = (x - n * 0.693359375f) + n * 2.12194440e-4f;
    V p = r * (1.0f / 5040) + 1.0f / 720;
    p = p * r + 1.0f / 120;
    p = p * r + 1.0f / 24;
    p = p * r + 1.0f / 6;
    p = p * r + 0.5f;
    p = p * r + 1.0f;
    p = p * r + 1.0f;
    I exponent = (__builtin_convertvector(n, I) + 127) << 23;
    return p * *(V *)&exponent;
}

INLINE V NAME(sigmoid)(V x) { return 1.0f / (1.0f + NAME(exponential)(-x)); }

// Near zero, the quotient would lose digits, so an odd polynomial replaces it.
INLINE V NAME(tanh)(V x) {
    V magnitude = x < 0.0f ? -x : x;
    V e = NAME(exponential)(-2.0f * magnitude);
    V large = (1.0f - e) / (1.0f + e);
    V s = x * x;
    V small = magnitude
        * ((((s * (62.0f / 2835) - 17.0f / 315) * s + 2.0f / 15) * s - 1.0f / 3) * s + 1.0f);
    V result = magnitude < 0.25f ? small : large;
    return x < 0.0f ? -result : result;
}

INLINE V NAME(activate)(V x, const CultivarActivation *activation) {
    switch (activation->kind) {
        case CULTIVAR_CLIP: return NAME(clip)(x, activation->first, activation->second);
        case CULTIVAR_LEAKY_RELU: return x < 0.0f ? activation->first * x : x;
        case CULTIVAR_SIGMOID: return NAME(sigmoid)(x);
        case CULTIVAR_HARD_SIGMOID: return NAME(clip)(activation->first * x + activation->second, 0.0f, 1.0f);
        case CULTIVAR_HARD_SWISH: return x * NAME(clip)(x * (1.0f / 6) + 0.5f, 0.0f, 1.0f);
        case CULTIVAR_TANH: return NAME(tanh)(x);
        case CULTIVAR_SILU: return x * NAME(sigmoid)(x);
    }
    return x;
}

static void NAME(normalize)(const uint8_t *pixels, ptrdiff_t count, const float *scale, const float *shift,
                            float *output) {
    const float scale0 = scale[0], scale1 = scale[1], scale2 = scale[2];
    const float shift0 = shift[0], shift1 = shift[1], shift2 = shift[2];
    for (ptrdiff_t i = 0; i < count; i++) {
        output[3 * i] = pixels[3 * i] * scale0 + shift0;
        output[3 * i + 1] = pixels[3 * i + 1] * scale1 + shift1;
        output[3 * i + 2] = pixels[3 * i + 2] * scale2 + shift2;
    }
}

INLINE void NAME(finish_rows)(float *values, ptrdiff_t rows, ptrdiff_t channels, const float *bias,
                              const float *residual, const CultivarActivation *activation) {
    for (ptrdiff_t row = 0; row < rows; row++) {
        float *line = values + row * channels;
        const float *other = residual ? residual + row * channels : NULL;
        ptrdiff_t c = 0;
        for (; c + WIDTH <= channels; c += WIDTH) {
            V x = NAME(load)(line + c);
            if (bias) x += NAME(load)(bias + c);
            if (residual) x += NAME(load)(other + c);
            NAME(store)(line + c, NAME(activate)(x, activation));
        }
        if (c < channels) {
            V x = NAME(load_part)(line + c, channels - c);
            if (bias) x += NAME(load_part)(bias + c, channels - c);
            if (residual) x += NAME(load_part)(other + c, channels - c);
            NAME(store_part)(line + c, NAME(activate)(x, activation), channels - c);
        }
    }
}

static void NAME(finish)(float *values, ptrdiff_t rows, ptrdiff_t channels, const float *bias, const float *residual,
                         CultivarActivation activation) {
    if (bias && !residual && activation.kind == CULTIVAR_CLIP) {
        const CultivarActivation clip = {CULTIVAR_CLIP, activation.first, activation.second};
        NAME(finish_rows)(values, rows, channels, bias, NULL, &clip);
    } else if (bias && residual && activation.kind == CULTIVAR_CLIP) {
        const CultivarActivation clip = {CULTIVAR_CLIP, activation.first, activation.second};
        NAME(finish_rows)(values, rows, channels, bias, residual, &clip);
    } else {
        NAME(finish_rows)(values, rows, channels, bias, residual, &activation);
    }
}

static void NAME(affine)(const float *input, ptrdiff_t rows, ptrdiff_t channels, const float *scale,
                         const float *shift, CultivarActivation activation, float *output) {
    for (ptrdiff_t row = 0; row < rows; row++) {
        for (ptrdiff_t c = 0; c < channels; c += WIDTH) {
            ptrdiff_t left = channels - c, at = row * channels + c;
            V x = NAME(get)(input + at, left) * NAME(get)(scale + c, left) + NAME(get)(shift + c, left);
            NAME(put)(output + at, NAME(activate)(x, &activation), left);
        }
    }
}

INLINE V NAME(combine)(CultivarArithmetic op, V left, V right) {
    switch (op) {
        case CULTIVAR_ADD: return left + right;
        case CULTIVAR_SUBTRACT: return left - right;
        case CULTIVAR_MULTIPLY: return left * right;
        case CULTIVAR_DIVIDE: return left / right;
    }
    return left;
}

static void NAME(arithmetic)(CultivarArithmetic op, const float *left, ptrdiff_t leftStep, const float *right,
                             ptrdiff_t rightStep, ptrdiff_t rows, ptrdiff_t channels, CultivarActivation activation,
                             float *output) {
    for (ptrdiff_t row = 0; row < rows; row++) {
        const float *a = left + row * leftStep, *b = right + row * rightStep;
        for (ptrdiff_t c = 0; c < channels; c += WIDTH) {
            ptrdiff_t count = channels - c;
            V x = NAME(combine)(op, NAME(get)(a + c, count), NAME(get)(b + c, count));
            NAME(put)(output + row * channels + c, NAME(activate)(x, &activation), count);
        }
    }
}

// Adds one kernel row of constant stride to the sums of neighbouring pixels: every input pixel is loaded only once, for
// all outputs to which it contributes. `line` is at column `origin` of the image; unless it `isEdge`, all pixels are
// inside.
INLINE void NAME(depthwise_line)(const CultivarWindow *w, const float *line, const float *factors, ptrdiff_t origin,
                                 V *sums, const ptrdiff_t taps, const ptrdiff_t columns, const ptrdiff_t stride,
                                 const int isEdge) {
    V factor[5];
#pragma clang loop unroll(full)
    for (ptrdiff_t kx = 0; kx < taps; kx++) factor[kx] = NAME(load)(factors + kx * w->channels);
#pragma clang loop unroll(full)
    for (ptrdiff_t x = 0; x < (columns - 1) * stride + taps; x++) {
        if (!isEdge || (size_t)(origin + x) < (size_t)w->width) {
            const V value = NAME(load)(line);
#pragma clang loop unroll(full)
            for (ptrdiff_t kx = 0; kx < taps; kx++)
                if (x >= kx && (x - kx) % stride == 0 && (x - kx) / stride < columns)
                    sums[(x - kx) / stride] += value * factor[kx];
        }
        line += w->channels;
        __asm__("" : "+r"(line));  // or the compiler keeps one pointer per pixel, more than there are registers
    }
}

// Stores a vector of elements in the format, starting at element `at`.
INLINE void NAME(store_as)(void *output, ptrdiff_t at, V value, const CultivarFormat format) {
    void *to = element_at(output, at, format);
#if defined(__x86_64__) && WIDTH >= 8
    if (format == CULTIVAR_INT16) {
        NAME(store_int16)(to, value);
        return;
    }
#endif
#if defined(__x86_64__) && WIDTH == 16
    if (format == CULTIVAR_BFLOAT16) {
        __m256i shorts;
        __asm__("vcvtneps2bf16 %1, %0" : "=v"(shorts) : "v"(value));
        _mm256_storeu_si256(to, shorts);
        return;
    }
#endif
    NAME(store)(to, value);
}

// One vector of channels of `columns` neighbouring output pixels, the first one's taps beginning at column `origin` of
// the image, for the taps in kernel rows [top, bottom), which are inside the image, and kernel columns [left, right),
// which are inside, too, unless `isEdge`. The column count is a constant after inlining. So are stride and kernel
// columns if the stride isn't 0; the kernel is then square.
INLINE void NAME(depthwise_block)(const CultivarWindow *w, const float *input, const float *weights, const float *bias,
                                  const CultivarActivation *activation, void *output, ptrdiff_t top, ptrdiff_t bottom,
                                  ptrdiff_t origin, const ptrdiff_t left, const ptrdiff_t right,
                                  const ptrdiff_t columns, const ptrdiff_t stride, const int isEdge,
                                  const CultivarFormat format) {
    const ptrdiff_t step = w->strideX * w->channels, tap = w->dilationX * w->channels;
    V sums[8];
    const V start = NAME(load)(bias);
#pragma clang loop unroll(full)
    for (ptrdiff_t i = 0; i < columns; i++) sums[i] = start;
    const ptrdiff_t lineStep = w->dilationY * w->width * w->channels, factorStep = w->kernelWidth * w->channels;
    if (stride && right == 3) {
#pragma clang loop unroll(full)
        for (ptrdiff_t ky = 0; ky < 3; ky++)
            if (ky >= top && ky < bottom)
                NAME(depthwise_line)(w, input + ky * lineStep, weights + ky * factorStep, origin, sums, 3, columns,
                                     stride, isEdge);
    } else {
        for (ptrdiff_t ky = top; ky < bottom; ky++) {
            const float *line = input + ky * lineStep, *factors = weights + ky * factorStep;
            if (stride) {
                NAME(depthwise_line)(w, line, factors, origin, sums, right, columns, stride, isEdge);
                continue;
            }
            for (ptrdiff_t kx = left; kx < right; kx++) {
                const V factor = NAME(load)(factors + kx * w->channels);
#pragma clang loop unroll(full)
                for (ptrdiff_t i = 0; i < columns; i++) sums[i] += NAME(load)(line + i * step + kx * tap) * factor;
            }
        }
    }
    if (activation->kind == CULTIVAR_CLIP) {
#pragma clang loop unroll(full)
        for (ptrdiff_t i = 0; i < columns; i++)
            NAME(store_as)(output, i * w->channels, NAME(clip)(sums[i], activation->first, activation->second),
                           format);
    } else {
        V values[8];  // in memory, so that the code for all activations exists once, not once per column
#pragma clang loop unroll(full)
        for (ptrdiff_t i = 0; i < columns; i++) values[i] = sums[i];
#pragma clang loop unroll(disable)
        for (ptrdiff_t i = 0; i < columns; i++)
            NAME(store_as)(output, i * w->channels, NAME(activate)(values[i], activation), format);
    }
}

// All channels of `columns` pixels, starting at column `x` of row `y`. The last vector of channels overlaps the
// previous one, so that no rest is left.
INLINE void NAME(depthwise_columns)(const CultivarWindow *w, const float *input, const float *weights,
                                    const float *bias, const CultivarActivation *activation, void *output, ptrdiff_t y,
                                    ptrdiff_t x, const ptrdiff_t left, const ptrdiff_t right, const ptrdiff_t columns,
                                    const ptrdiff_t stride, const int isEdge, const CultivarFormat format) {
    const ptrdiff_t originY = y * w->strideY - w->padTop, originX = x * w->strideX - w->padLeft;
    const ptrdiff_t top = first_tap(originY, w->dilationY);
    const ptrdiff_t bottom = tap_end(originY, w->dilationY, w->kernelHeight, w->height);
    const float *from = input + (originY * w->width + originX) * w->channels;
    void *to = element_at(output, (y * w->outputWidth + x) * w->channels, format);
    for (ptrdiff_t at = 0; at < w->channels; at += WIDTH) {
        ptrdiff_t c = at + WIDTH <= w->channels ? at : w->channels - WIDTH;
        NAME(depthwise_block)(w, from + c, weights + c, bias + c, activation, element_at(to, c, format), top, bottom,
                              originX, left, right, columns, stride, isEdge, format);
    }
}

// One row of output. Pixels [first, last) have all their kernel columns inside the image; `taps` is their number.
INLINE void NAME(depthwise_row)(const CultivarWindow *w, const float *input, const float *weights, const float *bias,
                                const CultivarActivation *activation, void *output, ptrdiff_t y, ptrdiff_t first,
                                ptrdiff_t last, const ptrdiff_t taps, const ptrdiff_t stride,
                                const CultivarFormat format) {
    ptrdiff_t x = 0;
#define COLUMNS(count, left, right, isEdge) \
    NAME(depthwise_columns)(w, input, weights, bias, activation, output, y, x, left, right, count, stride, isEdge, \
                            format)
#define INNER(count) \
    for (; x + count <= last; x += count) COLUMNS(count, 0, taps, 0);
#define BORDER(end) \
    for (; x < end; x++) { \
        const ptrdiff_t origin = x * w->strideX - w->padLeft; \
        COLUMNS(1, first_tap(origin, w->dilationX), tap_end(origin, w->dilationX, w->kernelWidth, w->width), 0); \
    }
#define ANY(count) \
    for (; x + count <= w->outputWidth; x += count) { \
        if (x >= first && x + count <= last) COLUMNS(count, 0, taps, 0); \
        else COLUMNS(count, 0, taps, 1); \
    }
    if (stride) {
        ANY(8) ANY(4) ANY(2) ANY(1)
    } else {
        BORDER(first) INNER(8) INNER(4) INNER(2) INNER(1) BORDER(w->outputWidth)
    }
#undef ANY
#undef BORDER
#undef INNER
#undef COLUMNS
}

// For fewer channels than a vector has elements.
static void NAME(depthwise_narrow)(const CultivarWindow *w, const float *input, const float *weights,
                                   const float *bias, const CultivarActivation *activation, float *output) {
    const ptrdiff_t count = w->channels;
    for (ptrdiff_t pixel = 0; pixel < w->outputHeight * w->outputWidth; pixel++) {
        const ptrdiff_t originY = pixel / w->outputWidth * w->strideY - w->padTop;
        const ptrdiff_t originX = pixel % w->outputWidth * w->strideX - w->padLeft;
        const ptrdiff_t bottom = tap_end(originY, w->dilationY, w->kernelHeight, w->height);
        const ptrdiff_t right = tap_end(originX, w->dilationX, w->kernelWidth, w->width);
        V sum = NAME(load_part)(bias, count);
        for (ptrdiff_t ky = first_tap(originY, w->dilationY); ky < bottom; ky++)
            for (ptrdiff_t kx = first_tap(originX, w->dilationX); kx < right; kx++) {
                const ptrdiff_t at = (originY + ky * w->dilationY) * w->width + originX + kx * w->dilationX;
                sum += NAME(load_part)(input + at * count, count)
                    * NAME(load_part)(weights + (ky * w->kernelWidth + kx) * count, count);
            }
        NAME(store_part)(output + pixel * count, NAME(activate)(sum, activation), count);
    }
}

// For at least as many channels as a vector has elements.
INLINE void NAME(depthwise_wide)(const CultivarWindow *w, const float *input, const float *weights, const float *bias,
                                 CultivarActivation activation, void *output, const CultivarFormat format) {
    ptrdiff_t first = (w->padLeft + w->strideX - 1) / w->strideX;
    const ptrdiff_t reach = w->width - 1 + w->padLeft - (w->kernelWidth - 1) * w->dilationX;
    ptrdiff_t last = reach < 0 ? 0 : reach / w->strideX + 1;
    if (last > w->outputWidth) last = w->outputWidth;
    if (first > last) first = last;
#define ROW(taps, stride) \
    NAME(depthwise_row)(w, input, weights, bias, &activation, output, y, first, last, taps, stride, format)
    const int isSquare = w->kernelHeight == w->kernelWidth;
    for (ptrdiff_t y = 0; y < w->outputHeight; y++) {
        switch (isSquare && w->dilationX == 1 && w->strideX <= 2 ? 10 * w->kernelWidth + w->strideX : 0) {
            case 31: ROW(3, 1); break;
            case 32: ROW(3, 2); break;
            case 51: ROW(5, 1); break;
            case 52: ROW(5, 2); break;
            default: ROW(w->kernelWidth, 0);
        }
    }
#undef ROW
}

static void NAME(depthwise)(const CultivarWindow *w, const float *input, const float *weights, const float *bias,
                            CultivarActivation activation, float *output) {
    if (w->channels < WIDTH) NAME(depthwise_narrow)(w, input, weights, bias, &activation, output);
    else NAME(depthwise_wide)(w, input, weights, bias, activation, output, CULTIVAR_FLOAT32);
}

#if WIDTH >= 8
static void NAME(depthwise_int16)(const CultivarWindow *w, const float *input, const float *weights, const float *bias,
                                  CultivarActivation activation, void *output) {
    NAME(depthwise_wide)(w, input, weights, bias, activation, output, CULTIVAR_INT16);
}
#endif

#if WIDTH == 16
static void NAME(depthwise_bfloat16)(const CultivarWindow *w, const float *input, const float *weights,
                                     const float *bias, CultivarActivation activation, void *output) {
    NAME(depthwise_wide)(w, input, weights, bias, activation, output, CULTIVAR_BFLOAT16);
}
#endif

INLINE V NAME(pool_window)(const CultivarWindow *w, const float *input, ptrdiff_t y, ptrdiff_t x, ptrdiff_t c,
                           const int isMaximum, ptrdiff_t *taps) {
    const ptrdiff_t originY = y * w->strideY - w->padTop, originX = x * w->strideX - w->padLeft;
    const ptrdiff_t left = w->channels - c;
    const ptrdiff_t bottom = tap_end(originY, w->dilationY, w->kernelHeight, w->height);
    const ptrdiff_t right = tap_end(originX, w->dilationX, w->kernelWidth, w->width);
    V result = (V)(isMaximum ? -INFINITY : 0.0f);
    *taps = 0;
    for (ptrdiff_t ky = first_tap(originY, w->dilationY); ky < bottom; ky++) {
        const float *line = input + (originY + ky * w->dilationY) * w->width * w->channels + c;
        for (ptrdiff_t kx = first_tap(originX, w->dilationX); kx < right; kx++) {
            const V value = NAME(get)(line + (originX + kx * w->dilationX) * w->channels, left);
            result = isMaximum ? NAME(maximum)(value, result) : result + value;
            *taps += 1;
        }
    }
    return result;
}

static void NAME(max_pool)(const CultivarWindow *w, const float *input, float *output) {
    ptrdiff_t taps;
    for (ptrdiff_t y = 0; y < w->outputHeight; y++)
        for (ptrdiff_t x = 0; x < w->outputWidth; x++)
            for (ptrdiff_t c = 0; c < w->channels; c += WIDTH)
                NAME(put)(output + (y * w->outputWidth + x) * w->channels + c,
                          NAME(pool_window)(w, input, y, x, c, 1, &taps), w->channels - c);
}

static void NAME(average_pool)(const CultivarWindow *w, int countPadding, ptrdiff_t padBottom, ptrdiff_t padRight,
                               const float *input, float *output) {
    for (ptrdiff_t y = 0; y < w->outputHeight; y++)
        for (ptrdiff_t x = 0; x < w->outputWidth; x++)
            for (ptrdiff_t c = 0; c < w->channels; c += WIDTH) {
                ptrdiff_t taps;
                V sum = NAME(pool_window)(w, input, y, x, c, 0, &taps);
                if (countPadding)
                    taps = tap_end(y * w->strideY - w->padTop, w->dilationY, w->kernelHeight, w->height + padBottom)
                        * tap_end(x * w->strideX - w->padLeft, w->dilationX, w->kernelWidth, w->width + padRight);
                NAME(put)(output + (y * w->outputWidth + x) * w->channels + c, sum / (float)taps, w->channels - c);
            }
}

static void NAME(global_average)(const float *input, ptrdiff_t rows, ptrdiff_t channels, float *output) {
    for (ptrdiff_t c = 0; c < channels; c += WIDTH) {
        V sum = (V)(0.0f);
        for (ptrdiff_t row = 0; row < rows; row++) sum += NAME(get)(input + row * channels + c, channels - c);
        NAME(put)(output + c, sum / (float)rows, channels - c);
    }
}

static void NAME(global_max)(const float *input, ptrdiff_t rows, ptrdiff_t channels, float *output) {
    for (ptrdiff_t c = 0; c < channels; c += WIDTH) {
        V result = (V)(-INFINITY);
        for (ptrdiff_t row = 0; row < rows; row++)
            result = NAME(maximum)(NAME(get)(input + row * channels + c, channels - c), result);
        NAME(put)(output + c, result, channels - c);
    }
}

static void NAME(softmax)(const float *input, ptrdiff_t count, float *output) {
    float largest = -INFINITY, sum = 0;
    for (ptrdiff_t i = 0; i < count; i++) largest = input[i] > largest ? input[i] : largest;
    for (ptrdiff_t i = 0; i < count; i += WIDTH)
        NAME(put)(output + i, NAME(exponential)(NAME(get)(input + i, count - i) - largest), count - i);
    for (ptrdiff_t i = 0; i < count; i++) sum += output[i];
    for (ptrdiff_t i = 0; i < count; i++) output[i] /= sum;
}

#undef I
#include "VectorsEnd.h"
