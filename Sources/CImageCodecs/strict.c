#include "strict.h"

#include <stdlib.h>

#include "entropy.h"
#include "limits.h"

/// A table that is quick to set up, for files of a kilobyte: longer codes are looked up one by one.
enum { LOOKUP_BITS = 8, LOOKUP_SIZE = 1 << LOOKUP_BITS };

struct table {
    bool is_made;
    uint16_t lookup[LOOKUP_SIZE];
    struct codes codes;
};

/// A component of the scan.
struct part {
    const struct table *dc, *ac;
    /// Number of its blocks in an MCU.
    unsigned blocks;
    int last_dc, dc_limit;
};

struct strict {
    struct bits bits;
    unsigned count;
    struct part parts[MAX_COMPS_IN_SCAN];
    struct table dc[NUM_HUFF_TBLS], ac[NUM_HUFF_TBLS];
    unsigned mcus_across, mcus_down;
    /// In MCUs; 0 for none.
    unsigned restart_interval, until_restart;
    int restarts;
    bool is_padded;
};

// MARK: - Setting up

/// False for an invalid code (annex C), or one with symbols above `largest`.
static bool make_table(struct table *table, const JHUFF_TBL *source, uint8_t largest) {
    if (!source) return false;
    if (!table->is_made) {
        table->is_made =
            codes_build(&table->codes, table->lookup, LOOKUP_BITS, source->bits, source->huffval, largest);
    }
    return table->is_made;
}

static bool is_usual(const struct jpeg_decompress_struct *jpeg) {
    return !jpeg->progressive_mode && !jpeg->arith_code && jpeg->data_precision == 8
        && jpeg->comps_in_scan == jpeg->num_components && jpeg->Ss == 0 && jpeg->Se == 63 && jpeg->Ah == 0
        && jpeg->Al == 0 && jpeg->unread_marker == 0;
}

static unsigned divided_up(unsigned value, unsigned divisor) { return (value + divisor - 1) / divisor; }

/// Also false for pictures that libjpeg rejects after it has begun.
static bool set_up_component(struct strict *strict, const struct jpeg_decompress_struct *jpeg, unsigned index) {
    const jpeg_component_info *info = jpeg->cur_comp_info[index];
    unsigned dc = (unsigned)info->dc_tbl_no, ac = (unsigned)info->ac_tbl_no, table = (unsigned)info->quant_tbl_no;
    if (dc >= NUM_HUFF_TBLS || ac >= NUM_HUFF_TBLS || table >= NUM_QUANT_TBLS) return false;
    bool has_tables = jpeg->quant_tbl_ptrs[table] && make_table(&strict->dc[dc], jpeg->dc_huff_tbl_ptrs[dc], 15)
        && make_table(&strict->ac[ac], jpeg->ac_huff_tbl_ptrs[ac], 255);
    bool is_whole =
        jpeg->max_h_samp_factor % info->h_samp_factor == 0 && jpeg->max_v_samp_factor % info->v_samp_factor == 0;
    strict->parts[index] = (struct part){
        .dc = &strict->dc[dc], .ac = &strict->ac[ac],
        // A scan with one component is simply one row of blocks after another, whatever the sampling factors.
        .blocks = strict->count == 1 ? 1 : (unsigned)(info->h_samp_factor * info->v_samp_factor),
        .dc_limit = cic_dc_limit(jpeg->quant_tbl_ptrs[table])};
    return has_tables && is_whole;
}

static bool set_up(struct strict *strict, const struct jpeg_decompress_struct *jpeg) {
    if (!is_usual(jpeg)) return false;
    strict->count = (unsigned)jpeg->comps_in_scan;
    unsigned blocks = 0;
    for (unsigned index = 0; index < strict->count; index++) {
        if (!set_up_component(strict, jpeg, index)) return false;
        blocks += strict->parts[index].blocks;
    }
    if (blocks > D_MAX_BLOCKS_IN_MCU) return false;
    unsigned across = strict->count == 1 ? 1 : (unsigned)jpeg->max_h_samp_factor;
    unsigned down = strict->count == 1 ? 1 : (unsigned)jpeg->max_v_samp_factor;
    strict->mcus_across = divided_up(jpeg->image_width, across * DCTSIZE);
    strict->mcus_down = divided_up(jpeg->image_height, down * DCTSIZE);
    strict->restart_interval = strict->until_restart = jpeg->restart_interval;
    strict->bits.next = jpeg->src->next_input_byte;
    strict->bits.end = strict->bits.next + jpeg->src->bytes_in_buffer;
    return true;
}

// MARK: - Codes

/// 8-bit samples lead to values up to 1,024 in either direction. Some encoders allow values brighter than white by up
/// to 31 levels, which are 248 here; rounding to a multiple of the quantisation adds less than one multiple.
enum { LARGEST_DC = 1280 };

int cic_dc_limit(const JQUANT_TBL *table) {
    int step = table && table->quantval[0] > 0 ? table->quantval[0] : 1;
    return LARGEST_DC / step + 1;
}

/// The next code's length with its value | its symbol << 6; 0 if there is no such code.
CIC_INLINE unsigned find(const struct table *table, const struct bits *bits) {
    unsigned found = table->lookup[bits->buffer >> (64 - LOOKUP_BITS)];
    if (__builtin_expect(found != 0, 1)) return found;
    return codes_find(&table->codes, LOOKUP_BITS, (uint32_t)(bits->buffer >> 48));
}

/// The next symbol; its value is skipped. -1 if there is no such code.
CIC_INLINE int take_symbol(const struct table *table, struct bits *bits) {
    bits_refill(bits);
    unsigned found = find(table, bits);
    bits_drop(bits, found & 63);
    return found == 0 ? -1 : (int)(found >> 6);
}

/// Adds the next difference to the component's DC value.
CIC_INLINE enum cic_strict take_dc(struct part *part, struct bits *bits) {
    bits_refill(bits);
    unsigned found = find(part->dc, bits), size = found >> 6 & 15;
    if (found == 0) return CIC_STRICT_UNKNOWN;
    part->last_dc += value_of(bits->buffer << ((found & 63) - size), size);
    bits_drop(bits, found & 63);
    return abs(part->last_dc) > part->dc_limit ? CIC_STRICT_BEYOND_RANGE : CIC_STRICT_SOUND;
}

/// Damage is CIC_STRICT_UNKNOWN if libjpeg reports it itself.
CIC_INLINE enum cic_strict take_block(struct part *part, struct bits *bits) {
    enum cic_strict dc = take_dc(part, bits);
    if (dc != CIC_STRICT_SOUND) return dc;
    unsigned index = 1;
    while (index < DCTSIZE2) {
        int symbol = take_symbol(part->ac, bits);
        if (symbol == 0) break;
        if (symbol < 0) return CIC_STRICT_UNKNOWN;
        unsigned run = (unsigned)symbol >> 4;
        if ((symbol & 15) == 0 && run != 15) return CIC_STRICT_BAD_SYMBOL;
        index += run + 1;
    }
    return index > DCTSIZE2 ? CIC_STRICT_BEYOND_BLOCK : CIC_STRICT_SOUND;
}

// MARK: - The end of the data

static bool pads(int value, size_t times) {
    return times == 0 || value == 0 || value == 0xFF || times >= CIC_PADDING_BYTES;
}

bool cic_is_padding(const uint8_t *bytes, size_t count) {
    for (size_t index = 1; index < count; index++) {
        if (bytes[index] != bytes[0]) return false;
    }
    return count == 0 || pads(bytes[0], count);
}

/// Skips what is left before the next marker; returns whether it is padding.
static bool take_padding(struct strict *strict) {
    struct bits bits = strict->bits;
    bits_drop(&bits, bits.count & 7);
    int first = -1;
    size_t count = 0;
    for (;;) {
        if (bits.count < 8) bits = bits_refilled_slowly(bits);
        if (bits.count - bits.padding < 8) break;
        int byte = (int)(bits.buffer >> 56);
        bits_drop(&bits, 8);
        if (count++ == 0) first = byte;
        if (byte != first) return false;
    }
    strict->bits = bits;
    strict->is_padded |= count > 0;
    return pads(first, count);
}

/// Ends a segment of codes. Checks that there is a marker, but not what libjpeg requires of it.
static enum cic_strict take_end(struct strict *strict) {
    // libjpeg reports data that end too early.
    if (bits_overrun(&strict->bits)) return CIC_STRICT_UNKNOWN;
    if (!take_padding(strict)) return CIC_STRICT_LEFT_OVER;
    return strict->bits.end - strict->bits.next >= 2 ? CIC_STRICT_SOUND : CIC_STRICT_UNKNOWN;
}

static enum cic_strict take_restart(struct strict *strict) {
    if (strict->restart_interval == 0 || strict->until_restart-- > 0) return CIC_STRICT_SOUND;
    enum cic_strict ended = take_end(strict);
    if (ended != CIC_STRICT_SOUND) return ended;
    const uint8_t *marker = strict->bits.next;
    if (marker[0] != 0xFF || marker[1] != JPEG_RST0 + strict->restarts++ % 8) return CIC_STRICT_UNKNOWN;
    strict->bits = (struct bits){.next = marker + 2, .end = strict->bits.end};
    strict->until_restart = strict->restart_interval - 1;
    for (unsigned index = 0; index < strict->count; index++) strict->parts[index].last_dc = 0;
    return CIC_STRICT_SOUND;
}

static enum cic_strict take_row(struct strict *strict) {
    for (unsigned mcu = 0; mcu < strict->mcus_across; mcu++) {
        enum cic_strict restarted = take_restart(strict);
        if (restarted != CIC_STRICT_SOUND) return restarted;
        struct bits bits = strict->bits;
        for (unsigned index = 0; index < strict->count; index++) {
            for (unsigned block = 0; block < strict->parts[index].blocks; block++) {
                enum cic_strict taken = take_block(&strict->parts[index], &bits);
                // After the end there are zeros, which may mean anything.
                if (taken != CIC_STRICT_SOUND) return bits_overrun(&bits) ? CIC_STRICT_UNKNOWN : taken;
            }
        }
        strict->bits = bits;
        if (bits_overrun(&bits)) return CIC_STRICT_UNKNOWN;
    }
    return CIC_STRICT_SOUND;
}

enum cic_strict cic_strict_read(const struct jpeg_decompress_struct *jpeg, double deadline) {
    struct strict strict = {0};
    if (!set_up(&strict, jpeg)) return CIC_STRICT_UNKNOWN;
    for (unsigned row = 0; row < strict.mcus_down; row++) {
        if (row % CIC_ROWS_BETWEEN_CHECKS == 0 && cic_thread_seconds() > deadline) return CIC_STRICT_TOO_SLOW;
        enum cic_strict taken = take_row(&strict);
        if (taken != CIC_STRICT_SOUND) return taken;
    }
    enum cic_strict ended = take_end(&strict);
    if (ended != CIC_STRICT_SOUND) return ended;
    bool is_end = strict.bits.next[0] == 0xFF && strict.bits.next[1] == JPEG_EOI;
    return is_end && !strict.is_padded ? CIC_STRICT_WHOLE : CIC_STRICT_SOUND;
}
