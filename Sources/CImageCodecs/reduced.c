#include "reduced.h"

#include <stdlib.h>

#include "limits.h"
#include "scan.h"
#include "strict.h"

#if JPEG_LIB_VERSION >= 70
static int block_size(const jpeg_component_info *info) { return info->DCT_h_scaled_size; }
#else
static int block_size(const jpeg_component_info *info) { return info->DCT_scaled_size; }
#endif

// MARK: - Setting up

static bool is_usual(const struct jpeg_decompress_struct *jpeg) {
    bool has_known_colours = jpeg->num_components == 1
        ? jpeg->jpeg_color_space == JCS_GRAYSCALE
        : jpeg->num_components == 3 && (jpeg->jpeg_color_space == JCS_YCbCr || jpeg->jpeg_color_space == JCS_RGB);
    return has_known_colours && jpeg->out_color_space == JCS_RGB && jpeg->comps_in_scan == jpeg->num_components
        && !jpeg->progressive_mode && !jpeg->arith_code && jpeg->data_precision == 8 && jpeg->scale_num == 1
        && jpeg->scale_denom == 8 && jpeg->Ss == 0 && jpeg->Se == 63 && jpeg->Ah == 0 && jpeg->Al == 0
        && jpeg->unread_marker == 0;
}

static bool make_codes(struct huffman *huffman, const JHUFF_TBL *table, uint8_t largest) {
    return codes_build(&huffman->codes, huffman->lookup, CIC_LOOKUP_BITS, table->bits, table->huffval, largest);
}

static bool prepare_dc(struct scan *scan, const struct jpeg_decompress_struct *jpeg, int number) {
    if (number < 0 || number >= TABLES || !jpeg->dc_huff_tbl_ptrs[number]) return false;
    if (scan->has_dc[number]) return true;
    scan->has_dc[number] = make_codes(&scan->dc[number], jpeg->dc_huff_tbl_ptrs[number], 11);
    return scan->has_dc[number];
}

static bool prepare_ac(struct scan *scan, const struct jpeg_decompress_struct *jpeg, int number) {
    if (number < 0 || number >= TABLES || !jpeg->ac_huff_tbl_ptrs[number]) return false;
    if (scan->has_ac[number]) return true;
    scan->has_ac[number] = make_codes(&scan->ac[number], jpeg->ac_huff_tbl_ptrs[number], 255);
    if (scan->has_ac[number]) skips_build(&scan->skips[number], &scan->ac[number]);
    return scan->has_ac[number];
}

static bool prepare_quantisation(
    struct component *component, const struct jpeg_decompress_struct *jpeg, const jpeg_component_info *info
) {
    if (info->quant_tbl_no < 0 || info->quant_tbl_no >= NUM_QUANT_TBLS) return false;
    const JQUANT_TBL *table = jpeg->quant_tbl_ptrs[info->quant_tbl_no];
    if (!table) return false;
    for (int index = 0; index < DCTSIZE2; index++) {
        if (table->quantval[index] > 255) return false;
    }
    component->quantisation = table->quantval;
    component->dc_limit = cic_dc_limit(table);
    return true;
}

/// A scan with one component is simply one row of blocks after another, whatever the sampling factors.
static bool prepare_geometry(
    struct component *component, const struct jpeg_decompress_struct *jpeg, const jpeg_component_info *info
) {
    bool is_alone = jpeg->comps_in_scan == 1;
    unsigned max_across = is_alone ? 1 : (unsigned)jpeg->max_h_samp_factor;
    unsigned max_down = is_alone ? 1 : (unsigned)jpeg->max_v_samp_factor;
    component->across = is_alone ? 1 : (unsigned)info->h_samp_factor;
    component->down = is_alone ? 1 : (unsigned)info->v_samp_factor;
    if (block_size(info) != 1 && (block_size(info) != 2 || is_alone)) return false;
    component->size = (unsigned)block_size(info);
    unsigned samples_across = component->across * component->size, samples_down = component->down * component->size;
    if (max_across % samples_across != 0 || max_down % samples_down != 0) return false;
    component->pixels_across = max_across / samples_across;
    component->pixels_down = max_down / samples_down;
    return true;
}

static bool prepare_component(struct scan *scan, const struct jpeg_decompress_struct *jpeg, unsigned position) {
    const jpeg_component_info *info = jpeg->cur_comp_info[position];
    struct component *component = &scan->components[position];
    if (info->component_index < 0 || info->component_index >= COMPONENTS) return false;
    if (scan->planes[info->component_index]) return false;
    scan->planes[info->component_index] = component;
    if (!prepare_dc(scan, jpeg, info->dc_tbl_no) || !prepare_ac(scan, jpeg, info->ac_tbl_no)) return false;
    component->dc = &scan->dc[info->dc_tbl_no];
    component->ac = &scan->ac[info->ac_tbl_no];
    component->skips = &scan->skips[info->ac_tbl_no];
    return prepare_quantisation(component, jpeg, info) && prepare_geometry(component, jpeg, info);
}

static unsigned divided_up(unsigned value, unsigned divisor) { return (value + divisor - 1) / divisor; }

static bool prepare_memory(struct scan *scan) {
    size_t bytes = 0;
    for (unsigned index = 0; index < scan->count; index++) {
        struct component *component = &scan->components[index];
        component->stride = (size_t)component->across * component->size * scan->mcus_across;
        bytes += component->stride * (component->down * component->size + component->pixels_across);
    }
    uint8_t *memory = scan->memory = malloc(bytes);
    if (!memory) return false;
    for (unsigned index = 0; index < scan->count; index++) {
        struct component *component = &scan->components[index];
        component->samples = memory;
        component->expanded = memory + component->stride * component->down * component->size;
        memory = component->expanded + component->stride * component->pixels_across;
    }
    return true;
}

static bool prepare(struct scan *scan, const struct jpeg_decompress_struct *jpeg) {
    if (!is_usual(jpeg)) return false;
    scan->count = (unsigned)jpeg->comps_in_scan;
    unsigned blocks = 0;
    for (unsigned index = 0; index < scan->count; index++) {
        if (!prepare_component(scan, jpeg, index)) return false;
        blocks += scan->components[index].across * scan->components[index].down;
    }
    if (blocks > MAX_BLOCKS) return false;
    unsigned across = scan->count == 1 ? 1 : (unsigned)jpeg->max_h_samp_factor;
    scan->rows_per_mcu = scan->count == 1 ? 1 : (unsigned)jpeg->max_v_samp_factor;
    scan->mcus_across = divided_up(jpeg->image_width, across * DCTSIZE);
    scan->mcus_down = divided_up(jpeg->image_height, scan->rows_per_mcu * DCTSIZE);
    scan->restart_interval = scan->until_restart = jpeg->restart_interval;
    scan->bits.next = jpeg->src->next_input_byte;
    scan->bits.end = scan->bits.next + jpeg->src->bytes_in_buffer;
    return prepare_memory(scan);
}

// MARK: - Pixels

static const uint8_t *row_of(const struct component *component, unsigned row, unsigned width) {
    const uint8_t *samples = component->samples + row / component->pixels_down * component->stride;
    if (component->pixels_across == 1) return samples;
    for (unsigned x = 0, left = 0; x < width; x++) {
        component->expanded[x] = *samples;
        if (++left == component->pixels_across) left = 0, samples++;
    }
    return component->expanded;
}

static uint8_t clamped(int value) { return (uint8_t)(value < 0 ? 0 : value > MAXJSAMPLE ? MAXJSAMPLE : value); }

/// libjpeg's conversion (jdcolor.c): factors with 16 bits of fraction; each product is rounded separately, except for
/// green.
static void convert_ycc(const uint8_t *luma, const uint8_t *blue, const uint8_t *red, uint8_t *rgb, unsigned width) {
    for (unsigned x = 0; x < width; x++, rgb += 3) {
        int y = luma[x], cb = blue[x] - CENTERJSAMPLE, cr = red[x] - CENTERJSAMPLE;
        rgb[0] = clamped(y + ((91881 * cr + 32768) >> 16));
        rgb[1] = clamped(y + ((-22554 * cb - 46802 * cr + 32768) >> 16));
        rgb[2] = clamped(y + ((116130 * cb + 32768) >> 16));
    }
}

static void interleave(const uint8_t *const planes[COMPONENTS], uint8_t *rgb, unsigned width) {
    for (unsigned x = 0; x < width; x++) {
        for (int channel = 0; channel < 3; channel++) *rgb++ = planes[channel][x];
    }
}

static void write_rows(
    const struct scan *scan, const struct jpeg_decompress_struct *jpeg, unsigned mcu_row, uint8_t *pixels
) {
    unsigned width = jpeg->output_width, first = mcu_row * scan->rows_per_mcu;
    for (unsigned y = 0; y < scan->rows_per_mcu && first + y < jpeg->output_height; y++) {
        uint8_t *rgb = pixels + (size_t)(first + y) * width * 3;
        const uint8_t *planes[COMPONENTS];
        for (unsigned index = 0; index < COMPONENTS; index++) {
            planes[index] = index < scan->count ? row_of(scan->planes[index], y, width) : planes[0];
        }
        if (jpeg->jpeg_color_space == JCS_YCbCr) {
            convert_ycc(planes[0], planes[1], planes[2], rgb, width);
        } else {
            interleave(planes, rgb, width);
        }
    }
}

static enum cic_reduced take_scan(
    struct scan *scan, const struct jpeg_decompress_struct *jpeg, double deadline, uint8_t *pixels
) {
    for (unsigned row = 0; row < scan->mcus_down; row++) {
        if (row % CIC_ROWS_BETWEEN_CHECKS == 0 && cic_thread_seconds() > deadline) return CIC_REDUCED_TOO_SLOW;
        if (!scan_take_row(scan)) return CIC_REDUCED_NOT_HANDLED;
        if (pixels) write_rows(scan, jpeg, row, pixels);
    }
    return scan_take_end(scan) ? CIC_REDUCED_DONE : CIC_REDUCED_NOT_HANDLED;
}

enum cic_reduced cic_reduced_decode(
    const struct jpeg_decompress_struct *jpeg, double deadline, uint8_t *pixels
) {
    struct scan *scan = calloc(1, sizeof *scan);
    if (!scan) return CIC_REDUCED_NOT_HANDLED;
    enum cic_reduced result =
        prepare(scan, jpeg) ? take_scan(scan, jpeg, deadline, pixels) : CIC_REDUCED_NOT_HANDLED;
    free(scan->memory);
    free(scan);
    return result;
}
