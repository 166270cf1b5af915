// Linux calls that Swift's Glibc module does not carry, or whose prototypes Swift cannot import.
// Every function returns what the call returns, or -errno; none prints, none keeps state.
#ifndef CLINUX_H
#define CLINUX_H

#include <poll.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/// eventfd(2): a close-on-exec, non-blocking counter. Descriptor or -errno.
int clinux_eventfd(void);
/// Adds one to the counter. 0 or -errno; never blocks, allocates or locks.
int clinux_eventfd_signal(int fd) __attribute__((swift_attr("@_noLocks")));
/// Takes the counter back to zero. Its old value; 0 when nothing was signalled. Also for a timerfd.
uint64_t clinux_eventfd_clear(int fd);

/// timerfd_create(2) on CLOCK_MONOTONIC: close-on-exec, non-blocking, not yet ticking. Descriptor or -errno.
int clinux_timerfd(void);
/// Ticks at `first_ns` of CLOCK_MONOTONIC (above 0) and each `period_ns` after it; 0 and 0 stop it. 0 or -errno.
int clinux_timerfd_set(int fd, int64_t first_ns, int64_t period_ns);

/// ppoll(2), with no signal mask of its own: waits `timeout_ns` at most, exactly; below 0 without end. How many
/// descriptors are ready, or -errno.
int clinux_poll(struct pollfd *descriptors, unsigned long count, int64_t timeout_ns);

/// Columns of a terminal (TIOCGWINSZ); 0 when it does not say, or `fd` is none.
int clinux_terminal_columns(int fd);

/// signalfd(2) for the given signals, which are blocked in the calling thread. Descriptor or -errno.
int clinux_signalfd(const int *signals, int count);
/// Reads one pending signal. Its number, 0 when none is pending.
int clinux_signalfd_read(int fd);

/// pipe2(2), close-on-exec: the end to read and the end to write. 0 or -errno.
int clinux_pipe(int *read_end, int *write_end);
/// The spawned process begins in `folder`, with no descriptors but the first three, which must be made before
/// (posix_spawn_file_actions_addchdir_np(3), posix_spawn_file_actions_addclosefrom_np(3)). 0 or an errno.
int clinux_spawn_in(posix_spawn_file_actions_t *actions, const char *folder);
/// pidfd_open(2): readable when the child `process` has ended. Descriptor or -errno.
int clinux_pidfd(pid_t process);

/// Gives the calling thread SCHED_FIFO with `priority` (1..99). 0 or -errno.
int clinux_set_fifo(int priority);
/// Keeps in memory whatever the process has mapped by now, each page from its first use on (mlockall(2), MCL_CURRENT
/// and MCL_ONFAULT). Nothing is read ahead, and what is mapped later is not kept. 0 or -errno.
int clinux_lock_memory(void);
/// Gives back the memory of code and constants, the executable's and the libraries' (madvise(2), MADV_DONTNEED). They
/// stay in the page cache and are mapped again as they are used; locked memory is locked again as it comes back.
void clinux_forget_code(void);
/// Names the calling thread (15 bytes at most), as top(1) and gdb show it.
void clinux_name_thread(const char *name);

/// CLOCK_MONOTONIC in nanoseconds.
int64_t clinux_monotonic_ns(void) __attribute__((swift_attr("@_noLocks")));
/// Sleeps until `deadline_ns` of CLOCK_MONOTONIC (clock_nanosleep(2), absolute). 0 or -errno.
int clinux_sleep_until(int64_t deadline_ns) __attribute__((swift_attr("@_noLocks")));

#endif
