#ifndef CIC_TRANSFER_H
#define CIC_TRANSFER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// What programs do to a picture that they treat as text.

struct cic_transfer {
    /// The change in words; null if there is no sign of one.
    const char *change;
    /// Whether the signs explain why a damaged picture is damaged: by chance they appear once in 65,536 (256^2).
    bool is_likely;
    /// Whether they prove damage in a picture without other signs of it: by chance they appear once in 256^8.
    bool is_proof;
};

/// Looks for signs that a JPEG's line ends were changed. In an undamaged file, like most, it reads about a kilobyte; a
/// file that is known to be damaged is searched completely.
struct cic_transfer cic_transfer_of_jpeg(const uint8_t *bytes, size_t count, bool is_damaged);

#endif
