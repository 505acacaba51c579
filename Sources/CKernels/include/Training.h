// Loops of head training over flat blocks of weights, compiled for several instruction sets and selected at run time.

#ifndef CKERNELS_TRAINING_H
#define CKERNELS_TRAINING_H

#include <stddef.h>

/// Stochastic gradient descent: velocity = momentum * velocity - rate * gradient, weight += velocity.
void cultivar_sgd(float *weight, float *velocity, const float *gradient, ptrdiff_t count, float rate, float momentum);

/// Adam: mean += gain1 * (gradient - mean), square += gain2 * (gradient^2 - square),
/// weight -= rate * mean / (sqrt(square) + epsilon).
void cultivar_adam(float *weight, float *mean, float *square, const float *gradient, ptrdiff_t count, float rate,
                   float gain1, float gain2, float epsilon);

/// RMSprop: square = rho * square + (1 - rho) * gradient^2, weight -= rate * gradient / sqrt(square + epsilon).
void cultivar_rmsprop(float *weight, float *square, const float *gradient, ptrdiff_t count, float rate, float rho,
                      float epsilon);

#endif
