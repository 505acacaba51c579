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

/// A component of the scan. At an eighth a block becomes 1 x 1 sample, or 2 x 2 where the component has half the
/// picture's resolution both ways: then there is nothing to enlarge.
struct component {
    const struct huffman *dc, *ac;
    const struct skips *skips;
    const uint16_t *quantisation;
    /// Blocks of it in an MCU.
    unsigned across, down;
    /// Side of a block in samples.
    unsigned size;
    /// Pixels for which a sample stands, both ways.
    unsigned pixels_across, pixels_down;
    /// Beyond the limit is what no picture has.
    int last_dc, dc_limit;
    /// The samples of a row of MCUs: across * size * MCUs in each of down * size rows.
    uint8_t *samples;
    size_t stride;
    /// A row of samples, made as wide as the picture.
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

/// Fills the components' samples with those of the next row of MCUs. False for what isn't handled.
bool scan_take_row(struct scan *scan);

/// False where there is more than padding before the end of the picture, or where that is missing.
bool scan_take_end(struct scan *scan);

#endif
