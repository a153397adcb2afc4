/*
 * Reading a Service's log: pages of it, and following it as it grows.
 *
 * The log in the store is the only queue: a follower holds a position, and reads from there. What was written last is also
 * kept in memory for logs that are followed, as the writer hands it over, or read once for all followers; who is behind reads the
 * store on the readers' threads.
 * Entries are opaque here.
 *
 * Thread-safe, but for new and free. One tail belongs to one thread at a time.
 */
#ifndef MASKLINE_SERVER_EVENTS_EVENTS_H
#define MASKLINE_SERVER_EVENTS_EVENTS_H

#include "storage/pipeline.h"

struct events;

/* The store and the readers outlive it. */
struct events *events_new(struct store *store, struct readers *readers);

/* After the last tail is freed, the readers have ended and the pipeline has stopped. NULL is fine. */
void events_free(struct events *events);

/* Before the first read: who knows the positions. */
void events_attach(struct events *events, struct pipeline *pipeline);

/* An entry that has come, one that was rewritten, and a log that has grown (pipeline_domain); `data` is the events. Writer's thread.
 * All are cheap: a few followers are woken at once, many on a thread of the module's own. After events_rewritten no tail gives what
 * the entry said before; `log` NULL: nor of any entry what is not in the store now. */
void events_appended(void *data, const struct log_id *log, uint64_t position, struct bytes entry);
void events_rewritten(void *data, const struct log_id *log, uint64_t position);
void events_grown(void *data, const struct log_id *log, uint64_t last_position, unsigned logs);

struct log_entry {
    uint64_t position;
    struct bytes bytes;
};

struct log_page {
    struct log_entry *entries;
    size_t count;
    uint64_t last;   /* of the log, when this was read */
    uint64_t oldest; /* that the log still has */
};

/* At most `count` entries after position `after`; in the arena. False: the store cannot be read, or (OUT_OF_RANGE EVENTS_PURGED, with
 * `oldest_position` in the metadata) entries right after `after` are gone. May wait for the disk. */
bool events_page(struct events *events, const struct log_id *log, uint64_t after, size_t count,
                 struct arena *arena, struct log_page *ret_page, struct error *error);

/* Where a log ends and begins. */
uint64_t events_last(struct events *events, const struct log_id *log);
uint64_t events_oldest(struct events *events, const struct log_id *log);

struct event_tail;

/* Follows a log from after a position. `wake(data)` is called on any thread, without locks held, when tail_next may have something; it must not block, for
 * that may be the writer's;
 * not after event_tail_free has returned. NULL when there is no memory. */
struct event_tail *event_tail_new(struct events *events, const struct log_id *log, uint64_t after,
                                  void (*wake)(void *data), void *data);
/* Does not wait for the disk, nor for the readers, who may have it in hand still: they end before the pipeline does. NULL is fine. */
void event_tail_free(struct event_tail *tail);

enum tail_next {
    TAIL_ENTRY,
    TAIL_LATER,  /* wake will tell */
    TAIL_FAILED, /* the store cannot be read, or what comes next was purged: as events_page */
};

/* The next entry, copied into the arena. Never waits for the disk. */
enum tail_next event_tail_next(struct event_tail *tail, struct arena *arena,
                               struct log_entry *ret_entry, struct error *error);

/* The position up to which the tail has given entries. */
uint64_t event_tail_position(const struct event_tail *tail);

#endif
