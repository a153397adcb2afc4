/*
 * Receipts: promised when a text is taken, then in a heap until they are due, then handed in. One that the domain cannot take
 * now is handed in again later; one that it refuses is forgotten.
 *
 * They have a lock of their own: the threads of the outbox, of the store's writer and of the network meet here for each message.
 */
#include "server/carriers/simulator/internal.h"

#include <stdlib.h>

enum {
    HANDED_IN_MOST = 4096, /* the domain's queue is not there for receipts alone */
    AGAIN_AFTER_US = MICROSECONDS,
    BATCH = 64, /* taken from the heap at once */
    KEY = 0,
    CODE,
    ID,
    STRINGS,
};

static bool sooner(const struct coming *a, const struct coming *b)
{
    return a->due != b->due ? a->due < b->due : a->order < b->order;
}

static void heap_put(struct receipts *receipts, struct coming *coming)
{
    size_t at = receipts->count++;
    for (; at > 0; at = (at - 1) / 2) {
        struct coming *above = receipts->heap[(at - 1) / 2];
        if (!sooner(coming, above))
            break;
        receipts->heap[at] = above;
    }
    receipts->heap[at] = coming;
}

static struct coming *heap_take(struct receipts *receipts)
{
    struct coming *first = receipts->heap[0];
    struct coming *moved = receipts->heap[--receipts->count];
    size_t at = 0;
    for (;;) {
        size_t below = 2 * at + 1;
        if (below >= receipts->count)
            break;
        if (below + 1 < receipts->count && sooner(receipts->heap[below + 1], receipts->heap[below]))
            below++;
        if (!sooner(receipts->heap[below], moved))
            break;
        receipts->heap[at] = receipts->heap[below];
        at = below;
    }
    receipts->heap[at] = moved;
    return first;
}

/* Room in the heap for all that is promised: what was promised can always be put in. */
static bool make_room(struct receipts *receipts, size_t more)
{
    if (receipts->promised + more > SIMULATOR_RECEIPTS)
        return false;
    size_t room = receipts->room ? receipts->room : 64;
    while (room < receipts->promised + more)
        room *= 2;
    if (room == receipts->room)
        return true;
    struct coming **heap = realloc(receipts->heap, room * sizeof(struct coming *));
    if (!heap)
        return false;
    receipts->heap = heap;
    receipts->room = room;
    return true;
}

static enum receipt_status status_of(enum simulated_receipt receipt)
{
    switch (receipt) {
    case SIMULATED_UNDELIVERED:
        return RECEIPT_UNDELIVERED;
    case SIMULATED_FAILED:
        return RECEIPT_FAILED;
    case SIMULATED_DELIVERED:
    case SIMULATED_SILENT:
        break;
    }
    return RECEIPT_DELIVERED;
}

static struct coming *coming_new(struct simulator *simulator, const struct handset *handset,
                                 const char *key, const char *id, int64_t now)
{
    enum receipt_status status = status_of(handset->receipt);
    const char *strings[] = {
        [KEY] = key,
        [CODE] = status == RECEIPT_DELIVERED ? NULL : handset->carrier_code,
        [ID] = id,
    };
    size_t size = text_size(strings, STRINGS, NULL, 0);
    struct coming *coming = malloc(sizeof *coming + size);
    if (!coming)
        return NULL;
    struct text text;
    text_put(&text, coming->memory, size, strings, STRINGS, NULL, 0);
    coming->simulator = simulator;
    coming->due = now + handset->receipt_delay;
    coming->receipt = (struct receipt){
        .carrier = simulator->name,
        .key = text.strings[KEY],
        .status = status,
        .carrier_code = text.strings[CODE],
        .provider_id = text.strings[ID],
    };
    return coming;
}

static void chain_free(struct coming *coming)
{
    while (coming) {
        struct coming *next = coming->next;
        free(coming);
        coming = next;
    }
}

static void promised_no_more(struct receipts *receipts, size_t count)
{
    pthread_mutex_lock(&receipts->lock);
    receipts->promised -= count;
    pthread_mutex_unlock(&receipts->lock);
}

bool receipts_promise(struct simulator *simulator, const struct handset *handset, const char *key,
                      const char *id, int64_t now, struct coming **ret_coming)
{
    struct receipts *receipts = &simulator->receipts;
    struct coming *chain = NULL;
    size_t copies = handset->receipt_copies ? handset->receipt_copies : 1;
    if (handset->receipt == SIMULATED_SILENT) {
        *ret_coming = NULL;
        return true;
    }
    pthread_mutex_lock(&receipts->lock);
    bool room = make_room(receipts, copies);
    if (room)
        receipts->promised += copies;
    pthread_mutex_unlock(&receipts->lock);
    if (!room)
        return false;
    for (size_t i = 0; i < copies; i++) {
        struct coming *coming = coming_new(simulator, handset, key, id, now);
        if (!coming) {
            chain_free(chain);
            promised_no_more(receipts, copies);
            return false;
        }
        coming->next = chain;
        chain = coming;
    }
    *ret_coming = chain;
    return true;
}

void receipts_forget(struct simulator *simulator, struct coming *coming)
{
    size_t count = 0;
    for (const struct coming *one = coming; one; one = one->next)
        count++;
    chain_free(coming);
    promised_no_more(&simulator->receipts, count);
}

/* With the lock held. */
static void put(struct receipts *receipts, struct coming *coming)
{
    coming->next = NULL;
    coming->order = receipts->orders++;
    heap_put(receipts, coming);
}

void receipts_come(struct simulator *simulator, struct coming *coming)
{
    struct receipts *receipts = &simulator->receipts;
    int64_t first = WORKER_NEVER;
    if (!coming)
        return;
    pthread_mutex_lock(&receipts->lock);
    while (coming) {
        struct coming *next = coming->next;
        if (coming->due < first)
            first = coming->due;
        put(receipts, coming);
        coming = next;
    }
    pthread_mutex_unlock(&receipts->lock);
    worker_by(simulator->worker, first);
}

/* Whether the same receipt may be taken at another time. */
static bool helps_again(const struct error *error)
{
    return error &&
           (error->code == STATUS_RESOURCE_EXHAUSTED || error->code == STATUS_UNAVAILABLE ||
            error->code == STATUS_UNKNOWN || error->code == STATUS_ABORTED);
}

static void answered(void *data, const struct error *error)
{
    struct coming *coming = data;
    struct simulator *simulator = coming->simulator;
    struct receipts *receipts = &simulator->receipts;
    bool may_help = helps_again(error);
    int64_t due = may_help ? clock_now(&simulator->clock) + AGAIN_AFTER_US : WORKER_NEVER;
    pthread_mutex_lock(&receipts->lock);
    receipts->handed_in--;
    bool again = may_help && !receipts->stopped;
    bool was_held_back = receipts->held_back;
    receipts->held_back = false;
    if (again) {
        coming->due = due;
        put(receipts, coming);
    } else {
        receipts->promised--;
    }
    pthread_mutex_unlock(&receipts->lock);
    if (!again)
        free(coming);
    if (was_held_back)
        worker_by(simulator->worker, INT64_MIN);
    else if (again)
        worker_by(simulator->worker, due);
}

/* Some that are due, the first one first, and when the next one is. */
static size_t take_due(struct receipts *receipts, int64_t now, struct coming *ret_batch[BATCH],
                       int64_t *ret_next)
{
    size_t count = 0;
    *ret_next = WORKER_NEVER;
    pthread_mutex_lock(&receipts->lock);
    while (receipts->count > 0 && count < BATCH && !receipts->stopped) {
        if (receipts->heap[0]->due > now) {
            *ret_next = receipts->heap[0]->due;
            break;
        }
        if (receipts->handed_in == HANDED_IN_MOST) {
            receipts->held_back = true;
            break;
        }
        ret_batch[count++] = heap_take(receipts);
        receipts->handed_in++;
    }
    pthread_mutex_unlock(&receipts->lock);
    return count;
}

int64_t receipts_due(struct simulator *simulator, int64_t now, unsigned *done)
{
    struct coming *batch[BATCH];
    int64_t next;
    size_t count;
    do {
        count = take_due(&simulator->receipts, now, batch, &next);
        for (size_t i = 0; i < count; i++)
            ingress_receipt(simulator->masking, &batch[i]->receipt, answered, batch[i]);
        *done += (unsigned)count;
    } while (count == BATCH);
    return next;
}

void receipts_init(struct receipts *receipts)
{
    pthread_mutex_init(&receipts->lock, NULL);
}

void receipts_stop(struct receipts *receipts)
{
    pthread_mutex_lock(&receipts->lock);
    receipts->stopped = true;
    pthread_mutex_unlock(&receipts->lock);
}

void receipts_done(struct receipts *receipts)
{
    for (size_t i = 0; i < receipts->count; i++)
        free(receipts->heap[i]);
    free(receipts->heap);
    pthread_mutex_destroy(&receipts->lock);
}
