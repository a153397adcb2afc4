/*
 * What the simulated network makes of the domain's answers, and of what people do with phones; and what there is at most.
 */
#include "tests/unit/server/carriers/phones.h"
#include "tests/unit/suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

START_TEST(test_what_is_not_taken_is_told_again)
{
    struct phones phones;
    phones_set_up(&phones);
    phones_call(&phones, ANNA, "c1");
    phones_told(&phones);
    phones.fake->refuse = STATUS_UNAVAILABLE;
    phones_pick_up(&phones, BORIS);
    phones_hang_up(&phones, BORIS);
    /* The next one waits until this one was taken. */
    ck_assert_str_eq(phones_told(&phones), "k1 second PICKED_UP 0");
    phones_wait(&phones, 1);
    ck_assert_str_eq(phones_told(&phones), "k1 second PICKED_UP 0");
    phones.fake->refuse = STATUS_OK;
    ck_assert_str_eq(phones_told(&phones), "");
    phones_wait(&phones, 1);
    ck_assert_str_eq(phones_told(&phones), "k1 second PICKED_UP 0; k1 second NO_ANSWER 0");
    phones_wait(&phones, 100);
    ck_assert_str_eq(phones_told(&phones), "");
    phones_tear_down(&phones);
}
END_TEST

START_TEST(test_what_is_refused_is_the_end)
{
    static const enum status_code codes[] = {STATUS_NOT_FOUND, STATUS_PERMISSION_DENIED,
                                             STATUS_INVALID_ARGUMENT};
    for (size_t i = 0; i < 3; i++) {
        struct phones phones;
        phones_set_up(&phones);
        phones_call(&phones, ANNA, "c1");
        phones_told(&phones);
        phones.fake->refuse = codes[i];
        phones_pick_up(&phones, BORIS);
        ck_assert_str_eq(phones_told(&phones), "k1 second PICKED_UP 0; k1 second CANCELED 0");
        ck_assert_str_eq(phones_saw(&phones, BORIS),
                         "0 RINGS " SHOWN "; 0 PICKED_UP; 0 ENDS NETWORK");
        phones_tear_down(&phones);
    }
}
END_TEST

START_TEST(test_an_answer_can_say_hang_up)
{
    struct phones phones;
    phones_set_up(&phones);
    phones_call(&phones, ANNA, "c1");
    phones.fake->hold = true;
    phones_pick_up(&phones, BORIS);
    phones.fake->hold = false;
    const struct fake_progress *asked = &phones.fake->progress[phones.fake->progress_count - 1];
    phones.fake->hang_up = true;
    asked->done(asked->data, &(struct call_answer){.hang_up = false});
    /* Connected, and then it is told to hang up. */
    ck_assert_str_eq(phones_told(&phones), "k1 second RINGING 0; k1 second PICKED_UP 0; "
                                           "k1 second CONNECTED 0; k1 second COMPLETED 0 0s");
    ck_assert_str_eq(phones_saw(&phones, ANNA), "0 CALLS " PROXY "; 0 CONNECTED; 0 ENDS NETWORK");
    phones.plan.key = "k2";
    phones_saw(&phones, BORIS);
    phones_call(&phones, ANNA, "c1");
    ck_assert_str_eq(phones_told(&phones), "k2 second RINGING 0; k2 second CANCELED 0");
    ck_assert_str_eq(phones_saw(&phones, BORIS), "");
    ck_assert_str_eq(phones_saw(&phones, ANNA), "0 CALLS " PROXY "; 0 ENDS NETWORK");
    phones_tear_down(&phones);
}
END_TEST

START_TEST(test_a_call_that_is_rejected)
{
    struct phones phones;
    phones_set_up(&phones);
    phones.fake->call_result =
        (struct inbound_call_result){.outcome = CALL_REJECTED, .reason = "MODE_REFUSED"};
    phones_call(&phones, ANNA, "c1");
    ck_assert_int_eq(phones.outcome, CALL_REJECTED);
    ck_assert_str_eq(phones_saw(&phones, ANNA), "0 CALLS " PROXY "; 0 ENDS MODE_REFUSED");
    phones.fake->call_result.notice = "This number is not in use.";
    phones_call(&phones, ANNA, "c2");
    ck_assert_str_eq(phones_saw(&phones, ANNA),
                     "0 CALLS " PROXY "; 0 HEARS This number is not in use.; 0 ENDS MODE_REFUSED");
    phones.fake->refuse = STATUS_UNAVAILABLE;
    phones_call(&phones, ANNA, "c3");
    ck_assert_int_eq(phones.outcome, CALL_UNDECIDED);
    ck_assert_str_eq(phones_saw(&phones, ANNA), "0 CALLS " PROXY "; 0 ENDS UNDECIDED");
    ck_assert_str_eq(phones_told(&phones), "");
    phones_tear_down(&phones);
}
END_TEST

static void ignore(void *data, const char *provider_id, const struct inbound_call_result *result)
{
    (void)provider_id;
    (void)result;
    ++*(unsigned *)data;
}

static void expect_busy(struct phones *phones, const char *number, const char *id)
{
    struct error error;
    unsigned answers = 0;
    const struct simulator_call call = {
        .handset = number, .recipient = PROXY, .provider_id = id, .withhold_caller = true};
    ck_assert(!simulator_start_call(phones->simulator, &call, ignore, &answers, &error));
    ck_assert_int_eq(error.code, STATUS_FAILED_PRECONDITION);
    ck_assert_str_eq(error.reason, "HANDSET_BUSY");
    ck_assert_uint_eq(answers, 0);
}

START_TEST(test_the_same_call_again)
{
    struct phones phones;
    phones_set_up(&phones);
    phones_call(&phones, ANNA, "c1");
    phones.fake->call_result.repeated = true;
    phones_call(&phones, ANNA, "c1");
    ck_assert_int_eq(phones.outcome, CALL_ACCEPTED);
    ck_assert_uint_eq(phones.fake->call_count, 2);
    ck_assert_str_eq(phones_told(&phones), "k1 second RINGING 0");
    ck_assert_str_eq(phones_saw(&phones, ANNA), "0 CALLS " PROXY);
    ck_assert_str_eq(phones_saw(&phones, BORIS), "0 RINGS " SHOWN);
    expect_busy(&phones, ANNA, "c2");
    expect_busy(&phones, ANNA, "");
    /* Who is rung cannot call with the id of that call. */
    expect_busy(&phones, BORIS, "c1");
    ck_assert_uint_eq(phones.fake->call_count, 2);
    phones.fake->hold = true;
    phones_hang_up(&phones, ANNA);
    phones.fake->hold = false;
    /* Nobody is rung once more while its end is not known. */
    phones_call(&phones, ANNA, "c1");
    ck_assert_str_eq(phones_told(&phones), "k1 second CANCELED 0");
    ck_assert_str_eq(phones_saw(&phones, ANNA),
                     "0 ENDS HUNG_UP; 0 CALLS " PROXY "; 0 ENDS REPEATED");
    ck_assert_str_eq(phones_saw(&phones, BORIS), "0 ENDS OTHER_HUNG_UP");
    const struct fake_progress *last = &phones.fake->progress[phones.fake->progress_count - 1];
    last->done(last->data, &(struct call_answer){.hang_up = false});
    /* A plan that was lost on the way is carried out. */
    phones.plan.key = "k2";
    phones_call(&phones, ANNA, "c2");
    ck_assert_str_eq(phones_told(&phones), "k2 second RINGING 0");
    phones_tear_down(&phones);
}
END_TEST

START_TEST(test_hanging_up_before_the_domain_has_answered)
{
    struct phones phones;
    phones_set_up(&phones);
    phones.fake->hold = true;
    phones_call(&phones, ANNA, "c1");
    phones_hang_up(&phones, ANNA);
    ck_assert_str_eq(phones_saw(&phones, ANNA), "0 CALLS " PROXY "; 0 ENDS HUNG_UP");
    fake_answer(phones.fake);
    ck_assert_uint_eq(phones.answers, 1);
    ck_assert_str_eq(phones_told(&phones), "k1 second CANCELED 0");
    ck_assert_str_eq(phones_saw(&phones, BORIS), "");
    phones_tear_down(&phones);
}
END_TEST

START_TEST(test_the_network_ends_before_the_domain_has_answered)
{
    struct phones phones;
    struct error error;
    phones_set_up(&phones);
    phones.fake->hold = true;
    phones_call(&phones, ANNA, "c1");
    carriers_stop(phones.carriers);
    fake_answer(phones.fake);
    ck_assert_uint_eq(phones.answers, 1);
    ck_assert_str_eq(phones_saw(&phones, BORIS), "");
    unsigned answers = 0;
    const struct simulator_call call = {.handset = CLARA, .recipient = PROXY};
    ck_assert(!simulator_start_call(phones.simulator, &call, ignore, &answers, &error));
    ck_assert_int_eq(error.code, STATUS_UNAVAILABLE);
    ck_assert(phones.calls->abilities(phones.port->data) == 0);
    ck_assert(!phones_place(&phones, "p1"));
    phones.calls->hang_up(phones.port->data, "k1");
    ck_assert_str_eq(phones_told(&phones), "");
    phones_tear_down(&phones);
}
END_TEST

START_TEST(test_a_key_is_placed_once)
{
    struct phones phones;
    phones_set_up(&phones);
    ck_assert(phones_place(&phones, "p1"));
    ck_assert(phones_place(&phones, "p1"));
    ck_assert_str_eq(phones_told(&phones), "p1 first RINGING 0");
    phones_hang_up(&phones, ANNA);
    phones_told(&phones);
    ck_assert(phones_place(&phones, "p1"));
    ck_assert_str_eq(phones_told(&phones), "");
    ck_assert_str_eq(phones_saw(&phones, ANNA), "0 RINGS " PROXY "; 0 ENDS DECLINED");
    phones_tear_down(&phones);
}
END_TEST

START_TEST(test_what_the_network_can_do)
{
    struct phones phones;
    phones_set_up(&phones);
    void *self = phones.port->data;
    const unsigned all = CALL_CAN_CARRY | CALL_CAN_ASK | CALL_CAN_PLACE | CALL_CAN_SPEAK |
                         CALL_CAN_ASK_KEY | CALL_CAN_RECORD;
    ck_assert_uint_eq(phones.calls->abilities(self), all);
    simulator_set_network(phones.simulator, &(struct simulator_network){.asks_no_keys = true});
    ck_assert_uint_eq(phones.calls->abilities(self), all - CALL_CAN_ASK_KEY);
    ck_assert(phones_place(&phones, "p1"));
    simulator_set_network(phones.simulator, &(struct simulator_network){.places_no_calls = true});
    ck_assert_uint_eq(phones.calls->abilities(self), all - CALL_CAN_PLACE);
    ck_assert(!phones_place(&phones, "p2"));
    simulator_set_network(phones.simulator, &(struct simulator_network){.asks_no_keys = false});
    ck_assert_uint_eq(phones.calls->abilities(self), all);
    ck_assert(phones_place(&phones, "p3"));
    ck_assert_str_eq(phones_told(&phones), "p1 first RINGING 0; p3 first BUSY 0");
    phones_tear_down(&phones);
}
END_TEST

START_TEST(test_a_network_that_loses_its_reports)
{
    struct phones phones;
    phones_set_up(&phones);
    phones_call(&phones, ANNA, "c1");
    phones_pick_up(&phones, BORIS);
    phones_told(&phones);
    simulator_set_network(phones.simulator, &(struct simulator_network){.loses_reports = true});
    phones_hang_up(&phones, BORIS);
    ck_assert_str_eq(phones_told(&phones), "");
    ck_assert_str_eq(phones_saw(&phones, ANNA),
                     "0 CALLS " PROXY "; 0 CONNECTED; 0 ENDS OTHER_HUNG_UP");
    /* Who cannot ask rings nobody. */
    phones.plan.key = "k2";
    phones_saw(&phones, BORIS);
    phones_call(&phones, ANNA, "c2");
    phones_wait(&phones, 25);
    ck_assert_str_eq(phones_told(&phones), "");
    ck_assert_str_eq(phones_saw(&phones, BORIS), "");
    simulator_set_network(phones.simulator, &(struct simulator_network){.loses_reports = false});
    phones.calls->hang_up(phones.port->data, "k1");
    phones.calls->hang_up(phones.port->data, "k2");
    ck_assert_str_eq(phones_told(&phones), "k1 first GONE 0; k2 second CANCELED 0");
    phones_tear_down(&phones);
}
END_TEST

START_TEST(test_a_network_that_does_not_hang_up)
{
    struct phones phones;
    phones_set_up(&phones);
    simulator_set_network(phones.simulator, &(struct simulator_network){.ignores_hang_up = true});
    phones_call(&phones, ANNA, "c1");
    phones_pick_up(&phones, BORIS);
    phones_told(&phones);
    phones.calls->hang_up(phones.port->data, "k1");
    ck_assert_str_eq(phones_told(&phones), "");
    ck_assert_str_eq(phones_saw(&phones, ANNA), "0 CALLS " PROXY "; 0 CONNECTED");
    phones_hang_up(&phones, ANNA);
    ck_assert_str_eq(phones_told(&phones), "k1 first COMPLETED 0 0s");
    /* Without leave it rings nobody all the same. */
    phones.fake->hang_up = true;
    phones.plan.key = "k2";
    phones_saw(&phones, BORIS);
    phones_call(&phones, ANNA, "c2");
    ck_assert_str_eq(phones_told(&phones), "k2 second RINGING 0; k2 second CANCELED 0");
    ck_assert_str_eq(phones_saw(&phones, BORIS), "");
    phones_tear_down(&phones);
}
END_TEST

/* ---- questions ---- */

START_TEST(test_nobody_is_rung_or_connected_without_leave)
{
    struct phones phones;
    phones_set_up(&phones);
    phones_call(&phones, ANNA, "c1");
    phones_hang_up(&phones, ANNA);
    phones_told(&phones);
    phones_saw(&phones, BORIS);
    phones.plan.key = "k2";
    phones.plan.whisper = "A passenger.";
    phones.fake->hold = true;
    phones_call(&phones, ANNA, "c2");
    ck_assert_str_eq(phones_told(&phones), "");
    phones.fake->hold = false;
    phones.fake->calls[1].done(phones.fake->calls[1].data, &phones.fake->call_result);
    phones.fake->hold = true;
    ck_assert_str_eq(phones_told(&phones), "k2 second RINGING 0");
    phones_wait(&phones, 5);
    ck_assert_str_eq(phones_saw(&phones, BORIS), "");
    const struct call_answer fine = {.hang_up = false};
    struct fake_progress *asked = &phones.fake->progress[phones.fake->progress_count - 1];
    ck_assert_int_eq(asked->time, phones.now - 5 * MICROSECONDS);
    asked->done(asked->data, &fine);
    /* What is asked takes no time. */
    ck_assert_str_eq(phones_saw(&phones, BORIS), "0 RINGS " SHOWN);
    phones_pick_up(&phones, BORIS);
    ck_assert_str_eq(phones_told(&phones), "k2 second PICKED_UP 0");
    ck_assert_str_eq(phones_saw(&phones, BORIS), "5 PICKED_UP");
    phones_wait(&phones, 5000);
    ck_assert_str_eq(phones_told(&phones), "");
    asked++;
    asked->done(asked->data, &(struct call_answer){.hang_up = true});
    ck_assert_str_eq(phones_told(&phones), "k2 second CANCELED 0");
    ck_assert_str_eq(phones_saw(&phones, BORIS), "5005 ENDS NETWORK");
    asked++;
    asked->done(asked->data, &fine);
    phones.fake->hold = false;
    phones_tear_down(&phones);
}
END_TEST

/* An answer to a question that has become pointless opens nothing. */
START_TEST(test_a_question_that_nobody_waits_for)
{
    struct phones phones;
    phones_set_up(&phones);
    phones.targets[1] = (struct call_target){SHOWN, CLARA};
    phones.plan.second.count = 2;
    phones_call(&phones, ANNA, "c1");
    phones_told(&phones);
    phones.fake->hold = true;
    phones_pick_up(&phones, BORIS);
    phones_hang_up(&phones, BORIS);
    ck_assert_str_eq(phones_told(&phones), "k1 second PICKED_UP 0");
    const struct call_answer fine = {.hang_up = false};
    struct fake_progress *asked = &phones.fake->progress[phones.fake->progress_count - 1];
    asked->done(asked->data, &fine);
    ck_assert_str_eq(phones_saw(&phones, CLARA), "");
    ck_assert_str_eq(phones_told(&phones), "k1 second RINGING 1");
    /* Meanwhile she calls somebody herself. */
    phones_call(&phones, CLARA, "c2");
    asked++;
    asked->done(asked->data, &fine);
    ck_assert_str_eq(phones_saw(&phones, CLARA), "0 CALLS " PROXY);
    ck_assert_str_eq(phones_told(&phones), "k1 second BUSY 1");
    asked++;
    asked->done(asked->data, &fine);
    phones.fake->calls[1].done(
        phones.fake->calls[1].data,
        &(struct inbound_call_result){.outcome = CALL_REJECTED, .reason = "NO_ROUTE"});
    phones.fake->hold = false;
    phones_tear_down(&phones);
}
END_TEST

START_TEST(test_a_late_answer_rings_nobody_too_late)
{
    struct phones phones;
    phones_set_up(&phones);
    phones.fake->refuse = STATUS_UNAVAILABLE;
    phones_call(&phones, ANNA, "c1");
    phones.fake->refuse = STATUS_OK;
    ck_assert_int_eq(phones.outcome, CALL_UNDECIDED);
    ck_assert(phones_place(&phones, "p1") && phones.fake->progress_count == 1);
    phones_hang_up(&phones, ANNA);
    phones_told(&phones);
    phones_saw(&phones, ANNA);
    phones.fake->refuse = STATUS_UNAVAILABLE;
    ck_assert(phones_place(&phones, "p2"));
    phones_wait(&phones, 20);
    /* It begins to ring when that was allowed. */
    phones.fake->refuse = STATUS_OK;
    phones_wait(&phones, 1);
    ck_assert_str_eq(phones_saw(&phones, ANNA), "21 RINGS " PROXY);
    phones_hang_up(&phones, ANNA);
    phones.fake->refuse = STATUS_UNAVAILABLE;
    ck_assert(phones_place(&phones, "p3"));
    phones_wait(&phones, 20);
    phones.fake->refuse = STATUS_OK;
    phones_saw(&phones, ANNA);
    phones_told(&phones);
    phones_wait(&phones, 1);
    ck_assert_str_eq(phones_saw(&phones, ANNA), "");
    ck_assert_str_eq(phones_told(&phones), "p3 first RINGING 0; p3 first CANCELED 0 EXPIRED");
    phones_tear_down(&phones);
}
END_TEST

START_TEST(test_a_key_that_is_gone_is_carried_by_nobody)
{
    struct phones phones;
    phones_set_up(&phones);
    void *self = phones.port->data;
    phones.calls->hang_up(self, "p1");
    phones.calls->hang_up(self, "k1");
    ck_assert_str_eq(phones_told(&phones), "p1 first GONE 0; k1 first GONE 0");
    ck_assert(!phones_place(&phones, "p1"));
    phones_call(&phones, ANNA, "c1");
    ck_assert_str_eq(phones_told(&phones), "k1 second GONE 0");
    ck_assert_str_eq(phones_saw(&phones, ANNA), "0 CALLS " PROXY "; 0 ENDS NETWORK");
    ck_assert_str_eq(phones_saw(&phones, BORIS), "");
    phones_wait(&phones, 600);
    phones.plan.expire_time = phones.now;
    ck_assert(phones_place(&phones, "p1"));
    ck_assert_str_eq(phones_told(&phones), "p1 first RINGING 0");
    phones_tear_down(&phones);
}
END_TEST

START_TEST(test_what_a_phone_cannot_do)
{
    static const char *const bad[] = {"", "11", "a", "\xc3\xa4"};
    struct phones phones;
    struct error error;
    phones_set_up(&phones);
    struct simulator *simulator = phones.simulator;
    ck_assert(!simulator_pick_up(simulator, "+15559999999", &error));
    ck_assert_str_eq(error.reason, "HANDSET_NOT_FOUND");
    ck_assert(!simulator_press_key(simulator, "rubbish", "1", &error));
    ck_assert_str_eq(error.reason, "HANDSET_NOT_FOUND");
    ck_assert(!simulator_hang_up(simulator, "", &error));
    ck_assert_str_eq(error.reason, "HANDSET_NOT_FOUND");
    ck_assert(!simulator_pick_up(simulator, ANNA, &error));
    ck_assert_str_eq(error.reason, "HANDSET_NOT_RINGING");
    ck_assert(!simulator_press_key(simulator, ANNA, "1", &error));
    ck_assert_str_eq(error.reason, "HANDSET_NOT_IN_CALL");
    ck_assert(!simulator_hang_up(simulator, ANNA, &error));
    ck_assert_int_eq(error.code, STATUS_FAILED_PRECONDITION);
    ck_assert_str_eq(error.reason, "HANDSET_NOT_IN_CALL");
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        ck_assert(!simulator_press_key(simulator, ANNA, bad[i], &error));
        ck_assert_int_eq(error.code, STATUS_INVALID_ARGUMENT);
        ck_assert_str_eq(error.fields[0].name, "key");
    }
    phones_call(&phones, ANNA, "c1");
    ck_assert(!simulator_pick_up(simulator, ANNA, &error));
    ck_assert_str_eq(error.reason, "HANDSET_NOT_RINGING");
    ck_assert(!simulator_press_key(simulator, BORIS, "1", &error));
    ck_assert_str_eq(error.reason, "HANDSET_NOT_IN_CALL");
    ck_assert_str_eq(error.message, "It has not been picked up.");
    phones_tear_down(&phones);
}
END_TEST

START_TEST(test_a_phone_keeps_its_latest_events)
{
    struct phones phones;
    phones_set_up(&phones);
    phones.fake->call_result =
        (struct inbound_call_result){.outcome = CALL_REJECTED, .reason = "NO_ROUTE"};
    for (int i = 0; i < SIMULATOR_CALL_EVENTS; i++)
        phones_call(&phones, ANNA, "");
    struct simulator_watch *watch;
    uint64_t received;
    struct simulator_received text;
    struct simulator_happened event;
    struct error error;
    unsigned wakes = 0, count = 0;
    ck_assert(simulator_watch_new(phones.simulator, ANNA, false, (void (*)(void *))abort, &wakes,
                                  &watch, &received, &error));
    ck_assert_uint_eq(received, 0);
    while (simulator_watch_next(watch, phones.arena, &text, &event, &error) == SIMULATOR_CALL_EVENT)
        ck_assert_uint_eq(event.number, ++count + SIMULATOR_CALL_EVENTS);
    ck_assert_uint_eq(count, SIMULATOR_CALL_EVENTS);
    simulator_watch_free(watch);
    phones_tear_down(&phones);
}
END_TEST

START_TEST(test_texts_and_calls_come_in_their_order)
{
    struct phones phones;
    phones_set_up(&phones);
    fake_send(phones.fake, phones.port, "t1", BORIS, "before");
    phones_call(&phones, ANNA, "c1");
    fake_send(phones.fake, phones.port, "t2", BORIS, "while it rings");
    phones_hang_up(&phones, ANNA);
    static const enum simulator_next expected[] = {SIMULATOR_TEXT, SIMULATOR_CALL_EVENT,
                                                   SIMULATOR_TEXT, SIMULATOR_CALL_EVENT,
                                                   SIMULATOR_LATER};
    struct simulator_watch *watch;
    uint64_t received;
    struct simulator_received text;
    struct simulator_happened event;
    struct error error;
    ck_assert(simulator_watch_new(phones.simulator, BORIS, false, (void (*)(void *))abort, NULL,
                                  &watch, &received, &error));
    ck_assert_uint_eq(received, 2);
    for (size_t i = 0; i < 5; i++)
        ck_assert_int_eq(simulator_watch_next(watch, phones.arena, &text, &event, &error),
                         expected[i]);
    ck_assert_str_eq(event.provider_id, "c1");
    ck_assert_int_eq(event.event, SIMULATED_ENDS);
    simulator_watch_free(watch);
    phones_tear_down(&phones);
}
END_TEST

START_TEST(test_there_are_so_many_calls_at_most)
{
    struct phones phones;
    struct error error;
    phones_set_up(&phones);
    /* Answers that do not come keep them. */
    phones.fake->hold = true;
    phones_behave(&phones, ANNA, (struct simulator_behavior){.call = SIMULATED_BUSY});
    char key[32];
    for (int i = 0; i < SIMULATOR_CALLS; i++) {
        snprintf(key, sizeof key, "p%d", i);
        ck_assert(phones_place(&phones, key));
    }
    ck_assert(!phones_place(&phones, "one more"));
    unsigned answers = 0;
    const struct simulator_call call = {.handset = CLARA, .recipient = PROXY};
    ck_assert(!simulator_start_call(phones.simulator, &call, ignore, &answers, &error));
    ck_assert_int_eq(error.code, STATUS_RESOURCE_EXHAUSTED);
    ck_assert_str_eq(error.reason, "TOO_MANY_CALLS");
    /* So many are handed in at a time. */
    ck_assert_uint_eq(phones.fake->progress_count, 4096);
    fake_answer(phones.fake);
    carriers_run_due(phones.carriers);
    ck_assert_uint_eq(phones.fake->progress_count, SIMULATOR_CALLS);
    ck_assert(phones_place(&phones, "one more"));
    phones_tear_down(&phones);
}
END_TEST

SUITE_MAIN("call_reports", test_what_is_not_taken_is_told_again, test_what_is_refused_is_the_end,
           test_an_answer_can_say_hang_up, test_a_call_that_is_rejected, test_the_same_call_again,
           test_hanging_up_before_the_domain_has_answered,
           test_the_network_ends_before_the_domain_has_answered, test_a_key_is_placed_once,
           test_what_the_network_can_do, test_a_network_that_loses_its_reports,
           test_a_network_that_does_not_hang_up, test_nobody_is_rung_or_connected_without_leave,
           test_a_question_that_nobody_waits_for, test_a_late_answer_rings_nobody_too_late,
           test_a_key_that_is_gone_is_carried_by_nobody, test_what_a_phone_cannot_do,
           test_a_phone_keeps_its_latest_events, test_texts_and_calls_come_in_their_order,
           test_there_are_so_many_calls_at_most)
