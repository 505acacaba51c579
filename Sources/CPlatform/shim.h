// What the Glibc module hides from Swift because its headers ask for GNU sources, and libcrypto's digests.

#include <linux/fs.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <unistd.h>

/// renameat2(2) with RENAME_NOREPLACE.
static inline int cultivar_rename_noreplace(int from, const char *name, int to, const char *newName) {
    return (int)syscall(SYS_renameat2, from, name, to, newName, RENAME_NOREPLACE);
}

/// syncfs(2).
static inline int cultivar_syncfs(int descriptor) { return (int)syscall(SYS_syncfs, descriptor); }
