// The loops over images of which a network consists, compiled for several instruction sets and selected at run time.
//
// Every map is float32, height x width x channels with the channels innermost and nothing between rows. Each function
// works on one image (or on some rows of one), so a result never depends on what else is in a group.

#ifndef CKERNELS_H
#define CKERNELS_H

#include <stddef.h>
#include <stdint.h>

#include "CPU.h"
#include "Products.h"
#include "ShortFormats.h"
#include "Training.h"
#include "Winograd.h"

typedef enum {
    CULTIVAR_CLIP,          // min(max(x, low), high); the identity if they are infinite, ReLU for low = 0
    CULTIVAR_LEAKY_RELU,    // x < 0 ? alpha * x : x
    CULTIVAR_SIGMOID,       // 1 / (1 + exp(-x))
    CULTIVAR_HARD_SIGMOID,  // clip(alpha * x + beta, 0, 1)
    CULTIVAR_HARD_SWISH,    // x * clip(x / 6 + 1 / 2, 0, 1)
    CULTIVAR_TANH,
    CULTIVAR_SILU,          // x * sigmoid(x)
} CultivarActivationKind;

typedef struct {
    CultivarActivationKind kind;
    float first;   // low or alpha
    float second;  // high or beta
} CultivarActivation;

typedef enum { CULTIVAR_ADD, CULTIVAR_SUBTRACT, CULTIVAR_MULTIPLY, CULTIVAR_DIVIDE } CultivarArithmetic;

/// A window that slides over an image: shared by convolution and pooling. Distances are in pixels; padding at the
/// bottom and on the right follows from the output's size.
typedef struct {
    ptrdiff_t height, width, channels;
    ptrdiff_t outputHeight, outputWidth;
    ptrdiff_t kernelHeight, kernelWidth;
    ptrdiff_t strideY, strideX;
    ptrdiff_t dilationY, dilationX;
    ptrdiff_t padTop, padLeft;
} CultivarWindow;

/// output[p, c] = pixels[p, c] * scale[c] + shift[c] for three channels.
void cultivar_normalize(const uint8_t *pixels, ptrdiff_t count, const float scale[3], const float shift[3],
                        float *output);

/// values = activation(values + bias + residual) over rows x channels, in place; bias (one value per channel) and
/// residual (rows x channels) may be NULL.
void cultivar_finish(float *values, ptrdiff_t rows, ptrdiff_t channels, const float *bias, const float *residual,
                     CultivarActivation activation);

/// output = activation(input * scale + shift); scale and shift have one value per channel. output may be input.
void cultivar_affine(const float *input, ptrdiff_t rows, ptrdiff_t channels, const float *scale, const float *shift,
                     CultivarActivation activation, float *output);

/// output = activation(left op right). If the row step of an operand is 0, its only row is repeated for every row.
void cultivar_arithmetic(CultivarArithmetic op, const float *left, ptrdiff_t leftStep, const float *right,
                         ptrdiff_t rightStep, ptrdiff_t rows, ptrdiff_t channels, CultivarActivation activation,
                         float *output);

/// A convolution of every channel with its own kernel; weights are kernelHeight x kernelWidth x channels.
void cultivar_depthwise(const CultivarWindow *window, const float *input, const float *weights, const float *bias,
                        CultivarActivation activation, float *output);

/// The same with an output of 16-bit elements, rounded to nearest, for at least 16 channels. Needs AVX2, or AVX512_BF16
/// for bfloat16.
void cultivar_depthwise_short(CultivarFormat format, const CultivarWindow *window, const float *input,
                              const float *weights, const float *bias, CultivarActivation activation,
                              uint16_t *output);

/// The patches under kernel rows [kernelRow, kernelRowEnd) for output pixels [pixel, pixelEnd): one row per pixel with
/// (kernel rows x kernelWidth x groupChannels) values, zero outside the image. Channels [channel, channel +
/// groupChannels) are used.
void cultivar_patches(const CultivarWindow *window, const float *input, ptrdiff_t pixel, ptrdiff_t pixelEnd,
                      ptrdiff_t kernelRow, ptrdiff_t kernelRowEnd, ptrdiff_t channel, ptrdiff_t groupChannels,
                      float *output);

void cultivar_max_pool(const CultivarWindow *window, const float *input, float *output);

/// The mean under the window. If countPadding is set, the padding counts as zeros, as far as padBottom and padRight
/// reach.
void cultivar_average_pool(const CultivarWindow *window, int countPadding, ptrdiff_t padBottom, ptrdiff_t padRight,
                           const float *input, float *output);

/// The mean (or the maximum) over all rows.
void cultivar_global_average(const float *input, ptrdiff_t rows, ptrdiff_t channels, float *output);
void cultivar_global_max(const float *input, ptrdiff_t rows, ptrdiff_t channels, float *output);

/// The softmax of one row of values; output may be input.
void cultivar_softmax(const float *input, ptrdiff_t count, float *output);

#endif
