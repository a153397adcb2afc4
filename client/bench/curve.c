/*
 * One server for each point, with one Service. Prepared are its numbers and sessions; measured are sessions of one person with
 * somebody new. With `own` the measured people have so many sessions already; the others are new, too.
 */
#include "client/bench/curve.h"

#include "client/bench/load.h"
#include "client/bench/peers.h"
#include "maskline/v1/phone_numbers.grpc-c-client.h"
#include "maskline/v1/services.grpc-c-client.h"
#include "maskline/v1/sessions.grpc-c-client.h"

#include <stdlib.h>

enum {
    CALLS = 2000, /* that are measured */
    CALLS_QUICK = 500,
    NUMBERS_PIECE = 1000, /* in one call */
    CONNECTIONS = 4,
    IN_FLIGHT = 16,
    CALL_MEMORY = 8 * 1024 * 1024,
    NUMBER_TEXT = 20,
    PATH_SIZE = 512,
};

/* Far more than it takes: it ends by the number of calls. */
#define LONG_SECONDS 3600.0

struct point {
    unsigned numbers;
    unsigned sessions; /* that are there, of people who are not measured */
    unsigned own;      /* that each of the measured people has */
    bool quick;        /* it is measured by --quick, too */
};

static const struct point POINTS[] = {
    {10, 0, 0, true},      {100, 0, 0, false},      {1000, 0, 0, true},       {10000, 0, 0, false},
    {1000, 1000, 0, true}, {1000, 10000, 0, false}, {1000, 100000, 0, false}, {1000, 0, 1, false},
    {1000, 0, 4, true},    {1000, 0, 16, false},    {1000, 0, 32, false},
};

struct curve {
    const struct run_options *options;
    struct peer server;
    struct point point;
    unsigned calls;
    uint64_t people; /* who have come, each once */
    bool of_busy;    /* people: those who are measured, or new ones */
};

static const struct grpc_c_call_options patient = {.timeout_ms = 60000};

/* ---- the world ---- */

static bool say(const struct grpc_c_status *ended, const char *what)
{
    fprintf(stderr, "maskline-bench: %s: %s: %s\n", what, status_code_name(ended->code),
            ended->message);
    return false;
}

static bool make_service(struct curve *curve, struct grpc_c_channel *channel, struct arena *arena)
{
    Maskline__V1__CreateServiceRequest request = MASKLINE__V1__CREATE_SERVICE_REQUEST__INIT;
    Maskline__V1__NumberPolicy policy = MASKLINE__V1__NUMBER_POLICY__INIT;
    const ProtobufCMessage *response;
    struct grpc_c_status ended;
    request.unique_name = (char *)(uintptr_t) "curve";
    request.number_policy = &policy;
    policy.most_unreserved = curve->point.numbers;
    return grpc_c_client_unary(channel, &maskline_v1_services_create_service__method, &patient,
                               &request.base, arena, &response, &ended) ||
           say(&ended, "making a Service");
}

static bool add_piece(struct grpc_c_channel *channel, struct arena *arena, unsigned from,
                      unsigned count)
{
    Maskline__V1__BatchAddPhoneNumbersRequest request =
        MASKLINE__V1__BATCH_ADD_PHONE_NUMBERS_REQUEST__INIT;
    Maskline__V1__NewPhoneNumber *numbers = arena_array(arena, count, sizeof *numbers);
    const ProtobufCMessage *response;
    struct grpc_c_status ended;
    request.service = (char *)(uintptr_t) "curve";
    request.phone_numbers = arena_array(arena, count, sizeof *request.phone_numbers);
    for (unsigned i = 0; numbers && request.phone_numbers && i < count; i++) {
        maskline__v1__new_phone_number__init(&numbers[i]);
        numbers[i].phone_number = arena_printf(arena, "+19%09u", from + i);
        request.phone_numbers[request.n_phone_numbers++] = &numbers[i];
    }
    if (!grpc_c_client_unary(channel, &maskline_v1_phone_numbers_batch_add_phone_numbers__method,
                             &patient, &request.base, arena, &response, &ended))
        return say(&ended, "adding numbers");
    return ((const Maskline__V1__BatchAddPhoneNumbersResponse *)(const void *)response)->added ==
           count;
}

static bool make_pool(struct curve *curve)
{
    struct error error;
    struct grpc_c_channel *channel = grpc_c_channel_new(curve->server.target, NULL, &error);
    struct arena *arena = arena_new(CALL_MEMORY);
    bool ok = channel && arena && make_service(curve, channel, arena);
    for (unsigned i = 0; ok && i < curve->point.numbers; i += NUMBERS_PIECE) {
        unsigned left = curve->point.numbers - i;
        arena_reset(arena);
        ok = add_piece(channel, arena, i, left < NUMBERS_PIECE ? left : NUMBERS_PIECE);
    }
    arena_free(arena);
    grpc_c_channel_free(channel);
    return ok;
}

/* ---- sessions ---- */

static void created(void *data, const Maskline__V1__CreateSessionResponse *response,
                    const struct grpc_c_status *status)
{
    load_done(data, status, response && response->session->n_participants == 1);
}

static bool create(struct slot *slot)
{
    struct curve *curve = slot->data;
    char number[NUMBER_TEXT];
    Maskline__V1__ParticipantSpec person = MASKLINE__V1__PARTICIPANT_SPEC__INIT;
    Maskline__V1__ParticipantSpec *people[] = {&person};
    Maskline__V1__CreateSessionRequest request = MASKLINE__V1__CREATE_SESSION_REQUEST__INIT;
    if (curve->of_busy)
        snprintf(number, sizeof number, "+15%09u", (unsigned)(slot->number % curve->calls));
    else
        snprintf(number, sizeof number, "+12%09u", (unsigned)curve->people++);
    person.identifier = number;
    request.service = (char *)(uintptr_t) "curve";
    request.participants = people;
    request.n_participants = 1;
    return maskline_v1_sessions_create_session_start(slot->channel, &patient, &request, created,
                                                     slot);
}

static bool run(struct curve *curve, uint64_t calls, struct load_result *ret_result)
{
    struct load_options load = {.target = curve->server.target,
                                .connections = CONNECTIONS,
                                .in_flight = IN_FLIGHT,
                                .seconds = LONG_SECONDS,
                                .calls = calls,
                                .begin = create,
                                .data = curve};
    if (calls == 0)
        return true;
    if (!load_run(&load, ret_result))
        return false;
    if (ret_result->failed > 0)
        fprintf(stderr, "maskline-bench: %llu of %llu sessions failed: %s\n",
                (unsigned long long)ret_result->failed, (unsigned long long)ret_result->calls,
                ret_result->first_failure);
    return ret_result->failed == 0;
}

/* ---- a point ---- */

static void print(const struct curve *curve, const struct load_result *result, double cpu_seconds)
{
    const struct histogram *times = &result->kinds[0].times;
    fprintf(curve->options->out, "%10u %10u %10u %12.1f %10.0f %10.0f %10.0f\n",
            curve->point.numbers, curve->point.sessions, curve->point.own,
            cpu_seconds * 1e6 / (double)result->calls, (double)result->calls / result->seconds,
            (double)histogram_at(times, 0.5) / 1000, (double)histogram_at(times, 0.99) / 1000);
    fflush(curve->options->out);
}

static bool measure(struct curve *curve, struct load_result *result)
{
    curve->of_busy = false;
    if (!make_pool(curve) || !run(curve, curve->point.sessions, result))
        return false;
    curve->of_busy = curve->point.own > 0;
    if (!run(curve, (uint64_t)curve->point.own * curve->calls, result))
        return false;
    process_wait_calm(curve->server.process.id);
    double before = process_usage(curve->server.process.id).cpu_seconds;
    bool ok = run(curve, curve->calls, result);
    process_wait_calm(curve->server.process.id);
    if (ok)
        print(curve, result, process_usage(curve->server.process.id).cpu_seconds - before);
    return ok;
}

static bool measure_point(struct curve *curve, unsigned index, struct load_result *result)
{
    char folder[PATH_SIZE];
    curve->point = POINTS[index];
    curve->people = 0;
    snprintf(folder, sizeof folder, "%s/curve-%u", curve->options->folder, index);
    if (!peer_start_maskline(curve->options->server_program, folder,
                             curve->options->options->server_arguments, &curve->server))
        return false;
    bool ok = measure(curve, result);
    peer_stop(&curve->server);
    return ok;
}

bool curve_of_selection(const struct run_options *options)
{
    bool quick = options->options->curve_quick;
    struct curve curve = {.options = options, .calls = quick ? CALLS_QUICK : CALLS};
    struct load_result *result = malloc(sizeof *result);
    if (!result) {
        fprintf(stderr, "maskline-bench: there is not enough memory\n");
        return false;
    }
    bool ok = true;
    fprintf(options->out,
            "Sessions of one person with a chosen number: %u calls, %ux%u in flight\n"
            "%10s %10s %10s %12s %10s %10s %10s\n",
            curve.calls, CONNECTIONS, IN_FLIGHT, "numbers", "sessions", "own", "server us",
            "calls/s", "p50 us", "p99 us");
    for (unsigned i = 0; ok && i < sizeof POINTS / sizeof *POINTS; i++)
        ok = (quick && !POINTS[i].quick) || measure_point(&curve, i, result);
    free(result);
    return ok;
}
