#ifndef CIC_REDUCED_H
#define CIC_REDUCED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

// jpeglib.h needs stdio.h before it.
#include <jpeglib.h>

enum cic_reduced {
    CIC_REDUCED_DONE,
    /// Unusual or damaged: libjpeg is to decide, from the start.
    CIC_REDUCED_NOT_HANDLED,
    CIC_REDUCED_TOO_SLOW,
};

/// Decodes a sequential JPEG of one scan at an eighth of its size, to the pixels that libjpeg gives, in less time:
/// codes of coefficients that aren't needed at that size are passed over several at once.
///
/// `jpeg`: its header is read, its output dimensions are calculated, and it stays untouched. `deadline`: in seconds of
/// the thread's processor time. `pixels`: output_height x output_width x 3, RGB; null to check the data only.
enum cic_reduced cic_reduced_decode(
    const struct jpeg_decompress_struct *jpeg, double deadline, uint8_t *pixels);

#endif
