#ifndef CIMAGECODECS_H
#define CIMAGECODECS_H

// JPEG and PNG through libjpeg and libpng.
//
// Both libraries report errors by longjmp. Each call to them happens below a setjmp in this target, so callers only see
// a status. Nothing here keeps state between calls: any number of threads may call at the same time.

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CIC_NAME(name) __attribute__((swift_name(name)))

enum __attribute__((enum_extensibility(closed))) cic_status {
    CIC_OK CIC_NAME("ok"),
    /// The data end before the picture does.
    CIC_TRUNCATED CIC_NAME("truncated"),
    /// The data violate the format; the report's message says how.
    CIC_CORRUPT CIC_NAME("corrupt"),
    /// A JPEG process other than baseline, extended Huffman or progressive; the report's detail is its SOF marker.
    CIC_UNSUPPORTED_PROCESS CIC_NAME("unsupportedProcess"),
    /// Samples of other than 8 bits in a JPEG; the report's detail is their number.
    CIC_UNSUPPORTED_PRECISION CIC_NAME("unsupportedPrecision"),
    /// Neither 1, 3 nor 4 components in a JPEG; the report's detail is their number.
    CIC_UNSUPPORTED_COMPONENTS CIC_NAME("unsupportedComponents"),
    /// A JPEG whose components' sampling factors don't divide the largest one: libjpeg can't scale them up.
    CIC_UNSUPPORTED_SAMPLING CIC_NAME("unsupportedSampling"),
    /// More pixels, or a longer side, than the limits allow; the report has the size.
    CIC_TOO_LARGE CIC_NAME("tooLarge"),
    CIC_TOO_MANY_SCANS CIC_NAME("tooManyScans"),
    /// The decoder would need more memory than the limits allow; the report says how much.
    CIC_TOO_MUCH_MEMORY CIC_NAME("tooMuchMemory"),
    CIC_TOO_SLOW CIC_NAME("tooSlow"),
    /// A problem of the machine, not of the picture.
    CIC_OUT_OF_MEMORY CIC_NAME("outOfMemory"),
    /// Only with CIC_JPEG_REDUCED: this picture needs libjpeg.
    CIC_NOT_HANDLED CIC_NAME("notHandled"),
};

/// Who decodes a JPEG's data. The verdict and the pixels are the same.
enum __attribute__((enum_extensibility(closed))) cic_jpeg_path {
    /// The fast decoder in reduced.c if it can be used and is worth setting up its tables, otherwise libjpeg.
    CIC_JPEG_AUTOMATIC CIC_NAME("automatic"),
    CIC_JPEG_LIBJPEG CIC_NAME("libjpeg"),
    /// Only the fast decoder.
    CIC_JPEG_REDUCED CIC_NAME("reduced"),
};

/// Oddities without loss of data, as bits of a report's notes.
enum {
    CIC_NOTE_EXTRANEOUS_DATA = 1 << 0,
    CIC_NOTE_NOT_SEQUENTIAL = 1 << 1,
    CIC_NOTE_JFIF_MAJOR = 1 << 2,
    CIC_NOTE_ADOBE_TRANSFORM = 1 << 3,
    CIC_NOTE_PROGRESSION = 1 << 4,
    CIC_NOTE_OTHER = 1 << 5,
};

struct cic_limits {
    uint32_t max_side;
    /// Pixels in memory at once: for a JPEG, those at an eighth of its sides; for a PNG, all.
    uint64_t max_pixels;
    uint32_t max_scans;
    /// Seconds of the calling thread's processor time, so that a busy machine rejects nothing that an idle one accepts.
    double max_seconds;
    /// Bytes that a decoder may hold in addition to its output.
    uint64_t max_memory;
    /// Whether pixels are returned even if libjpeg invents some for lost data and says nothing about it.
    bool is_lenient;
};

struct cic_report {
    /// The size as stored.
    uint32_t width, height;
    /// The size of the decoded pixels; smaller for a JPEG that was scaled down.
    uint32_t output_width, output_height;
    uint32_t notes;
    int32_t detail;
    uint64_t needed_memory;
    /// For CIC_CORRUPT, and for CIC_NOTE_OTHER after success: the library's message.
    char message[208];
};

/// Reads the header and checks it against the limits. Fills the report's sizes.
///
/// `at_least`: the JPEG is scaled down by 2, 4 or 8 while both sides remain at least this; 0 for never.
enum cic_status cic_jpeg_measure(
    const uint8_t *bytes, size_t count, const struct cic_limits *limits, uint32_t at_least, struct cic_report *report);

/// Decodes to `pixels`: output_height x output_width x 3, RGB, as measured with the same bytes and `at_least`. If
/// `pixels` is null, all data are decoded and checked, but nothing is kept.
enum cic_status cic_jpeg_decode(
    const uint8_t *bytes, size_t count, const struct cic_limits *limits, uint32_t at_least,
    enum cic_jpeg_path path, uint8_t *pixels, size_t capacity, struct cic_report *report);

/// Reads a PNG's size from its first chunk and checks it against the limits.
enum cic_status cic_png_measure(
    const uint8_t *bytes, size_t count, const struct cic_limits *limits, struct cic_report *report);

/// Decodes to `pixels`: height x width x 3, RGB. Alpha and transparent colours are dropped, 16 bits cut to the upper 8.
/// If `pixels` is null, all data are decoded and checked, but nothing is kept.
enum cic_status cic_png_decode(
    const uint8_t *bytes, size_t count, const struct cic_limits *limits, uint8_t *pixels, size_t capacity,
    struct cic_report *report);

/// Encodes height x width x 3 RGB pixels. On CIC_OK `*encoded` is `*encoded_count` bytes that the caller frees.
enum cic_status cic_png_encode(
    const uint8_t *pixels, uint32_t width, uint32_t height, uint8_t **encoded, size_t *encoded_count);

#endif
