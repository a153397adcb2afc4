/*
 * What phones keep: each its latest texts, and the latest that happened to it in calls; all phones together as much as there is room
 * for.
 */
#include "server/carriers/simulator/internal.h"

#include <stdlib.h>

enum { ROOM_FIRST = 4 };

static bool make_room(struct shelf *shelf)
{
    size_t kept = (size_t)(shelf->received + 1 - shelf->oldest);
    if (kept < shelf->room)
        return true;
    size_t room = shelf->room ? shelf->room * 2 : ROOM_FIRST;
    struct stored **ring = calloc(room, sizeof(*ring));
    if (!ring)
        return false;
    for (uint64_t number = shelf->oldest; number <= shelf->received; number++)
        ring[number % room] = shelf->ring[number % shelf->room];
    free(shelf->ring);
    shelf->ring = ring;
    shelf->room = room;
    return true;
}

/* Not on the phone yet; NULL when there is no memory, also for the phone to keep it. */
static struct stored *make(struct handset *handset, enum shelf_kind kind,
                           const char *const *strings, const struct ingress_media *media,
                           size_t media_count, int64_t now)
{
    if (!make_room(&handset->shelves[kind]))
        return NULL;
    size_t size = text_size(strings, STORED_STRINGS, media, media_count);
    struct stored *stored = malloc(sizeof *stored + size);
    if (!stored)
        return NULL;
    *stored = (struct stored){.handset = handset, .kind = kind, .time = now};
    text_put(&stored->text, stored->memory, size, strings, STORED_STRINGS, media, media_count);
    return stored;
}

struct stored *inbox_make(struct handset *handset, const struct outbound_message *message,
                          const char *id, int64_t now)
{
    const char *strings[] = {
        [STORED_OTHER] = message->from, [STORED_SAID] = message->body, [STORED_ID] = id};
    return make(handset, SHELF_TEXTS, strings, message->media, message->media_count, now);
}

struct stored *inbox_make_event(struct handset *handset, enum simulated_call_event event,
                                const char *id, const char *other, const char *said, int64_t now)
{
    const char *strings[] = {[STORED_OTHER] = other, [STORED_SAID] = said, [STORED_ID] = id};
    struct stored *stored = make(handset, SHELF_CALLS, strings, NULL, 0, now);
    if (stored)
        stored->event = event;
    return stored;
}

static size_t size_of(const struct stored *stored)
{
    return sizeof *stored + stored->text.bytes;
}

/* The oldest of its kind on a phone goes. */
static void drop_first(struct simulator *simulator, struct shelf *shelf)
{
    struct stored *stored = shelf->ring[shelf->oldest % shelf->room];
    shelf->ring[shelf->oldest++ % shelf->room] = NULL;
    *(stored->older ? &stored->older->newer : &simulator->oldest) = stored->newer;
    *(stored->newer ? &stored->newer->older : &simulator->newest) = stored->older;
    simulator->text_bytes -= size_of(stored);
    free(stored);
}

void inbox_add(struct simulator *simulator, struct stored *stored)
{
    struct shelf *shelf = &stored->handset->shelves[stored->kind];
    if (shelf->received + 1 - shelf->oldest == SIMULATOR_TEXTS)
        drop_first(simulator, shelf);
    stored->number = ++shelf->received;
    stored->order = ++simulator->stored_count;
    shelf->ring[stored->number % shelf->room] = stored;
    stored->older = simulator->newest;
    *(stored->older ? &stored->older->newer : &simulator->oldest) = stored;
    simulator->newest = stored;
    simulator->text_bytes += size_of(stored);
    /* The oldest of all is the oldest of its kind on its phone. The new one stays, whatever its size. */
    while (simulator->text_bytes > SIMULATOR_TEXT_BYTES && simulator->oldest != stored)
        drop_first(simulator, &simulator->oldest->handset->shelves[simulator->oldest->kind]);
}
