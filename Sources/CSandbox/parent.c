#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "CSandbox.h"

#ifndef F_SEAL_FUTURE_WRITE
#define F_SEAL_FUTURE_WRITE 0x0010
#endif

static int close_and_fail(int descriptor) {
    int error = errno;
    close(descriptor);
    errno = error;
    return -1;
}

/// Maps anonymous memory with `protection` at `*address`, and then seals it.
static int sealed_memory(size_t size, int protection, int seals, void **address) {
    int memory = memfd_create("pictures", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (memory < 0) return -1;
    if (ftruncate(memory, (off_t)size) != 0) return close_and_fail(memory);
    void *mapped = mmap(NULL, size, protection, MAP_SHARED, memory, 0);
    if (mapped == MAP_FAILED) return close_and_fail(memory);
    if (fcntl(memory, F_ADD_SEALS, seals | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0) {
        int error = errno;
        munmap(mapped, size);
        errno = error;
        return close_and_fail(memory);
    }
    *address = mapped;
    return memory;
}

int csb_input_memory(size_t size, void **address) {
    return sealed_memory(size, PROT_READ | PROT_WRITE, F_SEAL_FUTURE_WRITE, address);
}

int csb_output_memory(size_t size, const void **address) {
    void *mapped = NULL;
    int memory = sealed_memory(size, PROT_READ, 0, &mapped);
    *address = mapped;
    return memory;
}

int csb_socket_pair(int ends[2]) { return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends); }

/// The descriptors of a child, which have consecutive numbers there.
enum { MOST_DESCRIPTORS = CSB_OUTPUT - CSB_SOCKET + 1 };
_Static_assert(CSB_INPUT == CSB_SOCKET + 1 && CSB_OUTPUT == CSB_SOCKET + 2, "descriptors in the order of csb_spawn");

/// Each of posix_spawn's steps returns an error number; the first one that isn't 0 counts.
static int add_actions(posix_spawn_file_actions_t *actions, const int descriptors[], int count) {
    int error = 0;
    for (int standard = 0; standard <= 2 && !error; standard++) {
        error = posix_spawn_file_actions_addopen(actions, standard, "/dev/null", O_RDWR, 0);
    }
    for (int index = 0; index < count && !error; index++) {
        error = posix_spawn_file_actions_adddup2(actions, descriptors[index], CSB_SOCKET + index);
    }
    if (!error) error = posix_spawn_file_actions_addclosefrom_np(actions, CSB_SOCKET + count);
    return error;
}

static int set_attributes(posix_spawnattr_t *attributes) {
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    int error = posix_spawnattr_setflags(
        attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    if (!error) error = posix_spawnattr_setpgroup(attributes, 0);
    if (!error) error = posix_spawnattr_setsigmask(attributes, &none);
    if (!error) error = posix_spawnattr_setsigdefault(attributes, &all);
    return error;
}

static int spawn(
    const char *program, char *const arguments[], char *const environment[], const int descriptors[], int count,
    pid_t *process
) {
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    int error = posix_spawn_file_actions_init(&actions);
    if (error) return error;
    error = posix_spawnattr_init(&attributes);
    if (!error) {
        error = add_actions(&actions, descriptors, count);
        if (!error) error = set_attributes(&attributes);
        if (!error) error = posix_spawn(process, program, &actions, &attributes, arguments, environment);
        posix_spawnattr_destroy(&attributes);
    }
    posix_spawn_file_actions_destroy(&actions);
    return error;
}

int csb_spawn(
    const char *program, char *const arguments[], char *const environment[], int socket, int input, int output,
    pid_t *process
) {
    const int given[MOST_DESCRIPTORS] = {socket, input, output};
    int wanted = output < 0 ? MOST_DESCRIPTORS - 1 : MOST_DESCRIPTORS;
    // Copies with numbers above the final ones, so that none is overwritten too early.
    int copies[MOST_DESCRIPTORS], count = 0;
    while (count < wanted && (copies[count] = fcntl(given[count], F_DUPFD_CLOEXEC, 16)) >= 0) count++;
    int error = count < wanted ? errno : spawn(program, arguments, environment, copies, count, process);
    while (count > 0) close(copies[--count]);
    errno = error;
    return error ? -1 : 0;
}

int csb_allow_seconds(pid_t process, double seconds) {
    clockid_t clock;
    struct timespec used;
    int error = clock_getcpuclockid(process, &clock);
    if (error) {
        errno = error;
        return -1;
    }
    if (clock_gettime(clock, &used) != 0) return -1;
    // The limit counts whole seconds.
    struct rlimit limit = {.rlim_cur = (rlim_t)used.tv_sec + (rlim_t)seconds + 2, .rlim_max = RLIM_INFINITY};
    return prlimit(process, RLIMIT_CPU, &limit, NULL);
}

ssize_t csb_send(int socket, const void *bytes, size_t count, int descriptor) {
    struct iovec part = {.iov_base = (void *)bytes, .iov_len = count};
    union {
        struct cmsghdr header;
        char space[CMSG_SPACE(sizeof(int))];
    } control;
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    if (descriptor >= 0) {
        memset(&control, 0, sizeof control);
        message.msg_control = &control;
        message.msg_controllen = sizeof control;
        struct cmsghdr *header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(sizeof(int));
        memcpy(CMSG_DATA(header), &descriptor, sizeof descriptor);
    }
    ssize_t sent;
    // The queue is empty when a side that keeps to the protocol sends; one that doesn't mustn't make the other wait.
    do sent = sendmsg(socket, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    while (sent < 0 && errno == EINTR);
    return sent;
}

ssize_t csb_receive(int socket, void *bytes, size_t capacity, int *descriptor) {
    struct iovec part = {.iov_base = bytes, .iov_len = capacity};
    union {
        struct cmsghdr header;
        char space[CMSG_SPACE(sizeof(int))];
    } control;
    struct msghdr message = {
        .msg_iov = &part, .msg_iovlen = 1, .msg_control = &control,
        // Room for one descriptor and no more: the kernel would install a second one, which nobody closes.
        .msg_controllen = CMSG_LEN(sizeof(int))};
    *descriptor = -1;
    ssize_t received;
    do received = recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
    while (received < 0 && errno == EINTR);
    struct cmsghdr *header = received < 0 ? NULL : CMSG_FIRSTHDR(&message);
    if (header && header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_RIGHTS
        && header->cmsg_len == CMSG_LEN(sizeof(int))) {
        memcpy(descriptor, CMSG_DATA(header), sizeof *descriptor);
    }
    return received;
}

int csb_wait(int socket, int milliseconds) {
    struct pollfd wanted = {.fd = socket, .events = POLLIN};
    int ready = poll(&wanted, 1, milliseconds);
    if (ready < 0) return errno == EINTR ? 0 : -1;
    return ready;
}

int csb_end(pid_t process) {
    int status = 0;
    pid_t ended = waitpid(process, &status, WNOHANG);
    if (ended == 0) {
        kill(process, SIGKILL);
        do ended = waitpid(process, &status, 0);
        while (ended < 0 && errno == EINTR);
    }
    if (ended < 0) return -1;
    return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}
