#include "client/bench/latency.h"

#include "client/bench/clock.h"
#include "client/bench/streams.h"
#include "client/bench/workloads.h"
#include "maskline/bench/v1/echo.grpc-c-client.h"
#include "maskline/v1/simulator.grpc-c-client.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CONNECTIONS = 4, PATIENCE_S = 30, TALK_ARENA = 1 << 20 };

static const struct grpc_c_call_options patient = {.timeout_ms = 30000};

/* ---- events ---- */

/* What calls back does so on the client library's thread. */
struct timing {
    struct world *world;
    struct histogram *times;
    int64_t *due; /* by the number of the text */
    uint64_t room;
    uint64_t run; /* so that texts of the warm-up, or of a run before, are not taken for ours */
    pthread_mutex_t lock;
    pthread_cond_t changed;
    uint64_t accepted, told;
};

static const char *service_of(void *data, unsigned index)
{
    struct timing *timing = data;
    return timing->world->services[index];
}

static void accepted(void *data, const Maskline__V1__Event *event)
{
    struct timing *timing = data;
    int64_t now = clock_ns();
    const Maskline__V1__InteractionCreated *created = event->interaction_created;
    unsigned long long run = 0, number = 0;
    if (event->payload_case != MASKLINE__V1__EVENT__PAYLOAD_INTERACTION_CREATED ||
        !created->interaction || !created->interaction->content ||
        sscanf(created->interaction->content->body, "%llu %llu ", &run, &number) != 2 ||
        run != timing->run || number >= timing->room)
        return;
    pthread_mutex_lock(&timing->lock);
    histogram_add(timing->times, (uint64_t)(now - timing->due[number]));
    timing->told++;
    pthread_cond_signal(&timing->changed);
    pthread_mutex_unlock(&timing->lock);
}

static void text_done(void *data, const Maskline__V1__SendTextResponse *response,
                      const struct grpc_c_status *status)
{
    struct slot *slot = data;
    struct timing *timing = slot->data;
    bool ok =
        response && response->outcome == MASKLINE__V1__INBOUND_OUTCOME__INBOUND_OUTCOME_ACCEPTED;
    timing->world->pairs[slot->item].accepted += ok;
    pthread_mutex_lock(&timing->lock);
    timing->accepted += ok;
    pthread_mutex_unlock(&timing->lock);
    load_done(slot, status, ok);
}

static bool begin_numbered_text(struct slot *slot)
{
    struct timing *timing = slot->data;
    char body[PAYLOAD + 1];
    if (slot->number >= timing->room)
        return false;
    slot->kind = KIND_MESSAGE;
    slot->item = (unsigned)(slot->number % timing->world->pair_count);
    timing->due[slot->number] = slot->due_ns;
    memset(body, 'x', PAYLOAD);
    body[PAYLOAD] = '\0';
    int size = snprintf(body, sizeof body, "%llu %llu ", (unsigned long long)timing->run,
                        (unsigned long long)slot->number);
    body[size] = 'x';
    struct pair *pair = &timing->world->pairs[slot->item];
    Maskline__V1__SendTextRequest request = MASKLINE__V1__SEND_TEXT_REQUEST__INIT;
    request.handset = pair->sender;
    request.recipient = pair->proxy;
    request.body = body;
    return maskline_v1_simulator_send_text_start(slot->channel, &patient, &request, text_done,
                                                 slot);
}

static bool wait_for_events(struct timing *timing)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += PATIENCE_S;
    pthread_mutex_lock(&timing->lock);
    int late = 0;
    while (timing->told < timing->accepted && late == 0)
        late = pthread_cond_timedwait(&timing->changed, &timing->lock, &until);
    bool ok = timing->told == timing->accepted;
    if (!ok)
        fprintf(stderr, "maskline-bench: of %llu accepted texts the streams told %llu\n",
                (unsigned long long)timing->accepted, (unsigned long long)timing->told);
    pthread_mutex_unlock(&timing->lock);
    return ok;
}

bool latency_of_events(const struct load_options *load, struct world *world,
                       struct load_result *ret_result, struct histogram *ret_times)
{
    struct timing timing = {.world = world,
                            .times = ret_times,
                            .room = (uint64_t)(load->rate * load->seconds * 2) + 1000,
                            .run = (uint64_t)clock_ns()};
    struct load_options texts = *load;
    struct streams_options options = {.target = world->target,
                                      .connections = CONNECTIONS,
                                      .count = world->options.services,
                                      .service = service_of,
                                      .accepted = accepted,
                                      .data = &timing};
    texts.begin = begin_numbered_text;
    texts.data = &timing;
    texts.warm = false;
    timing.due = calloc(timing.room, sizeof *timing.due);
    pthread_mutex_init(&timing.lock, NULL);
    pthread_cond_init(&timing.changed, NULL);
    struct streams *streams = timing.due ? streams_open(&options) : NULL;
    bool ok = streams && load_run(&texts, ret_result) && wait_for_events(&timing);
    streams_close(streams);
    pthread_cond_destroy(&timing.changed);
    pthread_mutex_destroy(&timing.lock);
    free(timing.due);
    return ok;
}

/* ---- the bare echo ---- */

static bool talk_once(struct maskline_bench_v1_echo_talk_call *call, struct arena *arena)
{
    uint8_t payload[PAYLOAD] = "To and fro.";
    Maskline__Bench__V1__EchoRequest request = MASKLINE__BENCH__V1__ECHO_REQUEST__INIT;
    const Maskline__Bench__V1__EchoResponse *response;
    request.payload.data = payload;
    request.payload.len = PAYLOAD;
    arena_reset(arena);
    return maskline_bench_v1_echo_talk_write(call, &request) &&
           maskline_bench_v1_echo_talk_read(call, arena, &response) &&
           response->payload.len == PAYLOAD &&
           memcmp(response->payload.data, payload, PAYLOAD) == 0;
}

static bool talk(struct maskline_bench_v1_echo_talk_call *call, struct arena *arena, double seconds,
                 struct histogram *ret_times, double *ret_seconds)
{
    /* The first one makes the connection, too. */
    bool ok = talk_once(call, arena);
    int64_t begin = clock_ns(), until = begin + (int64_t)(seconds * (double)SECOND_NS), now = begin;
    while (ok && now < until) {
        ok = talk_once(call, arena);
        int64_t then = clock_ns();
        histogram_add(ret_times, (uint64_t)(then - now));
        now = then;
    }
    *ret_seconds = (double)(now - begin) / (double)SECOND_NS;
    return ok;
}

bool latency_of_talk(const char *target, double seconds, struct histogram *ret_times,
                     double *ret_seconds)
{
    struct error error;
    struct grpc_c_channel_options own = {.own_connection = true, .lean = true};
    struct grpc_c_call_options bounded = {.timeout_ms =
                                              (int64_t)(seconds * 1000) + PATIENCE_S * 1000};
    struct grpc_c_channel *channel = grpc_c_channel_new(target, &own, &error);
    struct arena *arena = arena_new(TALK_ARENA);
    struct maskline_bench_v1_echo_talk_call *call = NULL;
    if (channel && arena)
        call = maskline_bench_v1_echo_talk_begin(channel, &bounded);
    bool ok = call && talk(call, arena, seconds, ret_times, ret_seconds);
    struct grpc_c_status status;
    if (call && !maskline_bench_v1_echo_talk_finish(call, arena, &status)) {
        fprintf(stderr, "maskline-bench: a talk with the echo: %s: %s\n",
                status_code_name(status.code), status.message);
        ok = false;
    }
    arena_free(arena);
    grpc_c_channel_free(channel);
    return ok;
}
