#include "proto/c/fault.h"
#include "server/masking/errors.h"
#include "server/masking/internal.h"
#include "server/masking/rows/table.h"
#include "server/masking/services/rates_internal.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#define WINDOW (RATE_WINDOW * INT64_C(1000000))

enum { READ_MEMORY = 256 * 1024 };

/* The calls of one method for one Service that passed: the times of the last ones, in a ring of as many as may pass in a window. */
struct limiter {
    struct table_link link;
    struct limiter *newer, *older; /* by their last call */
    sid_bytes service;
    const char *method;
    int64_t last;
    size_t room;
    size_t first; /* the oldest */
    size_t count;
    int64_t times[];
};

struct rates {
    atomic_bool limited; /* some Service has a limit, or had one */
    pthread_mutex_t lock;
    struct table table;
    struct limiter *newest, *oldest;
};

struct rates *rates_new(void)
{
    struct rates *rates = calloc(1, sizeof *rates);
    if (rates)
        pthread_mutex_init(&rates->lock, NULL);
    return rates;
}

static void drop(struct table_link *link)
{
    free(link);
}

void rates_free(struct rates *rates)
{
    if (!rates)
        return;
    table_clear(&rates->table, drop);
    pthread_mutex_destroy(&rates->lock);
    free(rates);
}

void rates_note(struct rates *rates, const Maskline__Store__V1__Settings *settings)
{
    if (settings && settings->requests_per_second > 0)
        atomic_store(&rates->limited, true);
}

bool rates_rebuild(struct rates *rates, struct view *view, const struct store *store,
                   struct error *error)
{
    struct arena *arena __attribute__((cleanup(arena_done))) = arena_new(READ_MEMORY);
    struct key prefix = key_all_services(), to = prefix;
    to.data[to.size - 1]++;
    struct scan *scan =
        arena ? view_scan(view, KV_META, key_bytes(&prefix), key_bytes(&to), false) : NULL;
    if (!scan)
        return refuse(error, REFUSED_NO_MEMORY);
    bool ok = true;
    for (; ok && scan_valid(scan); scan_next(scan), arena_reset(arena)) {
        struct rows rows = rows_of_view(view, store, arena);
        const Maskline__Store__V1__Service *service = rows_record(
            &rows, &maskline__store__v1__service__descriptor, scan_value(scan).bytes, error);
        ok = service != NULL;
        if (ok)
            rates_note(rates, service->settings);
    }
    ok = ok && scan_ok(scan, error);
    scan_free(scan);
    return ok;
}

/* ---- limiters; under the lock ---- */

static uint64_t hash_of(const uint8_t *service, const char *method)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < SID_BYTES; i++)
        hash = (hash ^ service[i]) * UINT64_C(0x100000001b3);
    for (; *method; method++)
        hash = (hash ^ (uint8_t)*method) * UINT64_C(0x100000001b3);
    return hash ^ hash >> 32;
}

static void unlink_limiter(struct rates *rates, struct limiter *limiter)
{
    *(limiter->newer ? &limiter->newer->older : &rates->newest) = limiter->older;
    *(limiter->older ? &limiter->older->newer : &rates->oldest) = limiter->newer;
}

static void link_newest(struct rates *rates, struct limiter *limiter)
{
    limiter->newer = NULL;
    limiter->older = rates->newest;
    *(rates->newest ? &rates->newest->newer : &rates->oldest) = limiter;
    rates->newest = limiter;
}

static void forget(struct rates *rates, struct limiter *limiter)
{
    unlink_limiter(rates, limiter);
    table_remove(&rates->table, &limiter->link);
    free(limiter);
}

/* Those whose calls are all older than a window say nothing any more. */
static void forget_idle(struct rates *rates, int64_t now)
{
    while (rates->oldest && rates->oldest->last + WINDOW <= now)
        forget(rates, rates->oldest);
}

static struct limiter *find(const struct rates *rates, const uint8_t *service, const char *method,
                            uint64_t hash)
{
    struct table_link *link = NULL;
    while ((link = table_find(&rates->table, hash, link))) {
        struct limiter *limiter = (struct limiter *)link;
        if (!memcmp(limiter->service, service, SID_BYTES) && !strcmp(limiter->method, method))
            return limiter;
    }
    return NULL;
}

static int64_t *time_at(struct limiter *limiter, size_t index)
{
    return &limiter->times[(limiter->first + index) % limiter->room];
}

/* One with this much room. What a limiter of another size has counted goes over, the newest of it. NULL: there is no memory. */
static struct limiter *limiter_for(struct rates *rates, const uint8_t *service, const char *method,
                                   size_t room)
{
    uint64_t hash = hash_of(service, method);
    struct limiter *old = find(rates, service, method, hash);
    if (old && old->room == room)
        return old;
    struct limiter *made = calloc(1, sizeof *made + room * sizeof made->times[0]);
    if (!made)
        return NULL;
    made->room = room;
    made->method = method;
    memcpy(made->service, service, SID_BYTES);
    if (old) {
        made->last = old->last;
        made->count = old->count < room ? old->count : room;
        for (size_t i = 0; i < made->count; i++)
            made->times[i] = *time_at(old, old->count - made->count + i);
        forget(rates, old);
    }
    if (!table_add(&rates->table, &made->link, hash)) {
        free(made);
        return NULL;
    }
    link_newest(rates, made);
    return made;
}

/* 0: it passes, and is counted. Else when one can pass. */
static int64_t count_one(struct rates *rates, struct limiter *limiter, int64_t now)
{
    if (limiter->count == limiter->room) {
        int64_t free_time = *time_at(limiter, 0) + WINDOW;
        if (free_time > now && !MUTANT("rate_unlimited"))
            return free_time;
        limiter->first = (limiter->first + 1) % limiter->room;
        limiter->count--;
    }
    *time_at(limiter, limiter->count++) = now;
    limiter->last = now;
    unlink_limiter(rates, limiter);
    link_newest(rates, limiter);
    return 0;
}

static bool take(struct rates *rates, const Maskline__Store__V1__Service *service,
                 const char *method, int64_t now, struct error *error)
{
    size_t room = (size_t)service->settings->requests_per_second *
                  (MUTANT("rate_without_bursts") ? 1 : RATE_WINDOW);
    pthread_mutex_lock(&rates->lock);
    forget_idle(rates, now);
    struct limiter *limiter =
        limiter_for(rates, service->sid.data, MUTANT("rate_of_all_methods") ? "" : method, room);
    int64_t free_time = limiter ? count_one(rates, limiter, now) : 0;
    pthread_mutex_unlock(&rates->lock);
    if (!free_time)
        return true; /* also without memory: a limit is not worth failing a call for */
    refuse(error, REFUSED_RATE_LIMITED);
    error->retry_ms = (free_time - now + 999) / 1000;
    return false;
}

bool rates_on(const struct masking *masking)
{
    return atomic_load_explicit(&masking->rates->limited, memory_order_relaxed);
}

bool rates_take(struct masking *masking, const char *service, const char *method,
                struct error *error)
{
    struct rates *rates = masking->rates;
    if (!rates_on(masking))
        return true;
    struct arena *arena __attribute__((cleanup(arena_done))) = arena_new(READ_MEMORY);
    struct view *view = arena ? masking_view(masking) : NULL;
    if (!view)
        return true; /* the call itself will tell */
    struct rows rows = rows_of_view(view, masking->store, arena);
    Maskline__Store__V1__Service *found;
    struct error ignored;
    bool passes = true;
    if (rows_find_service(&rows, service, &found, &ignored) && found->settings &&
        found->settings->requests_per_second > 0)
        passes = take(rates, found, method, rows.now, error);
    view_close(view);
    return passes;
}

size_t rates_kept(struct rates *rates)
{
    pthread_mutex_lock(&rates->lock);
    size_t count = rates->table.count;
    pthread_mutex_unlock(&rates->lock);
    return count;
}
