/*
 * What following a log consists of. Not for anybody else.
 *
 * Locks: `events.lock` guards the table of followed logs and the list of those that have grown; `followed.lock` guards one
 * log's recent entries and tails. Neither is held while a wake runs. The first may be taken while the second is held, never
 * the other way round.
 */
#ifndef MASKLINE_SERVER_EVENTS_INTERNAL_H
#define MASKLINE_SERVER_EVENTS_INTERNAL_H

#include "server/events/events.h"

#include <pthread.h>
#include <stdatomic.h>

enum {
    FOLLOWED_BUCKETS = 4096,
    RECENT_ENTRIES = 1024, /* of one followed log, in memory */
    RECENT_BYTES = 1024 * 1024,
    CHUNK_ENTRIES = 256, /* what a tail that is behind reads at once */
    CHUNK_MEMORY = 4 * 1024 * 1024,
    WOKEN_BY_WRITER =
        8, /* tails for one group: each costs it about 2 us, and the way over another thread more than that */
};

struct recent {
    size_t size;
    uint8_t bytes[];
};

/* A log that somebody follows. */
struct followed {
    struct log_id log;
    struct followed *next_in_bucket;
    struct followed *next_grown;
    bool is_grown;         /* in the list of those that have grown; events.lock */
    unsigned refs;         /* tails, and the fan-out thread at work; events.lock */
    pthread_mutex_t lock;  /* all below */
    uint64_t last;         /* what readers can see */
    uint64_t recent_first; /* positions [recent_first, recent_first + recent_count) are in memory */
    size_t recent_count;
    size_t recent_bytes;
    struct recent *recent[RECENT_ENTRIES]; /* at index position % RECENT_ENTRIES */
    uint64_t read_stale;                   /* as a tail's chunk_stale, of what read_new reads */
    struct event_tail *waiting;            /* tails that were told LATER */
    struct event_tail *tails;              /* all */
};

struct events {
    struct store *store;
    struct readers *readers;
    struct pipeline *pipeline;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct followed *buckets[FOLLOWED_BUCKETS];
    _Atomic unsigned followed_count; /* written under the lock */
    struct followed *grown;
    bool stopping;
    pthread_t thread;
};

struct event_tail {
    struct events *events;
    struct followed *followed;
    void (*wake)(void *data);
    void *data;
    /* All below: followed.lock. */
    struct event_tail *next_tail;
    struct event_tail **link_tail; /* what points at this one */
    struct event_tail *next_waiting;
    struct event_tail **link_waiting; /* what points at this one; NULL: it does not wait */
    pthread_cond_t idle;              /* a wake has ended */
    uint64_t position;
    bool reading;              /* a catch-up read is under way */
    bool freed;                /* its owner waits for its wakes to end, or */
    bool left;                 /* has done with it */
    unsigned waking;           /* wakes that run now */
    struct arena *chunk_arena; /* what was read and not given yet */
    struct log_entry *chunk;
    size_t chunk_count;
    size_t chunk_next;
    uint64_t chunk_stale; /* the first position rewritten since the read began; UINT64_MAX: none */
    bool failed;
    struct error *failure;
};

/* Finds or makes the followed log, with a reference; NULL when there is no memory. */
struct followed *followed_ref(struct events *events, const struct log_id *log);
void followed_hold(struct events *events, struct followed *followed);
void followed_unref(struct events *events, struct followed *followed);

/* All with followed.lock held. */
void tail_join(struct event_tail *tail);
void tail_leave(struct event_tail *tail);
void tail_wait(struct event_tail *tail);
void tail_wait_no_more(struct event_tail *tail);

/* Wakes a tail; followed.lock is held on entry and on return, and not in between. The tail may be gone after that. */
void tail_wake(struct event_tail *tail);

#endif
