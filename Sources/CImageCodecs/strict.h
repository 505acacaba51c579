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
    /// The same, but for what follows, or for padding behind the last block.
    CIC_STRICT_SOUND,
    /// Unusual, or damaged in a way that libjpeg tells of.
    CIC_STRICT_UNKNOWN,
    /// Data were lost or changed, and libjpeg may make pixels up for them without a word.
    CIC_STRICT_BEYOND_BLOCK,
    CIC_STRICT_BAD_SYMBOL,
    CIC_STRICT_BEYOND_RANGE,
    CIC_STRICT_LEFT_OVER,
    CIC_STRICT_TOO_SLOW,
};

/// Reads the codes of a sequential, Huffman-coded JPEG of one scan and looks at what libjpeg passes over: coefficients
/// beyond the end of a block, symbols that the format doesn't have, blocks that are brighter or darker than samples can
/// be, and data behind the last block.
///
/// `jpeg`: its header is read, and it stays untouched. `deadline`: in seconds of the thread's processor time.
enum cic_strict cic_strict_read(const struct jpeg_decompress_struct *jpeg, double deadline);

/// The largest DC value, before it is multiplied by the quantisation, that samples of 8 bits can have led to.
int cic_dc_limit(const JQUANT_TBL *table);

enum { CIC_PADDING_BYTES = 8 };

/// Whether bytes that stand behind a scan's last block are padding, as some encoders write it to fill a buffer: zeros,
/// ones, or one value CIC_PADDING_BYTES times or more.
bool cic_is_padding(const uint8_t *bytes, size_t count);

#endif
