#include "cchecksum.h"

#include <string.h>

#if defined(__x86_64__)
#include <nmmintrin.h>
#define HAS_INSTRUCTIONS __attribute__((target("sse4.2")))
#define STEP_8(remainder, word) ((uint32_t)_mm_crc32_u64(remainder, word))
#define STEP_1(remainder, byte) _mm_crc32_u8(remainder, byte)

bool cchecksum_has_crc32c(void) { return __builtin_cpu_supports("sse4.2"); }
#elif defined(__aarch64__)
#include <arm_acle.h>
#include <sys/auxv.h>
#define HAS_INSTRUCTIONS __attribute__((target("crc")))
#define STEP_8(remainder, word) __crc32cd(remainder, word)
#define STEP_1(remainder, byte) __crc32cb(remainder, byte)

bool cchecksum_has_crc32c(void) { return (getauxval(AT_HWCAP) & (1 << 7)) != 0; }
#else
#define HAS_INSTRUCTIONS
#define STEP_8(remainder, word) (remainder)
#define STEP_1(remainder, byte) (remainder)

bool cchecksum_has_crc32c(void) { return false; }
#endif

HAS_INSTRUCTIONS uint32_t cchecksum_crc32c(uint32_t remainder, const void *bytes, size_t count) {
    const unsigned char *next = bytes;
    for (; count >= 8; count -= 8, next += 8) {
        uint64_t word;
        memcpy(&word, next, sizeof word);
        remainder = STEP_8(remainder, word);
    }
    for (; count > 0; count--, next++) remainder = STEP_1(remainder, *next);
    return remainder;
}
