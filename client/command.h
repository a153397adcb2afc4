/*
 * What the commands of `maskline` are made of: rows of tables. The parser, --help, the man page and the completion of shells all
 * read the same rows, so what one of them knows the others know.
 *
 * Most commands are one call: the row says which field of the request an argument or an option goes into, and which field of the
 * response is shown. Nothing but the row is written for them. Others have a function of their own.
 */
#ifndef MASKLINE_CLIENT_COMMAND_H
#define MASKLINE_CLIENT_COMMAND_H

#include "client/rpc/stub.h"
#include "client/table.h"

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stdio.h>

struct cli;

/* What a word can stand for, where that is known: completion offers it. */
enum live {
    LIVE_NOTHING,
    LIVE_SERVICE,
    LIVE_SESSION,
    LIVE_PARTICIPANT,
    LIVE_NUMBER,  /* in the Service's pool */
    LIVE_HANDSET, /* of the simulator */
    LIVE_COMMAND,
    LIVE_FILE,
    LIVE_FOLDER,
};

struct argument {
    const char *name;  /* "SERVICE" */
    const char *field; /* of the request; NULL: the command reads it itself */
    enum live live;
    bool optional;
    const char *const *choices; /* what it can be, NULL at the end; NULL: anything */
};

enum option_kind {
    OPTION_TEXT,
    OPTION_FLAG,
    OPTION_UNFLAG, /* sets its field to false */
    OPTION_NUMBER,
    OPTION_DURATION, /* 90s, 15m, 4h, 7d */
    OPTION_TIME,     /* RFC 3339, or a duration from now */
    OPTION_PAST,     /* RFC 3339, or a duration before now */
    OPTION_SIZE,     /* 512MiB */
    OPTION_CHOICE,
    OPTION_PAIR, /* KEY=VALUE into a map; an empty text is no pair */
};

struct option {
    const char *name;  /* without the dashes */
    const char *value; /* as the help names it; NULL for flags */
    enum option_kind kind;
    const char *help;
    const char
        *field;  /* of the request, "session_policy.idle_cap"; NULL: the command reads it itself */
    bool many;   /* may be repeated */
    char letter; /* -f; 0: none */
    /* OPTION_CHOICE: words of the API, or of our own with NULL at the end. */
    const ProtobufCEnumDescriptor *values;
    const char *const *choices;
    enum live live;
};

/* How messages of a kind are shown to people. */
struct view {
    const char *const *heads;
    size_t columns;
    /* Adds one message's cells. */
    void (*row)(struct arena *arena, struct table *table, const ProtobufCMessage *message);
    const char *const *usual; /* NULL, or what table_leave_out takes */
};

enum { ARGUMENTS_MOST = 4, EXAMPLES_MOST = 5 };

struct command {
    const char *noun;
    const char *verb; /* NULL: the noun alone */
    const char *summary;
    const char *more; /* whole sentences, for --help and the man page; may be NULL */
    struct argument arguments[ARGUMENTS_MOST];
    const struct option *options; /* a nameless one ends them; NULL: none */
    /* What stands behind `maskline noun verb`, "" for nothing; each works when those of the table have been typed before. */
    const char *examples[EXAMPLES_MOST];

    /* One call. A list (`shown` is repeated) is asked for page by page. */
    const struct grpc_c_client_method *method;
    const char *shown; /* a field of the response, with `view` */
    const struct view *view;
    const char *done; /* "is deleted", behind the last word, when there is nothing to show */
    bool updates;     /* wants at least one option that goes into a field */
    bool masked;      /* `update_mask` names the fields that options go into */
    /* What the table cannot say, before the call. False after it said what is wrong with the command line. */
    bool (*fill)(struct cli *cli, ProtobufCMessage *request);
    /* In place of `view`: gives the exit status. Not called for JSON, unless `prints_json`. */
    int (*print)(struct cli *cli, const ProtobufCMessage *response);
    bool (*judge)(const ProtobufCMessage *response); /* false: the answer is a refusal */

    /* Or anything. */
    int (*run)(struct cli *cli);
    bool raw;    /* its words are not read here */
    bool hidden; /* for programs: no help tells of it */
};

struct command_group {
    const char *title;
    const struct command *commands; /* a nameless one ends them */
};

/* A nameless one ends them. */
extern const struct command_group command_groups[];

extern const struct command running_commands[];
extern const struct command service_commands[];
extern const struct command number_commands[];
extern const struct command short_code_commands[];
extern const struct command pool_commands[];
extern const struct command channel_sender_commands[];
extern const struct command session_commands[];
extern const struct command participant_commands[];
extern const struct command interaction_commands[];
extern const struct command call_commands[];
extern const struct command opt_out_commands[];
extern const struct command block_commands[];
extern const struct command event_commands[];
extern const struct command simulator_commands[];
extern const struct command shell_commands[];

/* The options that all commands have. */
extern const struct option common_options[];

/* The command of that name; `verb` may be NULL, and is not looked at where a noun stands alone. NULL: there is none;
 * `*ret_noun_known` tells whether the noun is one. */
const struct command *command_find(const char *noun, const char *verb, bool *ret_noun_known);

/* Calls back for each command, hidden ones left out. */
void command_each(void (*visit)(void *data, const struct command *command), void *data);

/* The noun or the verb of that noun (NULL: nouns) that is most like what was typed; NULL: none is. */
const char *command_nearest(const char *noun, const char *typed);

/* How many words it must have, and may have. */
int command_least(const struct command *command);
int command_most(const struct command *command);

/* Prints "session create SERVICE"; gives the width. */
int command_usage(const struct command *command, FILE *out);
/* Prints "--mode MODE" or "-f, --file FILE"; gives the width. */
int option_usage(const struct option *option, FILE *out);
/* The words an OPTION_CHOICE can be, parted by `between`, in the arena. */
const char *option_choices(struct arena *arena, const struct option *option, const char *between);

#endif
