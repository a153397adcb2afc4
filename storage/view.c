/*
 * Read points and views. A read point is made between two groups and never changes; a view is a reference to the newest,
 * with a time.
 */
#include "proto/c/fault.h"
#include "storage/store_internal.h"

#include <stdlib.h>
#include <string.h>

/* How long a view waits for a store that is being reopened. */
enum { REOPENING_WAIT_US = 5 * MICROSECONDS };

struct view {
    struct store *store;
    struct read_point *point;
    struct stack stack;
    uint32_t tenant;
    void *data;
};

/* ---- layers ---- */

struct layer *layer_new(void)
{
    struct layer *layer = calloc(1, sizeof *layer);
    if (!layer)
        return NULL;
    atomic_init(&layer->refs, 1);
    layer->table = memtable_new();
    if (!layer->table) {
        free(layer);
        return NULL;
    }
    return layer;
}

void layer_unref(struct layer *layer)
{
    if (!layer || atomic_fetch_sub(&layer->refs, 1) != 1)
        return;
    memtable_free(layer->table);
    free(layer->logs);
    free(layer);
}

/* ---- read points ---- */

static struct read_point *point_make(struct store *store, struct layer *const *layers,
                                     unsigned count, uint64_t visible)
{
    struct read_point *point = calloc(1, sizeof *point);
    if (!point)
        return NULL;
    point->snapshot = kv_snapshot_new(store->kv);
    if (!point->snapshot) {
        free(point);
        return NULL;
    }
    point->refs = 1;
    point->visible = visible;
    point->count = count;
    for (unsigned i = 0; i < count; i++) {
        point->layers[i] = layers[i];
        atomic_fetch_add(&layers[i]->refs, 1);
    }
    return point;
}

static void point_free(struct store *store, struct read_point *point)
{
    kv_snapshot_free(store->kv, point->snapshot);
    for (unsigned i = 0; i < point->count; i++)
        layer_unref(point->layers[i]);
    free(point);
    /* Only now: who waits for the last one closes the engine. */
    pthread_mutex_lock(&store->lock);
    store->points--;
    pthread_cond_broadcast(&store->changed);
    pthread_mutex_unlock(&store->lock);
}

static void point_unref(struct store *store, struct read_point *point)
{
    if (!point)
        return;
    pthread_mutex_lock(&store->lock);
    bool last = --point->refs == 0;
    pthread_mutex_unlock(&store->lock);
    if (last)
        point_free(store, point);
}

bool store_publish(struct store *store, struct layer *const *layers, unsigned count,
                   uint64_t visible, struct error *error)
{
    struct read_point *point = point_make(store, layers, count, visible);
    if (!point)
        return store_no_memory(error);
    pthread_mutex_lock(&store->lock);
    struct read_point *previous = store->current;
    store->current = point;
    store->points++;
    pthread_mutex_unlock(&store->lock);
    point_unref(store, previous);
    return true;
}

void store_set_state(struct store *store, enum store_state state)
{
    pthread_mutex_lock(&store->lock);
    store->state = state;
    pthread_cond_broadcast(&store->changed);
    pthread_mutex_unlock(&store->lock);
}

void store_retire(struct store *store)
{
    pthread_mutex_lock(&store->lock);
    struct read_point *current = store->current;
    store->current = NULL;
    pthread_mutex_unlock(&store->lock);
    point_unref(store, current);
    pthread_mutex_lock(&store->lock);
    while (store->points > 0)
        pthread_cond_wait(&store->changed, &store->lock);
    pthread_mutex_unlock(&store->lock);
}

/* ---- views ---- */

/* How many this thread has open: the reopening waits for these. */
static _Thread_local unsigned open_here;

/* With the store's lock held. NULL when the store cannot be read now. */
static struct read_point *take_point(struct store *store)
{
    if (store->state == STORE_REOPENING && open_here && !MUTANT("view_waits_for_itself"))
        return NULL;
    int64_t until = monotonic_us() + REOPENING_WAIT_US;
    struct timespec deadline = {until / MICROSECONDS, until % MICROSECONDS * 1000};
    while (store->state == STORE_REOPENING) {
        if (pthread_cond_timedwait(&store->changed, &store->lock, &deadline) != 0)
            return NULL;
    }
    if (store->state != STORE_OPEN || !store->current)
        return NULL;
    store->current->refs++;
    return store->current;
}

struct view *view_open(struct store *store)
{
    return view_open_for(store, 0);
}

uint32_t view_tenant(const struct view *view)
{
    return view->tenant;
}

void view_set_data(struct view *view, void *data)
{
    view->data = data;
}

void *view_data(const struct view *view)
{
    return view->data;
}

struct view *view_open_for(struct store *store, uint32_t tenant)
{
    struct view *view = malloc(sizeof *view);
    if (!view)
        return NULL;
    pthread_mutex_lock(&store->lock);
    struct read_point *point = take_point(store);
    pthread_mutex_unlock(&store->lock);
    if (!point) {
        free(view);
        return NULL;
    }
    open_here++;
    view->store = store;
    view->point = point;
    view->tenant = tenant;
    view->data = NULL;
    view->stack = (struct stack){
        .count = point->count,
        .visible = MUTANT("undurable_is_read") ? UINT64_MAX : point->visible,
        .kv = store->kv,
        .snapshot = point->snapshot,
        .now = store_now(store),
    };
    for (unsigned i = 0; i < point->count; i++)
        view->stack.tables[i] = point->layers[i]->table;
    return view;
}

void view_close(struct view *view)
{
    if (!view)
        return;
    open_here--;
    point_unref(view->store, view->point);
    free(view);
}

enum kv_found view_get(struct view *view, enum kv_family family, struct bytes key,
                       struct arena *arena, struct kv_value *ret_value, struct error *error)
{
    return stack_get(&view->stack, family, key, arena, ret_value, error);
}

struct scan *view_scan(struct view *view, enum kv_family family, struct bytes from, struct bytes to,
                       bool backwards)
{
    return stack_scan(&view->stack, family, from, to, backwards);
}

int64_t view_now(const struct view *view)
{
    return view->stack.now;
}

struct bytes bytes_after(struct bytes prefix, struct arena *arena)
{
    size_t size = prefix.size;
    while (size > 0 && ((const uint8_t *)prefix.data)[size - 1] == UINT8_MAX)
        size--;
    if (size == 0)
        return (struct bytes){"", 0};
    uint8_t *after = arena_copy(arena, prefix.data, size);
    if (!after)
        return prefix;
    after[size - 1]++;
    return (struct bytes){after, size};
}
