#ifndef CIC_STRICT_H
#define CIC_STRICT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

// jpeglib.h needs stdio.h before it.
#include <jpeglib.h>

enum cic_strict {
    /// The scan's codes are right to the last bit, and the end of the picture follows: libjpeg would find nothing.
    CIC_STRICT_WHOLE,
    /// The same, except for what follows, or for padding after the last block.
    CIC_STRICT_SOUND,
    /// Unusual, or damaged in a way that libjpeg reports.
    CIC_STRICT_UNKNOWN,
    /// Data were lost or changed, and libjpeg may silently invent pixels for them.
    CIC_STRICT_BEYOND_BLOCK,
    CIC_STRICT_BAD_SYMBOL,
    CIC_STRICT_BEYOND_RANGE,
    CIC_STRICT_LEFT_OVER,
    CIC_STRICT_TOO_SLOW,
};

/// Reads the codes of a sequential, Huffman-coded JPEG with one scan and checks what libjpeg ignores: coefficients
/// beyond the end of a block, symbols that the format doesn't have, blocks that are brighter or darker than samples can
/// be, and data after the last block.
///
/// `jpeg`: its header has been read; it isn't changed. `deadline`: in seconds of the thread's processor time.
enum cic_strict cic_strict_read(const struct jpeg_decompress_struct *jpeg, double deadline);

/// The largest DC value, before it is multiplied by the quantisation, that 8-bit samples can lead to.
int cic_dc_limit(const JQUANT_TBL *table);

enum { CIC_PADDING_BYTES = 8 };

/// Whether bytes after a scan's last block are padding, which some encoders write to fill a buffer: zeros, ones, or one
/// value CIC_PADDING_BYTES times or more.
bool cic_is_padding(const uint8_t *bytes, size_t count);

#endif
