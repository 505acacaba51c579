// Includes the file named by BODIES once per instruction set that has its own kernels, with WIDTH (floats in a vector)
// and NAME(x) (the function's name for this instruction set) defined. System headers must be included before: they must
// not be read with other target attributes. With HAS_BASELINE the baseline has kernels, too.

#if defined(HAS_BASELINE)
#define WIDTH 4
#define NAME(name) name##_baseline
#include BODIES
#undef WIDTH
#undef NAME
#define ON_BASELINE(name, ...) name##_baseline(__VA_ARGS__)
#else
#define ON_BASELINE(name, ...) __builtin_trap()
#endif

#if defined(__x86_64__)
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#define WIDTH 8
#define NAME(name) name##_avx2
#include BODIES
#undef WIDTH
#undef NAME
#pragma clang attribute pop

#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx2,fma"))), \
                             apply_to = function)
#define WIDTH 16
#define NAME(name) name##_avx512
#include BODIES
#undef WIDTH
#undef NAME
#pragma clang attribute pop

/// Calls the variant of a function for the instruction set `set`.
#define DISPATCH(set, name, ...) \
    switch (set) { \
        case CULTIVAR_AVX512: name##_avx512(__VA_ARGS__); break; \
        case CULTIVAR_AVX2: name##_avx2(__VA_ARGS__); break; \
        case CULTIVAR_BASELINE: ON_BASELINE(name, __VA_ARGS__); \
    }
#else
#define DISPATCH(set, name, ...) ON_BASELINE(name, __VA_ARGS__)
#endif
