/*
 * Clients that go at each stage of a call, thousands of times: by cancelling, and by a deadline. Each call is freed, and with it
 * all that it held; what the process takes does not grow.
 *
 * MASKLINE_LONG=1 makes it ten times as many.
 */
#include "tests/unit/server/rpc/source.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { ROUNDS = 250, WARM = 100, AT_ONCE = 10, BIG = 1 << 20, MOST_GROWN = 4 << 20 };
enum { PATIENCE_MS = 20000, PAUSE_MS = 50 };

/* Sanitizers keep what was freed. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { MEASURED = false };
#else
enum { MEASURED = true };
#endif

enum stage { UNSENT, HELD, ANSWERING, STREAMING, SUMMING, CHATTING };

/* What the handler knows of one call; freed with its end. */
struct visit {
    struct grpc_c_call *call;
    int given;
};

struct lab {
    struct fixture fixture;
    enum stage stage;
    _Atomic int begun;
    _Atomic int ended;
};

static struct lab lab;

static struct visit *visit_new(struct grpc_c_call *call)
{
    struct visit *visit = calloc(1, sizeof(*visit));
    ck_assert_ptr_nonnull(visit);
    /* Something of the call's arena, as handlers do. */
    ck_assert_ptr_nonnull(arena_alloc(grpc_c_call_arena(call), 10000));
    visit->call = grpc_c_call_ref(call);
    atomic_fetch_add(&lab.begun, 1);
    return visit;
}

static void visit_end(struct visit *visit)
{
    grpc_c_call_unref(visit->call);
    free(visit);
    atomic_fetch_add(&lab.ended, 1);
}

/* The answer goes nowhere, and frees the call. */
static void gone(void *data)
{
    struct visit *visit = data;
    Lab__Text response = LAB__TEXT__INIT;
    lab_lab_echo_reply(visit->call, &response);
    visit_end(visit);
}

static void echo(void *data, struct grpc_c_call *call, const Lab__Text *request)
{
    Lab__Text response = LAB__TEXT__INIT;
    (void)data;
    (void)request;
    struct visit *visit = visit_new(call);
    if (lab.stage != ANSWERING) {
        grpc_c_call_on_cancel(call, gone, visit);
        return;
    }
    /* More than a window, so that it is under way while nobody reads. */
    response.bytes.len = BIG;
    response.bytes.data = calloc(1, BIG);
    ck_assert_ptr_nonnull(response.bytes.data);
    lab_lab_echo_reply(call, &response);
    free(response.bytes.data);
    visit_end(visit);
}

static enum grpc_c_next next(void *state, struct arena *arena, const Lab__Text **ret_message,
                             struct error *ret_status)
{
    struct visit *visit = state;
    (void)ret_status;
    Lab__Text *message = arena_alloc(arena, sizeof(*message));
    ck_assert_ptr_nonnull(message);
    lab__text__init(message);
    message->text = arena_printf(arena, "%d", visit->given++);
    *ret_message = message;
    return GRPC_C_MESSAGE;
}

static bool on_message(void *state, const Lab__Text *message)
{
    (void)state;
    (void)message;
    return true;
}

static void on_half_close(void *state)
{
    (void)state;
}

static void on_end(void *state)
{
    visit_end(state);
}

static void count(void *data, struct grpc_c_call *call, const Lab__Text *request)
{
    static const struct lab_lab_count_stream stream = {.next = next, .on_end = on_end};
    (void)data;
    (void)request;
    lab_lab_count_open(call, visit_new(call), &stream);
}

static void sum(void *data, struct grpc_c_call *call)
{
    static const struct lab_lab_sum_stream stream = {
        .on_message = on_message, .on_half_close = on_half_close, .on_end = on_end};
    (void)data;
    lab_lab_sum_open(call, visit_new(call), &stream);
}

static void chat(void *data, struct grpc_c_call *call)
{
    static const struct lab_lab_chat_stream stream = {
        .on_message = on_message, .on_half_close = on_half_close, .next = next, .on_end = on_end};
    (void)data;
    lab_lab_chat_open(call, visit_new(call), &stream);
}

static void start(enum stage stage)
{
    const struct lab_lab_service service = {.echo = echo, .count = count, .sum = sum, .chat = chat};
    lab = (struct lab){.stage = stage};
    fixture_start(&lab.fixture, &service, NULL);
}

static const char *method_of(enum stage stage)
{
    static const char *const methods[] = {ECHO, ECHO, ECHO, COUNT, SUM, CHAT};
    return methods[stage];
}

static struct peer_call *begin(enum stage stage, int64_t timeout_ms)
{
    struct peer_call *call = peer_begin(&lab.fixture.peer, method_of(stage), timeout_ms, NULL);
    if (stage == UNSENT)
        return call;
    (void)send_text(call, "x");
    if (stage == HELD || stage == ANSWERING || stage == STREAMING)
        (void)peer_half_close(call);
    return call;
}

static void wait_here(enum stage stage, struct peer_call *call)
{
    if (stage == STREAMING || stage == CHATTING)
        (void)receive_text(call);
    if (stage == SUMMING || stage == CHATTING)
        (void)send_text(call, "y");
}

static void end(enum stage stage, struct peer_call *call)
{
    /* What was on its way stands before the status. */
    size_t size;
    uint8_t *bytes;
    while ((bytes = peer_receive(call, &size)))
        free(bytes);
    struct outcome outcome = peer_end(call);
    /* An answer that is under way may be in time. */
    ck_assert(outcome.code != STATUS_OK || stage == ANSWERING);
    outcome_done(&outcome);
}

/* What is in use: what a crowd of calls once took and the allocator has kept since goes back first. */
static long resident(void)
{
    (void)malloc_trim(0);
    FILE *file = fopen("/proc/self/statm", "re");
    long size = 0, pages = 0;
    ck_assert_ptr_nonnull(file);
    ck_assert_int_eq(fscanf(file, "%ld %ld", &size, &pages), 2);
    (void)fclose(file);
    return pages * 4096;
}

/* All that the handlers were told of is over, and every call freed. */
static void settle(void)
{
    struct grpc_c_server_counts counts;
    grpc_c_server_count(lab.fixture.server, &counts);
    fixture_wait_finished(&lab.fixture, counts.started);
    wait_until(&lab.ended, lab.begun);
}

static void rounds(enum stage stage, bool by_deadline)
{
    int count = getenv("MASKLINE_LONG") ? 10 * ROUNDS : ROUNDS;
    long before = 0;
    start(stage);
    for (int i = 0; i < count; i++) {
        struct peer_call *calls[AT_ONCE];
        int64_t timeout_ms = by_deadline ? 1 + i % 7 : 60000;
        if (i == WARM) {
            settle();
            before = resident();
        }
        int many = i % 20 == 0 ? AT_ONCE : 1;
        for (int j = 0; j < many; j++)
            calls[j] = begin(stage, timeout_ms);
        for (int j = 0; j < many; j++) {
            if (!by_deadline) {
                wait_here(stage, calls[j]);
                peer_cancel(calls[j]);
            }
            end(stage, calls[j]);
        }
    }
    settle();
    /* Of what is large the allocator keeps some back. */
    long most = stage == ANSWERING ? 3 * MOST_GROWN : MOST_GROWN;
    long grown = resident() - before;
    /* Calls that were given up before the core had shown them to anybody may still be on their way through it. */
    for (int tries = 0; MEASURED && grown >= most && tries < PATIENCE_MS / PAUSE_MS; tries++) {
        nanosleep(&(struct timespec){.tv_nsec = PAUSE_MS * 1000000L}, NULL);
        grown = resident() - before;
    }
    if (MEASURED)
        ck_assert_msg(grown < most, "%ld bytes more after %d rounds", grown, count);
    fixture_end(&lab.fixture);
    ck_assert_int_eq(lab.begun, lab.ended);
}

START_TEST(cancelled)
{
    rounds((enum stage)_i, false);
}
END_TEST

START_TEST(too_late)
{
    rounds((enum stage)_i, true);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("gone");
    TCase *cases = tcase_create("gone");
    tcase_add_loop_test(cases, cancelled, UNSENT, CHATTING + 1);
    tcase_add_loop_test(cases, too_late, UNSENT, CHATTING + 1);
    tcase_set_timeout(cases, 600);
    suite_add_tcase(suite, cases);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_VERBOSE);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? 1 : 0;
}
