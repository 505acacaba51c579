#include "Training.h"

#include "CPU.h"

#pragma clang fp contract(fast)

#define BODIES "TrainingBodies.h"
#define HAS_BASELINE
#include "ForEachInstructionSet.h"
#define RUN(name, ...) DISPATCH(cultivar_cpu().best, name, __VA_ARGS__)

void cultivar_sgd(float *weight, float *velocity, const float *gradient, ptrdiff_t count, float rate,
                  float momentum) {
    RUN(sgd, weight, velocity, gradient, count, rate, momentum);
}

void cultivar_adam(float *weight, float *mean, float *square, const float *gradient, ptrdiff_t count, float rate,
                   float gain1, float gain2, float epsilon) {
    RUN(adam, weight, mean, square, gradient, count, rate, gain1, gain2, epsilon);
}

void cultivar_rmsprop(float *weight, float *square, const float *gradient, ptrdiff_t count, float rate, float rho,
                      float epsilon) {
    RUN(rmsprop, weight, square, gradient, count, rate, rho, epsilon);
}
