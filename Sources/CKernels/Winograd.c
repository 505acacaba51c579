#include "Winograd.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#pragma clang fp contract(fast)

ptrdiff_t cultivar_winograd_tiles(const CultivarWinograd *w) {
    return ((w->outputHeight + w->side - 1) / w->side) * ((w->outputWidth + w->side - 1) / w->side);
}

#define BODIES "WinogradBodies.h"
#include "ForEachInstructionSet.h"

// The weights' transforms, one row per plane.
static const double transform2[4][3] = {{1, 0, 0}, {0.5, 0.5, 0.5}, {0.5, -0.5, 0.5}, {0, 0, 1}};
static const double transform4[6][3] = {{1.0 / 4, 0, 0},
                                        {-1.0 / 6, -1.0 / 6, -1.0 / 6},
                                        {-1.0 / 6, 1.0 / 6, -1.0 / 6},
                                        {1.0 / 24, 1.0 / 12, 1.0 / 6},
                                        {1.0 / 24, -1.0 / 12, 1.0 / 6},
                                        {0, 0, 1}};

// One plane's matrix: a linear combination of the nine taps' matrices.
static void weight_plane(const double *row, const double *column, const float *weights, ptrdiff_t count,
                         float *plane) {
    float factors[9];
    for (int tap = 0; tap < 9; tap++) factors[tap] = (float)(row[tap / 3] * column[tap % 3]);
    for (ptrdiff_t i = 0; i < count; i++) {
        float sum = 0;
        for (int tap = 0; tap < 9; tap++) sum += factors[tap] * weights[tap * count + i];
        plane[i] = sum;
    }
}

void cultivar_winograd_weights(CultivarInstructionSet set, ptrdiff_t side, const float *weights, ptrdiff_t channels,
                               ptrdiff_t outputs, float *workspace, float *packed) {
    const double(*transform)[3] = side == 2 ? transform2 : transform4;
    for (ptrdiff_t plane = 0; plane < (side + 2) * (side + 2); plane++) {
        weight_plane(transform[plane / (side + 2)], transform[plane % (side + 2)], weights, channels * outputs,
                     workspace);
        cultivar_pack(set, workspace, channels, outputs, packed);
        packed += cultivar_packed_count(set, channels, outputs);
    }
}

void cultivar_winograd_patches(CultivarInstructionSet set, const CultivarWinograd *winograd, const float *input,
                               ptrdiff_t tile, ptrdiff_t tileEnd, float *planes) {
    DISPATCH(set, patches, winograd, input, tile, tileEnd, planes);
}

void cultivar_winograd_outputs(CultivarInstructionSet set, const CultivarWinograd *winograd, const float *sums,
                               ptrdiff_t tile, ptrdiff_t tileEnd, const float *bias, float low, float high,
                               float *output) {
    DISPATCH(set, outputs, winograd, sums, tile, tileEnd, bias, low, high, output);
}
