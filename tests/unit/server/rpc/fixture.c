#include "tests/unit/server/rpc/fixture.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { PATIENCE_MS = 10000 };

static void pause_a_little(void)
{
    const struct timespec pause = {.tv_nsec = 1000000};
    nanosleep(&pause, NULL);
}

void fixture_start(struct fixture *fixture, const struct lab_lab_service *lab,
                   const struct grpc_c_server_options *options)
{
    const struct grpc_c_server_options two_threads = {.threads = 2};
    struct error error;
    *fixture = (struct fixture){.lab = *lab};
    if (!fixture->lab.data)
        fixture->lab.data = fixture;
    fixture->server = grpc_c_server_new(options ? options : &two_threads, &error);
    ck_assert_ptr_nonnull(fixture->server);
    ck_assert(grpc_c_server_add(fixture->server, &lab_lab_descriptor, &fixture->lab, &error));
    ck_assert(grpc_c_server_add(fixture->server, &lab_empty_descriptor, &fixture->empty, &error));
    ck_assert(grpc_c_server_listen(fixture->server, "127.0.0.1:0", &fixture->port, &error));
    ck_assert(grpc_c_server_start(fixture->server, &error));
    fixture->peer = peer_new(fixture->port, NULL);
}

void fixture_end(struct fixture *fixture)
{
    struct grpc_c_server_counts counts;
    if (!fixture->stopped)
        ck_assert(grpc_c_server_stop(fixture->server, PATIENCE_MS));
    grpc_c_server_count(fixture->server, &counts);
    ck_assert_uint_eq(counts.started, counts.finished);
    ck_assert_uint_eq(counts.streams, 0);
    peer_free(&fixture->peer);
    grpc_c_server_free(fixture->server);
}

void fixture_wait_started(struct fixture *fixture, uint64_t count)
{
    struct grpc_c_server_counts counts = {.started = 0};
    for (int ms = 0; ms < PATIENCE_MS && counts.started < count; ms++) {
        grpc_c_server_count(fixture->server, &counts);
        pause_a_little();
    }
    ck_assert_uint_ge(counts.started, count);
}

void fixture_wait_finished(struct fixture *fixture, uint64_t count)
{
    struct grpc_c_server_counts counts = {.finished = 0};
    for (int ms = 0; ms < PATIENCE_MS && counts.finished < count; ms++) {
        grpc_c_server_count(fixture->server, &counts);
        pause_a_little();
    }
    ck_assert_uint_ge(counts.finished, count);
}

void wait_until(_Atomic int *counter, int value)
{
    for (int ms = 0; ms < PATIENCE_MS && atomic_load(counter) < value; ms++)
        pause_a_little();
    ck_assert_int_ge(atomic_load(counter), value);
}

struct outcome fixture_call(struct fixture *fixture, const char *method, const char *text,
                            int64_t timeout_ms)
{
    Lab__Text request = LAB__TEXT__INIT;
    request.text = (char *)(uintptr_t)text;
    return peer_unary(&fixture->peer, method, &request.base, timeout_ms);
}

const char *text_of(uint8_t *bytes, size_t size)
{
    static char text[256];
    if (!bytes)
        return "(none)";
    Lab__Text *message = lab__text__unpack(NULL, size, bytes);
    ck_assert_ptr_nonnull(message);
    (void)snprintf(text, sizeof(text), "%s", message->text);
    lab__text__free_unpacked(message, NULL);
    free(bytes);
    return text;
}

const char *receive_text(struct peer_call *call)
{
    size_t size = 0;
    uint8_t *bytes = peer_receive(call, &size);
    return text_of(bytes, size);
}

bool send_text(struct peer_call *call, const char *text)
{
    Lab__Text message = LAB__TEXT__INIT;
    message.text = (char *)(uintptr_t)text;
    return peer_send(call, &message.base);
}

int run_tests(const char *name, const TTest *const *tests, size_t count)
{
    Suite *suite = suite_create(name);
    TCase *cases = tcase_create(name);
    for (size_t i = 0; i < count; i++)
        tcase_add_test(cases, tests[i]);
    tcase_set_timeout(cases, 120);
    suite_add_tcase(suite, cases);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_VERBOSE);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? 1 : 0;
}
