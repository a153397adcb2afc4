#include "server/maskline.h"

#include "proto/c/version.h"
#include "proto/google_rpc_c_proto_descriptors.h"
#include "proto/maskline_c_proto_descriptors.h"
#include "server/api/api.h"
#include "server/exposed.h"
#include "server/phone_book.h"
#include "server/rpc/health.h"
#include "server/rpc/reflection.h"
#include "server/say.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

/* The server ends first; then all else in the reverse order of its making, but that carriers are freed after the domain. */
struct maskline {
    const struct config *config;
    struct steady_clock steady;
    struct test_clock *clock;
    struct carriers *carriers;
    struct phone_book *phones;
    struct store *store;
    struct readers *readers;
    struct events *events;
    struct masking *masking;
    struct api *api;
    struct grpc_c_health *health;
    struct grpc_c_reflection *reflection;
    struct grpc_c_server *server;
    int ports[CONFIG_LISTEN];
    atomic_bool hurried;
    char refuses[48]; /* why it takes no changes, as was said last; empty: it takes them */
};

static bool no_memory(struct error *error)
{
    return error_set(error, STATUS_RESOURCE_EXHAUSTED, "OUT_OF_MEMORY", 0,
                     "There is no memory to start with.");
}

static bool add_carriers(struct carriers *carriers, const struct config *config,
                         struct error *error)
{
    for (size_t i = 0; i < config->carrier_count; i++)
        if (!carriers_add(carriers, config->carriers[i], error))
            return false;
    return true;
}

bool maskline_check(const struct config *config, struct error *error)
{
    for (size_t i = 0; i < config->listen_count; i++)
        if (!strchr(config->listen[i], ':'))
            return error_set(error, STATUS_INVALID_ARGUMENT, "BAD_SETTING", 0,
                             "listen is '%s': write host:port, [ipv6]:port or unix:/path",
                             config->listen[i]);
        else if (!config->insecure && address_exposed(config->listen[i]))
            return error_set(
                error, STATUS_INVALID_ARGUMENT, "BAD_SETTING", 0,
                "listen is '%s': others can reach that address, and what is said there "
                "is plain text. Listen on 127.0.0.1 behind a proxy that encrypts, or "
                "say --insecure.",
                config->listen[i]);
    struct carriers *carriers = carriers_new(&(struct carrier_options){.clock = clock_real()});
    if (!carriers)
        return no_memory(error);
    bool ok = add_carriers(carriers, config, error);
    carriers_free(carriers);
    /* Two carriers of one name are a mistake in the settings like others. */
    if (!ok && error->code == STATUS_ALREADY_EXISTS)
        error->code = STATUS_INVALID_ARGUMENT;
    return ok;
}

/* ---- opening ---- */

static bool open_store(struct maskline *maskline, struct error *error)
{
    const struct config *config = maskline->config;
    struct store_options options = {
        .path = config->data,
        .clock = test_clock_clock(maskline->clock),
        .cache_bytes = (size_t)config->cache,
        /* 0 would be the default. */
        .free_bytes_low = config->min_free > 0 ? (uint64_t)config->min_free : 1,
    };
    if (!store_open(&options, &maskline->store, error)) {
        say("the store in %s is not opened", config->data);
        return false;
    }
    return true;
}

static void clock_moved(void *data)
{
    struct maskline *maskline = data;
    masking_kick(maskline->masking);
    carriers_kick(maskline->carriers);
}

/* There are phones only where the API can add some. */
static bool open_phones(struct maskline *maskline, struct error *error)
{
    if (!carriers_all_simulated(maskline->carriers))
        return true;
    maskline->phones =
        phone_book_open(maskline->config->data, carriers_simulator(maskline->carriers, ""), error);
    return maskline->phones != NULL;
}

static bool open_domain(struct maskline *maskline, struct error *error)
{
    maskline->readers = readers_new((unsigned)maskline->config->readers);
    if (!maskline->readers)
        return no_memory(error);
    maskline->events = events_new(maskline->store, maskline->readers);
    if (!maskline->events)
        return no_memory(error);
    struct masking_options options = {
        .store = maskline->store,
        .appended = events_appended,
        .rewritten = events_rewritten,
        .grown = events_grown,
        .grown_data = maskline->events,
    };
    if (!masking_new(&options, &maskline->masking, error))
        return false;
    /* Now the log has told how late it was. A store that is ahead of the machine's clock, because that was wrong or the simulator's was moved,
     * does not wait until it has been caught up: what is due in a minute would wait for hours or years. */
    steady_clock_reach(&maskline->steady, store_now(maskline->store));
    events_attach(maskline->events, masking_pipeline(maskline->masking));
    if (!carriers_attach(maskline->carriers, maskline->masking, error))
        return false;
    test_clock_on_move(maskline->clock, clock_moved, maskline);
    /* Before anything is sent: what waits for a phone must find it. */
    return open_phones(maskline, error) && masking_start(maskline->masking, error);
}

/* What a handler never means to say; a flood of them is told by its first lines. */
static void call_ended(void *data, const char *method, enum status_code code, int64_t duration_us)
{
    static atomic_uint said;
    (void)data;
    if (code != STATUS_INTERNAL && code != STATUS_DATA_LOSS && code != STATUS_UNKNOWN)
        return;
    enum { MOST = 1000 };
    unsigned before = atomic_fetch_add(&said, 1);
    if (before < MOST)
        say("%s ended with %s after %lld ms%s", method, status_code_name(code),
            (long long)(duration_us / 1000),
            before + 1 == MOST ? "; no more of these will be told" : "");
}

static bool open_server(struct maskline *maskline, struct error *error)
{
    const struct config *config = maskline->config;
    struct grpc_c_server_options options = {
        .threads = (unsigned)config->threads,
        .max_request = (size_t)config->max_request,
        .max_streams = (uint32_t)config->max_streams,
        .max_memory = (size_t)config->max_memory,
        .keepalive_ms = config->keepalive,
        .keepalive_timeout_ms = config->keepalive_timeout,
        .max_age_ms = config->max_age,
        .max_age_grace_ms = config->max_age_grace,
        .max_idle_ms = config->max_idle,
        .write_timeout_ms = config->write_timeout,
        .on_call = call_ended,
    };
    maskline->server = grpc_c_server_new(&options, error);
    if (!maskline->server)
        return false;
    for (size_t i = 0; i < config->listen_count; i++)
        if (!grpc_c_server_listen(maskline->server, config->listen[i], &maskline->ports[i], error))
            return false;
    return true;
}

/* Besides its own services: what says whether it serves, and what it serves. */
static bool add_standard_services(struct maskline *maskline, struct error *error)
{
    /* The details of errors are messages of google.rpc, which no file of the API imports: who shows them asks by name. */
    const struct grpc_c_descriptors sets[] = {
        {maskline_c_proto_descriptors, maskline_c_proto_descriptors_size},
        {google_rpc_c_proto_descriptors, google_rpc_c_proto_descriptors_size},
    };
    maskline->health = grpc_c_health_new(error);
    if (maskline->health)
        grpc_c_health_tell(maskline->health, MASKLINE_VERSION_KEY, MASKLINE_VERSION);
    if (!maskline->health || !grpc_c_health_add(maskline->health, maskline->server, error))
        return false;
    maskline->reflection = grpc_c_reflection_new(sets, sizeof sets / sizeof *sets, error);
    return maskline->reflection &&
           grpc_c_reflection_add(maskline->reflection, maskline->server, error);
}

static bool set_serving(struct maskline *maskline, struct error *error)
{
    bool ok = grpc_c_health_set(maskline->health, "", true);
    for (const char *const *name = api_service_names(); ok && *name; name++)
        ok = grpc_c_health_set(maskline->health, *name, true);
    return ok || no_memory(error);
}

static bool serve(struct maskline *maskline, struct error *error)
{
    maskline->api = api_new(&(struct api_parts){
        .masking = maskline->masking,
        .events = maskline->events,
        .carriers = maskline->carriers,
        .readers = maskline->readers,
        .test_clock = maskline->clock,
    });
    if (!maskline->api)
        return no_memory(error);
    return api_add(maskline->api, maskline->server, error) &&
           add_standard_services(maskline, error) && set_serving(maskline, error) &&
           grpc_c_server_start(maskline->server, error);
}

/* The addresses are taken before the store is touched: a server that cannot listen changes nothing. Who connects meanwhile waits. */
static bool open_all(struct maskline *maskline, struct error *error)
{
    steady_clock_start(&maskline->steady);
    maskline->clock = test_clock_new(clock_steady(&maskline->steady));
    if (!maskline->clock)
        return no_memory(error);
    maskline->carriers =
        carriers_new(&(struct carrier_options){.clock = test_clock_clock(maskline->clock)});
    if (!maskline->carriers)
        return no_memory(error);
    return add_carriers(maskline->carriers, maskline->config, error) &&
           open_server(maskline, error) && open_store(maskline, error) &&
           open_domain(maskline, error) && serve(maskline, error);
}

bool maskline_open(const struct config *config, struct maskline **ret_maskline, struct error *error)
{
    struct maskline *maskline = calloc(1, sizeof *maskline);
    if (!maskline)
        return no_memory(error);
    maskline->config = config;
    if (!open_all(maskline, error)) {
        maskline_close(maskline);
        return false;
    }
    *ret_maskline = maskline;
    return true;
}

int maskline_port(const struct maskline *maskline, size_t index)
{
    return maskline->ports[index];
}

void maskline_watch(struct maskline *maskline)
{
    struct error why;
    error_clear(&why);
    _Static_assert(sizeof maskline->refuses == sizeof why.reason, "a copy");
    bool refuses = pipeline_refuses(masking_pipeline(maskline->masking), &why);
    if (strcmp(why.reason, maskline->refuses) == 0)
        return;
    if (refuses)
        say("no changes are taken: %s", why.message);
    else
        say("changes are taken again");
    memcpy(maskline->refuses, why.reason, sizeof maskline->refuses);
}

/* ---- closing ---- */

bool maskline_drain(struct maskline *maskline)
{
    grpc_c_health_set_all(maskline->health, false);
    int64_t grace = atomic_load(&maskline->hurried) ? 0 : maskline->config->grace;
    return grpc_c_server_stop(maskline->server, grace);
}

void maskline_hurry(struct maskline *maskline)
{
    atomic_store(&maskline->hurried, true);
    grpc_c_server_hurry(maskline->server);
}

void maskline_close(struct maskline *maskline)
{
    if (!maskline)
        return;
    grpc_c_server_free(maskline->server);
    grpc_c_reflection_free(maskline->reflection);
    grpc_c_health_free(maskline->health);
    api_free(maskline->api);
    readers_free(maskline->readers);
    if (maskline->carriers)
        carriers_stop(maskline->carriers);
    masking_free(maskline->masking);
    carriers_free(maskline->carriers);
    phone_book_close(maskline->phones);
    events_free(maskline->events);
    store_close(maskline->store);
    test_clock_free(maskline->clock);
    free(maskline);
}
