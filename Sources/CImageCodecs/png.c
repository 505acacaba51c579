#include <png.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "CImageCodecs.h"
#include "limits.h"

// MARK: - Decoding

struct decoding {
    const uint8_t *bytes;
    size_t count, offset;
    const struct cic_limits *limits;
    double deadline;
    uint8_t *pixels;
    size_t capacity;
    struct cic_report *report;
    enum cic_status status;
    uint8_t *scratch;
};

static _Noreturn void fail(png_structp png, enum cic_status status) {
    struct decoding *decoding = png_get_error_ptr(png);
    decoding->status = status;
    png_longjmp(png, 1);
}

static void copy_message(struct cic_report *report, png_const_charp message) {
    snprintf(report->message, sizeof report->message, "%s", message);
}

static void on_error(png_structp png, png_const_charp message) {
    struct decoding *decoding = png_get_error_ptr(png);
    copy_message(decoding->report, message);
    fail(png, CIC_CORRUPT);
}

static void on_warning(png_structp png, png_const_charp message) {
    struct decoding *decoding = png_get_error_ptr(png);
    if (!(decoding->report->notes & CIC_NOTE_OTHER)) copy_message(decoding->report, message);
    decoding->report->notes |= CIC_NOTE_OTHER;
}

static void on_read(png_structp png, png_bytep target, size_t count) {
    struct decoding *decoding = png_get_io_ptr(png);
    if (count > decoding->count - decoding->offset) fail(png, CIC_TRUNCATED);
    memcpy(target, decoding->bytes + decoding->offset, count);
    decoding->offset += count;
}

/// Sets limits, and skips every chunk that doesn't affect the pixels: a profile or text may unpack to any size.
static void set_up(png_structp png, struct decoding *decoding) {
    png_set_read_fn(png, decoding, on_read);
    png_set_user_limits(png, decoding->limits->max_side, decoding->limits->max_side);
    png_set_chunk_malloc_max(png, decoding->limits->max_memory);
    png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_NEVER, NULL, -1);
}

/// Requests 8-bit RGB, whatever is stored, and returns the number of passes.
static int request_rgb(png_structp png, png_infop info) {
    png_byte colour_type = png_get_color_type(png, info);
    if (colour_type == PNG_COLOR_TYPE_PALETTE) png_set_palette_to_rgb(png);
    if (png_get_bit_depth(png, info) < 8) png_set_expand_gray_1_2_4_to_8(png);
    png_set_strip_16(png);
    png_set_strip_alpha(png);
    if (!(colour_type & PNG_COLOR_MASK_COLOR)) png_set_gray_to_rgb(png);
    int passes = png_set_interlace_handling(png);
    png_read_update_info(png, info);
    return passes;
}

static void read_rows(png_structp png, png_infop info, struct decoding *decoding) {
    png_read_info(png, info);
    int passes = request_rgb(png, info);
    png_uint_32 height = png_get_image_height(png, info);
    size_t row_bytes = png_get_rowbytes(png, info);
    if (row_bytes != (size_t)decoding->report->width * 3 || height != decoding->report->height) {
        png_error(png, "the size of the rows doesn't match the header");
    }
    if (decoding->pixels && row_bytes * height != decoding->capacity) png_error(png, "the size changed");
    if (!decoding->pixels) {
        decoding->scratch = calloc(row_bytes, 1);
        if (!decoding->scratch) fail(png, CIC_OUT_OF_MEMORY);
    }
    for (int pass = 0; pass < passes; pass++) {
        for (png_uint_32 row = 0; row < height; row++) {
            if (row % CIC_ROWS_BETWEEN_CHECKS == 0 && cic_thread_seconds() > decoding->deadline) {
                fail(png, CIC_TOO_SLOW);
            }
            png_read_row(png, decoding->pixels ? decoding->pixels + row_bytes * row : decoding->scratch, NULL);
        }
    }
    png_read_end(png, NULL);
}

enum { SIGNATURE_AND_HEADER = 8 + 25 };

enum cic_status cic_png_measure(
    const uint8_t *bytes, size_t count, const struct cic_limits *limits, struct cic_report *report
) {
    memset(report, 0, sizeof *report);
    if (count < SIGNATURE_AND_HEADER) return CIC_TRUNCATED;
    if (memcmp(bytes + 12, "IHDR", 4) != 0) {
        copy_message(report, "the first chunk is not IHDR");
        return CIC_CORRUPT;
    }
    report->width = report->output_width = png_get_uint_32(bytes + 16);
    report->height = report->output_height = png_get_uint_32(bytes + 20);
    if (report->width == 0 || report->height == 0) {
        copy_message(report, "a side is 0");
        return CIC_CORRUPT;
    }
    return cic_is_within(limits, report->width, report->height, 1) ? CIC_OK : CIC_TOO_LARGE;
}

enum cic_status cic_png_decode(
    const uint8_t *bytes, size_t count, const struct cic_limits *limits, uint8_t *pixels, size_t capacity,
    struct cic_report *report
) {
    enum cic_status measured = cic_png_measure(bytes, count, limits, report);
    if (measured != CIC_OK) return measured;
    struct decoding decoding = {
        .bytes = bytes, .count = count, .limits = limits, .pixels = pixels, .capacity = capacity, .report = report,
        .status = CIC_OK, .deadline = cic_thread_seconds() + limits->max_seconds};
    png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &decoding, on_error, on_warning);
    if (!png) return CIC_OUT_OF_MEMORY;
    png_infop info = png_create_info_struct(png);
    if (info && setjmp(png_jmpbuf(png)) == 0) {
        set_up(png, &decoding);
        read_rows(png, info, &decoding);
    }
    enum cic_status status = info ? decoding.status : CIC_OUT_OF_MEMORY;
    png_destroy_read_struct(&png, &info, NULL);
    free(decoding.scratch);
    return status;
}

// MARK: - Encoding

struct encoding {
    uint8_t *bytes;
    size_t count, capacity;
};

/// Only memory can run out here: the pixels are valid by construction.
static void on_encode_error(png_structp png, png_const_charp message) {
    (void)message;
    png_longjmp(png, 1);
}

static void on_encode_warning(png_structp png, png_const_charp message) { (void)png, (void)message; }

static void on_write(png_structp png, png_bytep bytes, size_t count) {
    struct encoding *encoding = png_get_io_ptr(png);
    if (count > encoding->capacity - encoding->count) {
        size_t capacity = (encoding->count + count) * 2;
        uint8_t *grown = realloc(encoding->bytes, capacity);
        if (!grown) png_error(png, "no memory");
        encoding->bytes = grown;
        encoding->capacity = capacity;
    }
    memcpy(encoding->bytes + encoding->count, bytes, count);
    encoding->count += count;
}

static void on_flush(png_structp png) { (void)png; }

enum cic_status cic_png_encode(
    const uint8_t *pixels, uint32_t width, uint32_t height, uint8_t **encoded, size_t *encoded_count
) {
    struct encoding encoding = {0};
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, on_encode_error, on_encode_warning);
    if (!png) return CIC_OUT_OF_MEMORY;
    png_infop info = png_create_info_struct(png);
    if (!info || setjmp(png_jmpbuf(png)) != 0) {
        png_destroy_write_struct(&png, &info);
        free(encoding.bytes);
        return CIC_OUT_OF_MEMORY;
    }
    png_set_write_fn(png, &encoding, on_write, on_flush);
    png_set_IHDR(png, info, width, height, 8, PNG_COLOR_TYPE_RGB, PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT,
                 PNG_FILTER_TYPE_DEFAULT);
    png_write_info(png, info);
    for (uint32_t row = 0; row < height; row++) png_write_row(png, pixels + (size_t)row * width * 3);
    png_write_end(png, info);
    png_destroy_write_struct(&png, &info);
    *encoded = encoding.bytes;
    *encoded_count = encoding.count;
    return CIC_OK;
}
