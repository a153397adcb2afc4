/*
 * What kinds of calls a run makes, and in which shares: "message", or "message:80,get-session:15,create-session:5".
 */
#ifndef MASKLINE_CLIENT_BENCH_MIX_H
#define MASKLINE_CLIENT_BENCH_MIX_H

#include "client/bench/chance.h"

#include <stdbool.h>
#include <stddef.h>

enum kind { KIND_MESSAGE, KIND_SEND, KIND_CREATE_SESSION, KIND_GET_SESSION, KIND_EVENTS, KINDS };

enum { MIX_NAME = 96 };

struct mix {
    unsigned weights[KINDS]; /* at most 1,000,000 each */
    unsigned sum;
    char name[MIX_NAME]; /* as it was given */
};

/* False, and what is wrong in `ret_why`, for an unknown or repeated kind, a weight that is none, or `events` beside others. */
bool mix_parse(const char *text, struct mix *ret_mix, char *ret_why, size_t why_size);

enum kind mix_pick(const struct mix *mix, struct chance *chance);

const char *kind_name(enum kind kind);

#endif
