// libgpiod 1.x.
#include "chip.h"

#if CGPIOD_IS_V1

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

struct cgpiod_line {
    struct gpiod_chip *chip;
    struct gpiod_line *line;
};

/// The kernel queues 16 edges for a line.
enum { EDGES_AT_ONCE = 16 };

bool cgpiod_is_labelled(struct gpiod_chip *chip, const char *label) {
    return strcmp(gpiod_chip_label(chip), label) == 0;
}

static int find(struct gpiod_chip *chip, const char *name, struct gpiod_line **result) {
    unsigned int offset;
    if (cgpiod_parse_offset(name, &offset)) {
        if (offset >= gpiod_chip_num_lines(chip)) return -ENOENT;
        *result = gpiod_chip_get_line(chip, offset);
    } else {
        *result = gpiod_chip_find_line(chip, name);
    }
    return *result ? 0 : -errno;
}

static int request(const char *chip, const char *name, int type, int flags, struct cgpiod_line **result,
                   enum cgpiod_step *step) {
    struct cgpiod_line *line = calloc(1, sizeof *line);
    if (!line) return -ENOMEM;
    *step = CGPIOD_STEP_CHIP;
    int status = cgpiod_open_chip(chip, &line->chip);
    if (status == 0) {
        *step = CGPIOD_STEP_FIND;
        status = find(line->chip, name, &line->line);
    }
    if (status == 0) {
        *step = CGPIOD_STEP_REQUEST;
        struct gpiod_line_request_config config = {
            .consumer = CGPIOD_CONSUMER, .request_type = type, .flags = flags};
        int bias = GPIOD_LINE_REQUEST_FLAG_BIAS_PULL_UP;
        status = gpiod_line_request(line->line, &config, 0) == 0 ? 0 : -errno;
        if (status != 0 && (flags & bias)) {
            // Kernels before 5.5 and some chips refuse a bias; the board may have its own resistor.
            config.flags &= ~bias;
            status = gpiod_line_request(line->line, &config, 0) == 0 ? 0 : -errno;
        }
    }
    if (status == 0) {
        *result = line;
        return 0;
    }
    if (line->chip) gpiod_chip_close(line->chip);
    free(line);
    return status;
}

int cgpiod_request_input(const char *chip, const char *line, bool active_low, struct cgpiod_line **result,
                         enum cgpiod_step *step) {
    int flags = active_low ? GPIOD_LINE_REQUEST_FLAG_ACTIVE_LOW | GPIOD_LINE_REQUEST_FLAG_BIAS_PULL_UP : 0;
    return request(chip, line, GPIOD_LINE_REQUEST_EVENT_BOTH_EDGES, flags, result, step);
}

int cgpiod_request_output(const char *chip, const char *line, bool active_low, struct cgpiod_line **result,
                          enum cgpiod_step *step) {
    int flags = active_low ? GPIOD_LINE_REQUEST_FLAG_ACTIVE_LOW : 0;
    return request(chip, line, GPIOD_LINE_REQUEST_DIRECTION_OUTPUT, flags, result, step);
}

void cgpiod_release(struct cgpiod_line *line) {
    gpiod_line_release(line->line);
    gpiod_chip_close(line->chip);
    free(line);
}

int cgpiod_fd(const struct cgpiod_line *line) { return gpiod_line_event_get_fd(line->line); }

int cgpiod_read_edges(struct cgpiod_line *line, struct cgpiod_edge *edges, int capacity) {
    struct pollfd waiting = {.fd = cgpiod_fd(line), .events = POLLIN};
    // The read blocks when nothing waits.
    int ready = poll(&waiting, 1, 0);
    if (ready < 0) return errno == EINTR ? 0 : -errno;
    if (ready == 0) return 0;
    struct gpiod_line_event events[EDGES_AT_ONCE];
    unsigned int wanted = capacity < EDGES_AT_ONCE ? (unsigned int)capacity : EDGES_AT_ONCE;
    int count = gpiod_line_event_read_multiple(line->line, events, wanted);
    if (count < 0) return -errno;
    for (int i = 0; i < count; i++) {
        edges[i].timestamp_ns = (int64_t)events[i].ts.tv_sec * 1000000000 + events[i].ts.tv_nsec;
        edges[i].is_active = events[i].event_type == GPIOD_LINE_EVENT_RISING_EDGE;
    }
    return count;
}

int cgpiod_get(struct cgpiod_line *line) {
    int value = gpiod_line_get_value(line->line);
    return value < 0 ? -errno : value;
}

int cgpiod_set(struct cgpiod_line *line, bool active) {
    return gpiod_line_set_value(line->line, active) == 0 ? 0 : -errno;
}

#endif
