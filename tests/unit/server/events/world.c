#include "tests/unit/server/events/world.h"

#include <check.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static bool derive(void *data, struct derivation *derivation, struct bytes entry)
{
    (void)data;
    (void)derivation;
    (void)entry;
    return true;
}

static bool rebuild(void *data, struct view *view, struct error *error)
{
    (void)data;
    (void)view;
    (void)error;
    return true;
}

static void appended(void *data, const struct log_id *log, uint64_t position, struct bytes entry)
{
    struct world *world = data;
    unsigned withheld = atomic_load(&world->withheld);
    if (withheld == 0 || position % withheld != 0)
        events_appended(world->events, log, position, entry);
}

static void grown(void *data, const struct log_id *log, uint64_t last_position, unsigned logs)
{
    struct world *world = data;
    events_grown(world->events, log, last_position, logs);
}

static void rewritten(void *data, const struct log_id *log, uint64_t position)
{
    struct world *world = data;
    events_rewritten(world->events, log, position);
}

static void commit(void *data, struct kv *kv, struct kv_batch *batch,
                   void (*committed)(void *group, const struct error *failure), void *group)
{
    struct world *world = data;
    struct error error;
    bool ok = kv_write(kv, batch, false, &error);
    if (ok && atomic_exchange(&world->fails, false))
        ok = error_set(&error, STATUS_INTERNAL, "TEST", 0, "The test wants it so.");
    committed(group, ok ? NULL : &error);
}

void world_open(struct world *world)
{
    memset(world, 0, sizeof *world);
    manual_clock_set(&world->clock, INT64_C(1700000000) * MICROSECONDS);
    struct error error;
    error_clear(&error);
    struct store_options options = {.path = ":memory:", .clock = clock_manual(&world->clock)};
    ck_assert_msg(store_open(&options, &world->store, &error), "%s", error.message);
    world->readers = readers_new(2);
    ck_assert_ptr_nonnull(world->readers);
    world->events = events_new(world->store, world->readers);
    ck_assert_ptr_nonnull(world->events);
    struct pipeline_domain domain = {.data = world,
                                     .derive = derive,
                                     .appended = appended,
                                     .rewritten = rewritten,
                                     .grown = grown,
                                     .rebuild = rebuild};
    world->durability = (struct durability){world, commit};
    struct pipeline_options pipeline = {.durability = &world->durability};
    ck_assert_msg(pipeline_start(world->store, &domain, &pipeline, &world->pipeline, &error), "%s",
                  error.message);
    events_attach(world->events, world->pipeline);
}

void world_close(struct world *world)
{
    readers_free(world->readers);
    pipeline_free(world->pipeline);
    events_free(world->events);
    store_close(world->store);
}

struct log_id world_log(unsigned number)
{
    uint8_t service[16] = {0};
    memcpy(service + 12, &number, sizeof number);
    return key_log(TENANT_DEFAULT, service);
}

struct append {
    struct command command;
    const struct log_id *log;
    unsigned count;
    size_t size;
    uint64_t position; /* of what is rewritten */
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool done;
    enum command_outcome outcome;
    struct world *world;
};

static bool decide(struct command *command, struct txn *txn)
{
    struct append *append = (struct append *)command;
    uint64_t next = pipeline_position(append->world->pipeline, append->log) + 1;
    for (unsigned i = 0; i < append->count; i++) {
        char *text = calloc(1, append->size + 32);
        ck_assert_ptr_nonnull(text);
        int written = snprintf(text, 32, "%llu", (unsigned long long)next + i);
        size_t size = append->size > (size_t)written + 1 ? append->size : (size_t)written + 1;
        uint64_t position;
        struct error error;
        bool ok = txn_append(txn, append->log, (struct bytes){text, size}, &position, &error);
        free(text);
        if (!ok)
            return false;
        ck_assert_uint_eq(position, next + i);
    }
    return true;
}

static void done(struct command *command, enum command_outcome outcome, const struct error *error)
{
    (void)error;
    struct append *append = (struct append *)command;
    pthread_mutex_lock(&append->lock);
    append->outcome = outcome;
    append->done = true;
    pthread_cond_signal(&append->changed);
    pthread_mutex_unlock(&append->lock);
}

static enum command_outcome run(struct append *append)
{
    append->command.done = done;
    pthread_mutex_init(&append->lock, NULL);
    pthread_cond_init(&append->changed, NULL);
    pipeline_submit(append->world->pipeline, &append->command);
    pthread_mutex_lock(&append->lock);
    while (!append->done)
        pthread_cond_wait(&append->changed, &append->lock);
    pthread_mutex_unlock(&append->lock);
    return append->outcome;
}

void world_append(struct world *world, const struct log_id *log, unsigned count, size_t size)
{
    struct append append = {
        .command = {.decide = decide}, .log = log, .count = count, .size = size, .world = world};
    ck_assert_int_eq(run(&append), COMMAND_DURABLE);
}

static bool decide_rewrite(struct command *command, struct txn *txn)
{
    struct append *append = (struct append *)command;
    struct error error;
    return txn_rewrite(txn, append->log, append->position,
                       (struct bytes){WORLD_REWRITTEN, sizeof WORLD_REWRITTEN}, &error);
}

enum command_outcome world_rewrite(struct world *world, const struct log_id *log, uint64_t position)
{
    struct append append = {
        .command = {.decide = decide_rewrite}, .log = log, .position = position, .world = world};
    return run(&append);
}

bool world_entry_right(const struct log_entry *entry)
{
    char expected[32];
    snprintf(expected, sizeof expected, "%llu", (unsigned long long)entry->position);
    return entry->bytes.size > strlen(expected) && strcmp(entry->bytes.data, expected) == 0;
}

static void wake(void *data)
{
    struct follower *follower = data;
    pthread_mutex_lock(&follower->lock);
    follower->wakes++;
    pthread_cond_signal(&follower->woken);
    pthread_mutex_unlock(&follower->lock);
}

void follower_open(struct follower *follower, struct world *world, const struct log_id *log,
                   uint64_t after)
{
    pthread_mutex_init(&follower->lock, NULL);
    pthread_cond_init(&follower->woken, NULL);
    follower->wakes = 0;
    follower->tail = event_tail_new(world->events, log, after, wake, follower);
    ck_assert_ptr_nonnull(follower->tail);
}

void follower_close(struct follower *follower)
{
    event_tail_free(follower->tail);
    pthread_cond_destroy(&follower->woken);
    pthread_mutex_destroy(&follower->lock);
}

enum tail_next follower_next(struct follower *follower, struct arena *arena,
                             struct log_entry *ret_entry, struct error *error)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += 20;
    for (;;) {
        pthread_mutex_lock(&follower->lock);
        unsigned before = follower->wakes;
        pthread_mutex_unlock(&follower->lock);
        enum tail_next next = event_tail_next(follower->tail, arena, ret_entry, error);
        if (next != TAIL_LATER)
            return next;
        int late = 0;
        pthread_mutex_lock(&follower->lock);
        while (follower->wakes == before && late == 0)
            late = pthread_cond_timedwait(&follower->woken, &follower->lock, &until);
        pthread_mutex_unlock(&follower->lock);
        if (late != 0)
            return TAIL_LATER;
    }
}
