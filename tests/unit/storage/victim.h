/*
 * Processes that write to a store until they are killed, and tell what became of each append.
 *
 * The engine does not outlive a fork: each life of the store is a process of its own.
 */
#ifndef MASKLINE_TESTS_UNIT_STORAGE_VICTIM_H
#define MASKLINE_TESTS_UNIT_STORAGE_VICTIM_H

#include "storage/txn.h"

enum { MARK_STRIDE = 1 << 20, OUTCOMES_MOST = 400000 };

/* What became of an append. */
struct outcome {
    uint32_t mark;
    uint32_t log;
    uint64_t position; /* when durable */
    uint32_t kind;     /* enum command_outcome */
    uint32_t rejected;
};

/* All that is known of a store's appends. */
struct outcomes {
    unsigned count;
    struct outcome items[OUTCOMES_MOST];
};

/* What is durable is there, and what was refused is not. `last` holds the logs' last positions. */
void outcomes_check(struct view *view, const uint64_t *last, const struct outcome *outcomes,
                    unsigned count);

struct victim {
    const char *path;
    unsigned life; /* no two of a store have the same */
    unsigned flush_rows;
    int64_t flush_after_us; /* 0: 3 ms */
    unsigned fails_one_in;  /* writes, at random; 0: none */
    unsigned appends;       /* of each thread, then it closes the store and ends; 0: no end */
    const char *failpoint;  /* "name:pass", in a program that has them. NULL: none */
};

enum victim_end { VICTIM_ENDED, VICTIM_KILLED };

/* Lets it live until it is dead, or has told of `enough` appends (0: never) and is killed. */
enum victim_end victim_run(const struct victim *victim, struct outcomes *outcomes, unsigned enough);

/* Opens the store in another process and checks all of it against the outcomes. */
void victim_check(const char *path, const struct outcomes *outcomes);

#endif
