/*
 * How calls of the simulated network go: each step at its own time, and told in its order.
 */
#include "tests/unit/server/carriers/phones.h"
#include "tests/unit/suite.h"

#include <stdio.h>
#include <string.h>

#define PICKS_UP                                \
    (struct simulator_behavior)                 \
    {                                           \
        .call = SIMULATED_PICKS_UP, .keys = "1" \
    }

START_TEST(test_two_talk_until_one_hangs_up)
{
    struct phones phones;
    phones_set_up(&phones);
    phones_call(&phones, ANNA, "c1");
    ck_assert_int_eq(phones.outcome, CALL_ACCEPTED);
    ck_assert_str_eq(phones.fake->calls[0].id, "c1");
    ck_assert_str_eq(phones.fake->calls[0].carrier, "simulator");
    ck_assert_str_eq(phones.fake->calls[0].from, ANNA);
    ck_assert_str_eq(phones.fake->calls[0].to, PROXY);
    ck_assert_str_eq(phones_told(&phones), "k1 second RINGING 0");
    ck_assert_str_eq(phones.fake->progress[0].id, "c1");
    ck_assert_str_eq(phones_saw(&phones, ANNA), "0 CALLS " PROXY);
    ck_assert_str_eq(phones_saw(&phones, BORIS), "0 RINGS " SHOWN);
    phones_wait(&phones, 7);
    phones_pick_up(&phones, BORIS);
    ck_assert_str_eq(phones_told(&phones), "k1 second PICKED_UP 0; k1 second CONNECTED 0");
    ck_assert_str_eq(phones_saw(&phones, ANNA), "7 CONNECTED");
    ck_assert_str_eq(phones_saw(&phones, BORIS), "7 PICKED_UP; 7 CONNECTED");
    phones_wait(&phones, 30);
    phones_hang_up(&phones, BORIS);
    ck_assert_str_eq(phones_told(&phones), "k1 second COMPLETED 0 30s");
    ck_assert_str_eq(phones_saw(&phones, ANNA), "37 ENDS OTHER_HUNG_UP");
    ck_assert_str_eq(phones_saw(&phones, BORIS), "37 ENDS HUNG_UP");
    phones_wait(&phones, 1000);
    ck_assert_str_eq(phones_told(&phones), "");
    phones_tear_down(&phones);
}
END_TEST

START_TEST(test_the_caller_hangs_up)
{
    struct phones phones;
    phones_set_up(&phones);
    phones_call(&phones, ANNA, "");
    ck_assert_str_eq(phones.id, "sim-0000000000000abc-1");
    phones_hang_up(&phones, ANNA);
    ck_assert_str_eq(phones_told(&phones), "k1 second RINGING 0; k1 second CANCELED 0");
    ck_assert_str_eq(phones_saw(&phones, BORIS), "0 RINGS " SHOWN "; 0 ENDS OTHER_HUNG_UP");
    phones.plan.key = "k2";
    phones_behave(&phones, BORIS, PICKS_UP);
    phones_call(&phones, ANNA, "");
    phones_wait(&phones, 9);
    phones_hang_up(&phones, ANNA);
    ck_assert_str_eq(phones_told(&phones), "k2 second RINGING 0; k2 second PICKED_UP 0; "
                                           "k2 second CONNECTED 0; k2 first COMPLETED 0 9s");
    phones_tear_down(&phones);
}
END_TEST

/* holds: VOI-06 */
START_TEST(test_nobody_picks_up_in_time)
{
    struct phones phones;
    phones_set_up(&phones);
    phones_call(&phones, ANNA, "c1");
    phones_told(&phones);
    phones_wait(&phones, 19);
    ck_assert_str_eq(phones_told(&phones), "");
    /* However far time has come. */
    phones_wait(&phones, 5000);
    ck_assert_str_eq(phones_told(&phones), "k1 second NO_ANSWER 0");
    ck_assert_str_eq(phones_saw(&phones, BORIS), "0 RINGS " SHOWN "; 20 ENDS NOT_PICKED_UP");
    ck_assert_str_eq(phones_saw(&phones, ANNA), "0 CALLS " PROXY "; 20 ENDS NO_ANSWER");
    struct error error;
    ck_assert(!simulator_pick_up(phones.simulator, BORIS, &error));
    ck_assert_str_eq(error.reason, "HANDSET_NOT_RINGING");
    phones_tear_down(&phones);
}
END_TEST

START_TEST(test_steps_happen_at_their_own_time)
{
    struct phones phones;
    phones_set_up(&phones);
    struct simulator_behavior boris = PICKS_UP;
    boris.pick_up_delay = 3 * MICROSECONDS;
    boris.hangs_up = true;
    boris.hang_up_delay = 40 * MICROSECONDS;
    phones_behave(&phones, BORIS, boris);
    phones_call(&phones, ANNA, "c1");
    phones_wait(&phones, 100000);
    ck_assert_str_eq(phones_told(&phones), "k1 second RINGING 0; k1 second PICKED_UP 0; "
                                           "k1 second CONNECTED 0; k1 second COMPLETED 0 40s");
    ck_assert_str_eq(phones_saw(&phones, BORIS),
                     "0 RINGS " SHOWN "; 3 PICKED_UP; 3 CONNECTED; 43 ENDS HUNG_UP");
    phones_tear_down(&phones);
}
END_TEST

/* holds: VOI-07 */
START_TEST(test_a_call_ends_at_its_longest)
{
    struct phones phones;
    phones_set_up(&phones);
    phones_behave(&phones, BORIS, PICKS_UP);
    phones_call(&phones, ANNA, "c1");
    phones_wait(&phones, 99);
    ck_assert_str_eq(phones_told(&phones), "k1 second RINGING 0; k1 second PICKED_UP 0; "
                                           "k1 second CONNECTED 0");
    phones_wait(&phones, 1);
    ck_assert_str_eq(phones_told(&phones), "k1 second COMPLETED 0 100s");
    ck_assert_str_eq(phones_saw(&phones, ANNA),
                     "0 CALLS " PROXY "; 0 CONNECTED; 100 ENDS LONGEST_CALL");
    phones_tear_down(&phones);
}
END_TEST

START_TEST(test_how_numbers_cannot_be_rung)
{
    static const struct {
        struct simulator_behavior behavior;
        const char *number, *told, *saw;
    } cases[] = {
        {{.call = SIMULATED_BUSY}, BORIS, "k1 second BUSY 0", "BUSY"},
        {{.call = SIMULATED_UNREACHABLE}, BORIS, "k1 second FAILED 0 UNREACHABLE", "FAILED"},
        {{.call = SIMULATED_UNREACHABLE, .has_voicemail = true},
         BORIS,
         "k1 second FAILED 0 UNREACHABLE",
         "FAILED"},
        {{.call = SIMULATED_RINGS}, "+15559999999", "k1 second FAILED 0 NO_SUCH_HANDSET", "FAILED"},
        /* Who calls is in a call. */
        {{.call = SIMULATED_RINGS}, ANNA, "k1 second BUSY 0", "BUSY"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct phones phones;
        char saw[100];
        phones_set_up(&phones);
        phones_behave(&phones, BORIS, cases[i].behavior);
        phones.targets[0] = (struct call_target){SHOWN, cases[i].number};
        phones_call(&phones, ANNA, "c1");
        ck_assert_str_eq(phones_told(&phones), cases[i].told);
        snprintf(saw, sizeof saw, "0 CALLS " PROXY "; 0 ENDS %s", cases[i].saw);
        ck_assert_str_eq(phones_saw(&phones, ANNA), saw);
        ck_assert_str_eq(phones_saw(&phones, BORIS), "");
        phones_tear_down(&phones);
    }
}
END_TEST

START_TEST(test_who_declines_is_busy)
{
    struct phones phones;
    phones_set_up(&phones);
    phones_call(&phones, ANNA, "c1");
    phones_hang_up(&phones, BORIS);
    ck_assert_str_eq(phones_told(&phones), "k1 second RINGING 0; k1 second BUSY 0");
    ck_assert_str_eq(phones_saw(&phones, BORIS), "0 RINGS " SHOWN "; 0 ENDS DECLINED");
    phones_tear_down(&phones);
}
END_TEST

/* holds: VOI-14 */
START_TEST(test_numbers_are_rung_in_their_order)
{
    struct phones phones;
    phones_set_up(&phones);
    phones.targets[0] = (struct call_target){SHOWN, "+15559999999"};
    phones.targets[1] = (struct call_target){SHOWN, BORIS};
    phones.targets[2] = (struct call_target){SHOWN, CLARA};
    phones.plan.second.count = 3;
    phones_call(&phones, ANNA, "c1");
    ck_assert_str_eq(phones_told(&phones), "k1 second RINGING 1");
    ck_assert_str_eq(phones_saw(&phones, CLARA), "");
    /* Each has all of its time, whatever that of the call is. */
    phones_wait(&phones, 20);
    ck_assert_str_eq(phones_told(&phones), "k1 second RINGING 2");
    ck_assert_str_eq(phones_saw(&phones, BORIS), "0 RINGS " SHOWN "; 20 ENDS NOT_PICKED_UP");
    phones_wait(&phones, 19);
    phones_pick_up(&phones, CLARA);
    ck_assert_str_eq(phones_told(&phones), "k1 second PICKED_UP 2; k1 second CONNECTED 2");
    phones_hang_up(&phones, CLARA);
    ck_assert_str_eq(phones_told(&phones), "k1 second COMPLETED 2 0s");
    phones_tear_down(&phones);
}
END_TEST

/* holds: VOI-03 VOI-04 */
START_TEST(test_who_hears_what)
{
    struct phones phones;
    phones_set_up(&phones);
    phones.plan.announcement = "One moment.";
    phones.plan.whisper = "A passenger.";
    phones.plan.record = true;
    phones.plan.consent_notice = "This call is recorded.";
    phones_call(&phones, ANNA, "c1");
    ck_assert_str_eq(phones_saw(&phones, ANNA), "0 CALLS " PROXY "; 0 HEARS One moment.");
    ck_assert_str_eq(phones_saw(&phones, BORIS), "0 RINGS " SHOWN);
    phones_pick_up(&phones, BORIS);
    ck_assert_str_eq(phones_saw(&phones, ANNA),
                     "0 HEARS This call is recorded.; 0 CONNECTED; 0 RECORDING");
    ck_assert_str_eq(phones_saw(&phones, BORIS),
                     "0 PICKED_UP; 0 HEARS A passenger.; 0 HEARS This call is recorded.; "
                     "0 CONNECTED; 0 RECORDING");
    phones_told(&phones);
    phones_hang_up(&phones, ANNA);
    ck_assert_str_eq(phones_told(&phones), "k1 first COMPLETED 0 0s recorded");
    phones_tear_down(&phones);
}
END_TEST

START_TEST(test_only_the_key_connects)
{
    struct phones phones;
    phones_set_up(&phones);
    phones.plan.ask_key = true;
    phones.plan.whisper = "A passenger.";
    phones_call(&phones, ANNA, "c1");
    phones_wait(&phones, 5);
    phones_pick_up(&phones, BORIS);
    ck_assert_str_eq(phones_told(&phones), "k1 second RINGING 0; k1 second PICKED_UP 0");
    ck_assert_str_eq(phones_saw(&phones, BORIS),
                     "0 RINGS " SHOWN "; 5 PICKED_UP; 5 HEARS A passenger.; "
                     "5 ASKED_FOR_KEY Press 1 to take this call.");
    phones_press(&phones, BORIS, "2");
    phones_press(&phones, BORIS, "*");
    /* The caller's keys are nobody's business. */
    phones_press(&phones, ANNA, "1");
    ck_assert_str_eq(phones_told(&phones), "");
    phones_press(&phones, BORIS, "1");
    ck_assert_str_eq(phones_told(&phones), "k1 second CONNECTED 0");
    phones_press(&phones, BORIS, "1");
    ck_assert_str_eq(phones_told(&phones), "");
    phones_tear_down(&phones);
}
END_TEST

START_TEST(test_without_the_key_it_was_not_picked_up)
{
    struct phones phones;
    phones_set_up(&phones);
    phones.plan.ask_key = true;
    phones.targets[1] = (struct call_target){SHOWN, CLARA};
    phones.plan.second.count = 2;
    phones_call(&phones, ANNA, "c1");
    phones_wait(&phones, 15);
    phones_pick_up(&phones, BORIS);
    phones_press(&phones, BORIS, "#");
    /* The time for the key begins when it is asked for. */
    phones_wait(&phones, 9);
    ck_assert_str_eq(phones_told(&phones), "k1 second RINGING 0; k1 second PICKED_UP 0");
    phones_wait(&phones, 1);
    ck_assert_str_eq(phones_told(&phones), "k1 second RINGING 1");
    phones_pick_up(&phones, CLARA);
    phones_hang_up(&phones, CLARA);
    ck_assert_str_eq(phones_told(&phones), "k1 second PICKED_UP 1; k1 second NO_ANSWER 1");
    ck_assert_str_eq(phones_saw(&phones, ANNA), "0 CALLS " PROXY "; 25 ENDS NO_ANSWER");
    phones_tear_down(&phones);
}
END_TEST

START_TEST(test_keys_that_a_phone_presses_by_itself)
{
    struct phones phones;
    phones_set_up(&phones);
    phones.plan.ask_key = true;
    struct simulator_behavior boris = PICKS_UP;
    memcpy(boris.keys, "0*", 3);
    phones_behave(&phones, BORIS, boris);
    phones_call(&phones, ANNA, "c1");
    ck_assert_str_eq(phones_told(&phones), "k1 second RINGING 0; k1 second PICKED_UP 0");
    phones_wait(&phones, 20);
    ck_assert_str_eq(phones_told(&phones), "k1 second NO_ANSWER 0");
    ck_assert_str_eq(phones_saw(&phones, BORIS),
                     "0 RINGS " SHOWN
                     "; 0 PICKED_UP; 0 ASKED_FOR_KEY Press 1 to take this call.; 10 ENDS NO_KEY");
    phones.plan.key = "k2";
    phones.plan.expire_time = phones.now;
    memcpy(boris.keys, "0*1", 4);
    phones_behave(&phones, BORIS, boris);
    phones_call(&phones, ANNA, "c2");
    ck_assert_str_eq(phones_told(&phones),
                     "k2 second RINGING 0; k2 second PICKED_UP 0; k2 second CONNECTED 0");
    phones_tear_down(&phones);
}
END_TEST

START_TEST(test_a_voicemail_presses_no_key)
{
    struct phones phones;
    phones_set_up(&phones);
    phones.plan.ask_key = true;
    phones_behave(&phones, BORIS,
                  (struct simulator_behavior){
                      .keys = "1", .has_voicemail = true, .voicemail_delay = 12 * MICROSECONDS});
    phones_call(&phones, ANNA, "c1");
    phones_wait(&phones, 12);
    ck_assert_str_eq(phones_told(&phones), "k1 second RINGING 0; k1 second PICKED_UP 0");
    ck_assert_str_eq(phones_saw(&phones, BORIS), "0 RINGS " SHOWN "; 12 ENDS VOICEMAIL");
    phones_wait(&phones, 10);
    ck_assert_str_eq(phones_told(&phones), "k1 second NO_ANSWER 0");
    ck_assert_str_eq(phones_saw(&phones, ANNA), "0 CALLS " PROXY "; 22 ENDS NO_ANSWER");
    phones_tear_down(&phones);
}
END_TEST

START_TEST(test_a_voicemail_that_is_connected_says_its_greeting)
{
    struct phones phones;
    phones_set_up(&phones);
    phones_behave(
        &phones, BORIS,
        (struct simulator_behavior){.has_voicemail = true, .voicemail_delay = 19 * MICROSECONDS});
    phones_call(&phones, ANNA, "c1");
    phones_wait(&phones, 19);
    ck_assert_str_eq(phones_told(&phones),
                     "k1 second RINGING 0; k1 second PICKED_UP 0; k1 second CONNECTED 0");
    ck_assert_str_eq(phones_saw(&phones, ANNA), "0 CALLS " PROXY "; 19 CONNECTED; "
                                                "19 HEARS You have reached " BORIS ".");
    /* The phone itself is free. */
    phones.plan.key = "k2";
    phones.plan.expire_time = phones.now;
    phones.targets[0] = (struct call_target){SHOWN, ANNA};
    phones_call(&phones, BORIS, "c2");
    ck_assert_str_eq(phones_told(&phones), "k2 second BUSY 0");
    phones_hang_up(&phones, ANNA);
    ck_assert_str_eq(phones_told(&phones), "k1 first COMPLETED 0 0s");
    phones_tear_down(&phones);
}
END_TEST

START_TEST(test_a_voicemail_later_than_the_limit_is_never_heard)
{
    struct phones phones;
    phones_set_up(&phones);
    phones_behave(
        &phones, BORIS,
        (struct simulator_behavior){.has_voicemail = true, .voicemail_delay = 21 * MICROSECONDS});
    phones_call(&phones, ANNA, "c1");
    phones_wait(&phones, 5000);
    ck_assert_str_eq(phones_told(&phones), "k1 second RINGING 0; k1 second NO_ANSWER 0");
    ck_assert_str_eq(phones_saw(&phones, ANNA), "0 CALLS " PROXY "; 20 ENDS NO_ANSWER");
    phones_tear_down(&phones);
}
END_TEST

START_TEST(test_a_busy_line_with_a_voicemail)
{
    struct phones phones;
    phones_set_up(&phones);
    struct simulator_behavior boris = {
        .call = SIMULATED_BUSY, .has_voicemail = true, .voicemail_greeting = "Later!"};
    phones_behave(&phones, BORIS, boris);
    phones_call(&phones, ANNA, "c1");
    ck_assert_str_eq(phones_told(&phones),
                     "k1 second RINGING 0; k1 second PICKED_UP 0; k1 second CONNECTED 0");
    ck_assert_str_eq(phones_saw(&phones, ANNA), "0 CALLS " PROXY "; 0 CONNECTED; 0 HEARS Later!");
    ck_assert_str_eq(phones_saw(&phones, BORIS), "");
    phones_tear_down(&phones);
}
END_TEST

/* ---- placed by the domain ---- */

START_TEST(test_a_placed_call_rings_one_after_the_other)
{
    struct phones phones;
    phones_set_up(&phones);
    phones.plan.announcement = "One moment.";
    phones.plan.whisper = "A passenger.";
    phones.plan.ask_key = true;
    ck_assert(phones_place(&phones, "p1"));
    ck_assert_str_eq(phones_told(&phones), "p1 first RINGING 0");
    ck_assert_str_eq(phones.fake->progress[0].id, "sim-0000000000000abc-1");
    ck_assert_str_eq(phones_saw(&phones, ANNA), "0 RINGS " PROXY);
    phones_pick_up(&phones, ANNA);
    ck_assert_str_eq(phones_told(&phones), "p1 first PICKED_UP 0");
    ck_assert_str_eq(phones_saw(&phones, BORIS), "");
    phones_press(&phones, ANNA, "1");
    ck_assert_str_eq(phones_told(&phones), "p1 second RINGING 0");
    ck_assert_str_eq(phones_saw(&phones, ANNA), "0 PICKED_UP; 0 ASKED_FOR_KEY Press 1 to take this "
                                                "call.; 0 HEARS One moment.");
    phones_pick_up(&phones, BORIS);
    phones_press(&phones, BORIS, "1");
    ck_assert_str_eq(phones_told(&phones), "p1 second PICKED_UP 0; p1 second CONNECTED 0");
    ck_assert_str_eq(phones_saw(&phones, BORIS),
                     "0 RINGS " SHOWN "; 0 PICKED_UP; 0 HEARS A passenger.; "
                     "0 ASKED_FOR_KEY Press 1 to take this call.; 0 CONNECTED");
    phones_hang_up(&phones, ANNA);
    ck_assert_str_eq(phones_told(&phones), "p1 first COMPLETED 0 0s");
    phones_tear_down(&phones);
}
END_TEST

/* holds: VOI-11 */
START_TEST(test_without_the_first_the_second_is_never_rung)
{
    struct phones phones;
    phones_set_up(&phones);
    phones.plan.ask_key = true;
    ck_assert(phones_place(&phones, "p1"));
    phones_wait(&phones, 20);
    ck_assert_str_eq(phones_told(&phones), "p1 first RINGING 0; p1 first NO_ANSWER 0");
    phones.plan.expire_time = phones.now;
    ck_assert(phones_place(&phones, "p2"));
    phones_pick_up(&phones, ANNA);
    phones_hang_up(&phones, ANNA);
    ck_assert_str_eq(phones_told(&phones),
                     "p2 first RINGING 0; p2 first PICKED_UP 0; p2 first NO_ANSWER 0");
    phones_behave(&phones, ANNA, (struct simulator_behavior){.call = SIMULATED_BUSY});
    ck_assert(phones_place(&phones, "p3"));
    ck_assert_str_eq(phones_told(&phones), "p3 first BUSY 0");
    ck_assert_str_eq(phones_saw(&phones, BORIS), "");
    phones_tear_down(&phones);
}
END_TEST

START_TEST(test_the_first_gives_up)
{
    struct phones phones;
    phones_set_up(&phones);
    phones_behave(&phones, ANNA, PICKS_UP);
    ck_assert(phones_place(&phones, "p1"));
    phones_hang_up(&phones, ANNA);
    ck_assert_str_eq(phones_told(&phones), "p1 first RINGING 0; p1 first PICKED_UP 0; "
                                           "p1 second RINGING 0; p1 second CANCELED 0");
    ck_assert_str_eq(phones_saw(&phones, BORIS), "0 RINGS " SHOWN "; 0 ENDS OTHER_HUNG_UP");
    phones_tear_down(&phones);
}
END_TEST

START_TEST(test_nobody_is_rung_too_late)
{
    struct phones phones;
    phones_set_up(&phones);
    phones.targets[1] = (struct call_target){SHOWN, CLARA};
    phones.targets[2] = (struct call_target){SHOWN, CLARA};
    phones.plan.second.count = 3;
    phones_call(&phones, ANNA, "c1");
    phones_wait(&phones, 40);
    /* 30 s is the end of it. */
    ck_assert_str_eq(phones_told(&phones),
                     "k1 second RINGING 0; k1 second RINGING 1; k1 second CANCELED 2 EXPIRED");
    ck_assert(phones_place(&phones, "p1"));
    ck_assert_str_eq(phones_told(&phones), "p1 first CANCELED 0 EXPIRED");
    ck_assert_str_eq(phones_saw(&phones, ANNA), "0 CALLS " PROXY "; 40 ENDS CANCELED");
    phones_tear_down(&phones);
}
END_TEST

START_TEST(test_the_domain_hangs_up)
{
    struct phones phones;
    phones_set_up(&phones);
    void *self = phones.port->data;
    phones_call(&phones, ANNA, "c1");
    phones.calls->hang_up(self, "k1");
    phones.calls->hang_up(self, "k1");
    ck_assert_str_eq(phones_told(&phones), "k1 second RINGING 0; k1 second CANCELED 0");
    ck_assert_str_eq(phones_saw(&phones, ANNA), "0 CALLS " PROXY "; 0 ENDS NETWORK");
    ck_assert_str_eq(phones_saw(&phones, BORIS), "0 RINGS " SHOWN "; 0 ENDS NETWORK");
    ck_assert(phones_place(&phones, "p1"));
    phones.calls->hang_up(self, "p1");
    ck_assert_str_eq(phones_told(&phones), "p1 first RINGING 0; p1 first CANCELED 0");
    ck_assert(phones_place(&phones, "p2"));
    phones_pick_up(&phones, ANNA);
    phones.calls->hang_up(self, "p2");
    ck_assert_str_eq(phones_told(&phones), "p2 first RINGING 0; p2 first PICKED_UP 0; "
                                           "p2 second RINGING 0; p2 second CANCELED 0");
    phones_behave(&phones, ANNA, PICKS_UP);
    phones_behave(&phones, BORIS, PICKS_UP);
    ck_assert(phones_place(&phones, "p3"));
    phones_told(&phones);
    phones_wait(&phones, 4);
    phones.calls->hang_up(self, "p3");
    ck_assert_str_eq(phones_told(&phones), "p3 second COMPLETED 0 4s");
    /* What is over, or never was, is gone. */
    phones.calls->hang_up(self, "p3");
    phones.calls->hang_up(self, "never");
    ck_assert_str_eq(phones_told(&phones), "p3 first GONE 0; never first GONE 0");
    phones_tear_down(&phones);
}
END_TEST

SUITE_MAIN("calls", test_two_talk_until_one_hangs_up, test_the_caller_hangs_up,
           test_nobody_picks_up_in_time, test_steps_happen_at_their_own_time,
           test_a_call_ends_at_its_longest, test_how_numbers_cannot_be_rung,
           test_who_declines_is_busy, test_numbers_are_rung_in_their_order, test_who_hears_what,
           test_only_the_key_connects, test_without_the_key_it_was_not_picked_up,
           test_keys_that_a_phone_presses_by_itself, test_a_voicemail_presses_no_key,
           test_a_voicemail_that_is_connected_says_its_greeting,
           test_a_voicemail_later_than_the_limit_is_never_heard, test_a_busy_line_with_a_voicemail,
           test_a_placed_call_rings_one_after_the_other,
           test_without_the_first_the_second_is_never_rung, test_the_first_gives_up,
           test_nobody_is_rung_too_late, test_the_domain_hangs_up)
