#ifndef CPIXELS_H
#define CPIXELS_H

// The loops over pixels of resizing and warping.
//
// Nothing here keeps state between calls: any number of threads may call at the same time.

#include <stdbool.h>
#include <stdint.h>

/// The contributions to each output position of a resampling along one axis, in fixed point (22 bits of fraction).
struct cpx_taps {
    /// For each output position: the first input position.
    const int32_t *first;
    /// For each output position: how many input positions contribute.
    const int32_t *count;
    /// For each output position: `stride` weights, of which the first `count` are set.
    const int32_t *weights;
    int32_t stride;
};

/// Resamples each of `rows` rows of RGB pixels from `in_width` to `out_width` pixels.
void cpx_resample_rows(
    const uint8_t *in, int32_t in_width, int32_t rows, uint8_t *out, int32_t out_width, const struct cpx_taps *taps);

/// Resamples columns: `out_rows` rows of `row_bytes` bytes each are made from the rows of `in`.
/// `sums` is scratch of `row_bytes` elements.
void cpx_resample_columns(
    const uint8_t *in, int32_t row_bytes, uint8_t *out, int32_t out_rows, const struct cpx_taps *taps, int32_t *sums);

/// out(y, x) = in(m[0] y + m[1] x + m[2], m[3] y + m[4] x + m[5]), bilinear, positions clamped to the edges.
/// Both pictures are height x width x 3. The arithmetic is done in double, in the order of SciPy's affine_transform.
///
/// `scratch` is width * height elements; `out` has room for one sample more than the picture has.
void cpx_warp_bilinear(
    const uint8_t *in, int32_t width, int32_t height, const double *m, uint32_t *scratch, float *out);

/// Adds `amount` to `count` samples, none of them negative, and clips to the smallest and the largest of them.
void cpx_shift_levels(float *samples, int64_t count, float amount);

/// Truncates each sample + offset, in 0...255, to a whole number and takes that element of `levels`; rows and pixels
/// are mirrored on request. Both pictures are height x width x 3.
void cpx_quantise(
    const float *in, int32_t width, int32_t height, float offset, const uint8_t *levels, bool flip_horizontal,
    bool flip_vertical, uint8_t *out);

#endif
