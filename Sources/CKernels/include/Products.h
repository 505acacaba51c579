// Matrix products with packed weights, with explicitly chosen vector instructions.
//
// The left matrix (activations) is read in place, one broadcast element at a time. The right one (weights) is packed in
// panels: all rows of up to three vectors of neighbouring columns, one row after another; the last panel is padded with
// zero columns. Each element of the result is one chain of fused multiply-adds over the whole depth, so it doesn't
// depend on how many rows are computed at the same time.

#ifndef CKERNELS_PRODUCTS_H
#define CKERNELS_PRODUCTS_H

#include <stddef.h>

#include "CPU.h"

/// The element format of both matrices. With 16 bits, two neighbouring elements of a row (of a column of weights) form
/// one unit of 32 bits, and all depths and steps count such units; see ShortFormats.h.
typedef enum { CULTIVAR_FLOAT32, CULTIVAR_BFLOAT16, CULTIVAR_INT16 } CultivarFormat;

/// output[r, n] = clip(sum over s, k of input[r, s, k] * weights[s, k, n] + bias[n] + residual[r, n]).
///
/// A row of the left matrix consists of `segments` stretches of `segmentDepth` elements: one for a plain product, one
/// per kernel row for a convolution, so its patches are never copied.
///
/// For int16, the sum is an integer, which is multiplied by rowScales[r] * columnScales[n] before anything is added.
typedef struct {
    CultivarFormat format;
    ptrdiff_t rows, columns;
    ptrdiff_t segments, segmentDepth;
    const float *input;
    ptrdiff_t inputStep;         // from one row to the next, in elements
    ptrdiff_t inputSegmentStep;  // from one stretch to the next
    const float *weights;        // packed; points at row 0 of the first panel
    ptrdiff_t weightDepth;       // number of rows of a panel
    ptrdiff_t weightStart;       // the panels' row where the first stretch starts
    ptrdiff_t weightSegmentStep; // rows from one stretch to the next
    const float *rowScales;      // for int16 only: one per row, or NULL if they are all 1
    const float *columnScales;   // for int16 only: one per column
    const float *bias;           // one per column, or NULL
    const float *residual;       // laid out like the output, or NULL; may be the output
    float low, high;             // bounds to which the result is clipped
    float *output;
    ptrdiff_t outputStep;
} CultivarProduct;

/// Products of bfloat16 need AVX512_BF16. For int16, all instruction sets give the same bits.
void cultivar_product(CultivarInstructionSet set, const CultivarProduct *product);

/// Floats that the packed form of a depth x columns matrix takes.
ptrdiff_t cultivar_packed_count(CultivarInstructionSet set, ptrdiff_t depth, ptrdiff_t columns);

/// Packs a row-major depth x columns matrix.
void cultivar_pack(CultivarInstructionSet set, const float *matrix, ptrdiff_t depth, ptrdiff_t columns, float *packed);

#endif
