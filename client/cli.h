/*
 * What the commands of `maskline` share: the connection, options, output, errors.
 */
#ifndef MASKLINE_CLIENT_CLI_H
#define MASKLINE_CLIENT_CLI_H

#include "client/rpc/client.h"
#include "proto/c/arena.h"

#include "google/protobuf/duration.pb-c.h"
#include "google/protobuf/timestamp.pb-c.h"

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* The exit statuses of the program. */
enum {
    EXIT_DONE = 0,
    EXIT_REFUSED = 1,     /* the server said no, or the conversation went wrong */
    EXIT_USAGE = 2,       /* the command line is wrong */
    EXIT_UNREACHABLE = 3, /* no server, or no answer in time */
};

struct command;

struct cli {
    const char *server; /* "127.0.0.1:7766" */
    bool json;
    int64_t timeout_ms;
    struct grpc_c_channel *channel; /* opened by cli_connect */
    struct arena *arena;            /* of this run of the program */
    const struct command *command;  /* what runs */
};

/* Opens the channel. False after it said why. */
bool cli_connect(struct cli *cli);
struct grpc_c_call_options cli_call(const struct cli *cli);
/* For calls that go on until they are cancelled. */
struct grpc_c_call_options cli_stream(const struct cli *cli);

/* Prints what a call ended with, and what to do about it, to stderr; gives the exit status. */
int cli_failed(const struct cli *cli, const struct grpc_c_status *status);

/* Prints "session create SERVICE"; gives the width. */
int command_usage(const struct command *command, FILE *out);

/* Prints a usage error; gives EXIT_USAGE. */
int cli_usage(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* ---- options ---- */

enum option_kind {
    OPTION_TEXT,     /* const char ** */
    OPTION_TEXTS,    /* struct texts * */
    OPTION_FLAG,     /* bool * */
    OPTION_NUMBER,   /* uint64_t * */
    OPTION_DURATION, /* Google__Protobuf__Duration **: 90s, 15m, 4h, 7d */
    OPTION_TIME,     /* Google__Protobuf__Timestamp **: RFC 3339, or a duration from now */
};

enum { TEXTS_MOST = 16 };

struct texts {
    char *texts[TEXTS_MOST];
    size_t count;
};

struct option {
    const char *name; /* without the dashes */
    enum option_kind kind;
    void *to;
};

struct words {
    char **words;
    int count;
};

/* Takes options (which may stand anywhere) out of the arguments and leaves between `least` and `most` other words. False after it
 * said what is wrong. */
bool cli_options(struct cli *cli, struct words *arguments, const struct option *options,
                 size_t option_count, int least, int most);

bool parse_duration(const char *text, int64_t *ret_us);
bool parse_time(const char *text, int64_t *ret_us);

/* ---- output ---- */

/* One message as JSON, on one line: the standard mapping of proto3. */
void json_print(FILE *out, const ProtobufCMessage *message);

/* A table for people: cells are copied into the arena; columns get as wide as their widest cell. On a terminal too narrow for
 * that, each row is printed as lines of a head and a cell. */
struct table;
struct table *table_new(struct arena *arena, const char *const *heads, size_t columns);
void table_cell(struct table *table, const char *text);
void table_print(const struct table *table, FILE *out);

/* "2030-01-02 03:04:05" in UTC, "-" when absent. In the arena. */
const char *show_time(struct arena *arena, const Google__Protobuf__Timestamp *time);
/* "4h", "90s"; "-" when absent. */
const char *show_duration(struct arena *arena, const Google__Protobuf__Duration *duration);
/* The last part of an enum value's name in lower case: "in-progress". */
const char *show_enum(struct arena *arena, const ProtobufCEnumDescriptor *descriptor, int value);

/* ---- commands ---- */

struct command {
    const char *noun;
    const char *verb; /* NULL: the noun alone */
    const char *arguments;
    const char *summary;
    const char *options; /* for --help; may be NULL */
    const char *example; /* what stands behind `maskline noun verb` */
    int (*run)(struct cli *cli, struct words arguments);
};

extern const struct command service_commands[];
extern const struct command number_commands[];
extern const struct command session_commands[];
extern const struct command participant_commands[];
extern const struct command interaction_commands[];
extern const struct command event_commands[];
extern const struct command simulator_commands[];
extern const struct command demo_commands[];

/* Becomes the server program; returns only when that fails. */
int serve(struct words arguments);

#endif
