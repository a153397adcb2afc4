/*
 * Tables and values for people.
 */
#ifndef MASKLINE_CLIENT_TABLE_H
#define MASKLINE_CLIENT_TABLE_H

#include "proto/c/arena.h"

#include "google/protobuf/duration.pb-c.h"
#include "google/protobuf/timestamp.pb-c.h"

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stdio.h>

/* Cells are copied into the arena; columns get as wide as their widest cell. On a terminal too narrow for that, each row is printed
 * as lines of a head and a cell. */
struct table;
struct table *table_new(struct arena *arena, const char *const *heads, size_t columns);
/* `usual` has a text for each column, which outlives the table, or NULL: a column that has this, or nothing, in all rows is left out. Before
 * the first row. */
void table_leave_out(struct table *table, const char *const *usual);
void table_cell(struct table *table, const char *text);
void table_print(const struct table *table, FILE *out);

/* Texts of others are shown on a terminal: what could steer it becomes blanks. */
void print_plain(const char *text, FILE *out);

/* "2030-01-02 03:04:05" in UTC, "-" when absent. In the arena. */
const char *show_time(struct arena *arena, const Google__Protobuf__Timestamp *time);
/* "4h", "90s"; "-" when absent. */
const char *show_duration(struct arena *arena, const Google__Protobuf__Duration *duration);
/* The last part of an enum value's name in lower case: "in-progress". "-" for UNSPECIFIED. */
const char *show_enum(struct arena *arena, const ProtobufCEnumDescriptor *descriptor, int value);

#endif
