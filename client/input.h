/*
 * What was typed behind a command's name, read by the command's table.
 */
#ifndef MASKLINE_CLIENT_INPUT_H
#define MASKLINE_CLIENT_INPUT_H

#include "client/command.h"
#include "proto/c/arena.h"

#include <stdbool.h>
#include <stdint.h>

enum { WORDS_MOST = 64, MANY_MOST = 16 };

struct words {
    char **words;
    int count;
};

/* An option that was given, its value checked. */
struct given {
    const struct option *option;
    char *text;
    int64_t
        value; /* NUMBER; DURATION, TIME and PAST in microseconds; SIZE in bytes; CHOICE: the enum's value, or an index */
    bool relative; /* TIME, PAST: it was a duration */
};

struct input {
    struct words words; /* the arguments; RAW: everything */
    struct given given[WORDS_MOST];
    size_t given_count;
};

/* Options may stand anywhere among the words; behind a lone -- there are none. Common options go into `cli`. The words are sorted in place, and live
 * as long as the input. False after it said what is wrong. */
bool input_read(struct cli *cli, struct words words);

/* NULL: it was not given. Asking for an option that the command's table does not have ends the program. */
const struct given *input_given(const struct cli *cli, const char *option);

/* The argument with that place; NULL: it was not given. */
char *input_word(const struct cli *cli, int place);
char *input_text(const struct cli *cli, const char *option);
bool input_flag(const struct cli *cli, const char *option);
/* All values of an option that may be repeated; gives their number. */
size_t input_many(const struct cli *cli, const char *option,
                  const struct given *ret_given[MANY_MOST]);

#endif
