#ifndef CIC_TRANSFER_H
#define CIC_TRANSFER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// What programs do to a picture that they take for text.

struct cic_transfer {
    /// The change in words, null where there is no sign of any.
    const char *change;
    /// Whether the signs say what became of a picture that is damaged: by chance they are there once in 65,536 (256^2).
    bool is_likely;
    /// Whether they say that a picture is damaged which shows no other sign of it: by chance they are there once in
    /// 256^8.
    bool is_proof;
};

/// Looks for signs that a JPEG's line ends were changed. Of a file with nothing wrong in it, as most are, this looks at
/// about a kilobyte; what is known to be damaged is looked through.
struct cic_transfer cic_transfer_of_jpeg(const uint8_t *bytes, size_t count, bool is_damaged);

#endif
