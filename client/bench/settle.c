#include "client/bench/settle.h"

#include "client/bench/clock.h"
#include "maskline/v1/events.grpc-c-client.h"
#include "maskline/v1/interactions.grpc-c-client.h"
#include "maskline/v1/simulator.grpc-c-client.h"

#include <stdio.h>
#include <stdlib.h>

enum {
    SAMPLES = 8,
    POLL_NS = 5000000,
    QUIET_NS = 300000000, /* a log that grew no more for so long has all */
    ARENA = 16 * 1024 * 1024,
    CONNECTIONS = 2,
    IN_FLIGHT = 64,
};

#define PATIENCE_NS  (60 * SECOND_NS)
#define LONG_SECONDS 3600.0

static const struct grpc_c_call_options patient = {.timeout_ms = 60000, .wait_for_ready = true};

struct settling {
    struct world *world;
    struct grpc_c_channel *channel;
    struct arena *arena;
    int64_t until_ns; /* of patience */
    int64_t delivered_ns, recorded_ns;
    pid_t server;
    double cpu_seconds; /* at recorded_ns */
    uint64_t position[SAMPLES];
    uint64_t all; /* positions of all Services together */
};

/* Sample `i` of `count` things. */
static unsigned sample(unsigned i, unsigned count)
{
    return (unsigned)((uint64_t)i * count / SAMPLES);
}

static bool failed(const char *what, const struct grpc_c_status *status)
{
    fprintf(stderr, "maskline-bench: %s: %s: %s\n", what, status_code_name(status->code),
            status->message);
    return false;
}

static bool last_position(struct settling *settling, unsigned service, uint64_t *ret_position)
{
    struct grpc_c_status status;
    Maskline__V1__ListEventsRequest request = MASKLINE__V1__LIST_EVENTS_REQUEST__INIT;
    const Maskline__V1__ListEventsResponse *response;
    request.service = settling->world->services[service];
    request.page_size = 1;
    arena_reset(settling->arena);
    if (!maskline_v1_events_list_events(settling->channel, &patient, &request, settling->arena,
                                        &response, &status))
        return failed("ListEvents", &status);
    *ret_position = response->last_position;
    return true;
}

static bool received(struct settling *settling, struct pair *pair, uint64_t *ret_count)
{
    Maskline__V1__WatchHandsetRequest request = MASKLINE__V1__WATCH_HANDSET_REQUEST__INIT;
    request.handset = pair->recipient;
    request.only_new = true;
    arena_reset(settling->arena);
    struct maskline_v1_simulator_watch_handset_call *call =
        maskline_v1_simulator_watch_handset_begin(settling->channel, &patient, &request);
    if (!call)
        return false;
    const Maskline__V1__WatchHandsetResponse *response;
    bool ready = maskline_v1_simulator_watch_handset_read(call, settling->arena, &response) &&
                 response->message_case == MASKLINE__V1__WATCH_HANDSET_RESPONSE__MESSAGE_READY;
    *ret_count = ready ? response->ready->received_count : 0;
    struct grpc_c_status status;
    maskline_v1_simulator_watch_handset_cancel(call);
    maskline_v1_simulator_watch_handset_finish(call, settling->arena, &status);
    return ready || failed("WatchHandset", &status);
}

/* ---- samples, polled ---- */

static bool poll_phones(struct settling *settling)
{
    struct world *world = settling->world;
    bool all = true;
    for (unsigned i = 0; i < SAMPLES && all; i++) {
        struct pair *pair = &world->pairs[sample(i, world->pair_count)];
        uint64_t count;
        if (!received(settling, pair, &count))
            return false;
        all = count >= pair->accepted;
    }
    if (all)
        settling->delivered_ns = clock_ns();
    return true;
}

static void note_change(struct settling *settling)
{
    settling->recorded_ns = clock_ns();
    settling->cpu_seconds = process_usage(settling->server).cpu_seconds;
}

static bool poll_logs(struct settling *settling)
{
    bool changed = false;
    for (unsigned i = 0; i < SAMPLES; i++) {
        uint64_t position = 0;
        if (!last_position(settling, sample(i, settling->world->options.services), &position))
            return false;
        changed |= position != settling->position[i];
        settling->position[i] = position;
    }
    if (changed)
        note_change(settling);
    return true;
}

/* Until the samples have been quiet for long enough. */
static bool wait_for_samples(struct settling *settling)
{
    int64_t quiet_from = settling->recorded_ns;
    for (int64_t now = clock_ns(); now - quiet_from < QUIET_NS; now = clock_ns()) {
        if (!poll_logs(settling) || (settling->delivered_ns == 0 && !poll_phones(settling)))
            return false;
        if (settling->recorded_ns > quiet_from)
            quiet_from = settling->recorded_ns;
        clock_wait(now + POLL_NS);
    }
    return true;
}

/* ---- all of them ---- */

static void position_told(void *data, const Maskline__V1__ListEventsResponse *response,
                          const struct grpc_c_status *status)
{
    struct slot *slot = data;
    struct settling *settling = slot->data;
    settling->all += response ? response->last_position : 0;
    load_done(slot, status, response != NULL);
}

static bool ask_position(struct slot *slot)
{
    struct settling *settling = slot->data;
    Maskline__V1__ListEventsRequest request = MASKLINE__V1__LIST_EVENTS_REQUEST__INIT;
    request.service = settling->world->services[slot->number];
    request.page_size = 1;
    return maskline_v1_events_list_events_start(slot->channel, &patient, &request, position_told,
                                                slot);
}

/* Sums up all positions; whether the sum is that of the last time. */
static bool same_everywhere(struct settling *settling, struct load_result *result, bool *ret_same)
{
    uint64_t before = settling->all;
    struct load_options options = {.target = settling->world->target,
                                   .connections = CONNECTIONS,
                                   .in_flight = IN_FLIGHT,
                                   .seconds = LONG_SECONDS,
                                   .calls = settling->world->options.services,
                                   .begin = ask_position,
                                   .data = settling};
    settling->all = 0;
    if (!load_run(&options, result) || result->failed > 0)
        return false;
    *ret_same = settling->all == before;
    if (!*ret_same && before > 0)
        note_change(settling);
    return true;
}

static bool wait_for_all(struct settling *settling)
{
    struct load_result *result = malloc(sizeof *result);
    bool same = false, ok = result && same_everywhere(settling, result, &same);
    same = settling->world->options.services <= SAMPLES;
    while (ok && !same && clock_ns() < settling->until_ns) {
        clock_wait(clock_ns() + QUIET_NS / 2);
        ok = same_everywhere(settling, result, &same);
    }
    free(result);
    return ok && same;
}

/* Whether each phone got what was accepted for it; more than that is a fault of its own. */
static bool all_received(struct settling *settling, bool *ret_all)
{
    struct world *world = settling->world;
    *ret_all = true;
    for (unsigned i = 0; i < world->pair_count && *ret_all; i++) {
        struct pair *pair = &world->pairs[i];
        uint64_t count;
        if (!received(settling, pair, &count))
            return false;
        *ret_all = count >= pair->accepted;
        if (count == pair->accepted || (!*ret_all && clock_ns() < settling->until_ns))
            continue;
        fprintf(stderr, "maskline-bench: of %llu accepted texts to %s %llu came\n",
                (unsigned long long)pair->accepted, pair->recipient, (unsigned long long)count);
        return false;
    }
    return true;
}

/* Whether a leg in this session waits for anything still. */
static bool no_open_legs(struct settling *settling, struct pair *pair)
{
    Maskline__V1__LegStatus open[] = {
        MASKLINE__V1__LEG_STATUS__LEG_STATUS_ACCEPTED,
        MASKLINE__V1__LEG_STATUS__LEG_STATUS_QUEUED,
        MASKLINE__V1__LEG_STATUS__LEG_STATUS_SCHEDULED,
        MASKLINE__V1__LEG_STATUS__LEG_STATUS_SENDING,
        MASKLINE__V1__LEG_STATUS__LEG_STATUS_SENT,
        MASKLINE__V1__LEG_STATUS__LEG_STATUS_DELIVERY_UNKNOWN,
    };
    Maskline__V1__InteractionFilter filter = MASKLINE__V1__INTERACTION_FILTER__INIT;
    Maskline__V1__ListInteractionsRequest request = MASKLINE__V1__LIST_INTERACTIONS_REQUEST__INIT;
    filter.outbound_statuses = open;
    filter.n_outbound_statuses = sizeof open / sizeof *open;
    request.service = settling->world->services[pair->service];
    request.session = pair->session;
    request.filter = &filter;
    request.page_size = 1;
    char token[512] = "";
    do {
        struct grpc_c_status status;
        const Maskline__V1__ListInteractionsResponse *response;
        request.page_token = token;
        arena_reset(settling->arena);
        if (!maskline_v1_interactions_list_interactions(settling->channel, &patient, &request,
                                                        settling->arena, &response, &status))
            return failed("ListInteractions", &status);
        if (response->n_interactions > 0) {
            fprintf(stderr, "maskline-bench: %s is not final\n", response->interactions[0]->sid);
            return false;
        }
        snprintf(token, sizeof token, "%s", response->next_page_token);
    } while (token[0] != '\0');
    return true;
}

static bool settle_all(struct settling *settling)
{
    for (bool all = false; !all;)
        if (!wait_for_samples(settling) || !wait_for_all(settling) || !all_received(settling, &all))
            return false;
    for (unsigned i = 0; i < SAMPLES; i++)
        if (!no_open_legs(settling,
                          &settling->world->pairs[sample(i, settling->world->pair_count)]))
            return false;
    return true;
}

bool settle(struct world *world, pid_t server, struct settled *ret_settled)
{
    struct error error;
    int64_t now = clock_ns();
    struct settling settling = {.world = world,
                                .channel = grpc_c_channel_new(world->target, NULL, &error),
                                .arena = arena_new(ARENA),
                                .until_ns = now + PATIENCE_NS,
                                .server = server,
                                .cpu_seconds = process_usage(server).cpu_seconds,
                                .recorded_ns = now};
    bool ok = settling.channel && settling.arena && settle_all(&settling);
    grpc_c_channel_free(settling.channel);
    arena_free(settling.arena);
    /* A phone has its text before its receipt is in the log; a poll that says otherwise came late. */
    int64_t delivered = settling.delivered_ns > 0 && settling.delivered_ns < settling.recorded_ns
                            ? settling.delivered_ns
                            : settling.recorded_ns;
    ret_settled->delivered_seconds = (double)(delivered - now) / (double)SECOND_NS;
    ret_settled->recorded_seconds = (double)(settling.recorded_ns - now) / (double)SECOND_NS;
    ret_settled->cpu_seconds = settling.cpu_seconds;
    ret_settled->events = settling.all;
    return ok;
}
