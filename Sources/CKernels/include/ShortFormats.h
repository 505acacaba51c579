// Matrices for products of 16-bit elements.
//
// bfloat16 is the upper half of a float32. int16 is fixed point: an element is an integer times a scale. Weights have
// one scale per column, as fine as possible without overflowing a 32-bit sum. Activations have one per row, or one that
// follows from their clip, such that no magnitude exceeds CULTIVAR_INT16_LIMIT.

#ifndef CKERNELS_SHORT_FORMATS_H
#define CKERNELS_SHORT_FORMATS_H

#include <stddef.h>
#include <stdint.h>

#include "Products.h"

/// The largest activation in int16. Twelve bits leave the same number of bits to the weights of a column of a thousand.
#define CULTIVAR_INT16_LIMIT 4095

/// Units of 32 bits that `depth` elements of 16 bits take.
static inline ptrdiff_t cultivar_short_units(ptrdiff_t depth) { return (depth + 1) / 2; }

/// Rounds rows x depth values to rows of cultivar_short_units(depth) units. `rowScales` (one value per row) is only
/// written for int16. `set` must have the format.
void cultivar_short_rows(CultivarInstructionSet set, CultivarFormat format, const float *input, ptrdiff_t rows,
                         ptrdiff_t depth, uint16_t *output, float *rowScales);

/// Rounds a row-major depth x columns matrix to a cultivar_short_units(depth) x columns matrix of units, which
/// cultivar_pack packs as if they were float32. `columnScales` (one value per column) is only written for int16.
void cultivar_short_weights(CultivarFormat format, const float *matrix, ptrdiff_t depth, ptrdiff_t columns,
                            uint32_t *units, float *columnScales);

#endif
