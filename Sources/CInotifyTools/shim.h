// libinotifytools, and what Swift can't call of Linux to watch folders.

#include <linux/fs.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <sys/inotify.h>
#include <inotifytools/inotifytools.h>

/// The name in an event: a flexible array member, which Swift does not import. NUL-terminated; NULL if there is none.
static inline const char *cultivar_event_name(const struct inotify_event *event) {
    return event->len > 0 ? event->name : NULL;
}

/// renameat2(2) with RENAME_NOREPLACE, which glibc declares for GNU sources only and Swift does not import.
static inline int cultivar_rename_noreplace(int from, const char *name, int to, const char *newName) {
    return (int)syscall(SYS_renameat2, from, name, to, newName, RENAME_NOREPLACE);
}
