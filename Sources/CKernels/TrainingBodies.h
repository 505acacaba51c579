// The bodies of the training loops, included once per instruction set: plain loops that the compiler vectorises.
// The including file defines NAME(x), the function's name for this instruction set.
// (__builtin_elementwise_sqrt, unlike sqrtf, doesn't set errno, which would keep a loop scalar.)

static void NAME(sgd)(float *restrict weight, float *restrict velocity, const float *restrict gradient,
                      ptrdiff_t count, float rate, float momentum) {
    for (ptrdiff_t i = 0; i < count; i++) {
        velocity[i] = momentum * velocity[i] - rate * gradient[i];
        weight[i] += velocity[i];
    }
}

static void NAME(adam)(float *restrict weight, float *restrict mean, float *restrict square,
                       const float *restrict gradient, ptrdiff_t count, float rate, float gain1, float gain2,
                       float epsilon) {
    for (ptrdiff_t i = 0; i < count; i++) {
        mean[i] += gain1 * (gradient[i] - mean[i]);
        square[i] += gain2 * (gradient[i] * gradient[i] - square[i]);
        weight[i] -= rate * mean[i] / (__builtin_elementwise_sqrt(square[i]) + epsilon);
    }
}

static void NAME(rmsprop)(float *restrict weight, float *restrict square, const float *restrict gradient,
                          ptrdiff_t count, float rate, float rho, float epsilon) {
    for (ptrdiff_t i = 0; i < count; i++) {
        square[i] = rho * square[i] + (1 - rho) * (gradient[i] * gradient[i]);
        weight[i] -= rate * gradient[i] / __builtin_elementwise_sqrt(square[i] + epsilon);
    }
}
