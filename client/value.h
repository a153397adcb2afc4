/*
 * Values as people type them.
 */
#ifndef MASKLINE_CLIENT_VALUE_H
#define MASKLINE_CLIENT_VALUE_H

#include "proto/c/clock.h"

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stdint.h>

/* All are false, and write nothing, for what is no such value. */

/* "90s", "250ms", "7d"; without a unit seconds. */
bool parse_duration(const char *text, int64_t *ret_us);
/* "2030-01-02T03:04:05Z". */
bool parse_instant(const char *text, int64_t *ret_us);
/* An instant, or a duration from now: negative `direction` before it. */
bool parse_time(const char *text, const struct clock *clock, int direction, int64_t *ret_us);
bool parse_number(const char *text, uint64_t *ret_number);
/* "512MiB", "4KiB", "10B", "10". */
bool parse_size(const char *text, int64_t *ret_bytes);
/* A value of an enum by the word that show_enum shows; UNSPECIFIED has none. */
bool parse_enum(const ProtobufCEnumDescriptor *descriptor, const char *word, int *ret_value);

#endif
