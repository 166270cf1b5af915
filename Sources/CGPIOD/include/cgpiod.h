// One line of a GPIO chip, over libgpiod 1.6 or 2.x, whichever header the build finds.
// No function prints or keeps state; none blocks. Failures are -errno.
#ifndef CGPIOD_H
#define CGPIOD_H

#include <stdbool.h>
#include <stdint.h>

/// An open chip and our request of one of its lines. Opaque.
struct cgpiod_line;

/// Where a request failed.
enum cgpiod_step { CGPIOD_STEP_CHIP = 1, CGPIOD_STEP_FIND, CGPIOD_STEP_REQUEST };

/// An edge: the line became active or inactive (after active-low), in nanoseconds of CLOCK_MONOTONIC.
struct cgpiod_edge {
    int64_t timestamp_ns;
    bool is_active;
};

/// Requests an input line with both edges and, when active-low, a pull-up where the chip offers one.
/// `chip` is a path, a name ("gpiochip0") or a label; `line` an offset in digits, or a name.
/// 0 and *result, or -errno and *step.
int cgpiod_request_input(const char *chip, const char *line, bool active_low, struct cgpiod_line **result,
                         enum cgpiod_step *step);
/// Requests an output line, inactive at first. Otherwise as cgpiod_request_input.
int cgpiod_request_output(const char *chip, const char *line, bool active_low, struct cgpiod_line **result,
                          enum cgpiod_step *step);
/// Ends the request and closes the chip.
void cgpiod_release(struct cgpiod_line *line);

/// Readable when edges wait. Owned by the request.
int cgpiod_fd(const struct cgpiod_line *line);
/// Takes up to `capacity` waiting edges, oldest first. Their count, 0 when none waits, or -errno.
int cgpiod_read_edges(struct cgpiod_line *line, struct cgpiod_edge *edges, int capacity);
/// 1 active, 0 inactive, or -errno.
int cgpiod_get(struct cgpiod_line *line);
/// Sets an output active or inactive. 0 or -errno.
int cgpiod_set(struct cgpiod_line *line, bool active);

#endif
