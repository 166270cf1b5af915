// Private to this target: what both libgpiod generations share.
#ifndef CGPIOD_CHIP_H
#define CGPIOD_CHIP_H

#include <gpiod.h>

#include "cgpiod.h"

// Only 1.x has bulks; 2.x has no version macro either.
#ifdef GPIOD_LINE_BULK_MAX_LINES
#define CGPIOD_IS_V1 1
#else
#define CGPIOD_IS_V1 0
#endif

/// How other tools see who holds the line.
#define CGPIOD_CONSUMER "kiosk-agent"

/// Opens a chip by path, name or label. 0 and *result, or -errno.
int cgpiod_open_chip(const char *chip, struct gpiod_chip **result);
/// Reads an offset written in digits. False for anything else, which is then a name.
bool cgpiod_parse_offset(const char *line, unsigned int *offset);

/// Whether the chip has this label. In the file of the library's generation.
bool cgpiod_is_labelled(struct gpiod_chip *chip, const char *label);

#endif
