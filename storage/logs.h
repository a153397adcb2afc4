/*
 * How far each log is: a table in memory, filled when the store is opened, that only grows.
 *
 * A log that is found stays where it is until the table is freed. Any thread may look up; one at a time may make.
 */
#ifndef MASKLINE_STORAGE_LOGS_H
#define MASKLINE_STORAGE_LOGS_H

#include "storage/txn.h"

#include <stdatomic.h>

struct layer;

struct log {
    struct log_id id;
    struct log *next_in_bucket;
    _Atomic uint64_t durable; /* the last position that readers can see */
    _Atomic uint64_t oldest;  /* that there still is */
    uint64_t applied;         /* whose rows are all in the engine; the apply lock */
    /* The writer's own: */
    uint64_t decided;
    struct layer *layer; /* in whose list of logs it stands, and where */
    size_t place;
    struct log *next_grown; /* in this group's list */
    bool grown;
};

struct logs;
struct logs *logs_new(void);
void logs_free(struct logs *logs);

/* NULL when it is not known. */
struct log *logs_find(struct logs *logs, const struct log_id *id);
/* NULL when there is no memory. */
struct log *logs_make(struct logs *logs, const struct log_id *id);

/* Visits all; the visitor may not make any. Stops at false. */
bool logs_each(struct logs *logs, bool (*visit)(void *data, struct log *log), void *data);

#endif
