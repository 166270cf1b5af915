#include "allocation_counter.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
#define COUNTER_IS_OFF 1
#endif
#endif

static _Thread_local uint64_t calls;

uint64_t allocation_counter_calls(void) { return calls; }

#ifdef COUNTER_IS_OFF

bool allocation_counter_is_on(void) { return false; }

#else

#include <errno.h>
#include <stddef.h>

bool allocation_counter_is_on(void) { return true; }

// glibc's own names for what is replaced here: "Replacing malloc" in its manual asks for all of these.
extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *old, size_t size);
extern void *__libc_memalign(size_t alignment, size_t size);
extern void __libc_free(void *old);

void *malloc(size_t size) {
    calls++;
    return __libc_malloc(size);
}

void *calloc(size_t count, size_t size) {
    calls++;
    return __libc_calloc(count, size);
}

void *realloc(void *old, size_t size) {
    calls++;
    return __libc_realloc(old, size);
}

void free(void *old) {
    calls++;
    __libc_free(old);
}

void *memalign(size_t alignment, size_t size) {
    calls++;
    return __libc_memalign(alignment, size);
}

void *aligned_alloc(size_t alignment, size_t size) { return memalign(alignment, size); }

int posix_memalign(void **made, size_t alignment, size_t size) {
    void *memory = memalign(alignment, size);
    if (!memory) return ENOMEM;
    *made = memory;
    return 0;
}

#endif
