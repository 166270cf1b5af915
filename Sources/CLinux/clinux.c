#define _GNU_SOURCE
#include "clinux.h"

#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

static struct timespec timespec_of(int64_t ns) {
    return (struct timespec){.tv_sec = ns / 1000000000, .tv_nsec = ns % 1000000000};
}

int clinux_eventfd(void) {
    int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    return fd < 0 ? -errno : fd;
}

int clinux_eventfd_signal(int fd) {
    uint64_t one = 1;
    return write(fd, &one, sizeof one) == (ssize_t)sizeof one ? 0 : -errno;
}

uint64_t clinux_eventfd_clear(int fd) {
    uint64_t count = 0;
    return read(fd, &count, sizeof count) == (ssize_t)sizeof count ? count : 0;
}

int clinux_timerfd(void) {
    int fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    return fd < 0 ? -errno : fd;
}

int clinux_timerfd_set(int fd, int64_t first_ns, int64_t period_ns) {
    struct itimerspec times = {.it_value = timespec_of(first_ns), .it_interval = timespec_of(period_ns)};
    return timerfd_settime(fd, TFD_TIMER_ABSTIME, &times, NULL) == 0 ? 0 : -errno;
}

int clinux_poll(struct pollfd *descriptors, unsigned long count, int64_t timeout_ns) {
    struct timespec timeout = timespec_of(timeout_ns);
    int ready = ppoll(descriptors, count, timeout_ns < 0 ? NULL : &timeout, NULL);
    return ready < 0 ? -errno : ready;
}

int clinux_terminal_columns(int fd) {
    struct winsize size;
    return ioctl(fd, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

int clinux_signalfd(const int *signals, int count) {
    sigset_t set;
    sigemptyset(&set);
    for (int i = 0; i < count; i++) sigaddset(&set, signals[i]);
    int failed = pthread_sigmask(SIG_BLOCK, &set, NULL);
    if (failed) return -failed;
    int fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    return fd < 0 ? -errno : fd;
}

int clinux_signalfd_read(int fd) {
    struct signalfd_siginfo info;
    return read(fd, &info, sizeof info) == (ssize_t)sizeof info ? (int)info.ssi_signo : 0;
}

int clinux_set_fifo(int priority) {
    struct sched_param param = {.sched_priority = priority};
    return -pthread_setschedparam(pthread_self(), SCHED_FIFO, &param);
}

int clinux_lock_memory(void) { return mlockall(MCL_CURRENT | MCL_ONFAULT) == 0 ? 0 : -errno; }

// Segments that are mapped without PF_W hold nothing but the file's bytes.
static int forget_code(struct dl_phdr_info *object, size_t size, void *page_bytes) {
    (void)size;
    uintptr_t page = *(uintptr_t *)page_bytes;
    for (int index = 0; index < object->dlpi_phnum; index++) {
        const ElfW(Phdr) *segment = &object->dlpi_phdr[index];
        if (segment->p_type != PT_LOAD || segment->p_flags & PF_W) continue;
        uintptr_t first = object->dlpi_addr + segment->p_vaddr;
        void *start = (void *)(first & ~(page - 1));
        size_t length = ((first + segment->p_memsz + page - 1) & ~(page - 1)) - (uintptr_t)start;
        if (madvise(start, length, MADV_DONTNEED) == 0 || errno != EINVAL) continue;
        // Locked.
        munlock(start, length);
        madvise(start, length, MADV_DONTNEED);
        mlock2(start, length, MLOCK_ONFAULT);
    }
    return 0;
}

void clinux_forget_code(void) {
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    dl_iterate_phdr(forget_code, &page);
}

int clinux_pipe(int *read_end, int *write_end) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0) return -errno;
    *read_end = ends[0];
    *write_end = ends[1];
    return 0;
}

int clinux_spawn_in(posix_spawn_file_actions_t *actions, const char *folder) {
    int result = posix_spawn_file_actions_addchdir_np(actions, folder);
    return result != 0 ? result : posix_spawn_file_actions_addclosefrom_np(actions, 3);
}

int clinux_pidfd(pid_t process) {
    int fd = (int)syscall(SYS_pidfd_open, process, 0);
    return fd < 0 ? -errno : fd;
}

void clinux_name_thread(const char *name) { pthread_setname_np(pthread_self(), name); }

int64_t clinux_monotonic_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

int clinux_sleep_until(int64_t deadline_ns) {
    struct timespec deadline = timespec_of(deadline_ns);
    int result;
    do result = clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &deadline, NULL);
    while (result == EINTR);
    return -result;
}
