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

int csb_shared_memory(size_t size, void **address) {
    int memory = memfd_create("pictures", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (memory < 0) return -1;
    if (ftruncate(memory, (off_t)size) != 0) return close_and_fail(memory);
    void *mapped = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, memory, 0);
    if (mapped == MAP_FAILED) return close_and_fail(memory);
    if (fcntl(memory, F_ADD_SEALS, F_SEAL_FUTURE_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0) {
        int error = errno;
        munmap(mapped, size);
        errno = error;
        return close_and_fail(memory);
    }
    *address = mapped;
    return memory;
}

int csb_socket_pair(int ends[2]) { return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends); }

/// Each of posix_spawn's steps returns an error number; the first one that isn't 0 counts.
static int add_actions(posix_spawn_file_actions_t *actions, int socket, int memory) {
    int error = 0;
    for (int standard = 0; standard <= 2 && !error; standard++) {
        error = posix_spawn_file_actions_addopen(actions, standard, "/dev/null", O_RDWR, 0);
    }
    if (!error) error = posix_spawn_file_actions_adddup2(actions, socket, CSB_SOCKET);
    if (!error) error = posix_spawn_file_actions_adddup2(actions, memory, CSB_MEMORY);
    if (!error) error = posix_spawn_file_actions_addclosefrom_np(actions, CSB_MEMORY + 1);
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
    const char *program, char *const arguments[], char *const environment[], int socket, int memory, pid_t *process
) {
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    int error = posix_spawn_file_actions_init(&actions);
    if (error) return error;
    error = posix_spawnattr_init(&attributes);
    if (!error) {
        error = add_actions(&actions, socket, memory);
        if (!error) error = set_attributes(&attributes);
        if (!error) error = posix_spawn(process, program, &actions, &attributes, arguments, environment);
        posix_spawnattr_destroy(&attributes);
    }
    posix_spawn_file_actions_destroy(&actions);
    return error;
}

int csb_spawn(
    const char *program, char *const arguments[], char *const environment[], int socket, int memory, pid_t *process
) {
    // Copies with numbers above the final ones, so that none is overwritten too early.
    int high_socket = fcntl(socket, F_DUPFD_CLOEXEC, 16);
    if (high_socket < 0) return -1;
    int high_memory = fcntl(memory, F_DUPFD_CLOEXEC, 16);
    if (high_memory < 0) return close_and_fail(high_socket);
    int error = spawn(program, arguments, environment, high_socket, high_memory, process);
    close(high_socket);
    close(high_memory);
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
    do sent = sendmsg(socket, &message, MSG_NOSIGNAL);
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
        .msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
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
