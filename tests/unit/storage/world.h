/*
 * A small domain for the store's tests: logs whose entries change rows in every way that derive knows, so that what the
 * rows must be can be told from the log alone.
 */
#ifndef MASKLINE_TESTS_UNIT_STORAGE_WORLD_H
#define MASKLINE_TESTS_UNIT_STORAGE_WORLD_H

#include "storage/pipeline.h"

#include <stdatomic.h>

enum { WORLD_LOGS = 3, WORLD_ROWS = 6, WORLD_STEPS = 4 };

/* What an entry does to one row. */
enum step_kind { STEP_NONE, STEP_PUT, STEP_ADD, STEP_DELETE, STEP_KINDS };

struct step {
    uint8_t kind;
    uint8_t row;
    uint8_t with_entry; /* ROW_WITH_ENTRY */
    uint8_t amount;
    uint16_t life_us; /* 0: it stays; else it is past its time so long after the entry */
};

/* An entry: steps of different rows. With each comes one row that is new (derive_put_new), and most of those go some entries later. Two more rows of each log, TALLY_NOW and TALLY_LATER, count all its entries. */
struct entry {
    struct step steps[WORLD_STEPS];
    uint32_t mark; /* who wrote it */
};

enum { TALLY_NOW = WORLD_ROWS, TALLY_LATER, WORLD_ALL_ROWS };

struct log_id world_log(unsigned number);
size_t world_row_key(unsigned log, unsigned row, uint8_t ret_key[32]);

/* Random steps. */
struct dice;
struct entry world_entry(struct dice *dice, uint32_t mark);

/* The domain; counts what it is told. */
struct world {
    _Atomic unsigned rebuilt;
    _Atomic uint64_t grown[WORLD_LOGS];
    _Atomic uint64_t appended[WORLD_LOGS];  /* the last position that was told with its entry */
    _Atomic uint64_t rewritten[WORLD_LOGS]; /* the last position that was told as rewritten */
    _Atomic unsigned rewritten_any;         /* how often it was told that any may be */
    _Atomic unsigned replayed;
    _Atomic int rebuild_failures; /* so many to come */
    _Atomic bool unchecked;       /* rebuild does not look at the rows */
};
struct pipeline_domain world_domain(struct world *world);

/* A command that appends one entry to a log, and waits for itself. */
struct append {
    struct command command; /* first */
    unsigned log;
    struct entry entry;
    bool reject; /* after it has written */
    bool empty;  /* writes nothing */
    uint64_t position;
    int64_t time;
    enum command_outcome outcome;
    struct error error;
    _Atomic bool done;
    void (*then)(struct append *append); /* may be NULL */
};
void append_start(struct pipeline *pipeline, struct append *append);
void append_wait(struct append *append);
/* Both, and says whether it is durable. */
bool append_run(struct pipeline *pipeline, struct append *append);

/* Checks in a view that the logs have no gap and that all rows are what follows from them. Gives the last positions. */
void world_check(struct view *view, uint64_t ret_last[WORLD_LOGS]);
/* The mark of an entry; aborts the test when there is none. */
uint32_t world_mark(struct view *view, unsigned log, uint64_t position);

/* Checks only what is cheap: in each log both tallies say what the last position is. */
void world_check_tallies(struct view *view);

#endif
