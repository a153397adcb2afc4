/*
 * A store in memory with logs that tests append to, and the events over it.
 */
#ifndef MASKLINE_TESTS_UNIT_SERVER_EVENTS_WORLD_H
#define MASKLINE_TESTS_UNIT_SERVER_EVENTS_WORLD_H

#include "server/events/events.h"
#include "storage/keys.h"

#include <pthread.h>

struct world {
    struct manual_clock clock;
    struct store *store;
    struct pipeline *pipeline;
    struct readers *readers;
    struct events *events;
    _Atomic unsigned
        withheld; /* of so many entries one is not handed over, as when there is no memory; 0: none */
    _Atomic bool fails; /* the next write is made, and is said to have failed */
    struct durability durability;
};

void world_open(struct world *world);
void world_close(struct world *world);

/* A log of a Service of this number. */
struct log_id world_log(unsigned number);

/* Appends `count` entries to a log, in one command, and waits until they are durable. Entry n says "n", padded to `size` bytes. */
void world_append(struct world *world, const struct log_id *log, unsigned count, size_t size);

/* Whether an entry says what it should. */
bool world_entry_right(const struct log_entry *entry);

/* Has an entry say WORLD_REWRITTEN, and waits for the answer. */
#define WORLD_REWRITTEN "nothing"
enum command_outcome world_rewrite(struct world *world, const struct log_id *log,
                                   uint64_t position);

/* A tail, and whether it was woken. */
struct follower {
    struct event_tail *tail;
    pthread_mutex_t lock;
    pthread_cond_t woken;
    unsigned wakes;
};

void follower_open(struct follower *follower, struct world *world, const struct log_id *log,
                   uint64_t after);
void follower_close(struct follower *follower);

/* The next answer that is not LATER; waits for it, at most 20 s. */
enum tail_next follower_next(struct follower *follower, struct arena *arena,
                             struct log_entry *ret_entry, struct error *error);

#endif
