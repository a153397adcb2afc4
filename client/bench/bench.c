/*
 * maskline-bench: durable masked messages a second against a bare echo, in one run.
 */
#include "client/bench/load.h"
#include "maskline/bench/v1/echo.grpc-c-client.h"
#include "maskline/v1/events.grpc-c-client.h"
#include "maskline/v1/phone_numbers.grpc-c-client.h"
#include "maskline/v1/services.grpc-c-client.h"
#include "maskline/v1/sessions.grpc-c-client.h"
#include "maskline/v1/simulator.grpc-c-client.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { PAIRS = 32, PAYLOAD = 128, ROUNDS_MOST = 20, SETTLE_POLLS = 3000 };

#define QUIET_SECONDS 0.3

struct bench {
    const char *echo_program;
    const char *server_program;
    double seconds;
    unsigned rounds, connections, in_flight;
    char folder[64];
    pid_t echo, server;
    char echo_target[32], server_target[32];
    char body[PAYLOAD + 1];
    struct {
        char person[20], proxy[20];
    } senders[PAIRS];
    char recipients[PAIRS][20];
    struct grpc_c_channel *channel;
    struct arena *arena;
};

/* ---- the programs that are measured ---- */

static pid_t spawn(char *const *arguments, int *ret_out)
{
    int ends[2];
    if (ret_out && pipe(ends) != 0)
        return -1;
    pid_t child = fork();
    if (child == 0) {
        if (ret_out)
            dup2(ends[1], STDOUT_FILENO);
        execv(arguments[0], arguments);
        _exit(127);
    }
    if (ret_out) {
        close(ends[1]);
        *ret_out = ends[0];
    }
    return child;
}

static bool start_echo(struct bench *bench)
{
    char *arguments[] = {(char *)(uintptr_t)bench->echo_program, NULL};
    int out;
    bench->echo = spawn(arguments, &out);
    FILE *lines = bench->echo > 0 ? fdopen(out, "r") : NULL;
    char line[32];
    bool ok = lines && fgets(line, sizeof line, lines);
    if (ok)
        snprintf(bench->echo_target, sizeof bench->echo_target, "127.0.0.1:%ld",
                 strtol(line, NULL, 10));
    if (lines)
        fclose(lines);
    return ok;
}

static bool read_port(const char *path, long *ret_port)
{
    char line[32];
    FILE *file = fopen(path, "re");
    bool ok = file && fgets(line, sizeof line, file);
    if (file)
        fclose(file);
    *ret_port = ok ? strtol(line, NULL, 10) : 0;
    return *ret_port > 0;
}

static bool start_server(struct bench *bench)
{
    char data[80], port_file[80];
    snprintf(data, sizeof data, "%s/data", bench->folder);
    snprintf(port_file, sizeof port_file, "%s/port", bench->folder);
    char *arguments[] = {(char *)(uintptr_t)bench->server_program,
                         (char *)(uintptr_t) "--data",
                         data,
                         (char *)(uintptr_t) "--listen",
                         (char *)(uintptr_t) "127.0.0.1:0",
                         (char *)(uintptr_t) "--port-file",
                         port_file,
                         NULL};
    bench->server = spawn(arguments, NULL);
    long port = 0;
    for (int i = 0; i < SETTLE_POLLS && bench->server > 0 && !read_port(port_file, &port); i++)
        nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
    snprintf(bench->server_target, sizeof bench->server_target, "127.0.0.1:%ld", port);
    return port > 0;
}

static void stop_all(struct bench *bench)
{
    pid_t children[] = {bench->echo, bench->server};
    for (size_t i = 0; i < 2; i++) {
        if (children[i] <= 0)
            continue;
        kill(children[i], i == 0 ? SIGKILL : SIGTERM);
        while (waitpid(children[i], NULL, 0) < 0 && errno == EINTR)
            ;
    }
}

/* ---- a world to send messages in ---- */

static bool failed(const char *what, const struct grpc_c_status *status)
{
    fprintf(stderr, "maskline-bench: %s: %s: %s\n", what, status_code_name(status->code),
            status->message);
    return false;
}

static const struct grpc_c_call_options patient = {.timeout_ms = 30000, .wait_for_ready = true};

static bool add_handset(struct bench *bench, char *number)
{
    struct grpc_c_status status;
    Maskline__V1__AddHandsetRequest request = MASKLINE__V1__ADD_HANDSET_REQUEST__INIT;
    const Maskline__V1__AddHandsetResponse *response;
    request.phone_number = number;
    return maskline_v1_simulator_add_handset(bench->channel, &patient, &request, bench->arena,
                                             &response, &status) ||
           failed("AddHandset", &status);
}

static bool add_pair(struct bench *bench, unsigned i)
{
    struct grpc_c_status status;
    char first[20], second[20];
    snprintf(first, sizeof first, "+1556100%04u", i);
    snprintf(second, sizeof second, "+1556200%04u", i);
    Maskline__V1__ParticipantSpec people[2] = {MASKLINE__V1__PARTICIPANT_SPEC__INIT,
                                               MASKLINE__V1__PARTICIPANT_SPEC__INIT};
    Maskline__V1__ParticipantSpec *pointers[] = {&people[0], &people[1]};
    people[0].identifier = first;
    people[1].identifier = second;
    Maskline__V1__CreateSessionRequest request = MASKLINE__V1__CREATE_SESSION_REQUEST__INIT;
    request.service = (char *)(uintptr_t) "bench";
    request.participants = pointers;
    request.n_participants = 2;
    const Maskline__V1__CreateSessionResponse *response;
    if (!add_handset(bench, first) || !add_handset(bench, second))
        return false;
    if (!maskline_v1_sessions_create_session(bench->channel, &patient, &request, bench->arena,
                                             &response, &status))
        return failed("CreateSession", &status);
    snprintf(bench->recipients[i], sizeof bench->recipients[i], "%s", second);
    snprintf(bench->senders[i].person, sizeof bench->senders[i].person, "%s", first);
    snprintf(bench->senders[i].proxy, sizeof bench->senders[i].proxy, "%s",
             response->session->participants[0]->proxy_identifier);
    return true;
}

static bool make_world(struct bench *bench)
{
    struct error error;
    bench->channel = grpc_c_channel_new(bench->server_target, NULL, &error);
    bench->arena = arena_new(64 * 1024 * 1024);
    if (!bench->channel || !bench->arena)
        return false;
    struct grpc_c_status status;
    Maskline__V1__CreateServiceRequest create = MASKLINE__V1__CREATE_SERVICE_REQUEST__INIT;
    const Maskline__V1__CreateServiceResponse *created;
    create.unique_name = (char *)(uintptr_t) "bench";
    if (!maskline_v1_services_create_service(bench->channel, &patient, &create, bench->arena,
                                             &created, &status))
        return failed("CreateService", &status);
    for (unsigned i = 0; i < 2; i++) {
        char number[20];
        snprintf(number, sizeof number, "+1555100%04u", i);
        Maskline__V1__AddPhoneNumberRequest add = MASKLINE__V1__ADD_PHONE_NUMBER_REQUEST__INIT;
        const Maskline__V1__AddPhoneNumberResponse *added;
        add.service = (char *)(uintptr_t) "bench";
        add.phone_number = number;
        if (!maskline_v1_phone_numbers_add_phone_number(bench->channel, &patient, &add,
                                                        bench->arena, &added, &status))
            return failed("AddPhoneNumber", &status);
    }
    for (unsigned i = 0; i < PAIRS; i++)
        if (!add_pair(bench, i))
            return false;
    return true;
}

/* ---- the calls ---- */

struct flight {
    struct load *load;
    unsigned slot;
};

static void echo_done(void *data, const Maskline__Bench__V1__EchoResponse *response,
                      const struct grpc_c_status *status)
{
    struct flight flight = *(struct flight *)data;
    free(data);
    load_done(flight.load, flight.slot, status, response && response->payload.len == PAYLOAD);
}

static void text_done(void *data, const Maskline__V1__SendTextResponse *response,
                      const struct grpc_c_status *status)
{
    struct flight flight = *(struct flight *)data;
    free(data);
    load_done(flight.load, flight.slot, status,
              response &&
                  response->outcome == MASKLINE__V1__INBOUND_OUTCOME__INBOUND_OUTCOME_ACCEPTED);
}

static struct flight *flight_new(struct load *load, unsigned slot)
{
    struct flight *flight = malloc(sizeof *flight);
    if (flight)
        *flight = (struct flight){load, slot};
    return flight;
}

static bool begin_echo(void *data, struct load *load, unsigned slot, struct grpc_c_channel *channel,
                       uint64_t number)
{
    (void)number;
    struct bench *bench = data;
    struct flight *flight = flight_new(load, slot);
    Maskline__Bench__V1__EchoRequest request = MASKLINE__BENCH__V1__ECHO_REQUEST__INIT;
    request.payload.data = (uint8_t *)bench->body;
    request.payload.len = PAYLOAD;
    return flight &&
           maskline_bench_v1_echo_echo_start(channel, &patient, &request, echo_done, flight);
}

static bool begin_text(void *data, struct load *load, unsigned slot, struct grpc_c_channel *channel,
                       uint64_t number)
{
    struct bench *bench = data;
    struct flight *flight = flight_new(load, slot);
    Maskline__V1__SendTextRequest request = MASKLINE__V1__SEND_TEXT_REQUEST__INIT;
    request.handset = bench->senders[number % PAIRS].person;
    request.recipient = bench->senders[number % PAIRS].proxy;
    request.body = bench->body;
    return flight &&
           maskline_v1_simulator_send_text_start(channel, &patient, &request, text_done, flight);
}

static uint64_t last_position(struct bench *bench)
{
    struct grpc_c_status status;
    Maskline__V1__ListEventsRequest request = MASKLINE__V1__LIST_EVENTS_REQUEST__INIT;
    const Maskline__V1__ListEventsResponse *response;
    request.service = (char *)(uintptr_t) "bench";
    request.page_size = 1;
    arena_reset(bench->arena);
    if (!maskline_v1_events_list_events(bench->channel, &patient, &request, bench->arena, &response,
                                        &status))
        return 0;
    return response->last_position;
}

/* How many texts the recipients have got so far. */
static bool received(struct bench *bench, uint64_t *ret_count)
{
    uint64_t count = 0;
    for (unsigned i = 0; i < PAIRS; i++) {
        Maskline__V1__WatchHandsetRequest request = MASKLINE__V1__WATCH_HANDSET_REQUEST__INIT;
        request.handset = bench->recipients[i];
        request.only_new = true;
        arena_reset(bench->arena);
        struct maskline_v1_simulator_watch_handset_call *call =
            maskline_v1_simulator_watch_handset_begin(bench->channel, &patient, &request);
        const Maskline__V1__WatchHandsetResponse *response;
        bool ready = call &&
                     maskline_v1_simulator_watch_handset_read(call, bench->arena, &response) &&
                     response->message_case == MASKLINE__V1__WATCH_HANDSET_RESPONSE__MESSAGE_READY;
        count += ready ? response->ready->received_count : 0;
        struct grpc_c_status status;
        if (call) {
            maskline_v1_simulator_watch_handset_cancel(call);
            maskline_v1_simulator_watch_handset_finish(call, bench->arena, &status);
        }
        if (!ready)
            return false;
    }
    *ret_count = count;
    return true;
}

/* Seconds until the log stopped growing, with all sends and receipts in it, and every message at its phone. Negative when that
 * did not happen. */
static double settle(struct bench *bench, uint64_t expected)
{
    double begin = now_seconds(), changed = begin;
    uint64_t before = last_position(bench);
    for (int i = 0; i < SETTLE_POLLS && now_seconds() - changed < QUIET_SECONDS; i++) {
        nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
        uint64_t last = last_position(bench);
        if (last != before)
            changed = now_seconds();
        before = last;
    }
    uint64_t count;
    return received(bench, &count) && count == expected ? changed - begin : -1;
}

static int by_size(const void *a, const void *b)
{
    double difference = *(const double *)a - *(const double *)b;
    return difference < 0 ? -1 : difference > 0;
}

static bool measure(struct bench *bench)
{
    double answered[ROUNDS_MOST], sustained[ROUNDS_MOST];
    uint64_t all = 0;
    struct load_options echo = {bench->echo_target, bench->connections, bench->in_flight,
                                bench->seconds,     begin_echo,         bench};
    struct load_options text = echo;
    text.target = bench->server_target;
    text.begin = begin_text;
    printf("%u connections x %u calls in flight, %.1f s each\n", bench->connections,
           bench->in_flight, bench->seconds);
    printf("round  echo/s     p50/p99 us      masked/s   p50/p99 us      ratio   sustained/s  "
           "ratio\n");
    for (unsigned round = 0; round < bench->rounds; round++) {
        struct load_result e, t;
        if (!load_run(&echo, &e) || !load_run(&text, &t))
            return false;
        all += t.calls;
        double settling = settle(bench, all);
        if (e.failed + t.failed > 0 || settling < 0) {
            fprintf(stderr, "maskline-bench: %llu calls failed, %s%s%s\n",
                    (unsigned long long)(e.failed + t.failed), e.first_failure, t.first_failure,
                    settling < 0 ? "; the outbox did not empty" : "");
            return false;
        }
        double echo_rate = (double)e.calls / e.seconds, rate = (double)t.calls / t.seconds;
        double whole = (double)t.calls / (t.seconds + settling);
        answered[round] = rate / echo_rate;
        sustained[round] = whole / echo_rate;
        printf("%5u  %-9.0f  %5.0f / %-6.0f  %-9.0f  %5.0f / %-6.0f  %.2f    %-11.0f  %.2f\n",
               round + 1, echo_rate, e.p50_us, e.p99_us, rate, t.p50_us, t.p99_us, answered[round],
               whole, sustained[round]);
        fflush(stdout);
    }
    qsort(answered, bench->rounds, sizeof *answered, by_size);
    qsort(sustained, bench->rounds, sizeof *sustained, by_size);
    printf("masked up to the answer / echo: %.2f (%.2f to %.2f); sustained / echo: %.2f (%.2f to "
           "%.2f)\n",
           answered[bench->rounds / 2], answered[0], answered[bench->rounds - 1],
           sustained[bench->rounds / 2], sustained[0], sustained[bench->rounds - 1]);
    return true;
}

static bool number_option(const char *text, double least, double most, double *ret_value)
{
    char *end;
    *ret_value = strtod(text, &end);
    return *end == '\0' && *ret_value >= least && *ret_value <= most;
}

static int usage(void)
{
    fputs("Usage: maskline-bench ECHO-PROGRAM SERVER-PROGRAM FOLDER [SECONDS [ROUNDS [CONNECTIONS "
          "[IN-FLIGHT]]]]\n\n"
          "Measures durable masked messages against a bare echo, in turns. FOLDER is empty and on "
          "the disk that counts.\n",
          stderr);
    return 2;
}

int main(int count, char **arguments)
{
    double seconds = 5, rounds = 3, connections = 8, in_flight = 64;
    if (count < 4 || count > 8 || strlen(arguments[3]) > 60 ||
        (count > 4 && !number_option(arguments[4], 0.1, 3600, &seconds)) ||
        (count > 5 && !number_option(arguments[5], 1, ROUNDS_MOST, &rounds)) ||
        (count > 6 && !number_option(arguments[6], 1, 256, &connections)) ||
        (count > 7 && !number_option(arguments[7], 1, 256, &in_flight)))
        return usage();
    struct bench bench = {.echo_program = arguments[1],
                          .server_program = arguments[2],
                          .seconds = seconds,
                          .rounds = (unsigned)rounds,
                          .connections = (unsigned)connections,
                          .in_flight = (unsigned)in_flight};
    snprintf(bench.folder, sizeof bench.folder, "%s", arguments[3]);
    memset(bench.body, 'x', PAYLOAD);
    bool ok = start_echo(&bench) && start_server(&bench) && make_world(&bench) && measure(&bench);
    grpc_c_channel_free(bench.channel);
    arena_free(bench.arena);
    stop_all(&bench);
    return ok ? 0 : 1;
}
