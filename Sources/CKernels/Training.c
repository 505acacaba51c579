#include "Training.h"

#include "CPU.h"

#pragma clang fp contract(fast)

#define NAME(name) name##_baseline
#include "TrainingBodies.h"
#undef NAME

#if defined(__x86_64__)
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#define NAME(name) name##_avx2
#include "TrainingBodies.h"
#undef NAME
#pragma clang attribute pop

#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx2,fma"))), \
                             apply_to = function)
#define NAME(name) name##_avx512
#include "TrainingBodies.h"
#undef NAME
#pragma clang attribute pop

#define DISPATCH(name, ...) \
    switch (cultivar_cpu().best) { \
        case CULTIVAR_AVX512: name##_avx512(__VA_ARGS__); break; \
        case CULTIVAR_AVX2: name##_avx2(__VA_ARGS__); break; \
        case CULTIVAR_BASELINE: name##_baseline(__VA_ARGS__); break; \
    }
#else
#define DISPATCH(name, ...) name##_baseline(__VA_ARGS__)
#endif

void cultivar_sgd(float *weight, float *velocity, const float *gradient, ptrdiff_t count, float rate,
                  float momentum) {
    DISPATCH(sgd, weight, velocity, gradient, count, rate, momentum);
}

void cultivar_adam(float *weight, float *mean, float *square, const float *gradient, ptrdiff_t count, float rate,
                   float gain1, float gain2, float epsilon) {
    DISPATCH(adam, weight, mean, square, gradient, count, rate, gain1, gain2, epsilon);
}

void cultivar_rmsprop(float *weight, float *square, const float *gradient, ptrdiff_t count, float rate, float rho,
                      float epsilon) {
    DISPATCH(rmsprop, weight, square, gradient, count, rate, rho, epsilon);
}
