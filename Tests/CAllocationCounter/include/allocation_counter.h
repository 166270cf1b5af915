// Counts what each thread asks of the heap: linked into a test program, it stands in front of glibc's malloc.
#ifndef ALLOCATION_COUNTER_H
#define ALLOCATION_COUNTER_H

#include <stdbool.h>
#include <stdint.h>

/// False under a sanitizer, which has its own malloc; then nothing is counted.
bool allocation_counter_is_on(void);
/// Times the calling thread has called malloc, calloc, realloc, free or one of their kin.
uint64_t allocation_counter_calls(void);

#endif
