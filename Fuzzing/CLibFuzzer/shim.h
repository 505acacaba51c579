#ifndef CLIBFUZZER_H
#define CLIBFUZZER_H

// The entry points of libFuzzer, which comes with the compiler, but without a header.

#include <stddef.h>
#include <stdint.h>

/// Runs libFuzzer with a program's arguments; it calls `target` with one input after the other.
int LLVMFuzzerRunDriver(int *argc, char ***argv, int (*target)(const uint8_t *bytes, size_t count));

/// Changes `count` bytes, in a buffer for `capacity`, in one of libFuzzer's own ways; returns how many there are then.
size_t LLVMFuzzerMutate(uint8_t *bytes, size_t count, size_t capacity);

#endif
