// Convolutions of 3 x 3 taps at stride 1 by Winograd's minimal filtering algorithms F(2 x 2, 3 x 3) and F(4 x 4, 3 x 3)
// (Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks"), which need 2.25 and 4 times fewer
// multiplications than the direct method.
//
// The output is computed in tiles of `side` x `side` pixels, 2 or 4. A tile's patch of the input, (side + 2) x (side +
// 2) pixels, is transformed into the same number of planes; each plane is one product with its own transformed weights;
// the planes of sums are transformed back. Planes are rows of a matrix, one row per tile.

#ifndef CKERNELS_WINOGRAD_H
#define CKERNELS_WINOGRAD_H

#include <stddef.h>

#include "Products.h"

typedef struct {
    ptrdiff_t side;                        // 2 or 4
    ptrdiff_t height, width, channels;     // of the input
    ptrdiff_t padTop, padLeft;
    ptrdiff_t outputHeight, outputWidth, outputs;
    int pools;                             // whether only the maximum of each 2 x 2 pixels is kept
    ptrdiff_t planeStep, sumStep;          // floats from one plane to the next, of patches and of sums
} CultivarWinograd;

/// Tiles of one image, row by row.
ptrdiff_t cultivar_winograd_tiles(const CultivarWinograd *winograd);

/// Transforms row-major 3 x 3 x channels x outputs weights and packs them: one matrix per plane, one after another.
/// `workspace` has room for channels x outputs floats.
void cultivar_winograd_weights(CultivarInstructionSet set, ptrdiff_t side, const float *weights, ptrdiff_t channels,
                               ptrdiff_t outputs, float *workspace, float *packed);

/// Writes the planes of tiles [tile, tileEnd), counted over all images from `input` on, as
/// planes[plane][tile][channel].
void cultivar_winograd_patches(CultivarInstructionSet set, const CultivarWinograd *winograd, const float *input,
                               ptrdiff_t tile, ptrdiff_t tileEnd, float *planes);

/// Computes output = clip(back-transformed sums + bias), optionally pooled, from sums[plane][tile][output].
void cultivar_winograd_outputs(CultivarInstructionSet set, const CultivarWinograd *winograd, const float *sums,
                               ptrdiff_t tile, ptrdiff_t tileEnd, const float *bias, float low, float high,
                               float *output);

#endif
