/*
 * What a Maskline server holds while it is measured: Services, each with numbers of its own; pairs of people who write to each
 * other; and sessions to be looked up.
 */
#ifndef MASKLINE_CLIENT_BENCH_WORLD_H
#define MASKLINE_CLIENT_BENCH_WORLD_H

#include "client/bench/load.h"

#include <stdatomic.h>

enum { NUMBER_SIZE = 20, SID_SIZE = 36 };

/* A session of two people with phones. The first writes; the second gets. */
struct pair {
    char sender[NUMBER_SIZE];
    char proxy[NUMBER_SIZE]; /* what the sender dials */
    char recipient[NUMBER_SIZE];
    char session[SID_SIZE];
    char participant[SID_SIZE]; /* the recipient */
    unsigned service;
    uint64_t accepted; /* texts to the recipient; the client library's thread, between runs any */
};

struct looked_up {
    char sid[SID_SIZE];
    unsigned service;
};

struct world_options {
    unsigned services;
    unsigned numbers;  /* for each Service; at least 2 */
    unsigned pairs;    /* in all; more when a Service would have none */
    unsigned sessions; /* to be looked up; 0: none */
};

struct world {
    struct world_options options;
    const char *target;
    char (*services)[SID_SIZE];
    struct pair *pairs;
    unsigned pair_count;
    struct looked_up *sessions;
    _Atomic uint64_t people; /* who have no phone: each is used once */
    uint64_t events;         /* in all logs when it was last asked; 0: never */
};

/* Makes it all by the API; takes as long as that takes. NULL, said to stderr, when something fails. */
struct world *world_make(const char *target, const struct world_options *options);

/* NULL is fine. */
void world_free(struct world *world);

/* A person that nobody has used yet. */
void world_person(struct world *world, char ret_number[NUMBER_SIZE]);

#endif
