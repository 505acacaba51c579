// Preloaded into a process, moves its time of day by the seconds in a file, which may change at any time. As when a
// clock is set, monotonic clocks and all timers go on as they do. A wait until a moment of the moved clock is made one
// until that moment of the real clock, or it would take days.

#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static const _Atomic int64_t *offset;

__attribute__((constructor)) static void begin(void) {
    const char *path = getenv("CLOCK_OFFSET");
    int file = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (file < 0) return;
    void *memory = mmap(NULL, sizeof *offset, PROT_READ, MAP_SHARED, file, 0);
    if (memory != MAP_FAILED) offset = memory;
    close(file);
}

int clock_gettime(clockid_t clock, struct timespec *result) {
    int status = (int)syscall(SYS_clock_gettime, clock, result);
    if (status == 0 && offset && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) result->tv_sec += *offset;
    return status;
}

int gettimeofday(struct timeval *restrict result, void *restrict zone) {
    (void)zone;
    struct timespec now;
    int status = clock_gettime(CLOCK_REALTIME, &now);
    result->tv_sec = now.tv_sec;
    result->tv_usec = now.tv_nsec / 1000;
    return status;
}

time_t time(time_t *result) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (result) *result = now.tv_sec;
    return now.tv_sec;
}

/// Monotonic times are those of a machine that has been up for less than 30 years.
static clockid_t clock_of(const struct timespec *moment) {
    return moment->tv_sec >= 1000000000 ? CLOCK_REALTIME : CLOCK_MONOTONIC;
}

static struct timespec real(const struct timespec *moment) {
    struct timespec result = *moment;
    if (offset && clock_of(moment) == CLOCK_REALTIME) result.tv_sec -= *offset;
    return result;
}

int sem_timedwait(sem_t *restrict semaphore, const struct timespec *restrict moment) {
    struct timespec end = real(moment);
    return sem_clockwait(semaphore, CLOCK_REALTIME, &end);
}

/// The condition has a clock of its own, which can't be asked for.
int pthread_cond_timedwait(
    pthread_cond_t *restrict condition, pthread_mutex_t *restrict mutex, const struct timespec *restrict moment
) {
    struct timespec end = real(moment);
    return pthread_cond_clockwait(condition, mutex, clock_of(moment), &end);
}
