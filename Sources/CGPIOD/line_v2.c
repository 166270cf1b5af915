// libgpiod 2.x.
#include "chip.h"

#if !CGPIOD_IS_V1

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct cgpiod_line {
    struct gpiod_chip *chip;
    struct gpiod_line_request *request;
    struct gpiod_edge_event_buffer *edges;
    unsigned int offset;
};

/// The kernel queues 16 edges for a line.
enum { EDGES_AT_ONCE = 16 };

bool cgpiod_is_labelled(struct gpiod_chip *chip, const char *label) {
    struct gpiod_chip_info *info = gpiod_chip_get_info(chip);
    if (!info) return false;
    bool is_same = strcmp(gpiod_chip_info_get_label(info), label) == 0;
    gpiod_chip_info_free(info);
    return is_same;
}

static int find(struct gpiod_chip *chip, const char *name, unsigned int *result) {
    if (!cgpiod_parse_offset(name, result)) {
        int offset = gpiod_chip_get_line_offset_from_name(chip, name);
        if (offset < 0) return -errno;
        *result = (unsigned int)offset;
        return 0;
    }
    struct gpiod_chip_info *info = gpiod_chip_get_info(chip);
    if (!info) return -errno;
    size_t lines = gpiod_chip_info_get_num_lines(info);
    gpiod_chip_info_free(info);
    return *result < lines ? 0 : -ENOENT;
}

static int request_with(struct cgpiod_line *line, struct gpiod_line_settings *settings) {
    struct gpiod_line_config *config = gpiod_line_config_new();
    struct gpiod_request_config *options = gpiod_request_config_new();
    int status = config && options ? 0 : -ENOMEM;
    if (status == 0) {
        gpiod_request_config_set_consumer(options, CGPIOD_CONSUMER);
        if (gpiod_line_config_add_line_settings(config, &line->offset, 1, settings) < 0) status = -errno;
    }
    if (status == 0) {
        line->request = gpiod_chip_request_lines(line->chip, options, config);
        if (!line->request) status = -errno;
    }
    if (options) gpiod_request_config_free(options);
    if (config) gpiod_line_config_free(config);
    return status;
}

static int request(const char *chip, const char *name, struct gpiod_line_settings *settings,
                   struct cgpiod_line **result, enum cgpiod_step *step) {
    struct cgpiod_line *line = calloc(1, sizeof *line);
    if (!line) return -ENOMEM;
    *step = CGPIOD_STEP_CHIP;
    int status = cgpiod_open_chip(chip, &line->chip);
    if (status == 0) {
        *step = CGPIOD_STEP_FIND;
        status = find(line->chip, name, &line->offset);
    }
    if (status == 0) {
        *step = CGPIOD_STEP_REQUEST;
        line->edges = gpiod_edge_event_buffer_new(EDGES_AT_ONCE);
        status = line->edges ? request_with(line, settings) : -ENOMEM;
        if (status != 0 && line->edges && gpiod_line_settings_get_bias(settings) != GPIOD_LINE_BIAS_AS_IS) {
            // Some chips refuse a bias; the board may have its own resistor.
            gpiod_line_settings_set_bias(settings, GPIOD_LINE_BIAS_AS_IS);
            status = request_with(line, settings);
        }
    }
    if (status == 0) {
        *result = line;
        return 0;
    }
    if (line->edges) gpiod_edge_event_buffer_free(line->edges);
    if (line->chip) gpiod_chip_close(line->chip);
    free(line);
    return status;
}

int cgpiod_request_input(const char *chip, const char *line, bool active_low, struct cgpiod_line **result,
                         enum cgpiod_step *step) {
    *step = CGPIOD_STEP_REQUEST;
    struct gpiod_line_settings *settings = gpiod_line_settings_new();
    if (!settings) return -ENOMEM;
    gpiod_line_settings_set_direction(settings, GPIOD_LINE_DIRECTION_INPUT);
    gpiod_line_settings_set_edge_detection(settings, GPIOD_LINE_EDGE_BOTH);
    gpiod_line_settings_set_event_clock(settings, GPIOD_LINE_CLOCK_MONOTONIC);
    gpiod_line_settings_set_active_low(settings, active_low);
    if (active_low) gpiod_line_settings_set_bias(settings, GPIOD_LINE_BIAS_PULL_UP);
    int status = request(chip, line, settings, result, step);
    gpiod_line_settings_free(settings);
    return status;
}

int cgpiod_request_output(const char *chip, const char *line, bool active_low, struct cgpiod_line **result,
                          enum cgpiod_step *step) {
    *step = CGPIOD_STEP_REQUEST;
    struct gpiod_line_settings *settings = gpiod_line_settings_new();
    if (!settings) return -ENOMEM;
    gpiod_line_settings_set_direction(settings, GPIOD_LINE_DIRECTION_OUTPUT);
    gpiod_line_settings_set_output_value(settings, GPIOD_LINE_VALUE_INACTIVE);
    gpiod_line_settings_set_active_low(settings, active_low);
    int status = request(chip, line, settings, result, step);
    gpiod_line_settings_free(settings);
    return status;
}

void cgpiod_release(struct cgpiod_line *line) {
    gpiod_line_request_release(line->request);
    gpiod_edge_event_buffer_free(line->edges);
    gpiod_chip_close(line->chip);
    free(line);
}

int cgpiod_fd(const struct cgpiod_line *line) { return gpiod_line_request_get_fd(line->request); }

int cgpiod_read_edges(struct cgpiod_line *line, struct cgpiod_edge *edges, int capacity) {
    // The read blocks when nothing waits.
    int ready = gpiod_line_request_wait_edge_events(line->request, 0);
    if (ready < 0) return errno == EINTR ? 0 : -errno;
    if (ready == 0) return 0;
    int wanted = capacity < EDGES_AT_ONCE ? capacity : EDGES_AT_ONCE;
    int count = gpiod_line_request_read_edge_events(line->request, line->edges, (size_t)wanted);
    if (count < 0) return -errno;
    for (int i = 0; i < count; i++) {
        struct gpiod_edge_event *event = gpiod_edge_event_buffer_get_event(line->edges, (unsigned long)i);
        edges[i].timestamp_ns = (int64_t)gpiod_edge_event_get_timestamp_ns(event);
        edges[i].is_active = gpiod_edge_event_get_event_type(event) == GPIOD_EDGE_EVENT_RISING_EDGE;
    }
    return count;
}

int cgpiod_get(struct cgpiod_line *line) {
    enum gpiod_line_value value = gpiod_line_request_get_value(line->request, line->offset);
    if (value == GPIOD_LINE_VALUE_ERROR) return -errno;
    return value == GPIOD_LINE_VALUE_ACTIVE;
}

int cgpiod_set(struct cgpiod_line *line, bool active) {
    enum gpiod_line_value value = active ? GPIOD_LINE_VALUE_ACTIVE : GPIOD_LINE_VALUE_INACTIVE;
    return gpiod_line_request_set_value(line->request, line->offset, value) == 0 ? 0 : -errno;
}

#endif
