#ifndef CIC_LIMITS_H
#define CIC_LIMITS_H

#include <time.h>

#include "CImageCodecs.h"

static inline double cic_thread_seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/// `reduction`: how much each side may be scaled down while the picture is decoded.
static inline bool cic_is_within(
    const struct cic_limits *limits, uint64_t width, uint64_t height, uint64_t reduction
) {
    uint64_t held = ((width + reduction - 1) / reduction) * ((height + reduction - 1) / reduction);
    return width <= limits->max_side && height <= limits->max_side && held <= limits->max_pixels;
}

/// Reading the clock is a system call, so it is only done every few rows.
enum { CIC_ROWS_BETWEEN_CHECKS = 16 };

#endif
