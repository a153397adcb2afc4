#include "tests/fuzz/api_world.h"

#include "server/api/api.h"
#include "tests/fuzz/oracle.h"

#include <pthread.h>

enum { ROUNDS = 100 };

struct api_world {
    struct manual_clock clock;
    struct test_clock *test_clock;
    struct carriers *carriers;
    struct store *store;
    struct readers *readers;
    struct events *events;
    struct masking *masking;
    struct api *api;
    struct grpc_c_server *server;
};

static void moved(void *data)
{
    struct api_world *world = data;
    masking_kick(world->masking);
    carriers_kick(world->carriers);
}

/* The simulator answers some calls only when what they brought about is over. */
static void run_carriers(void *data)
{
    struct api_world *world = data;
    carriers_run_due(world->carriers);
}

static void open_domain(struct api_world *world)
{
    struct error error;
    const struct store_options store = {.path = ":memory:",
                                        .clock = test_clock_clock(world->test_clock)};
    must(store_open(&store, &world->store, &error), "%s", error.message);
    world->readers = readers_new(1);
    world->events = world->readers ? events_new(world->store, world->readers) : NULL;
    must(world->events, "no memory");
    const struct masking_options masking = {.store = world->store,
                                            .appended = events_appended,
                                            .rewritten = events_rewritten,
                                            .grown = events_grown,
                                            .grown_data = world->events,
                                            .manual_timers = true};
    must(masking_new(&masking, &world->masking, &error), "%s", error.message);
    events_attach(world->events, masking_pipeline(world->masking));
    must(carriers_attach(world->carriers, world->masking, &error), "%s", error.message);
    test_clock_on_move(world->test_clock, moved, world);
    must(masking_start(world->masking, &error), "%s", error.message);
}

struct api_world *api_world_new(bool gateway)
{
    struct error error;
    struct api_world *world = calloc(1, sizeof *world);
    if (!world)
        abort();
    manual_clock_set(&world->clock, INT64_C(1900000000) * MICROSECONDS);
    world->test_clock = test_clock_new(clock_manual(&world->clock));
    must(world->test_clock, "no memory");
    world->carriers = carriers_new(&(struct carrier_options){
        .clock = test_clock_clock(world->test_clock), .seed = 1, .manual = true});
    must(world->carriers && carriers_add(world->carriers, "simulator", &error), "no simulator");
    must(!gateway || carriers_add(world->carriers, "gateway:net", &error), "no gateway");
    open_domain(world);
    world->api = api_new(&(struct api_parts){.masking = world->masking,
                                             .events = world->events,
                                             .carriers = world->carriers,
                                             .readers = world->readers,
                                             .test_clock = world->test_clock});
    world->server = fake_server_new();
    fake_server_meanwhile(world->server, run_carriers, world);
    must(world->api && api_add(world->api, world->server, &error), "no API");
    return world;
}

void api_world_free(struct api_world *world)
{
    if (!world)
        return;
    fake_server_stop(world->server);
    api_free(world->api);
    readers_free(world->readers);
    carriers_stop(world->carriers);
    masking_free(world->masking);
    carriers_free(world->carriers);
    events_free(world->events);
    store_close(world->store);
    test_clock_free(world->test_clock);
    fake_server_free(world->server);
    free(world);
}

struct grpc_c_server *api_world_server(const struct api_world *world)
{
    return world->server;
}

/* ---- waiting for the writer ---- */

struct barrier {
    struct command command;
    pthread_mutex_t lock;
    pthread_cond_t reached;
    bool is_reached;
};

static bool decide_nothing(struct command *command, struct txn *txn)
{
    (void)command;
    (void)txn;
    return true;
}

static void reach(struct command *command, enum command_outcome outcome, const struct error *error)
{
    struct barrier *barrier = (struct barrier *)(void *)command;
    (void)outcome;
    (void)error;
    pthread_mutex_lock(&barrier->lock);
    barrier->is_reached = true;
    pthread_cond_signal(&barrier->reached);
    pthread_mutex_unlock(&barrier->lock);
}

/* What was submitted before is done when this returns. */
static void await_writer(struct masking *masking)
{
    struct barrier barrier = {.command = {.decide = decide_nothing, .done = reach}};
    pthread_mutex_init(&barrier.lock, NULL);
    pthread_cond_init(&barrier.reached, NULL);
    pipeline_submit(masking_pipeline(masking), &barrier.command);
    pthread_mutex_lock(&barrier.lock);
    while (!barrier.is_reached)
        pthread_cond_wait(&barrier.reached, &barrier.lock);
    pthread_mutex_unlock(&barrier.lock);
    pthread_cond_destroy(&barrier.reached);
    pthread_mutex_destroy(&barrier.lock);
}

void api_world_run(struct api_world *world)
{
    /* One makes work for the other, by way of the writer. */
    for (unsigned i = 0, idle = 0; i < ROUNDS && idle < 2; i++) {
        unsigned done = masking_run_due(world->masking) + carriers_run_due(world->carriers);
        await_writer(world->masking);
        idle = done ? 0 : idle + 1;
    }
}
