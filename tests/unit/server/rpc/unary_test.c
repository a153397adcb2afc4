#include "tests/unit/server/rpc/fixture.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

static void answer_text(struct grpc_c_call *call, const char *text)
{
    Lab__Text response = LAB__TEXT__INIT;
    response.text = (char *)(uintptr_t)text;
    lab_lab_echo_reply(call, &response);
}

static void echo_at_once(void *data, struct grpc_c_call *call, const Lab__Text *request)
{
    (void)data;
    lab_lab_echo_reply(call, request);
}

START_TEST(answers_at_once)
{
    struct fixture fixture;
    fixture_start(&fixture, &(struct lab_lab_service){.echo = echo_at_once}, NULL);
    for (int i = 0; i < 200; i++) {
        struct outcome outcome = fixture_call(&fixture, ECHO, "Zürich", 5000);
        ck_assert_int_eq(outcome.code, 0);
        ck_assert_str_eq(text_of(outcome.response, outcome.response_size), "Zürich");
    }
    fixture_end(&fixture);
}
END_TEST

/* One call that a test answers on its own thread. */
struct held {
    _Atomic(struct grpc_c_call *) call;
    _Atomic int begun;
    _Atomic int cancelled;
};

static void hold(void *data, struct grpc_c_call *call, const Lab__Text *request)
{
    struct held *held = data;
    (void)request;
    atomic_store(&held->call, call);
    atomic_fetch_add(&held->begun, 1);
}

static void on_cancel(void *data)
{
    struct held *held = data;
    atomic_fetch_add(&held->cancelled, 1);
}

static void hold_and_watch(void *data, struct grpc_c_call *call, const Lab__Text *request)
{
    grpc_c_call_on_cancel(call, on_cancel, data);
    hold(data, call, request);
}

static struct peer_call *begin_echo(struct fixture *fixture, int64_t timeout_ms)
{
    struct peer_call *call = peer_begin(&fixture->peer, ECHO, timeout_ms, NULL);
    ck_assert(send_text(call, "x"));
    ck_assert(peer_half_close(call));
    return call;
}

START_TEST(answers_later_from_another_thread)
{
    struct fixture fixture;
    struct held held = {.call = NULL};
    fixture_start(&fixture, &(struct lab_lab_service){.data = &held, .echo = hold_and_watch}, NULL);
    struct peer_call *call = begin_echo(&fixture, 10000);
    wait_until(&held.begun, 1);
    answer_text(held.call, "later");
    ck_assert_str_eq(receive_text(call), "later");
    struct outcome outcome = peer_end(call);
    ck_assert_int_eq(outcome.code, 0);
    fixture_end(&fixture);
    ck_assert_int_eq(held.cancelled, 0);
}
END_TEST

START_TEST(only_the_first_answer_counts)
{
    struct fixture fixture;
    struct held held = {.call = NULL};
    struct error error;
    fixture_start(&fixture, &(struct lab_lab_service){.data = &held, .echo = hold}, NULL);
    struct peer_call *call = begin_echo(&fixture, 10000);
    wait_until(&held.begun, 1);
    struct grpc_c_call *kept = grpc_c_call_ref(held.call);
    answer_text(kept, "first");
    answer_text(kept, "second");
    error_set(&error, STATUS_INTERNAL, "", 0, "third");
    grpc_c_call_fail(kept, &error);
    ck_assert_str_eq(receive_text(call), "first");
    struct outcome outcome = peer_end(call);
    ck_assert_int_eq(outcome.code, 0);
    grpc_c_call_unref(kept);
    fixture_end(&fixture);
}
END_TEST

START_TEST(cancel_is_told_and_the_late_answer_frees)
{
    struct fixture fixture;
    struct held held = {.call = NULL};
    fixture_start(&fixture, &(struct lab_lab_service){.data = &held, .echo = hold_and_watch}, NULL);
    struct peer_call *call = begin_echo(&fixture, 10000);
    wait_until(&held.begun, 1);
    ck_assert(!grpc_c_call_cancelled(held.call));
    peer_cancel(call);
    struct outcome outcome = peer_end(call);
    ck_assert_int_eq(outcome.code, STATUS_CANCELLED);
    wait_until(&held.cancelled, 1);
    ck_assert(grpc_c_call_cancelled(held.call));
    answer_text(held.call, "too late");
    fixture_wait_finished(&fixture, 1);
    ck_assert_int_eq(held.cancelled, 1);
    fixture_end(&fixture);
}
END_TEST

START_TEST(cancel_that_came_before_is_told_at_once)
{
    struct fixture fixture;
    struct held held = {.call = NULL};
    fixture_start(&fixture, &(struct lab_lab_service){.data = &held, .echo = hold}, NULL);
    struct peer_call *call = begin_echo(&fixture, 10000);
    wait_until(&held.begun, 1);
    peer_cancel(call);
    (void)peer_end(call);
    while (!grpc_c_call_cancelled(held.call))
        ;
    grpc_c_call_on_cancel(held.call, on_cancel, &held);
    wait_until(&held.cancelled, 1);
    answer_text(held.call, "too late");
    fixture_end(&fixture);
    ck_assert_int_eq(held.cancelled, 1);
}
END_TEST

struct seen {
    _Atomic int calls;
    _Atomic int code;
};

static void see(void *data, const char *method, enum status_code code, int64_t duration_us)
{
    struct seen *seen = data;
    (void)method;
    (void)duration_us;
    atomic_store(&seen->code, (int)code);
    atomic_fetch_add(&seen->calls, 1);
}

/* The client is gone before the answer, and nobody has listened for that. */
static void end_unheard(int64_t timeout_ms, bool by_message, enum status_code expected)
{
    struct fixture fixture;
    struct held held = {.call = NULL};
    struct seen seen = {.calls = 0};
    const struct grpc_c_server_options options = {.on_call = see, .on_call_data = &seen};
    struct error error;
    fixture_start(&fixture, &(struct lab_lab_service){.data = &held, .echo = hold}, &options);
    struct peer_call *call = begin_echo(&fixture, timeout_ms);
    wait_until(&held.begun, 1);
    if (expected == STATUS_CANCELLED)
        peer_cancel(call);
    ck_assert_int_eq(peer_end(call).code, expected);
    while (expected == STATUS_DEADLINE_EXCEEDED && grpc_c_call_time_left(held.call) > 0)
        ;
    /* What comes behind it on the connection has come: so has the end. */
    (void)fixture_call(&fixture, "/lab.Lab/Nope", "x", 10000);
    wait_until(&seen.calls, 1);
    error_set(&error, STATUS_NOT_FOUND, "NONE", 0, "There is none.");
    if (by_message)
        answer_text(held.call, "too late");
    else
        grpc_c_call_fail(held.call, &error);
    fixture_wait_finished(&fixture, 2);
    ck_assert_int_eq(seen.calls, 2);
    ck_assert_int_eq(seen.code, expected);
    fixture_end(&fixture);
}

START_TEST(who_never_asked_learns_with_the_answer_that_the_client_went)
{
    end_unheard(10000, true, STATUS_CANCELLED);
    end_unheard(10000, false, STATUS_CANCELLED);
}
END_TEST

START_TEST(who_never_asked_learns_with_the_answer_that_it_is_too_late)
{
    end_unheard(2000, true, STATUS_DEADLINE_EXCEEDED);
    end_unheard(2000, false, STATUS_DEADLINE_EXCEEDED);
}
END_TEST

/* As one that will ask only when its turn comes. */
static void hold_and_listen(void *data, struct grpc_c_call *call, const Lab__Text *request)
{
    grpc_c_call_listen(call);
    hold(data, call, request);
}

START_TEST(who_has_listened_knows_at_the_first_question)
{
    struct fixture fixture;
    struct held held = {.call = NULL};
    const struct grpc_c_server_options options = {.threads = 1};
    fixture_start(&fixture, &(struct lab_lab_service){.data = &held, .echo = hold_and_listen},
                  &options);
    struct peer_call *call = begin_echo(&fixture, 10000);
    wait_until(&held.begun, 1);
    peer_cancel(call);
    (void)peer_end(call);
    /* Behind it on the connection, and on the only thread. */
    (void)fixture_call(&fixture, "/lab.Lab/Nope", "x", 10000);
    ck_assert(grpc_c_call_cancelled(held.call));
    answer_text(held.call, "too late");
    fixture_end(&fixture);
}
END_TEST

START_TEST(deadline_is_kept)
{
    struct fixture fixture;
    struct held held = {.call = NULL};
    fixture_start(&fixture, &(struct lab_lab_service){.data = &held, .echo = hold_and_watch}, NULL);
    struct peer_call *call = begin_echo(&fixture, 300);
    wait_until(&held.begun, 1);
    int64_t left = grpc_c_call_time_left(held.call);
    ck_assert_int_le(left, INT64_C(400000000));
    struct outcome outcome = peer_end(call);
    ck_assert_int_eq(outcome.code, STATUS_DEADLINE_EXCEEDED);
    wait_until(&held.cancelled, 1);
    answer_text(held.call, "too late");
    fixture_end(&fixture);
}
END_TEST

static void say_time_left(void *data, struct grpc_c_call *call, const Lab__Text *request)
{
    (void)data;
    (void)request;
    answer_text(call, grpc_c_call_time_left(call) == INT64_MAX ? "for ever" : "some");
}

START_TEST(no_deadline_is_for_ever)
{
    struct fixture fixture;
    fixture_start(&fixture, &(struct lab_lab_service){.echo = say_time_left}, NULL);
    struct outcome outcome = fixture_call(&fixture, ECHO, "", -1);
    ck_assert_str_eq(text_of(outcome.response, outcome.response_size), "for ever");
    outcome = fixture_call(&fixture, ECHO, "", 60000);
    ck_assert_str_eq(text_of(outcome.response, outcome.response_size), "some");
    fixture_end(&fixture);
}
END_TEST

static void refuse(void *data, struct grpc_c_call *call, const Lab__Text *request)
{
    struct error error;
    (void)data;
    (void)request;
    error_clear(&error);
    error_field(&error, "text", "is not what it should be");
    error_metadata(&error, "why", "%s", "because");
    grpc_c_call_fail(call, &error);
}

START_TEST(details_reach_the_client)
{
    struct fixture fixture;
    fixture_start(&fixture, &(struct lab_lab_service){.echo = refuse}, NULL);
    struct outcome outcome = fixture_call(&fixture, ECHO, "", 5000);
    ck_assert_int_eq(outcome.code, STATUS_INVALID_ARGUMENT);
    ck_assert_uint_gt(outcome.details_size, 0);
    ck_assert_str_eq(outcome.error.reason, "INVALID_FIELD");
    ck_assert_int_eq(outcome.error.original, 80701);
    ck_assert_uint_eq(outcome.error.field_count, 1);
    ck_assert_str_eq(outcome.error.fields[0].name, "text");
    ck_assert_str_eq(outcome.error.metadata[0].value, "because");
    ck_assert_ptr_null(outcome.response);
    fixture_end(&fixture);
}
END_TEST

static void refuse_with_nothing(void *data, struct grpc_c_call *call, const Lab__Text *request)
{
    struct error error;
    (void)data;
    (void)request;
    error_clear(&error);
    grpc_c_call_fail(call, &error);
}

/* holds: ERR-80504 */
START_TEST(ok_is_no_failure)
{
    struct fixture fixture;
    fixture_start(&fixture, &(struct lab_lab_service){.echo = refuse_with_nothing}, NULL);
    struct outcome outcome = fixture_call(&fixture, ECHO, "", 5000);
    ck_assert_int_eq(outcome.code, STATUS_INTERNAL);
    ck_assert_int_eq(outcome.error.original, 80504);
    fixture_end(&fixture);
}
END_TEST

static void answer_with_another(void *data, struct grpc_c_call *call, const Lab__Text *request)
{
    (void)data;
    (void)request;
    Lab__Text__Part other = LAB__TEXT__PART__INIT;
    grpc_c_call_reply(call, &other.base);
}

/* holds: ERR-80504 */
START_TEST(a_fault_of_our_own_tells_nothing_of_the_inside)
{
    struct fixture fixture;
    fixture_start(&fixture, &(struct lab_lab_service){.echo = answer_with_another}, NULL);
    struct outcome outcome = fixture_call(&fixture, ECHO, "", 5000);
    ck_assert_int_eq(outcome.code, STATUS_INTERNAL);
    ck_assert_int_eq(outcome.error.original, 80504);
    ck_assert_str_eq(outcome.error.reason, "INTERNAL_ERROR");
    ck_assert_str_eq(outcome.error.message, "Something went wrong here that should not.");
    ck_assert_uint_eq(outcome.error.field_count, 0);
    ck_assert_ptr_null(outcome.response);
    fixture_end(&fixture);
}
END_TEST

START_TEST(unknown_methods_are_unimplemented_at_once)
{
    struct fixture fixture;
    fixture_start(&fixture, &(struct lab_lab_service){.echo = echo_at_once}, NULL);
    const char *const methods[] = {"/lab.Lab/Nope", "/none.None/Echo", "/lab.Empty/Nothing",
                                   "/lab.Empty/NoStream", "/"};
    for (int round = 0; round < 20; round++) {
        for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
            struct outcome outcome = fixture_call(&fixture, methods[i], "", -1);
            ck_assert_int_eq(outcome.code, STATUS_UNIMPLEMENTED);
        }
    }
    fixture_end(&fixture);
}
END_TEST

static void with_metadata(void *data, struct grpc_c_call *call, const Lab__Text *request)
{
    size_t size = 0;
    (void)data;
    (void)request;
    const char *bytes = grpc_c_call_metadata(call, "raw-bin", &size);
    ck_assert_uint_eq(size, 3);
    ck_assert_mem_eq(bytes, "a\377b", 3);
    ck_assert_ptr_null(grpc_c_call_metadata(call, "absent", NULL));
    ck_assert(grpc_c_call_send_initial(call, "first", "1", 1));
    ck_assert(grpc_c_call_send_trailing(call, "last", "2", 1));
    ck_assert(!grpc_c_call_send_trailing(call, "Upper", "2", 1));
    ck_assert(!grpc_c_call_send_trailing(call, "grpc-status", "2", 1));
    ck_assert(!grpc_c_call_send_trailing(call, "text", "\001", 1));
    ck_assert_ptr_nonnull(strstr(grpc_c_call_peer(call), "127.0.0.1"));
    ck_assert_str_eq(grpc_c_call_method(call), ECHO);
    answer_text(call, grpc_c_call_metadata(call, "colour", NULL));
}

START_TEST(metadata_goes_both_ways)
{
    struct fixture fixture;
    fixture_start(&fixture, &(struct lab_lab_service){.echo = with_metadata}, NULL);
    const char *const metadata[] = {"colour", "green", "raw-bin", "a\377b", NULL};
    struct peer_call *call = peer_begin(&fixture.peer, ECHO, 5000, metadata);
    ck_assert(send_text(call, ""));
    ck_assert(peer_half_close(call));
    ck_assert_str_eq(receive_text(call), "green");
    peer_headers(call);
    struct outcome outcome = peer_end(call);
    ck_assert_int_eq(outcome.code, 0);
    ck_assert(outcome_has(outcome.initial, "first=1"));
    ck_assert(outcome_has(outcome.trailing, "last=2"));
    fixture_end(&fixture);
}
END_TEST

static void *answer_all(void *data)
{
    struct grpc_c_call **calls = data;
    for (int i = 0; calls[i]; i++)
        answer_text(calls[i], "group");
    return NULL;
}

struct gathered {
    pthread_mutex_t lock;
    struct grpc_c_call *calls[65];
    _Atomic int count;
};

static void gather(void *data, struct grpc_c_call *call, const Lab__Text *request)
{
    struct gathered *gathered = data;
    (void)request;
    pthread_mutex_lock(&gathered->lock);
    gathered->calls[gathered->count] = call;
    atomic_fetch_add(&gathered->count, 1);
    pthread_mutex_unlock(&gathered->lock);
}

START_TEST(a_thread_answers_a_group)
{
    struct fixture fixture;
    struct gathered gathered = {.lock = PTHREAD_MUTEX_INITIALIZER};
    struct peer_call *calls[64];
    pthread_t thread;
    fixture_start(&fixture, &(struct lab_lab_service){.data = &gathered, .echo = gather}, NULL);
    for (int i = 0; i < 64; i++)
        calls[i] = begin_echo(&fixture, 10000);
    wait_until(&gathered.count, 64);
    /* One has gone in the meantime. */
    peer_cancel(calls[7]);
    ck_assert_int_eq(pthread_create(&thread, NULL, answer_all, gathered.calls), 0);
    for (int i = 0; i < 64; i++) {
        (void)receive_text(calls[i]);
        struct outcome outcome = peer_end(calls[i]);
        ck_assert_int_eq(outcome.code, i == 7 ? STATUS_CANCELLED : STATUS_OK);
    }
    pthread_join(thread, NULL);
    fixture_end(&fixture);
}
END_TEST

TEST_MAIN("unary", answers_at_once, answers_later_from_another_thread, only_the_first_answer_counts,
          cancel_is_told_and_the_late_answer_frees, cancel_that_came_before_is_told_at_once,
          who_never_asked_learns_with_the_answer_that_the_client_went,
          who_never_asked_learns_with_the_answer_that_it_is_too_late,
          who_has_listened_knows_at_the_first_question, deadline_is_kept, no_deadline_is_for_ever,
          details_reach_the_client, ok_is_no_failure,
          a_fault_of_our_own_tells_nothing_of_the_inside, unknown_methods_are_unimplemented_at_once,
          metadata_goes_both_ways, a_thread_answers_a_group)
