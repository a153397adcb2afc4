#include "proto/c/fault.h"
#include "server/events/internal.h"
#include "server/events/read.h"

#include <stdlib.h>

void tail_join(struct event_tail *tail)
{
    struct event_tail **head = &tail->followed->tails;
    tail->next_tail = *head;
    if (*head)
        (*head)->link_tail = &tail->next_tail;
    *head = tail;
    tail->link_tail = head;
}

void tail_leave(struct event_tail *tail)
{
    *tail->link_tail = tail->next_tail;
    if (tail->next_tail)
        tail->next_tail->link_tail = tail->link_tail;
}

void tail_wait(struct event_tail *tail)
{
    if (tail->link_waiting)
        return;
    struct event_tail **head = &tail->followed->waiting;
    tail->next_waiting = *head;
    if (*head)
        (*head)->link_waiting = &tail->next_waiting;
    *head = tail;
    tail->link_waiting = head;
}

void tail_wait_no_more(struct event_tail *tail)
{
    if (!tail->link_waiting)
        return;
    *tail->link_waiting = tail->next_waiting;
    if (tail->next_waiting)
        tail->next_waiting->link_waiting = tail->link_waiting;
    tail->link_waiting = NULL;
    tail->next_waiting = NULL;
}

/* The tail whose wake runs on this thread: its owner may free it from within. */
static _Thread_local struct event_tail *waking_here;

static void chunk_drop(struct event_tail *tail)
{
    arena_free(tail->chunk_arena);
    tail->chunk_arena = NULL;
    tail->chunk = NULL;
    tail->chunk_count = tail->chunk_next = 0;
}

static void tail_destroy(struct event_tail *tail)
{
    chunk_drop(tail);
    free(tail->failure);
    pthread_cond_destroy(&tail->idle);
    free(tail);
}

/* Once its owner has let it go, whoever is last: he, a wake in which he did, or a read. followed.lock is held. */
static void destroy_unused(struct event_tail *tail)
{
    if (tail->left && !tail->waking && !tail->reading)
        tail_destroy(tail);
}

void tail_wake(struct event_tail *tail)
{
    struct followed *followed = tail->followed;
    tail->waking++;
    pthread_mutex_unlock(&followed->lock);
    waking_here = tail;
    tail->wake(tail->data);
    waking_here = NULL;
    pthread_mutex_lock(&followed->lock);
    tail->waking--;
    pthread_cond_broadcast(&tail->idle);
    destroy_unused(tail);
}

struct event_tail *event_tail_new(struct events *events, const struct log_id *log, uint64_t after,
                                  void (*wake)(void *data), void *data)
{
    struct event_tail *tail = calloc(1, sizeof *tail);
    if (!tail)
        return NULL;
    tail->followed = followed_ref(events, log);
    if (!tail->followed) {
        free(tail);
        return NULL;
    }
    tail->events = events;
    tail->wake = wake;
    tail->data = data;
    tail->position = after;
    pthread_cond_init(&tail->idle, NULL);
    /* Asked after the log counts as followed: what grows from now on is heard of, so nothing falls between the two. */
    uint64_t last = pipeline_position(events->pipeline, log);
    pthread_mutex_lock(&tail->followed->lock);
    if (last > tail->followed->last)
        tail->followed->last = last;
    tail_join(tail);
    pthread_mutex_unlock(&tail->followed->lock);
    return tail;
}

void event_tail_free(struct event_tail *tail)
{
    if (!tail)
        return;
    struct followed *followed = tail->followed;
    struct events *events = tail->events;
    bool in_wake = waking_here == tail;
    pthread_mutex_lock(&followed->lock);
    tail->freed = true;
    tail_wait_no_more(tail);
    /* Wakes are short. A read may wait long for its turn, and wakes nobody any more: it looks after itself. */
    while (tail->waking > (in_wake ? 1u : 0u))
        pthread_cond_wait(&tail->idle, &followed->lock);
    tail_leave(tail);
    tail->left = true;
    destroy_unused(tail);
    pthread_mutex_unlock(&followed->lock);
    followed_unref(events, followed);
}

static bool is_freed(struct event_tail *tail)
{
    pthread_mutex_lock(&tail->followed->lock);
    bool freed = tail->freed;
    pthread_mutex_unlock(&tail->followed->lock);
    return freed;
}

/* On a reader's thread: the entries after the tail's position, out of the store. */
static void catch_up(void *data)
{
    struct event_tail *tail = data;
    struct events *events = tail->events;
    struct followed *followed = tail->followed;
    struct log_page page = {0};
    struct error error;
    error_clear(&error);
    bool unwanted = is_freed(tail);
    struct arena *arena = unwanted ? NULL : arena_new(CHUNK_MEMORY);
    bool ok = arena != NULL;
    if (!ok && !unwanted)
        error_set(&error, STATUS_RESOURCE_EXHAUSTED, "OUT_OF_MEMORY", 0,
                  "There is no memory for these events.");
    /* The position stands still while the tail reads: it gives nothing meanwhile. */
    ok = ok && events_read(events->store, events->pipeline, &followed->log, tail->position,
                           CHUNK_ENTRIES, arena, &page, &error);
    pthread_mutex_lock(&followed->lock);
    if (ok) {
        tail->chunk_arena = arena;
        tail->chunk = page.entries;
        tail->chunk_count = page.count;
        tail->chunk_next = 0;
    } else {
        arena_free(arena);
        tail->failed = true;
        tail->failure = malloc(sizeof *tail->failure);
        if (tail->failure)
            *tail->failure = error;
    }
    tail->reading = false;
    if (tail->freed)
        destroy_unused(tail);
    else
        tail_wake(tail);
    pthread_mutex_unlock(&followed->lock);
    followed_unref(events, followed);
}

static enum tail_next give(struct event_tail *tail, struct bytes bytes, struct arena *arena,
                           struct log_entry *ret_entry, struct error *error)
{
    void *copy = arena_copy(arena, bytes.data, bytes.size);
    if (!copy) {
        error_set(error, STATUS_RESOURCE_EXHAUSTED, "OUT_OF_MEMORY", 0,
                  "There is no memory for this event.");
        return TAIL_FAILED;
    }
    tail->position += MUTANT("follower_misses_entries") ? 2 : 1;
    *ret_entry = (struct log_entry){tail->position, {copy, bytes.size}};
    return TAIL_ENTRY;
}

static enum tail_next fail(const struct event_tail *tail, struct error *error)
{
    if (tail->failure)
        *error = *tail->failure;
    else
        error_set(error, STATUS_RESOURCE_EXHAUSTED, "OUT_OF_MEMORY", 0,
                  "There is no memory for these events.");
    return TAIL_FAILED;
}

/* Begins a catch-up read. followed.lock is held. */
static enum tail_next read_later(struct event_tail *tail, struct error *error)
{
    /* The read holds the log by itself: the tail may be freed in the wake that ends the read. */
    followed_hold(tail->events, tail->followed);
    tail->reading = true;
    tail->chunk_stale = UINT64_MAX;
    tail_wait_no_more(tail);
    if (readers_run(tail->events->readers, catch_up, tail))
        return TAIL_LATER;
    tail->reading = false;
    followed_unref(tail->events, tail->followed);
    error_set(error, STATUS_RESOURCE_EXHAUSTED, "READERS_BUSY", 0,
              "Too many reads are waiting; try again later.");
    return TAIL_FAILED;
}

static enum tail_next next(struct event_tail *tail, struct arena *arena,
                           struct log_entry *ret_entry, struct error *error)
{
    struct followed *followed = tail->followed;
    if (tail->reading)
        return TAIL_LATER;
    if (tail->failed)
        return fail(tail, error);
    if (tail->position + 1 >= tail->chunk_stale && !MUTANT("redacted_stays_in_chunk"))
        chunk_drop(tail);
    if (tail->chunk_next < tail->chunk_count) {
        struct bytes bytes = tail->chunk[tail->chunk_next++].bytes;
        enum tail_next given = give(tail, bytes, arena, ret_entry, error);
        if (tail->chunk_next == tail->chunk_count)
            chunk_drop(tail);
        return given;
    }
    uint64_t position = tail->position + 1;
    if (followed->recent_count > 0 && position >= followed->recent_first &&
        position < followed->recent_first + followed->recent_count) {
        const struct recent *recent = followed->recent[position % RECENT_ENTRIES];
        return give(tail, (struct bytes){recent->bytes, recent->size}, arena, ret_entry, error);
    }
    if (position > followed->last) {
        tail_wait(tail);
        return TAIL_LATER;
    }
    return read_later(tail, error);
}

enum tail_next event_tail_next(struct event_tail *tail, struct arena *arena,
                               struct log_entry *ret_entry, struct error *error)
{
    pthread_mutex_lock(&tail->followed->lock);
    enum tail_next answer = next(tail, arena, ret_entry, error);
    pthread_mutex_unlock(&tail->followed->lock);
    return answer;
}

uint64_t event_tail_position(const struct event_tail *tail)
{
    return tail->position;
}
