// The processor's instructions for CRC-32C, which Swift has no name for: SSE 4.2 on x86-64, the CRC extension on arm64.
#ifndef CCHECKSUM_H
#define CCHECKSUM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// Whether this processor has them: all of x86-64 since 2008, and every Raspberry Pi that runs 64 bits.
bool cchecksum_has_crc32c(void);
/// Takes `count` bytes into the remainder of a CRC-32C: no inversion at start or end. Only where the processor has the
/// instructions; anything else is an illegal instruction. Eight bytes a step.
uint32_t cchecksum_crc32c(uint32_t remainder, const void *bytes, size_t count);

#endif
