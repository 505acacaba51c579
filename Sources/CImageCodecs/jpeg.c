#include <setjmp.h>
#include <stdio.h>
#include <string.h>

// jpeglib.h needs stdio.h before it.
#include <jerror.h>
#include <jpeglib.h>

#include "CImageCodecs.h"
#include "limits.h"
#include "reduced.h"
#include "strict.h"
#include "transfer.h"

/// Everything that outlives a longjmp: nothing that changes after setjmp is a local variable.
struct decoding {
    struct jpeg_decompress_struct jpeg;
    struct jpeg_error_mgr errors;
    struct jpeg_progress_mgr progress;
    jmp_buf failure;
    enum cic_status status;
    const struct cic_limits *limits;
    double deadline;
    uint32_t at_least;
    enum cic_jpeg_path path;
    /// One bit for each component of the frame that has been in a scan.
    unsigned scanned;
    /// Whether the segment that libjpeg has read last is a scan's header; what it reads next are then the scan's data.
    bool is_in_scan;
    /// Whether the damaged data are those of a scan.
    bool has_bad_data;
    uint8_t *pixels;
    size_t capacity;
    struct cic_report *report;
};

static struct decoding *owner(j_common_ptr jpeg) { return jpeg->client_data; }

static _Noreturn void fail(struct decoding *decoding, enum cic_status status) {
    decoding->status = status;
    longjmp(decoding->failure, 1);
}

static _Noreturn void fail_with_detail(struct decoding *decoding, enum cic_status status, int detail) {
    decoding->report->detail = detail;
    fail(decoding, status);
}

static _Noreturn void fail_as_damaged(struct decoding *decoding, const char *message) {
    snprintf(decoding->report->message, sizeof decoding->report->message, "%s", message);
    fail(decoding, CIC_CORRUPT);
}

static void copy_message(j_common_ptr jpeg) {
    char message[JMSG_LENGTH_MAX];
    jpeg->err->format_message(jpeg, message);
    snprintf(owner(jpeg)->report->message, sizeof owner(jpeg)->report->message, "%s", message);
}

static void record_size(struct decoding *decoding) {
    decoding->report->width = decoding->jpeg.image_width;
    decoding->report->height = decoding->jpeg.image_height;
}

/// libjpeg's error_exit.
static void on_error(j_common_ptr jpeg) {
    struct decoding *decoding = owner(jpeg);
    int parameter = jpeg->err->msg_parm.i[0];
    switch (jpeg->err->msg_code) {
    case JERR_SOF_UNSUPPORTED:
        fail_with_detail(decoding, CIC_UNSUPPORTED_PROCESS, parameter);
    case JERR_BAD_PRECISION:
        fail_with_detail(decoding, CIC_UNSUPPORTED_PRECISION, parameter);
    case JERR_UNKNOWN_MARKER:
        // JPEG-LS is recognised by a marker that libjpeg doesn't know.
        if (parameter == 0xF7) fail_with_detail(decoding, CIC_UNSUPPORTED_PROCESS, parameter);
        break;
    case JERR_FRACT_SAMPLE_NOTIMPL:
    case JERR_CCIR601_NOTIMPL:
        fail(decoding, CIC_UNSUPPORTED_SAMPLING);
    case JERR_IMAGE_TOO_BIG:
        record_size(decoding);
        fail(decoding, CIC_TOO_LARGE);
    case JERR_NO_BACKING_STORE:
        fail(decoding, CIC_TOO_MUCH_MEMORY);
    case JERR_OUT_OF_MEMORY:
        fail(decoding, CIC_OUT_OF_MEMORY);
    case JERR_INPUT_EMPTY:
    case JERR_INPUT_EOF:
        fail(decoding, CIC_TRUNCATED);
    }
    copy_message(jpeg);
    fail(decoding, CIC_CORRUPT);
}

/// libjpeg emits a trace for each segment that it reads.
static void note_segment(struct decoding *decoding, int trace) {
    switch (trace) {
    case JTRC_SOS:
        decoding->is_in_scan = true;
        return;
    case JTRC_DHT:
    case JTRC_DQT:
    case JTRC_DRI:
    case JTRC_DAC:
    case JTRC_MISC_MARKER:
        decoding->is_in_scan = false;
    }
}

static _Noreturn void fail_for_data(struct decoding *decoding, const char *message) {
    decoding->has_bad_data = true;
    fail_as_damaged(decoding, message);
}

static const char left_over[] = "data of a scan are left over after its last block";

/// The bytes are those before the marker at which libjpeg is now. After a scan's last block, they are unused data,
/// unless they are padding. Up to 7 more may be left that libjpeg had already read from the file.
static void check_extraneous(struct decoding *decoding) {
    const uint8_t *marker = decoding->jpeg.src->next_input_byte;
    size_t count = (size_t)decoding->errors.msg_parm.i[0];
    decoding->report->notes |= CIC_NOTE_EXTRANEOUS_DATA;
    if (decoding->limits->is_lenient || !decoding->is_in_scan) return;
    if (cic_is_padding(marker - count, count)) return;
    if (count > CIC_PADDING_BYTES || !cic_is_padding(marker - CIC_PADDING_BYTES, CIC_PADDING_BYTES)) {
        fail_for_data(decoding, left_over);
    }
}

/// libjpeg's emit_message: a negative level is a warning, the others are traces.
static void on_message(j_common_ptr jpeg, int level) {
    struct decoding *decoding = owner(jpeg);
    if (level >= 0) {
        note_segment(decoding, jpeg->err->msg_code);
        return;
    }
    jpeg->err->num_warnings++;
    switch (jpeg->err->msg_code) {
    case JWRN_JPEG_EOF:
        fail(decoding, CIC_TRUNCATED);
    case JWRN_EXTRANEOUS_DATA:
        check_extraneous(decoding);
        return;
    case JWRN_NOT_SEQUENTIAL:
        decoding->report->notes |= CIC_NOTE_NOT_SEQUENTIAL;
        return;
    case JWRN_JFIF_MAJOR:
        decoding->report->notes |= CIC_NOTE_JFIF_MAJOR;
        return;
    case JWRN_ADOBE_XFORM:
        decoding->report->notes |= CIC_NOTE_ADOBE_TRANSFORM;
        return;
    case JWRN_BOGUS_PROGRESSION:
        decoding->report->notes |= CIC_NOTE_PROGRESSION;
        return;
    default:
        // Bad codes, lost synchronisation, a marker in the middle of the data: from here on, libjpeg invents pixels.
        decoding->has_bad_data = true;
        copy_message(jpeg);
        fail(decoding, CIC_CORRUPT);
    }
}

static void on_output(j_common_ptr jpeg) { (void)jpeg; }

static void check_deadline(struct decoding *decoding) {
    if (cic_thread_seconds() > decoding->deadline) fail(decoding, CIC_TOO_SLOW);
}

static void note_components(struct decoding *decoding) {
    const struct jpeg_decompress_struct *jpeg = &decoding->jpeg;
    for (int index = 0; index < jpeg->comps_in_scan; index++) {
        decoding->scanned |= 1u << jpeg->cur_comp_info[index]->component_index;
    }
}

/// libjpeg's progress_monitor: called between rows of blocks while the scans of a picture are gathered.
static void on_progress(j_common_ptr jpeg) {
    struct decoding *decoding = owner(jpeg);
    note_components(decoding);
    if ((uint32_t)decoding->jpeg.input_scan_number > decoding->limits->max_scans) fail(decoding, CIC_TOO_MANY_SCANS);
    check_deadline(decoding);
}

/// libjpeg counts rows and tables as well, and they depend on the scale. Without extra room, a picture whose
/// coefficients are just within the limit would be accepted at an eighth of its size and rejected at full size.
enum { CIC_ROWS_MEMORY = 64 << 20 };

static void set_up(struct decoding *decoding, const uint8_t *bytes, size_t count) {
    struct jpeg_decompress_struct *jpeg = &decoding->jpeg;
    jpeg_create_decompress(jpeg);
    // Creating clears everything except the error manager and the client data.
    jpeg->progress = &decoding->progress;
    decoding->progress.progress_monitor = on_progress;
    jpeg->mem->max_memory_to_use = (long)decoding->limits->max_memory + CIC_ROWS_MEMORY;
    jpeg_mem_src(jpeg, bytes, count);
}

/// What a picture with several scans keeps until the last one has been read: 128 bytes per block of coefficients.
static uint64_t coefficient_memory(struct jpeg_decompress_struct *jpeg) {
    if (!jpeg_has_multiple_scans(jpeg)) return 0;
    uint64_t blocks = 0;
    for (int index = 0; index < jpeg->num_components; index++) {
        const jpeg_component_info *component = &jpeg->comp_info[index];
        uint64_t horizontal = (uint64_t)component->h_samp_factor, vertical = (uint64_t)component->v_samp_factor;
        blocks += (component->width_in_blocks + horizontal - 1) / horizontal * horizontal
            * ((component->height_in_blocks + vertical - 1) / vertical * vertical);
    }
    return blocks * sizeof(JBLOCK);
}

enum { JPEG_SOS = 0xDA };

/// Finds the same as on_progress, but before anything is decoded: 100 passes over a large picture take long, only to
/// reject it.
static bool has_too_many_scans(const struct decoding *decoding) {
    const uint8_t *next = decoding->jpeg.src->next_input_byte;
    const uint8_t *end = next + decoding->jpeg.src->bytes_in_buffer;
    for (uint32_t scans = 1; scans <= decoding->limits->max_scans;) {
        const uint8_t *marker = memchr(next, 0xFF, (size_t)(end - next));
        if (!marker || end - marker < 4) return false;
        uint8_t code = marker[1];
        next = marker + (code == 0xFF ? 1 : 2);
        bool stands_alone = code <= 0x01 || code == 0xFF || (code >= JPEG_RST0 && code <= JPEG_RST0 + 7);
        if (stands_alone) continue;
        if (code == JPEG_EOI) return false;
        if (code == JPEG_SOS) scans++;
        ptrdiff_t length = marker[2] << 8 | marker[3];
        if (length > end - next) return false;
        next += length;
    }
    return true;
}

/// Below this size, setting up the tables of the fast decoder takes as long as it saves.
enum { CIC_WORTHWHILE_BYTES = 32 << 10 };

static unsigned scale_denominator(const struct decoding *decoding) {
    if (decoding->at_least == 0) return 1;
    JDIMENSION width = decoding->jpeg.image_width, height = decoding->jpeg.image_height;
    unsigned denominator = 8;
    while (denominator > 1
           && (width / denominator < decoding->at_least || height / denominator < decoding->at_least)) {
        denominator /= 2;
    }
    return denominator;
}

/// Reads up to the first scan and rejects what can't be decoded, before memory is allocated for it.
static void read_header(struct decoding *decoding) {
    struct jpeg_decompress_struct *jpeg = &decoding->jpeg;
    jpeg_read_header(jpeg, TRUE);
    record_size(decoding);
    if (!cic_is_within(decoding->limits, jpeg->image_width, jpeg->image_height, DCTSIZE)) {
        fail(decoding, CIC_TOO_LARGE);
    }
    if (jpeg->arith_code) {
        fail_with_detail(decoding, CIC_UNSUPPORTED_PROCESS, jpeg->progressive_mode ? 0xCA : 0xC9);
    }
    if (jpeg->data_precision != 8) fail_with_detail(decoding, CIC_UNSUPPORTED_PRECISION, jpeg->data_precision);
    if (jpeg->num_components != 1 && jpeg->num_components != 3 && jpeg->num_components != 4) {
        fail_with_detail(decoding, CIC_UNSUPPORTED_COMPONENTS, jpeg->num_components);
    }
    decoding->report->needed_memory = coefficient_memory(jpeg);
    if (jpeg_has_multiple_scans(jpeg) && has_too_many_scans(decoding)) fail(decoding, CIC_TOO_MANY_SCANS);
    if (decoding->report->needed_memory > decoding->limits->max_memory) fail(decoding, CIC_TOO_MUCH_MEMORY);
    jpeg->out_color_space = jpeg->num_components == 4 ? JCS_CMYK : JCS_RGB;
    jpeg->scale_num = 1;
    jpeg->scale_denom = scale_denominator(decoding);
    jpeg_calc_output_dimensions(jpeg);
    decoding->report->output_width = jpeg->output_width;
    decoding->report->output_height = jpeg->output_height;
}

/// Samples mean 255 - ink, as Adobe's programs write them and Pillow reads them.
static void convert_cmyk(const uint8_t *cmyk, uint8_t *rgb, size_t width) {
    for (size_t x = 0; x < width; x++, cmyk += 4, rgb += 3) {
        unsigned light = cmyk[3];
        for (int channel = 0; channel < 3; channel++) {
            unsigned product = (255u - cmyk[channel]) * light + 128;
            rgb[channel] = (uint8_t)(light - ((product + (product >> 8)) >> 8));
        }
    }
}

/// libjpeg silently makes a component gray if it is in no scan.
static void check_components(struct decoding *decoding) {
    unsigned all = (1u << decoding->jpeg.num_components) - 1;
    if (!jpeg_has_multiple_scans(&decoding->jpeg) || decoding->scanned == all) return;
    fail_as_damaged(decoding, "a component has no scan");
}

/// Decodes the codes of all scans without making pixels: that step can't fail any more.
static void read_scans(struct decoding *decoding) {
    struct jpeg_decompress_struct *jpeg = &decoding->jpeg;
    jpeg->buffered_image = TRUE;
    jpeg_start_decompress(jpeg);
    while (jpeg_consume_input(jpeg) != JPEG_REACHED_EOI) on_progress((j_common_ptr)jpeg);
    check_components(decoding);
}

static void check_capacity(struct decoding *decoding) {
    size_t bytes = (size_t)decoding->jpeg.output_width * decoding->jpeg.output_height * 3;
    if (!decoding->pixels || bytes == decoding->capacity) return;
    fail_as_damaged(decoding, "the size changed while decoding");
}

/// Uses the fast decoder if possible. If it gives up, decoding starts again with libjpeg and with the full time limit.
static bool read_reduced(struct decoding *decoding) {
    bool is_worthwhile = decoding->jpeg.src->bytes_in_buffer >= CIC_WORTHWHILE_BYTES;
    if (decoding->path == CIC_JPEG_LIBJPEG || (decoding->path == CIC_JPEG_AUTOMATIC && !is_worthwhile)) return false;
    double start = cic_thread_seconds();
    enum cic_reduced result = cic_reduced_decode(&decoding->jpeg, decoding->deadline, decoding->pixels);
    if (result == CIC_REDUCED_TOO_SLOW) fail(decoding, CIC_TOO_SLOW);
    if (result == CIC_REDUCED_NOT_HANDLED && decoding->path == CIC_JPEG_REDUCED) fail(decoding, CIC_NOT_HANDLED);
    decoding->deadline += cic_thread_seconds() - start;
    return result == CIC_REDUCED_DONE;
}

static enum cic_strict read_strictly(struct decoding *decoding) {
    if (decoding->limits->is_lenient) return CIC_STRICT_UNKNOWN;
    double start = cic_thread_seconds();
    enum cic_strict found = cic_strict_read(&decoding->jpeg, decoding->deadline);
    if (found == CIC_STRICT_TOO_SLOW) fail(decoding, CIC_TOO_SLOW);
    decoding->deadline += cic_thread_seconds() - start;
    return found;
}

static void refuse_losses(struct decoding *decoding, enum cic_strict found) {
    switch (found) {
    case CIC_STRICT_BEYOND_BLOCK:
        fail_for_data(decoding, "a block has more than 64 coefficients");
    case CIC_STRICT_BAD_SYMBOL:
        fail_for_data(decoding, "a code doesn't stand for any run of coefficients");
    case CIC_STRICT_BEYOND_RANGE:
        fail_for_data(decoding, "a block is brighter or darker than samples can be");
    case CIC_STRICT_LEFT_OVER:
        fail_for_data(decoding, left_over);
    default:
        return;
    }
}

static void read_with_libjpeg(struct decoding *decoding) {
    struct jpeg_decompress_struct *jpeg = &decoding->jpeg;
    if (!decoding->pixels && jpeg_has_multiple_scans(jpeg)) {
        read_scans(decoding);
        return;
    }
    jpeg_start_decompress(jpeg);
    check_components(decoding);
    size_t row_bytes = (size_t)jpeg->output_width * 3;
    bool is_direct = decoding->pixels && jpeg->out_color_components == 3;
    JSAMPROW scratch = jpeg->mem->alloc_large(
        (j_common_ptr)jpeg, JPOOL_IMAGE, (size_t)jpeg->output_width * (size_t)jpeg->out_color_components);
    while (jpeg->output_scanline < jpeg->output_height) {
        if (jpeg->output_scanline % CIC_ROWS_BETWEEN_CHECKS == 0) check_deadline(decoding);
        uint8_t *target = decoding->pixels ? decoding->pixels + row_bytes * jpeg->output_scanline : NULL;
        JSAMPROW row = is_direct ? target : scratch;
        jpeg_read_scanlines(jpeg, &row, 1);
        if (target && !is_direct) convert_cmyk(scratch, target, jpeg->output_width);
    }
    jpeg_finish_decompress(jpeg);
}

static void read_rows(struct decoding *decoding) {
    check_capacity(decoding);
    if (read_reduced(decoding)) return;
    enum cic_strict found = read_strictly(decoding);
    if (found == CIC_STRICT_WHOLE && !decoding->pixels) return;
    // If the data end too early or libjpeg finds something wrong, that is reported.
    read_with_libjpeg(decoding);
    refuse_losses(decoding, found);
}

/// Reports how the file was changed if there are signs of it: in a damaged file as the cause, in a file that seems
/// undamaged as the only sign of damage. For damaged data, it names a possible cause even without a sign.
static void name_transfer(struct decoding *decoding, const uint8_t *bytes, size_t count) {
    enum cic_status status = decoding->status;
    if (decoding->limits->is_lenient || status == CIC_TOO_SLOW || status == CIC_OUT_OF_MEMORY) return;
    struct cic_transfer transfer = cic_transfer_of_jpeg(bytes, count, status != CIC_OK);
    bool is_named = status == CIC_OK ? transfer.is_proof : transfer.is_likely;
    bool is_possible = transfer.change && status == CIC_CORRUPT && decoding->has_bad_data;
    if (!is_named && !is_possible) return;
    decoding->status = CIC_CORRUPT;
    char *message = decoding->report->message;
    size_t used = is_named ? 0 : strlen(message);
    snprintf(
        message + used, sizeof decoding->report->message - used,
        "%sline ends were changed in transfer (%s): send it in binary mode", is_named ? "" : "; perhaps ",
        transfer.change);
}

static enum cic_status run(
    struct decoding *decoding, const uint8_t *bytes, size_t count, void (*body)(struct decoding *)
) {
    memset(decoding->report, 0, sizeof *decoding->report);
    decoding->status = CIC_OK;
    decoding->deadline = cic_thread_seconds() + decoding->limits->max_seconds;
    decoding->jpeg.err = jpeg_std_error(&decoding->errors);
    decoding->jpeg.client_data = decoding;
    decoding->errors.error_exit = on_error;
    decoding->errors.emit_message = on_message;
    decoding->errors.output_message = on_output;
    if (setjmp(decoding->failure) == 0) {
        set_up(decoding, bytes, count);
        read_header(decoding);
        if (body) body(decoding);
    }
    jpeg_destroy_decompress(&decoding->jpeg);
    if (body || decoding->status != CIC_OK) name_transfer(decoding, bytes, count);
    return decoding->status;
}

enum cic_status cic_jpeg_measure(
    const uint8_t *bytes, size_t count, const struct cic_limits *limits, uint32_t at_least, struct cic_report *report
) {
    struct decoding decoding = {.limits = limits, .at_least = at_least, .report = report};
    return run(&decoding, bytes, count, NULL);
}

enum cic_status cic_jpeg_decode(
    const uint8_t *bytes, size_t count, const struct cic_limits *limits, uint32_t at_least,
    enum cic_jpeg_path path, uint8_t *pixels, size_t capacity, struct cic_report *report
) {
    struct decoding decoding = {
        .limits = limits, .at_least = at_least, .path = path, .pixels = pixels, .capacity = capacity,
        .report = report};
    return run(&decoding, bytes, count, read_rows);
}
