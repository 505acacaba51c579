#include "scan.h"

#include <stdlib.h>

// Shifts by a variable number of bits are a large part of the work; BMI2 has faster ones.
#if defined(__x86_64__)
#define SCAN_MULTIVERSIONED __attribute__((target_clones("bmi2", "default")))
#else
#define SCAN_MULTIVERSIONED
#endif

/// Beyond 10 bits, libjpeg's results depend on the processor: its portable code wraps around, the others saturate.
CIC_INLINE bool to_sample(int value, uint8_t *sample) {
    if (value < -512 || value > 511) return false;
    value += CENTERJSAMPLE;
    *sample = (uint8_t)(value < 0 ? 0 : value > MAXJSAMPLE ? MAXJSAMPLE : value);
    return true;
}

CIC_INLINE bool take_dc(struct component *component, struct bits *bits) {
    bits_refill(bits);
    struct coded difference = huffman_take(component->dc, bits);
    component->last_dc += difference.value;
    return difference.symbol >= 0 && abs(component->last_dc) <= component->dc_limit;
}

/// The next coefficient's index after an AC symbol; 64 is the block's end; more is an error.
static unsigned index_after(int symbol, unsigned index) {
    if (symbol == 0) return DCTSIZE2;
    unsigned run = (unsigned)symbol >> 4;
    if (symbol < 0 || ((symbol & 15) == 0 && (run != 15 || index + run + 1 >= DCTSIZE2))) return DCTSIZE2 + 1;
    return index + run + 1;
}

/// Skips a block's AC coefficients, three lookups per refill.
CIC_INLINE bool skip_ac(const struct component *component, struct bits *bits) {
    unsigned index = 1;
    while (index < DCTSIZE2) {
        bits_refill(bits);
        unsigned skip = skips_next(component->skips, bits);
        unsigned next = index + (skip >> 6);
        for (int time = 0; time < 2 && next < DCTSIZE2; time++) {
            bits_drop(bits, skip & 63);
            index = next;
            skip = skips_next(component->skips, bits);
            next = index + (skip >> 6);
        }
        if (next < DCTSIZE2) {
            bits_drop(bits, skip & 63);
            index = next;
        } else if (next >= CIC_SKIP_ENDS && next < CIC_SKIP_ENDS + DCTSIZE2) {
            bits_drop(bits, skip & 63);
            return true;
        } else {
            bits_refill(bits);
            index = index_after(huffman_take(component->ac, bits).symbol, index);
        }
    }
    return index == DCTSIZE2;
}

CIC_INLINE bool take_single(struct component *component, struct bits *bits, uint8_t *target) {
    return take_dc(component, bits) && skip_ac(component, bits)
        && to_sample((component->last_dc * component->quantisation[0] + 4) >> 3, target);
}

/// For each coefficient in zigzag order: its position in the block.
static const uint8_t zigzag[DCTSIZE2] = {
    0,  1,  8,  16, 9,  2,  3,  10, 17, 24, 32, 25, 18, 11, 4,  5,  12, 19, 26, 33, 40, 48,
    41, 34, 27, 20, 13, 6,  7,  14, 21, 28, 35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23,
    30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63,
};

/// Beyond this the processor-specific versions of libjpeg's transform may overflow where others don't.
enum { COEFFICIENT_LIMIT = 8192, COLUMN_LIMIT = 16384 };

/// Sets the nonzero AC coefficients of a block, times their quantisation. Also false if one is too large.
CIC_INLINE bool take_ac(const struct component *component, struct bits *bits, int16_t *block, bool *is_flat) {
    unsigned index = 1, magnitudes = 0;
    while (index < DCTSIZE2) {
        bits_refill(bits);
        struct coded next = huffman_take(component->ac, bits);
        if (next.symbol == 0) break;
        index = index_after(next.symbol, index);
        if (index > DCTSIZE2) return false;
        unsigned place = zigzag[index - 1];
        int value = next.value * component->quantisation[place];
        magnitudes |= (unsigned)abs(value);
        block[place] = (int16_t)value;
    }
    *is_flat = index == 1;
    return magnitudes < COEFFICIENT_LIMIT;
}

/// The odd part of libjpeg's 2-point transform (jidctred.c): fixed-point factors with 13 bits of fraction.
static int odd_part(int first, int third, int fifth, int seventh) {
    return 29692 * first - 10426 * third + 6967 * fifth - 5906 * seventh;
}

/// libjpeg's jpeg_idct_2x2, which only uses rows and columns 0, 1, 3, 5 and 7: columns first, kept with 2 bits of
/// fraction.
static bool transform(const int16_t *block, uint8_t *target, size_t stride) {
    enum { ROW = DCTSIZE };
    int columns[2][DCTSIZE];
    for (int x = 0; x < DCTSIZE; x++) {
        const int16_t *c = block + x;
        int even = c[0] * (1 << 15) + (1 << 12), odd = odd_part(c[ROW], c[3 * ROW], c[5 * ROW], c[7 * ROW]);
        columns[0][x] = (even + odd) >> 13;
        columns[1][x] = (even - odd) >> 13;
    }
    for (int y = 0; y < 2; y++, target += stride) {
        const int *c = columns[y];
        unsigned magnitudes = (unsigned)(abs(c[0]) | abs(c[1]) | abs(c[3]) | abs(c[5]) | abs(c[7]));
        if (magnitudes >= COLUMN_LIMIT) return false;
        int even = c[0] * (1 << 15) + (1 << 19), odd = odd_part(c[1], c[3], c[5], c[7]);
        if (!to_sample((even + odd) >> 20, &target[0]) || !to_sample((even - odd) >> 20, &target[1])) return false;
    }
    return true;
}

CIC_INLINE bool take_double(struct component *component, struct bits *bits, uint8_t *target) {
    int16_t block[DCTSIZE2] = {0};
    bool is_flat;
    if (!take_dc(component, bits) || !take_ac(component, bits, block, &is_flat)) return false;
    int dc = component->last_dc * component->quantisation[0];
    if (abs(dc) >= COEFFICIENT_LIMIT) return false;
    block[0] = (int16_t)dc;
    if (!is_flat) return transform(block, target, component->stride);
    if (!to_sample((dc + 4) >> 3, target)) return false;
    target[1] = target[component->stride] = target[component->stride + 1] = *target;
    return true;
}

/// All blocks of one component in an MCU.
CIC_INLINE bool take_blocks(struct component *component, struct bits *bits, uint8_t *target, bool is_single) {
    for (unsigned y = 0; y < component->down; y++, target += component->stride * component->size) {
        for (unsigned x = 0; x < component->across; x++) {
            uint8_t *block = target + x * component->size;
            if (!(is_single ? take_single(component, bits, block) : take_double(component, bits, block))) return false;
        }
    }
    return true;
}

/// Ends a segment: nothing may be between its last bits and the marker.
CIC_INLINE bool take_marker(struct scan *scan, struct bits *bits, int marker) {
    bool is_used_up = !bits_overrun(bits) && bits->count - bits->padding < 8;
    if (!is_used_up || bits->end - bits->next < 2 || bits->next[0] != 0xFF || bits->next[1] != marker) return false;
    *bits = (struct bits){.next = bits->next + 2, .end = bits->end};
    for (unsigned index = 0; index < scan->count; index++) scan->components[index].last_dc = 0;
    return true;
}

CIC_INLINE bool take_restart(struct scan *scan, struct bits *bits) {
    if (scan->restart_interval == 0) return true;
    if (scan->until_restart == 0) {
        if (!take_marker(scan, bits, JPEG_RST0 + scan->restarts++ % 8)) return false;
        scan->until_restart = scan->restart_interval;
    }
    scan->until_restart--;
    return true;
}

SCAN_MULTIVERSIONED bool scan_take_row(struct scan *scan) {
    struct bits bits = scan->bits;
    for (unsigned mcu = 0; mcu < scan->mcus_across; mcu++) {
        if (!take_restart(scan, &bits)) return false;
        for (unsigned index = 0; index < scan->count; index++) {
            struct component *component = &scan->components[index];
            uint8_t *target = component->samples + (size_t)mcu * component->across * component->size;
            if (!take_blocks(component, &bits, target, component->size == 1)) return false;
        }
    }
    scan->bits = bits;
    return !bits_overrun(&bits);
}

bool scan_take_end(struct scan *scan) { return take_marker(scan, &scan->bits, JPEG_EOI); }
