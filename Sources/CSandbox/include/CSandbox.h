#ifndef CSANDBOX_H
#define CSANDBOX_H

// The Linux calls that Swift can't make, to start a process that may do nothing but compute, and to talk to it.
//
// Functions that return an int return -1 and set errno if they fail, unless otherwise noted.

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/// The descriptors of the child: its end of the socket, the memory that its parent writes, and the memory that it
/// writes itself, if it has any.
enum { CSB_SOCKET = 3, CSB_INPUT = 4, CSB_OUTPUT = 5 };

/// What csb_lock_down could not do, as bits.
enum {
    /// The kernel has no system call filters, or forbids them.
    CSB_NO_FILTER = 1 << 0,
    /// Not all of the resource limits could be set.
    CSB_NO_LIMITS = 1 << 1,
};

/// Anonymous memory of `size` bytes for what the child reads: mapped writable at `*address`, and sealed so that the
/// returned descriptor can only be mapped for reading from now on.
int csb_input_memory(size_t size, void **address);

/// Anonymous memory of `size` bytes for what the child writes: mapped for reading at `*address`. It is sealed at this
/// size, because reading beyond the end of a file that has shrunk would kill the reader. The kernel provides each page
/// when it is first used.
int csb_output_memory(size_t size, const void **address);

/// Both ends of a socket that preserves message boundaries.
int csb_socket_pair(int ends[2]);

/// Starts a program in its own process group. It has these descriptors, /dev/null as standard input, output and error,
/// and nothing else. `output` is -1 if there is none. `arguments` and `environment` end with NULL.
int csb_spawn(
    const char *program, char *const arguments[], char *const environment[], int socket, int input, int output,
    pid_t *process);

/// Allows a child `seconds` of processor time from now on.
int csb_allow_seconds(pid_t process, double seconds);

/// Sends one message, with a descriptor unless that is -1. Doesn't wait: fails with EAGAIN if the other side hasn't read
/// the earlier ones.
ssize_t csb_send(int socket, const void *bytes, size_t count, int descriptor);

/// Receives one message; 0 at the end. `*descriptor` becomes the one that came along, or -1.
ssize_t csb_receive(int socket, void *bytes, size_t capacity, int *descriptor);

/// Waits up to `milliseconds` for a message or the end: 1 if there is one, 0 if there isn't.
int csb_wait(int socket, int milliseconds);

/// Ends a child and waits for it. Returns the signal that killed it, or 0 if it had already exited by itself.
int csb_end(pid_t process);

/// Permanently takes everything from the calling process that it doesn't need for computing. It keeps `memory` more
/// bytes of address space than it has now, or as many as it likes if the sum is more than a limit can be. It can't open
/// files, start processes or run programs, and the only system calls left are those for memory, the clock, and its
/// existing descriptors. Any other call kills it. It must have a single thread.
///
/// Returns what could not be done, as bits; -1 if the process has several threads.
int csb_lock_down(uint64_t memory);

#endif
