/*
 * What durations, sizes and times mean, worked out a second time, and checks that the command takes them so.
 */
#ifndef MASKLINE_TESTS_FUZZ_OPTIONS_VALUES_H
#define MASKLINE_TESTS_FUZZ_OPTIONS_VALUES_H

#include <stdbool.h>
#include <stdint.h>

/* False for what is none, or more than can be said. */
bool measure_duration(const char *text, int64_t *ret_us);
bool measure_size(const char *text, int64_t *ret_bytes);

/* Any text, as a duration, as a size and as a number. */
void check_measures(const char *text);
/* As an instant, and as a time before and after `now`, in microseconds. */
void check_time(const char *text, int64_t now);

#endif
