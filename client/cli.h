/*
 * One run of a command: what was typed, the connection, the output, the errors.
 */
#ifndef MASKLINE_CLIENT_CLI_H
#define MASKLINE_CLIENT_CLI_H

#include "client/command.h"
#include "client/input.h"
#include "client/rpc/client.h"
#include "proto/c/arena.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* The exit statuses of the program. */
enum {
    EXIT_DONE = 0,
    EXIT_REFUSED = 1,     /* the server said no, or something is not as it should be */
    EXIT_USAGE = 2,       /* the command line is wrong */
    EXIT_UNREACHABLE = 3, /* no server, or no answer in time */
};

struct cli {
    const char *server; /* "127.0.0.1:7766" */
    bool json;
    int64_t timeout_ms;
    bool color;                     /* on stdout */
    struct grpc_c_channel *channel; /* opened by cli_connect */
    struct arena *arena;            /* of this run of the program */
    const struct command *command;  /* what runs */
    struct input input;             /* what was typed behind its name */
};

/* Opens the channel. False after it said why. */
bool cli_connect(struct cli *cli);

/* A call with the deadline of --timeout. */
struct grpc_c_call_options cli_call(const struct cli *cli);

/* A unary call on the channel, which it opens: the response, of the method's type, in the arena. NULL after it said why not, with the
 * exit status in `*ret_exit`. */
const void *cli_ask(struct cli *cli, const struct grpc_c_client_method *method,
                    const ProtobufCMessage *request, struct arena *arena, int *ret_exit);

/* The request of the command's call, as the table and what was typed say; in the run's arena. NULL after it said what is wrong. */
ProtobufCMessage *cli_request(struct cli *cli);

/* What a command does that is one call. */
int cli_invoke(struct cli *cli);

/* Shows one message, or several, by the view; as JSON one a line when that was asked for. */
struct listing {
    struct cli *cli;
    const struct view *view;
    struct table *table;
    bool left_out; /* an answer had nothing in it */
};
struct listing listing_begin(struct cli *cli, const struct view *view);
/* NULL: the server left it out of its answer. That is told at the end. */
void listing_add(struct listing *listing, const ProtobufCMessage *message);
/* Gives the exit status. */
int listing_end(struct listing *listing);

/* Prints what a call ended with, and what to do about it, to stderr; gives the exit status. */
int cli_failed(const struct cli *cli, const struct grpc_c_status *status);
/* The same for an error that is at hand. */
int cli_error(const struct cli *cli, const struct error *error);

/* What to do about what a server says with that reason; NULL: nobody knows. */
const char *cli_advice(const char *reason);

/* Prints a usage error; gives EXIT_USAGE. */
int cli_usage(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Says that there is no such noun, or no such verb of a noun (NULL: none), and which was perhaps meant; gives EXIT_USAGE. */
int command_unknown(const char *noun, const char *typed);

/* Whether all that was printed got where it should; else says why, once, and to no reader that has gone. */
bool cli_flush(void);
/* For what goes on without an end: whoever stops reading our output ends the program, also while there is nothing to write. */
void cli_end_with_reader(void);

int cli_no_memory(void);

#endif
