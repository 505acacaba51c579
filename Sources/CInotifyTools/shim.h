// libinotifytools, which watches folders.

#include <stddef.h>
#include <sys/inotify.h>
#include <inotifytools/inotifytools.h>

/// The name in an event: a flexible array member, which Swift does not import. NUL-terminated; NULL if there is none.
static inline const char *cultivar_event_name(const struct inotify_event *event) {
    return event->len > 0 ? event->name : NULL;
}
