/*
 * The texts that phones keep: each phone its latest, and all phones together as much as there is room for.
 */
#include "server/carriers/simulator/internal.h"

#include <stdlib.h>

enum { ROOM_FIRST = 4 };

static bool make_room(struct handset *handset)
{
    size_t kept = (size_t)(handset->received + 1 - handset->oldest);
    if (kept < handset->room)
        return true;
    size_t room = handset->room ? handset->room * 2 : ROOM_FIRST;
    struct stored **ring = calloc(room, sizeof(*ring));
    if (!ring)
        return false;
    for (uint64_t number = handset->oldest; number <= handset->received; number++)
        ring[number % room] = handset->ring[number % handset->room];
    free(handset->ring);
    handset->ring = ring;
    handset->room = room;
    return true;
}

struct stored *inbox_make(struct handset *handset, const struct outbound_message *message,
                          const char *id, int64_t now)
{
    if (!make_room(handset))
        return NULL;
    struct stored *stored = calloc(1, sizeof *stored);
    if (!stored)
        return NULL;
    const char *strings[] = {
        [STORED_SENDER] = message->from, [STORED_BODY] = message->body, [STORED_ID] = id};
    if (!text_copy(&stored->text, strings, 3, message->media, message->media_count)) {
        free(stored);
        return NULL;
    }
    stored->handset = handset;
    stored->receive_time = now;
    return stored;
}

void stored_free(struct stored *stored)
{
    if (!stored)
        return;
    text_done(&stored->text);
    free(stored);
}

static size_t size_of(const struct stored *stored)
{
    return sizeof *stored + stored->text.bytes;
}

/* A phone's oldest text goes. */
static void drop_first(struct simulator *simulator, struct handset *handset)
{
    struct stored *stored = handset->ring[handset->oldest % handset->room];
    handset->ring[handset->oldest++ % handset->room] = NULL;
    *(stored->older ? &stored->older->newer : &simulator->oldest) = stored->newer;
    *(stored->newer ? &stored->newer->older : &simulator->newest) = stored->older;
    simulator->text_bytes -= size_of(stored);
    stored_free(stored);
}

void inbox_add(struct simulator *simulator, struct stored *stored)
{
    struct handset *handset = stored->handset;
    if (handset->received + 1 - handset->oldest == SIMULATOR_TEXTS)
        drop_first(simulator, handset);
    stored->number = ++handset->received;
    handset->ring[stored->number % handset->room] = stored;
    stored->older = simulator->newest;
    *(stored->older ? &stored->older->newer : &simulator->oldest) = stored;
    simulator->newest = stored;
    simulator->text_bytes += size_of(stored);
    /* The oldest of all is the oldest of its phone. The new one stays, whatever its size. */
    while (simulator->text_bytes > SIMULATOR_TEXT_BYTES && simulator->oldest != stored)
        drop_first(simulator, simulator->oldest->handset);
}

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
    watch->seen = only_new ? handset->received : handset->oldest - 1;
    watch->looks_back = !only_new;
    waker_init(&watch->waker);
    *ret_received = handset->received;
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

/* The text at the watch's place, or what to say instead. */
static enum simulator_next look(struct simulator_watch *watch, const struct stored **ret_stored,
                                struct error *error)
{
    struct handset *handset = watch->handset;
    if (watch->seen + 1 < handset->oldest) {
        if (!watch->looks_back) {
            error_set(error, STATUS_OUT_OF_RANGE, "TEXTS_DROPPED", 0,
                      "The phone got more texts than it keeps before this one was read.");
            return SIMULATOR_FAILED;
        }
        watch->seen = handset->oldest - 1;
    }
    if (watch->seen == handset->received) {
        watch->looks_back = false;
        wait_for_more(watch);
        return SIMULATOR_LATER;
    }
    *ret_stored = handset->ring[(watch->seen + 1) % handset->room];
    return SIMULATOR_TEXT;
}

enum simulator_next simulator_watch_next(struct simulator_watch *watch, struct arena *arena,
                                         struct simulator_received *ret_text, struct error *error)
{
    struct simulator *simulator = watch->simulator;
    const struct stored *stored = NULL;
    struct text text;
    pthread_mutex_lock(&simulator->lock);
    enum simulator_next next = look(watch, &stored, error);
    if (next == SIMULATOR_TEXT && !text_to_arena(&stored->text, arena, &text)) {
        error_set(error, STATUS_RESOURCE_EXHAUSTED, "OUT_OF_MEMORY", 0,
                  "There is no memory for this text.");
        next = SIMULATOR_FAILED;
    }
    if (next == SIMULATOR_TEXT) {
        watch->seen = stored->number;
        watch->looks_back = false;
        *ret_text = (struct simulator_received){
            .message_id = text.strings[STORED_ID],
            .sender = text.strings[STORED_SENDER],
            .body = text.strings[STORED_BODY],
            .media = text.media,
            .media_count = text.media_count,
            .receive_time = stored->receive_time,
            .number = stored->number,
        };
    }
    pthread_mutex_unlock(&simulator->lock);
    return next;
}
