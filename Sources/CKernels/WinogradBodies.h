// Winograd's transforms, included once per instruction set; see Winograd.h. Every vector holds neighbouring channels of
// one pixel or plane, so transforming a tile is arithmetic between vectors.

#include "Vectors.h"

// One line of the input's transform, from side + 2 values to the same number.
INLINE void NAME(patch_line)(const V *d, ptrdiff_t step, V *t, const ptrdiff_t side) {
    if (side == 2) {
        t[0] = d[0] - d[2 * step];
        t[1] = d[step] + d[2 * step];
        t[2] = d[2 * step] - d[step];
        t[3] = d[step] - d[3 * step];
        return;
    }
    const V even = d[4 * step] - 4.0f * d[2 * step], odd = d[3 * step] - 4.0f * d[step];
    const V wide = d[4 * step] - d[2 * step], twist = 2.0f * (d[3 * step] - d[step]);
    t[0] = 4.0f * d[0] - 5.0f * d[2 * step] + d[4 * step];
    t[1] = even + odd;
    t[2] = even - odd;
    t[3] = wide + twist;
    t[4] = wide - twist;
    t[5] = 4.0f * d[step] - 5.0f * d[3 * step] + d[5 * step];
}

// One line of the output's transform, from side + 2 values to `side`.
INLINE void NAME(output_line)(const V *m, ptrdiff_t step, V *t, const ptrdiff_t side) {
    const V sum = m[step] + m[2 * step], difference = m[step] - m[2 * step];
    if (side == 2) {
        t[0] = m[0] + sum;
        t[1] = difference - m[3 * step];
        return;
    }
    const V sum2 = m[3 * step] + m[4 * step], difference2 = m[3 * step] - m[4 * step];
    t[0] = m[0] + sum + sum2;
    t[1] = difference + 2.0f * difference2;
    t[2] = sum + 4.0f * sum2;
    t[3] = difference + 8.0f * difference2 + m[5 * step];
}

// One vector of channels of one tile; the taps in rows [top, bottom) and columns [left, right) are inside the image.
INLINE void NAME(patch)(const CultivarWinograd *w, const float *input, ptrdiff_t top, ptrdiff_t bottom, ptrdiff_t left,
                        ptrdiff_t right, ptrdiff_t count, float *planes, const ptrdiff_t side) {
    const ptrdiff_t taps = side + 2;
    V rows[36], columns[6];
    for (ptrdiff_t y = 0; y < taps; y++) {
        V line[6];
        const float *from = input + y * w->width * w->channels;
#pragma clang loop unroll(full)
        for (ptrdiff_t x = 0; x < taps; x++)
            line[x] = y >= top && y < bottom && x >= left && x < right ? NAME(get)(from + x * w->channels, count)
                                                                       : (V)(0.0f);
        NAME(patch_line)(line, 1, rows + y * taps, side);
    }
    for (ptrdiff_t x = 0; x < taps; x++) {
        NAME(patch_line)(rows + x, taps, columns, side);
#pragma clang loop unroll(full)
        for (ptrdiff_t y = 0; y < taps; y++)
            NAME(put)(planes + (y * taps + x) * w->planeStep, columns[y], count);
    }
}

INLINE ptrdiff_t NAME(inside)(ptrdiff_t size, ptrdiff_t taps) { return size < 0 ? 0 : size < taps ? size : taps; }

// All channels of one tile: whole vectors, then the rest.
INLINE void NAME(patch_channels)(const CultivarWinograd *w, const float *input, ptrdiff_t top, ptrdiff_t bottom,
                                 ptrdiff_t left, ptrdiff_t right, float *planes, const ptrdiff_t side) {
    ptrdiff_t c = 0;
    for (; c + WIDTH <= w->channels; c += WIDTH)
        NAME(patch)(w, input + c, top, bottom, left, right, WIDTH, planes + c, side);
    if (c < w->channels) NAME(patch)(w, input + c, top, bottom, left, right, w->channels - c, planes + c, side);
}

INLINE void NAME(patches_of)(const CultivarWinograd *w, const float *input, ptrdiff_t tile, ptrdiff_t tileEnd,
                             float *planes, const ptrdiff_t side) {
    const ptrdiff_t across = (w->outputWidth + side - 1) / side, tiles = cultivar_winograd_tiles(w), taps = side + 2;
    for (; tile < tileEnd; tile++, planes += w->channels) {
        const ptrdiff_t image = tile / tiles, place = tile % tiles;
        const ptrdiff_t y = place / across * side - w->padTop, x = place % across * side - w->padLeft;
        const float *from = input + ((image * w->height + y) * w->width + x) * w->channels;
        const ptrdiff_t top = y < 0 ? -y : 0, bottom = NAME(inside)(w->height - y, taps);
        const ptrdiff_t left = x < 0 ? -x : 0, right = NAME(inside)(w->width - x, taps);
        if (top == 0 && left == 0 && bottom == taps && right == taps)
            NAME(patch_channels)(w, from, 0, taps, 0, taps, planes, side);
        else
            NAME(patch_channels)(w, from, top, bottom, left, right, planes, side);
    }
}

static void NAME(patches)(const CultivarWinograd *w, const float *input, ptrdiff_t tile, ptrdiff_t tileEnd,
                          float *planes) {
    if (w->side == 2) NAME(patches_of)(w, input, tile, tileEnd, planes, 2);
    else NAME(patches_of)(w, input, tile, tileEnd, planes, 4);
}

// One vector of outputs of one tile: side x side values.
INLINE void NAME(tile_values)(const CultivarWinograd *w, const float *sums, V bias, float low, float high,
                              ptrdiff_t count, V *values, const ptrdiff_t side) {
    const ptrdiff_t taps = side + 2;
    V rows[24];
    for (ptrdiff_t y = 0; y < taps; y++) {
        V line[6];
#pragma clang loop unroll(full)
        for (ptrdiff_t x = 0; x < taps; x++) line[x] = NAME(get)(sums + (y * taps + x) * w->sumStep, count);
        NAME(output_line)(line, 1, rows + y * side, side);
    }
#pragma clang loop unroll(full)
    for (ptrdiff_t x = 0; x < side; x++) {
        V column[4];
        NAME(output_line)(rows + x, side, column, side);
#pragma clang loop unroll(full)
        for (ptrdiff_t y = 0; y < side; y++) values[y * side + x] = NAME(clip)(column[y] + bias, low, high);
    }
}

// Stores the part of a tile that is inside the output, which has rows x columns pixels from the tile's corner on.
INLINE void NAME(store_tile)(const V *values, ptrdiff_t rows, ptrdiff_t columns, float *output, ptrdiff_t rowStep,
                             ptrdiff_t pixelStep, ptrdiff_t count, const ptrdiff_t side) {
#pragma clang loop unroll(full)
    for (ptrdiff_t y = 0; y < side; y++)
#pragma clang loop unroll(full)
        for (ptrdiff_t x = 0; x < side; x++)
            if (y < rows && x < columns)
                NAME(put)(output + y * rowStep + x * pixelStep, values[y * side + x], count);
}

INLINE void NAME(pool_tile)(const V *values, V *pooled, const ptrdiff_t side) {
#pragma clang loop unroll(full)
    for (ptrdiff_t y = 0; y < side / 2; y++)
#pragma clang loop unroll(full)
        for (ptrdiff_t x = 0; x < side / 2; x++) {
            const V *corner = values + 2 * y * side + 2 * x;
            pooled[y * (side / 2) + x] = NAME(maximum)(NAME(maximum)(corner[0], corner[1]),
                                                       NAME(maximum)(corner[side], corner[side + 1]));
        }
}

// One vector of outputs of one tile, from its sums to its place in the map of width x (w->outputs) values per row.
INLINE void NAME(output_tile)(const CultivarWinograd *w, const float *sums, const float *bias, float low, float high,
                              ptrdiff_t rows, ptrdiff_t columns, ptrdiff_t width, ptrdiff_t count, float *output,
                              const ptrdiff_t side, const int pools) {
    V values[16], pooled[4];
    NAME(tile_values)(w, sums, NAME(get)(bias, count), low, high, count, values, side);
    if (pools) NAME(pool_tile)(values, pooled, side);
    NAME(store_tile)(pools ? pooled : values, rows, columns, output, width * w->outputs, w->outputs, count,
                     side >> pools);
}

INLINE void NAME(outputs_of)(const CultivarWinograd *w, const float *sums, ptrdiff_t tile, ptrdiff_t tileEnd,
                             const float *bias, float low, float high, float *output, const ptrdiff_t side,
                             const int pools) {
    const ptrdiff_t across = (w->outputWidth + side - 1) / side, tiles = cultivar_winograd_tiles(w);
    const ptrdiff_t height = w->outputHeight >> pools, width = w->outputWidth >> pools, kept = side >> pools;
    for (; tile < tileEnd; tile++, sums += w->outputs) {
        const ptrdiff_t image = tile / tiles, place = tile % tiles;
        const ptrdiff_t y = place / across * kept, x = place % across * kept;
        float *to = output + ((image * height + y) * width + x) * w->outputs;
        ptrdiff_t n = 0;
        for (; n + WIDTH <= w->outputs; n += WIDTH)
            NAME(output_tile)(w, sums + n, bias + n, low, high, height - y, width - x, width, WIDTH, to + n, side,
                              pools);
        if (n < w->outputs)
            NAME(output_tile)(w, sums + n, bias + n, low, high, height - y, width - x, width, w->outputs - n, to + n,
                              side, pools);
    }
}

static void NAME(outputs)(const CultivarWinograd *w, const float *sums, ptrdiff_t tile, ptrdiff_t tileEnd,
                          const float *bias, float low, float high, float *output) {
    if (w->side == 2 && w->pools) NAME(outputs_of)(w, sums, tile, tileEnd, bias, low, high, output, 2, 1);
    else if (w->side == 2) NAME(outputs_of)(w, sums, tile, tileEnd, bias, low, high, output, 2, 0);
    else if (w->pools) NAME(outputs_of)(w, sums, tile, tileEnd, bias, low, high, output, 4, 1);
    else NAME(outputs_of)(w, sums, tile, tileEnd, bias, low, high, output, 4, 0);
}

#include "VectorsEnd.h"
