#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "CSandbox.h"

#if defined(__x86_64__)
#define THIS_ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define THIS_ARCHITECTURE AUDIT_ARCH_AARCH64
#endif

#ifndef SECCOMP_RET_KILL_PROCESS
#define SECCOMP_RET_KILL_PROCESS 0x80000000U
#endif

#define LOAD(field) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)offsetof(struct seccomp_data, field))
#define ANSWER(verdict) BPF_STMT(BPF_RET | BPF_K, verdict)
#define ALLOW(call) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)(call), 0, 1), ANSWER(SECCOMP_RET_ALLOW)

/// Allowed calls are only refused if they ask for executable memory.
#define ALLOW_UNLESS_EXECUTABLE(call) \
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)(call), 0, 4), LOAD(args[2]), \
        BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, PROT_EXEC, 0, 1), ANSWER(SECCOMP_RET_KILL_PROCESS), \
        ANSWER(SECCOMP_RET_ALLOW)

static int set_filter(void) {
#ifdef THIS_ARCHITECTURE
    struct sock_filter steps[] = {
        LOAD(arch),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, THIS_ARCHITECTURE, 1, 0),
        ANSWER(SECCOMP_RET_KILL_PROCESS),
        LOAD(nr),
        // For its descriptors.
        ALLOW(SYS_recvmsg),
        ALLOW(SYS_sendmsg),
        ALLOW(SYS_close),
        // For memory.
        ALLOW(SYS_brk),
        ALLOW(SYS_munmap),
        ALLOW(SYS_mremap),
        ALLOW(SYS_madvise),
        ALLOW_UNLESS_EXECUTABLE(SYS_mmap),
        ALLOW_UNLESS_EXECUTABLE(SYS_mprotect),
        // For itself.
        ALLOW(SYS_clock_gettime),
        ALLOW(SYS_futex),
        ALLOW(SYS_getrandom),
        ALLOW(SYS_rt_sigreturn),
        ALLOW(SYS_restart_syscall),
        ALLOW(SYS_exit),
        ALLOW(SYS_exit_group),
        ANSWER(SECCOMP_RET_KILL_PROCESS),
    };
    struct sock_fprog program = {.len = sizeof steps / sizeof *steps, .filter = steps};
    return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0);
#else
    return -1;
#endif
}

/// The size of the address space in bytes; 0 if it can't be determined.
static uint64_t address_space(void) {
    unsigned long pages = 0;
    FILE *file = fopen("/proc/self/statm", "re");
    if (!file) return 0;
    if (fscanf(file, "%lu", &pages) != 1) pages = 0;
    fclose(file);
    return (uint64_t)pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

/// A limit that is already lower stays: only root could raise it.
static bool limit(int resource, uint64_t value) {
    struct rlimit both;
    if (getrlimit((__rlimit_resource_t)resource, &both) != 0) return false;
    if (both.rlim_max > value) both.rlim_max = value;
    if (both.rlim_cur > both.rlim_max) both.rlim_cur = both.rlim_max;
    return setrlimit((__rlimit_resource_t)resource, &both) == 0;
}

static bool set_limits(uint64_t memory) {
    uint64_t present = address_space();
    // The largest number means no limit.
    uint64_t most = memory < RLIM_INFINITY - present ? present + memory : RLIM_INFINITY;
    bool done = present > 0 && limit(RLIMIT_AS, most);
    // One more, for the file that a request may bring.
    done &= limit(RLIMIT_NOFILE, CSB_OUTPUT + 2);
    done &= limit(RLIMIT_FSIZE, 0);
    done &= limit(RLIMIT_CORE, 0);
    done &= limit(RLIMIT_NPROC, 0);
    return done;
}

/// When the machine runs out of memory, the child should be killed first. If that can't be set, the kernel chooses.
static void offer_to_the_killer(void) {
    int file = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
    if (file < 0) return;
    if (write(file, "1000", 4) < 0) errno = 0;
    close(file);
}

int csb_lock_down(uint64_t memory) {
    struct stat tasks;
    // A folder has one link from each folder in it.
    if (stat("/proc/self/task", &tasks) == 0 && tasks.st_nlink > 3) return -1;
    offer_to_the_killer();
    int missing = set_limits(memory) ? 0 : CSB_NO_LIMITS;
    if (prctl(PR_SET_DUMPABLE, 0) != 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || set_filter() != 0) {
        missing |= CSB_NO_FILTER;
    }
    return missing;
}
