#ifndef CIC_SCAN_H
#define CIC_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

// jpeglib.h needs stdio.h before it.
#include <jpeglib.h>

#include "entropy.h"

enum { COMPONENTS = 3, TABLES = NUM_HUFF_TBLS, MAX_BLOCKS = D_MAX_BLOCKS_IN_MCU };

/// A component of the scan. At an eighth, a block becomes 1 x 1 sample, or 2 x 2 if the component has half the
/// picture's resolution in both directions: then nothing needs to be enlarged.
struct component {
    const struct huffman *dc, *ac;
    const struct skips *skips;
    const uint16_t *quantisation;
    /// Number of its blocks in an MCU.
    unsigned across, down;
    /// Side of a block in samples.
    unsigned size;
    /// Pixels that a sample represents, in each direction.
    unsigned pixels_across, pixels_down;
    /// No picture has values beyond the limit.
    int last_dc, dc_limit;
    /// The samples of a row of MCUs: across * size * MCUs in each of down * size rows.
    uint8_t *samples;
    size_t stride;
    /// A row of samples, enlarged to the picture's width.
    uint8_t *expanded;
};

struct scan {
    struct bits bits;
    unsigned count;
    /// In the scan's order; `planes` has them in the frame's.
    struct component components[COMPONENTS];
    const struct component *planes[COMPONENTS];
    unsigned mcus_across, mcus_down, rows_per_mcu;
    /// In MCUs; 0 for none.
    unsigned restart_interval, until_restart;
    int restarts;
    struct huffman dc[TABLES], ac[TABLES];
    struct skips skips[TABLES];
    bool has_dc[TABLES], has_ac[TABLES];
    uint8_t *memory;
};

/// Fills the components' samples with those of the next row of MCUs. False if they can't be handled.
bool scan_take_row(struct scan *scan);

/// False if there is more than padding before the end of the picture, or if the end is missing.
bool scan_take_end(struct scan *scan);

#endif
