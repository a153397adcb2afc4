#include "proto/c/fault.h"
#include "server/events/internal.h"
#include "server/events/read.h"

#include <stdlib.h>
#include <string.h>

static size_t bucket_of(const struct log_id *log)
{
    /* The end of a SID is random. */
    uint32_t hash;
    memcpy(&hash, log->bytes + sizeof log->bytes - sizeof hash, sizeof hash);
    return hash % FOLLOWED_BUCKETS;
}

static struct followed *followed_find(struct events *events, const struct log_id *log)
{
    struct followed *followed = events->buckets[bucket_of(log)];
    while (followed && memcmp(&followed->log, log, sizeof *log) != 0)
        followed = followed->next_in_bucket;
    return followed;
}

struct followed *followed_ref(struct events *events, const struct log_id *log)
{
    pthread_mutex_lock(&events->lock);
    struct followed *followed = followed_find(events, log);
    if (followed) {
        followed->refs++;
    } else {
        followed = calloc(1, sizeof *followed);
        if (followed) {
            followed->log = *log;
            followed->refs = 1;
            pthread_mutex_init(&followed->lock, NULL);
            struct followed **bucket = &events->buckets[bucket_of(log)];
            followed->next_in_bucket = *bucket;
            *bucket = followed;
            atomic_fetch_add(&events->followed_count, 1);
        }
    }
    pthread_mutex_unlock(&events->lock);
    return followed;
}

void followed_hold(struct events *events, struct followed *followed)
{
    pthread_mutex_lock(&events->lock);
    followed->refs++;
    pthread_mutex_unlock(&events->lock);
}

static void recent_drop_first(struct followed *followed)
{
    struct recent **slot = &followed->recent[followed->recent_first % RECENT_ENTRIES];
    followed->recent_bytes -= (*slot)->size;
    free(*slot);
    *slot = NULL;
    followed->recent_first++;
    followed->recent_count--;
}

static void followed_free(struct followed *followed)
{
    while (followed->recent_count > 0)
        recent_drop_first(followed);
    pthread_mutex_destroy(&followed->lock);
    free(followed);
}

void followed_unref(struct events *events, struct followed *followed)
{
    pthread_mutex_lock(&events->lock);
    bool last = --followed->refs == 0;
    if (last) {
        struct followed **link = &events->buckets[bucket_of(&followed->log)];
        while (*link != followed)
            link = &(*link)->next_in_bucket;
        *link = followed->next_in_bucket;
        atomic_fetch_sub(&events->followed_count, 1);
    }
    pthread_mutex_unlock(&events->lock);
    if (last)
        followed_free(followed);
}

/* Keeps an entry for all followers. What does not fit is left out: those who need it read it themselves. */
static void recent_add(struct followed *followed, const struct log_entry *entry)
{
    uint64_t next = followed->recent_count > 0 ? followed->recent_first + followed->recent_count
                                               : entry->position;
    if (entry->position != next && !MUTANT("gap_is_kept"))
        return;
    struct recent *recent = malloc(sizeof *recent + entry->bytes.size);
    if (!recent)
        return;
    recent->size = entry->bytes.size;
    memcpy(recent->bytes, entry->bytes.data, entry->bytes.size);
    while (followed->recent_count > 0 && (followed->recent_count == RECENT_ENTRIES ||
                                          followed->recent_bytes + recent->size > RECENT_BYTES))
        recent_drop_first(followed);
    if (followed->recent_count == 0)
        followed->recent_first = next;
    followed->recent[next % RECENT_ENTRIES] = recent;
    followed->recent_count++;
    followed->recent_bytes += recent->size;
}

/* Up to where entries were kept, or were there when the first one followed. */
static uint64_t known(const struct followed *followed)
{
    return followed->recent_count > 0 ? followed->recent_first + followed->recent_count - 1
                                      : followed->last;
}

/* Reads what is new and was not handed over, once for all who follow. */
static void read_new(struct events *events, struct followed *followed, struct arena *arena)
{
    uint64_t last = pipeline_position(events->pipeline, &followed->log);
    pthread_mutex_lock(&followed->lock);
    uint64_t after = known(followed);
    if (last > after + RECENT_ENTRIES) {
        /* Too far behind: only the newest are worth keeping. */
        while (followed->recent_count > 0)
            recent_drop_first(followed);
        after = last - RECENT_ENTRIES;
    }
    followed->read_stale = UINT64_MAX;
    pthread_mutex_unlock(&followed->lock);

    /* No tail has to see a failure here: each meets it in its own read. */
    struct log_page page = {0};
    struct error ignored;
    arena_reset(arena);
    bool read = last > after && events_read(events->store, events->pipeline, &followed->log, after,
                                            RECENT_ENTRIES, arena, &page, &ignored);
    pthread_mutex_lock(&followed->lock);
    uint64_t stale = MUTANT("redacted_comes_back") ? UINT64_MAX : followed->read_stale;
    for (size_t i = 0; read && i < page.count && page.entries[i].position < stale; i++)
        recent_add(followed, &page.entries[i]);
    if (last > followed->last)
        followed->last = last;
    pthread_mutex_unlock(&followed->lock);
}

static void wake_all(struct followed *followed)
{
    pthread_mutex_lock(&followed->lock);
    /* The list is taken over, since tail_wake lets the lock go and a woken tail may wait anew at once. A tail that is freed
     * meanwhile takes itself out of this list as it would out of the other. */
    struct event_tail *batch = followed->waiting;
    followed->waiting = NULL;
    if (batch)
        batch->link_waiting = &batch;
    while (batch) {
        struct event_tail *tail = batch;
        tail_wait_no_more(tail);
        tail_wake(tail);
    }
    pthread_mutex_unlock(&followed->lock);
}

static void *fan_out(void *data)
{
    struct events *events = data;
    struct arena *arena = arena_new(CHUNK_MEMORY);
    pthread_mutex_lock(&events->lock);
    while (!events->stopping) {
        struct followed *followed = events->grown;
        if (!followed) {
            pthread_cond_wait(&events->changed, &events->lock);
            continue;
        }
        events->grown = followed->next_grown;
        followed->is_grown = false;
        pthread_mutex_unlock(&events->lock);
        if (arena)
            read_new(events, followed, arena);
        wake_all(followed);
        followed_unref(events, followed);
        pthread_mutex_lock(&events->lock);
    }
    pthread_mutex_unlock(&events->lock);
    arena_free(arena);
    return NULL;
}

/* With a reference, when anybody follows it. Somebody who begins just now need not be found: he asks how far the log is. */
static struct followed *followed_by_any(struct events *events, const struct log_id *log)
{
    if (atomic_load(&events->followed_count) == 0)
        return NULL;
    pthread_mutex_lock(&events->lock);
    struct followed *followed = followed_find(events, log);
    if (followed)
        followed->refs++;
    pthread_mutex_unlock(&events->lock);
    return followed;
}

void events_appended(void *data, const struct log_id *log, uint64_t position, struct bytes entry)
{
    struct events *events = data;
    struct followed *followed = followed_by_any(events, log);
    if (!followed)
        return;
    pthread_mutex_lock(&followed->lock);
    recent_add(followed, &(struct log_entry){position, entry});
    pthread_mutex_unlock(&followed->lock);
    followed_unref(events, followed);
}

/* Forgets what is at hand of that position, or of all, and what is being read of it. Tails come forward all the same, however much is
 * rewritten: what they read is good up to there. */
static void forget(struct followed *followed, uint64_t position, bool all)
{
    pthread_mutex_lock(&followed->lock);
    while (followed->recent_count > 0 && (all || followed->recent_first <= position))
        recent_drop_first(followed);
    if (position < followed->read_stale)
        followed->read_stale = position;
    for (struct event_tail *tail = followed->tails; tail; tail = tail->next_tail) {
        if ((all || position > tail->position) && position < tail->chunk_stale)
            tail->chunk_stale = position;
    }
    pthread_mutex_unlock(&followed->lock);
}

/* The next one of all, with a reference, in place of the one before. One that comes meanwhile may be left out: it has nothing yet. */
static struct followed *followed_after(struct events *events, struct followed *previous,
                                       size_t *bucket)
{
    pthread_mutex_lock(&events->lock);
    struct followed *followed = previous ? previous->next_in_bucket : NULL;
    while (!followed && *bucket < FOLLOWED_BUCKETS)
        followed = events->buckets[(*bucket)++];
    if (followed)
        followed->refs++;
    pthread_mutex_unlock(&events->lock);
    if (previous)
        followed_unref(events, previous);
    return followed;
}

static void forget_all(struct events *events)
{
    size_t bucket = 0;
    struct followed *followed = NULL;
    while ((followed = followed_after(events, followed, &bucket)))
        forget(followed, 0, true);
}

void events_rewritten(void *data, const struct log_id *log, uint64_t position)
{
    struct events *events = data;
    if (MUTANT("redacted_stays_at_hand"))
        return;
    if (!log) {
        forget_all(events);
        return;
    }
    struct followed *followed = followed_by_any(events, log);
    if (!followed)
        return;
    forget(followed, position, false);
    followed_unref(events, followed);
}

/* Whether all is at hand, and so few wait for it that they need no other thread. */
static bool woken_here(struct followed *followed, uint64_t last, unsigned logs)
{
    if (logs > WOKEN_BY_WRITER)
        return false;
    pthread_mutex_lock(&followed->lock);
    bool here = known(followed) >= last;
    unsigned left = WOKEN_BY_WRITER / logs;
    for (const struct event_tail *tail = followed->waiting; here && tail; tail = tail->next_waiting)
        here = left-- > 0;
    if (here && last > followed->last)
        followed->last = last;
    pthread_mutex_unlock(&followed->lock);
    return here;
}

static void wake_elsewhere(struct events *events, struct followed *followed)
{
    pthread_mutex_lock(&events->lock);
    if (!followed->is_grown) {
        followed->is_grown = true;
        followed->refs++;
        followed->next_grown = events->grown;
        events->grown = followed;
        pthread_cond_signal(&events->changed);
    }
    pthread_mutex_unlock(&events->lock);
}

void events_grown(void *data, const struct log_id *log, uint64_t last_position, unsigned logs)
{
    struct events *events = data;
    struct followed *followed = followed_by_any(events, log);
    if (!followed)
        return;
    if (woken_here(followed, last_position, logs))
        wake_all(followed);
    else
        wake_elsewhere(events, followed);
    followed_unref(events, followed);
}

struct events *events_new(struct store *store, struct readers *readers)
{
    struct events *events = calloc(1, sizeof *events);
    if (!events)
        return NULL;
    events->store = store;
    events->readers = readers;
    pthread_mutex_init(&events->lock, NULL);
    pthread_cond_init(&events->changed, NULL);
    if (pthread_create(&events->thread, NULL, fan_out, events) != 0) {
        pthread_cond_destroy(&events->changed);
        pthread_mutex_destroy(&events->lock);
        free(events);
        return NULL;
    }
    return events;
}

void events_attach(struct events *events, struct pipeline *pipeline)
{
    pthread_mutex_lock(&events->lock);
    events->pipeline = pipeline;
    pthread_mutex_unlock(&events->lock);
}

void events_free(struct events *events)
{
    if (!events)
        return;
    pthread_mutex_lock(&events->lock);
    events->stopping = true;
    pthread_cond_signal(&events->changed);
    pthread_mutex_unlock(&events->lock);
    pthread_join(events->thread, NULL);
    while (events->grown) {
        struct followed *followed = events->grown;
        events->grown = followed->next_grown;
        followed_unref(events, followed);
    }
    pthread_cond_destroy(&events->changed);
    pthread_mutex_destroy(&events->lock);
    free(events);
}

uint64_t events_last(struct events *events, const struct log_id *log)
{
    return pipeline_position(events->pipeline, log);
}

uint64_t events_oldest(struct events *events, const struct log_id *log)
{
    return pipeline_oldest(events->pipeline, log);
}
