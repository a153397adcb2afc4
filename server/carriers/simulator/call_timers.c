/*
 * When calls go on: a heap of them, each with its next time.
 */
#include "server/carriers/simulator/calls_internal.h"

#include <stdlib.h>

static bool sooner(const struct call *a, const struct call *b)
{
    return a->due != b->due ? a->due < b->due : a->order < b->order;
}

static void put_at(struct calls *calls, size_t at, struct call *call)
{
    calls->heap[at] = call;
    call->heap_at = at;
}

static void sift_up(struct calls *calls, size_t at, struct call *call)
{
    for (; at > 0 && sooner(call, calls->heap[(at - 1) / 2]); at = (at - 1) / 2)
        put_at(calls, at, calls->heap[(at - 1) / 2]);
    put_at(calls, at, call);
}

static void sift_down(struct calls *calls, size_t at, struct call *call)
{
    for (;;) {
        size_t below = 2 * at + 1;
        if (below + 1 < calls->heap_count && sooner(calls->heap[below + 1], calls->heap[below]))
            below++;
        if (below >= calls->heap_count || !sooner(calls->heap[below], call))
            break;
        put_at(calls, at, calls->heap[below]);
        at = below;
    }
    sift_up(calls, at, call);
}

static void take_out(struct calls *calls, const struct call *call)
{
    size_t at = call->heap_at;
    struct call *last = calls->heap[--calls->heap_count];
    if (last != call)
        sift_down(calls, at, last);
}

bool timers_make_room(struct calls *calls, size_t count)
{
    if (count <= calls->heap_room)
        return true;
    size_t room = calls->heap_room ? calls->heap_room * 2 : 64;
    struct call **heap = realloc(calls->heap, room * sizeof(struct call *));
    if (!heap)
        return false;
    calls->heap = heap;
    calls->heap_room = room;
    return true;
}

void timers_set(struct calls *calls, struct call *call, int64_t due)
{
    if (call->due == due)
        return;
    if (call->due != WORKER_NEVER)
        take_out(calls, call);
    call->due = due;
    if (due == WORKER_NEVER)
        return;
    call->order = ++calls->orders;
    sift_up(calls, calls->heap_count++, call);
}
