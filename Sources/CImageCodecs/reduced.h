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
    /// Unusual or damaged: libjpeg must decide, from the start.
    CIC_REDUCED_NOT_HANDLED,
    CIC_REDUCED_TOO_SLOW,
};

/// Decodes a sequential JPEG with one scan at an eighth of its size. The pixels are the same as libjpeg's, but it takes
/// less time: codes of coefficients that aren't needed at that size are skipped several at once.
///
/// `jpeg`: its header has been read and its output dimensions have been calculated; it isn't changed. `deadline`: in
/// seconds of the thread's processor time. `pixels`: output_height x output_width x 3, RGB; null to check the data
/// only.
enum cic_reduced cic_reduced_decode(
    const struct jpeg_decompress_struct *jpeg, double deadline, uint8_t *pixels);

#endif
