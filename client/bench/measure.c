#include "client/bench/measure.h"

#include "client/bench/clock.h"
#include "client/bench/latency.h"
#include "client/bench/settle.h"
#include "client/bench/workloads.h"
#include "maskline/bench/v1/echo.grpc-c-client.h"

#include <math.h>
#include <stdlib.h>

enum { PATIENCE_MS = 60000, ARENA = 1 << 20 };

/* What a run used, by the process whose time it is. */
struct meter {
    pid_t server;
    struct usage server_before;
    double own_before;
};

static struct meter meter_start(pid_t server)
{
    return (struct meter){server, process_usage(server), own_cpu_seconds()};
}

static void meter_client(const struct meter *meter, struct sample *sample)
{
    sample->client_cpu_us =
        (own_cpu_seconds() - meter->own_before) * 1e6 / (double)(sample->calls + 1);
}

static void meter_server(const struct meter *meter, struct sample *sample)
{
    struct usage now = process_usage(meter->server);
    double calls = (double)sample->calls + 1;
    sample->server_cpu_us = (now.cpu_seconds - meter->server_before.cpu_seconds) * 1e6 / calls;
    sample->written_bytes =
        (double)(now.written_bytes - meter->server_before.written_bytes) / calls;
}

static struct load_options load_of(const struct options *options, const struct sample *sample,
                                   const char *target)
{
    return (struct load_options){.target = target,
                                 .connections = sample->subject.connections,
                                 .in_flight = sample->subject.in_flight,
                                 .seconds = options->seconds,
                                 .rate = sample->subject.rate,
                                 .arrivals = options->arrivals,
                                 .seed = options->seed + sample->round,
                                 .warm = true};
}

static bool take(struct sample *sample, const struct load_result *result, bool mixed)
{
    sample->calls = result->calls;
    sample->failed = result->failed;
    sample->waited = result->waited;
    sample->seconds = result->seconds;
    sample->answered = (double)(result->calls - result->failed) / result->seconds;
    sample_latency(sample, result, mixed);
    if (result->failed > 0)
        fprintf(stderr, "maskline-bench: %s: %llu of %llu calls failed: %s\n", sample->peer,
                (unsigned long long)result->failed, (unsigned long long)result->calls,
                result->first_failure);
    return result->failed == 0 && result->calls > 0;
}

/* Waits until the echo has written all that follows from its calls. */
static bool rest(const struct peer *echo, double *ret_seconds)
{
    static const struct grpc_c_call_options patient = {.timeout_ms = PATIENCE_MS};
    struct error error;
    struct grpc_c_status status = {.code = STATUS_UNAVAILABLE};
    const Maskline__Bench__V1__EchoResponse *response;
    Maskline__Bench__V1__EchoRequest request = MASKLINE__BENCH__V1__ECHO_REQUEST__INIT;
    struct grpc_c_channel *channel = grpc_c_channel_new(echo->target, NULL, &error);
    struct arena *arena = arena_new(ARENA);
    int64_t begin = clock_ns();
    bool ok = channel && arena &&
              maskline_bench_v1_echo_rest(channel, &patient, &request, arena, &response, &status);
    *ret_seconds = (double)(clock_ns() - begin) / (double)SECOND_NS;
    if (!ok)
        fprintf(stderr, "maskline-bench: an echo does not come to rest: %s\n",
                status_code_name(status.code));
    arena_free(arena);
    grpc_c_channel_free(channel);
    return ok;
}

static bool measure_calls(const struct options *options, const struct peer *echo, load_begin begin,
                          bool whole, struct sample *sample)
{
    struct load_options load = load_of(options, sample, echo->target);
    struct load_result *result = malloc(sizeof *result);
    load.begin = begin;
    struct meter meter = meter_start(echo->process.id);
    bool ok = result && load_run(&load, result) && take(sample, result, false);
    meter_client(&meter, sample);
    if (ok && whole) {
        ok = rest(echo, &sample->recorded_seconds);
        sample->sustained =
            (double)(sample->calls - sample->failed) / (sample->seconds + sample->recorded_seconds);
    }
    meter_server(&meter, sample);
    free(result);
    return ok;
}

bool measure_echo(const struct options *options, const struct peer *echo, bool whole,
                  struct sample *sample)
{
    return measure_calls(options, echo, begin_echo, whole, sample);
}

bool measure_look(const struct options *options, const struct peer *echo, struct sample *sample)
{
    return measure_calls(options, echo, begin_look, false, sample);
}

/* Everything that follows from the calls, to the end. */
static bool finish(const struct mix *mix, struct world *world, const struct meter *meter,
                   struct sample *sample)
{
    struct settled settled = {.cpu_seconds = process_usage(meter->server).cpu_seconds};
    bool texts = mix->weights[KIND_MESSAGE] + mix->weights[KIND_SEND] > 0;
    if (texts && !settle(world, meter->server, &settled))
        return false;
    double checked = process_usage(meter->server).cpu_seconds;
    process_wait_calm(meter->server);
    meter_server(meter, sample);
    /* Settling asks many questions at its end; they are none of the server's own work. */
    sample->server_cpu_us -= (checked - settled.cpu_seconds) * 1e6 / ((double)sample->calls + 1);
    if (!texts)
        return true;
    sample->delivered_seconds = settled.delivered_seconds;
    sample->recorded_seconds = settled.recorded_seconds;
    sample->sustained =
        (double)(sample->calls - sample->failed) / (sample->seconds + settled.recorded_seconds);
    /* The warm-up's calls have events, too. */
    if (world->events > 0)
        sample->events_per_call = (double)(settled.events - world->events) /
                                  (double)(sample->calls + sample->subject.connections);
    world->events = settled.events;
    return true;
}

bool measure_maskline(const struct options *options, const struct mix *mix,
                      const struct peer *server, struct world *world, struct sample *sample)
{
    struct work work;
    struct load_options load = load_of(options, sample, server->target);
    struct load_result *result = malloc(sizeof *result);
    unsigned kinds = 0;
    for (unsigned i = 0; i < KINDS; i++)
        kinds += mix->weights[i] > 0;
    work_init(&work, world, mix, options->seed + sample->round);
    load.begin = begin_work;
    load.data = &work;
    struct meter meter = meter_start(server->process.id);
    bool ok = result && load_run(&load, result) && take(sample, result, kinds > 1);
    meter_client(&meter, sample);
    free(result);
    return ok && finish(mix, world, &meter, sample);
}

bool measure_talk(const struct options *options, const struct peer *echo, struct sample *sample)
{
    struct histogram *times = calloc(1, sizeof *times);
    struct meter meter = meter_start(echo->process.id);
    bool ok = times && latency_of_talk(echo->target, options->seconds, times, &sample->seconds);
    if (ok) {
        sample->calls = times->total;
        sample->answered = (double)times->total / sample->seconds;
        sample_percentiles(sample->latency_us, times);
        meter_client(&meter, sample);
        meter_server(&meter, sample);
    }
    free(times);
    return ok;
}

bool measure_events(const struct options *options, const struct peer *server, struct world *world,
                    struct sample *sample)
{
    static const struct mix texts = {.weights = {[KIND_MESSAGE] = 1}, .sum = 1};
    struct load_options load = load_of(options, sample, server->target);
    struct load_result *result = malloc(sizeof *result);
    struct histogram *times = calloc(1, sizeof *times);
    struct meter meter = meter_start(server->process.id);
    bool ok = result && times && latency_of_events(&load, world, result, times) &&
              take(sample, result, true);
    meter_client(&meter, sample);
    if (ok) {
        sample_percentiles(sample->latency_us, times);
        sample_percentiles(sample->kind_us[KIND_EVENTS], times);
    }
    free(times);
    free(result);
    return ok && finish(&texts, world, &meter, sample);
}

bool measure_postgres(const struct options *options, struct postgres *postgres,
                      enum postgres_script script, struct sample *sample)
{
    struct pgbench_result result;
    /* pgbench counts in whole seconds. */
    if (!postgres_run(postgres, script, (unsigned)ceil(options->seconds), &result))
        return false;
    if (result.transactions == 0) {
        fputs("maskline-bench: PostgreSQL: no transaction came to its end\n", stderr);
        return false;
    }
    sample->calls = result.transactions;
    sample->seconds = ceil(options->seconds);
    /* Its script ends when the receipt is recorded: it is compared by what Maskline sustains. */
    if (script == POSTGRES_MESSAGE)
        sample->sustained = result.per_second;
    else
        sample->answered = result.per_second;
    sample->peer_connections = postgres_connections(postgres, script);
    sample->latency_average_us = result.latency_ms * 1000;
    return true;
}
