#include "chip.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int open_path(const char *path, struct gpiod_chip **result) {
    // libgpiod 1.6 leaves errno as it was for some files that are no chip.
    errno = 0;
    *result = gpiod_chip_open(path);
    if (*result) return 0;
    return errno ? -errno : -ENODEV;
}

static int is_chip(const struct dirent *entry) { return strncmp(entry->d_name, "gpiochip", 8) == 0; }

static int open_label(const char *label, struct gpiod_chip **result) {
    struct dirent **entries;
    int count = scandir("/dev", &entries, is_chip, alphasort);
    if (count < 0) return -errno;
    int status = -ENOENT;
    for (int i = 0; i < count; i++) {
        char path[sizeof "/dev/" + sizeof entries[i]->d_name];
        snprintf(path, sizeof path, "/dev/%s", entries[i]->d_name);
        free(entries[i]);
        if (status == 0) continue;
        struct gpiod_chip *chip;
        int opened = open_path(path, &chip);
        if (opened == 0 && cgpiod_is_labelled(chip, label)) {
            *result = chip;
            status = 0;
        } else if (opened == 0) {
            gpiod_chip_close(chip);
        } else if (opened == -EACCES) {
            // The chip may well be this one: "permission denied" is the better hint than "no such chip".
            status = -EACCES;
        }
    }
    free(entries);
    return status;
}

int cgpiod_open_chip(const char *chip, struct gpiod_chip **result) {
    if (strchr(chip, '/')) return open_path(chip, result);
    char path[PATH_MAX];
    int length = snprintf(path, sizeof path, "/dev/%s", chip);
    if (*chip && length > 0 && (size_t)length < sizeof path && access(path, F_OK) == 0) return open_path(path, result);
    return open_label(chip, result);
}

bool cgpiod_parse_offset(const char *line, unsigned int *offset) {
    size_t digits = strspn(line, "0123456789");
    // Nine digits cannot overflow, and no chip has more lines.
    if (digits == 0 || digits > 9 || line[digits] != '\0') return false;
    *offset = (unsigned int)strtoul(line, NULL, 10);
    return true;
}
