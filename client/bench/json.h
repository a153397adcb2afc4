/*
 * Writes JSON, piece by piece.
 */
#ifndef MASKLINE_CLIENT_BENCH_JSON_H
#define MASKLINE_CLIENT_BENCH_JSON_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum { JSON_DEPTH = 16 };

/* All but `out` zeroed, nothing is written yet. Names are NULL within arrays and for the whole. */
struct json {
    FILE *out;
    unsigned depth;
    bool filled[JSON_DEPTH];
    char close[JSON_DEPTH];
};

void json_object(struct json *json, const char *name);
void json_array(struct json *json, const char *name);

/* Ends the innermost object or array; with the last one the line ends, too. */
void json_end(struct json *json);

/* Six digits; what is no finite number becomes null. */
void json_number(struct json *json, const char *name, double value);
void json_count(struct json *json, const char *name, uint64_t value);
void json_flag(struct json *json, const char *name, bool value);

/* UTF-8; NULL becomes null. */
void json_text(struct json *json, const char *name, const char *value);

#endif
