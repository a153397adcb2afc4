/*
 * Looking at phones: each watch has its place among the texts, and among what happened in calls, and is told both in the order in which
 * they came.
 */
#include "server/carriers/simulator/internal.h"

#include <stdlib.h>

static void wait_no_more(struct simulator_watch *watch)
{
    if (!watch->link_waiting)
        return;
    *watch->link_waiting = watch->next_waiting;
    if (watch->next_waiting)
        watch->next_waiting->link_waiting = watch->link_waiting;
    watch->link_waiting = NULL;
    watch->next_waiting = NULL;
}

static void wait_for_more(struct simulator_watch *watch)
{
    if (watch->link_waiting)
        return;
    struct simulator_watch **head = &watch->handset->waiting;
    watch->next_waiting = *head;
    if (*head)
        (*head)->link_waiting = &watch->next_waiting;
    *head = watch;
    watch->link_waiting = head;
}

static void watch_destroy(struct simulator_watch *watch)
{
    waker_done(&watch->waker);
    free(watch);
}

void inbox_wake(struct simulator *simulator, struct handset *handset)
{
    /* A list of its own: who waits again during its wake is not woken once more. */
    struct simulator_watch *waiting = handset->waiting;
    handset->waiting = NULL;
    if (waiting)
        waiting->link_waiting = &waiting;
    while (waiting) {
        struct simulator_watch *watch = waiting;
        wait_no_more(watch);
        if (waker_call(&watch->waker, &simulator->lock, watch->wake, watch->data))
            watch_destroy(watch);
    }
}

bool simulator_watch_new(struct simulator *simulator, const char *phone_number, bool only_new,
                         void (*wake)(void *data), void *data, struct simulator_watch **ret_watch,
                         uint64_t *ret_received, struct error *error)
{
    struct simulator_watch *watch = calloc(1, sizeof *watch);
    if (!watch)
        return error_set(error, STATUS_RESOURCE_EXHAUSTED, "OUT_OF_MEMORY", 0,
                         "There is no memory for watching a phone.");
    pthread_mutex_lock(&simulator->lock);
    struct handset *handset = handset_find(simulator, phone_number);
    if (!handset) {
        pthread_mutex_unlock(&simulator->lock);
        free(watch);
        return handset_unknown(error);
    }
    watch->simulator = simulator;
    watch->handset = handset;
    watch->wake = wake;
    watch->data = data;
    for (size_t kind = 0; kind < SHELVES; kind++) {
        const struct shelf *shelf = &handset->shelves[kind];
        watch->seen[kind] = only_new ? shelf->received : shelf->oldest - 1;
    }
    watch->looks_back = !only_new;
    waker_init(&watch->waker);
    *ret_received = handset->shelves[SHELF_TEXTS].received;
    pthread_mutex_unlock(&simulator->lock);
    *ret_watch = watch;
    return true;
}

void simulator_watch_free(struct simulator_watch *watch)
{
    if (!watch)
        return;
    struct simulator *simulator = watch->simulator;
    pthread_mutex_lock(&simulator->lock);
    wait_no_more(watch);
    if (waker_close(&watch->waker, &simulator->lock))
        watch_destroy(watch);
    pthread_mutex_unlock(&simulator->lock);
}

/* The next of a kind, or NULL when the watch has had them all. False: it missed some. */
static bool peek(struct simulator_watch *watch, enum shelf_kind kind,
                 const struct stored **ret_stored)
{
    const struct shelf *shelf = &watch->handset->shelves[kind];
    uint64_t *seen = &watch->seen[kind];
    *ret_stored = NULL;
    if (*seen + 1 < shelf->oldest) {
        if (!watch->looks_back)
            return false;
        *seen = shelf->oldest - 1;
    }
    if (*seen < shelf->received)
        *ret_stored = shelf->ring[(*seen + 1) % shelf->room];
    return true;
}

/* What is at the watch's place, or what to say instead. */
static enum simulator_next look(struct simulator_watch *watch, const struct stored **ret_stored,
                                struct error *error)
{
    const struct stored *text, *event;
    if (!peek(watch, SHELF_TEXTS, &text) || !peek(watch, SHELF_CALLS, &event)) {
        error_set(error, STATUS_OUT_OF_RANGE, "TEXTS_DROPPED", 0,
                  "The phone got more than it keeps before this was read.");
        return SIMULATOR_FAILED;
    }
    if (!text && !event) {
        watch->looks_back = false;
        wait_for_more(watch);
        return SIMULATOR_LATER;
    }
    bool is_text = text && (!event || text->order < event->order);
    *ret_stored = is_text ? text : event;
    return is_text ? SIMULATOR_TEXT : SIMULATOR_CALL_EVENT;
}

static void describe(const struct stored *stored, const struct text *text,
                     struct simulator_received *ret_text, struct simulator_happened *ret_event)
{
    if (stored->kind == SHELF_CALLS) {
        *ret_event = (struct simulator_happened){
            .provider_id = text->strings[STORED_ID],
            .event = stored->event,
            .other = text->strings[STORED_OTHER],
            .text = text->strings[STORED_SAID],
            .time = stored->time,
            .number = stored->number,
        };
        return;
    }
    *ret_text = (struct simulator_received){
        .message_id = text->strings[STORED_ID],
        .sender = text->strings[STORED_OTHER],
        .body = text->strings[STORED_SAID],
        .media = text->media,
        .media_count = text->media_count,
        .receive_time = stored->time,
        .number = stored->number,
    };
}

enum simulator_next simulator_watch_next(struct simulator_watch *watch, struct arena *arena,
                                         struct simulator_received *ret_text,
                                         struct simulator_happened *ret_event, struct error *error)
{
    struct simulator *simulator = watch->simulator;
    const struct stored *stored = NULL;
    struct text text;
    pthread_mutex_lock(&simulator->lock);
    enum simulator_next next = look(watch, &stored, error);
    if (stored && !text_to_arena(&stored->text, arena, &text)) {
        error_set(error, STATUS_RESOURCE_EXHAUSTED, "OUT_OF_MEMORY", 0,
                  "There is no memory for this text.");
        next = SIMULATOR_FAILED;
    } else if (stored) {
        watch->seen[stored->kind] = stored->number;
        watch->looks_back = false;
        describe(stored, &text, ret_text, ret_event);
    }
    pthread_mutex_unlock(&simulator->lock);
    return next;
}
