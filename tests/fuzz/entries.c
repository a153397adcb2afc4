/*
 * The domain's rows from arbitrary entries, as a damaged log or one of another version could hold them: each is derived or refused; what is
 * refused leaves nothing behind; the domain goes on. Of some inputs the entries are replayed, too, which must make the same rows.
 *
 * Input: packed maskline.store.v1.Entry messages, each after its length in two bytes; a SID of zeros is the Service's. They come on top of a small world.
 */
#include "maskline/store/v1/entry.pb-c.h"
#include "proto/c/clock.h"
#include "server/masking/internal.h"
#include "server/masking/services/services.h"
#include "storage/encode.h"
#include "tests/fuzz/chance.h"
#include "tests/fuzz/entries_replay.h"
#include "tests/fuzz/feed.h"
#include "tests/fuzz/oracle.h"
#include "tests/fuzz/proto_mutate.h"

#include <pthread.h>
#include <string.h>

enum { ENTRIES = 16, WORLD_INPUTS = 256, REPLAY_ONE_IN = 8, HALF = 3 };

#define ENTRY maskline__store__v1__entry__descriptor

/* ---- commands ---- */

struct append {
    struct command command;
    struct log_id log;
    struct bytes entry;
    bool appended;
    enum command_outcome outcome;
    struct error error;
    pthread_mutex_t lock;
    pthread_cond_t finished;
    bool is_finished;
};

static bool decide(struct command *command, struct txn *txn)
{
    struct append *append = (struct append *)(void *)command;
    uint64_t position;
    append->appended = txn_append(txn, &append->log, append->entry, &position, &append->error);
    return append->appended;
}

static void done(struct command *command, enum command_outcome outcome, const struct error *error)
{
    struct append *append = (struct append *)(void *)command;
    pthread_mutex_lock(&append->lock);
    append->outcome = outcome;
    if (outcome != COMMAND_DURABLE)
        append->error = *error;
    append->is_finished = true;
    pthread_cond_signal(&append->finished);
    pthread_mutex_unlock(&append->lock);
}

static void submit(struct append *append, struct masking *masking, const struct log_id *log,
                   struct bytes entry)
{
    *append =
        (struct append){.command = {.decide = decide, .done = done}, .log = *log, .entry = entry};
    pthread_mutex_init(&append->lock, NULL);
    pthread_cond_init(&append->finished, NULL);
    pipeline_submit(masking_pipeline(masking), &append->command);
}

/* Whether it went in. */
static bool finish(struct append *append)
{
    pthread_mutex_lock(&append->lock);
    while (!append->is_finished)
        pthread_cond_wait(&append->finished, &append->lock);
    pthread_mutex_unlock(&append->lock);
    pthread_cond_destroy(&append->finished);
    pthread_mutex_destroy(&append->lock);
    free((void *)(uintptr_t)append->entry.data);
    bool ok = append->appended && append->outcome == COMMAND_DURABLE;
    must(ok || *append->error.reason, "a refusal says why");
    return ok;
}

/* ---- reading afterwards ---- */

static void read_all(struct masking *masking, const struct log_id *log)
{
    struct store *store = masking_store(masking);
    struct view *view = view_open(store);
    __attribute__((cleanup(arena_done))) struct arena *arena = arena_new(64 * 1024 * 1024);
    if (!view || !arena)
        abort();
    struct rows rows = rows_of_view(view, store, arena);
    struct error error;
    Maskline__Store__V1__Service *service;
    /* Whatever it says of a Service that an entry made up: it answers. */
    error_clear(&error);
    if (rows_service(&rows, log_service(log), &service, &error) == KV_FAILED)
        must(error.code == STATUS_DATA_LOSS, "%s", error.message);
    view_close(view);
    masking_run_due(masking);
}

/* Opening a store takes long, so some hundred inputs share one; each has a Service of its own in it. */
static struct world {
    struct manual_clock clock;
    struct masking *masking;
    uint64_t inputs;
} world;

void fuzzer_close(void)
{
    if (!world.masking)
        return;
    struct store *store = masking_store(world.masking);
    masking_free(world.masking);
    store_close(store);
    world.masking = NULL;
}

static void open_world(void)
{
    static bool closes;
    struct error error;
    manual_clock_set(&world.clock, INT64_C(1900000000) * MICROSECONDS);
    /* Nothing goes to its place by itself: a replay has all to do since the last flush. */
    struct store_options options = {.path = ":memory:",
                                    .clock = clock_manual(&world.clock),
                                    .flush_after_us = INT64_C(3600) * MICROSECONDS};
    struct masking_options masking = {.manual_timers = true,
                                      .pipeline.durability = &replay_durability};
    must(store_open(&options, &masking.store, &error), "%s", error.message);
    must(masking_new(&masking, &world.masking, &error), "%s", error.message);
    /* After RocksDB has made its own arrangements for the end. */
    if (!closes)
        atexit(fuzzer_close);
    closes = true;
}

static struct log_id new_log(void)
{
    uint8_t service[16] = {0};
    if (world.inputs++ % WORLD_INPUTS == 0) {
        fuzzer_close();
        open_world();
    }
    put_u64(service, world.inputs);
    return key_log(TENANT_DEFAULT, service);
}

/* A SID of zeros stands for the Service's, which no input can know. */
static void fill_service(uint8_t *bytes, size_t size, const uint8_t *service)
{
    static const uint8_t zeros[17] = {16};
    for (uint8_t *at = bytes; (at = memmem(at, size - (size_t)(at - bytes), zeros, sizeof zeros));)
        memcpy(at + 1, service, 16);
}

static void flush(void)
{
    struct error error;
    must(pipeline_flush(masking_pipeline(world.masking), &error), "%s", error.message);
}

/* The same for the same input; a replay takes as long as many inputs. */
static unsigned choose(const uint8_t *data, size_t size)
{
    uint32_t hash = 2166136261u;
    for (size_t i = 0; i < size; i++)
        hash = (hash ^ data[i]) * 16777619u;
    return hash >> 8;
}

/* A replay comes later than what it replays, and must judge by the time of then. */
static void replay(unsigned choice)
{
    static const int64_t hours[] = {0, 1, 24, 400 * 24};
    int64_t later = hours[choice % (sizeof hours / sizeof *hours)] * 3600 * MICROSECONDS;
    manual_clock_set(&world.clock, store_now(masking_store(world.masking)) + later);
    replay_check(masking_store(world.masking), masking_pipeline(world.masking));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct feed feed = {data, size};
    struct log_id log = new_log();
    unsigned choice = choose(data, size);
    bool replays = choice % REPLAY_ONE_IN == 0;
    /* Timers have deleted rows of others, which a replay may bring back. */
    if (replays)
        flush();
    struct append appends[ENTRIES];
    unsigned submitted = 0, derived = 0;
    for (; submitted < ENTRIES && feed.left > 0; submitted++) {
        size_t count = (size_t)feed_number(&feed, 2);
        if (count > feed.left)
            count = feed.left;
        uint8_t *bytes = malloc(count ? count : 1);
        if (!bytes)
            abort();
        if (count)
            memcpy(bytes, feed.at, count);
        fill_service(bytes, count, log_service(&log));
        feed.at += count;
        feed.left -= count;
        /* Some is written out by then, and some of that only in part. */
        if (replays && submitted == HALF && choice / REPLAY_ONE_IN % 2)
            flush();
        submit(&appends[submitted], world.masking, &log, (struct bytes){bytes, count});
    }
    for (unsigned i = 0; i < submitted; i++)
        derived += finish(&appends[i]);
    uint64_t last = pipeline_position(masking_pipeline(world.masking), &log);
    must(last == derived, "%u of %u entries were derived, and the log ends at %llu", derived,
         submitted, (unsigned long long)last);
    if (replays)
        replay(choice / (2 * REPLAY_ONE_IN));
    read_all(world.masking, &log);
    return 0;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t most, unsigned seed)
{
    /* SIDs are given as zeros, ones, twos often enough to meet again. */
    static const char *const words[] = {"+15550100001", "+15551230001", "+15551230002",
                                        "one",          "trip-1",       NULL};
    struct chance chance = {seed};
    if (chance_below(&chance, 8) == 0 || most < 8)
        return LLVMFuzzerMutate(data, size, most);
    /* One entry of them, or one more. */
    size_t starts[ENTRIES + 1], count = 0;
    for (size_t at = 0; at + 2 <= size && count < ENTRIES; count++) {
        starts[count] = at;
        at += 2 + ((size_t)data[at] << 8 | data[at + 1]);
        if (at > size)
            at = size;
        starts[count + 1] = at;
    }
    size_t which = chance_below(&chance, count + (count < ENTRIES));
    size_t start = which < count ? starts[which] : (count ? starts[count] : 0);
    size_t end = which < count ? starts[which + 1] : start;
    uint8_t *entry = malloc(most);
    if (!entry)
        abort();
    size_t entry_size = end >= start + 2 ? end - start - 2 : 0;
    if (entry_size)
        memcpy(entry, data + start + 2, entry_size);
    size_t others = size - (end - start);
    size_t room = most > others + 2 ? most - others - 2 : 0;
    size_t new_size =
        entry_size <= room && room > 0
            ? message_mutate(&ENTRY, entry, entry_size, room < 65535 ? room : 65535, seed, words)
            : entry_size;
    if (new_size <= room) {
        memmove(data + start + 2 + new_size, data + end, size - end);
        memcpy(data + start + 2, entry, new_size);
        data[start] = (uint8_t)(new_size >> 8);
        data[start + 1] = (uint8_t)new_size;
        size = others + 2 + new_size;
    }
    free(entry);
    return size;
}
