#include "tests/unit/server/masking/calls.h"
#include "tests/unit/server/masking/phones.h"

#include <string.h>

/* What time does to calls: limits that the plan names, and ends that no carrier tells. */

#define N1  "+15559990001"
#define ANN "+15551230001"
#define BOB "+15551230002"

struct stage {
    struct world *world;
    struct talk talk;
    struct plan_seen plan;
};

static struct stage stage_open(const struct service_settings *settings)
{
    struct stage stage = {.world = world_with_two(NULL, NULL, settings)};
    stage.talk = world_talk(stage.world, ANN, BOB, 0);
    stage.plan = world_ring(stage.world, &stage.talk).plan;
    return stage;
}

static const Maskline__Store__V1__Interaction *the_call(const struct stage *stage)
{
    return world_call_at(stage->world, &stage->talk, 0);
}

static void wait(struct stage *stage, int64_t by)
{
    world_move(stage->world, by);
    world_run(stage->world);
}

/* Wished at this instant: told again each 5 s, and ended by the domain after 30 s; and told once a minute then, until the call has surely
 * ended by its longest. */
static void ck_given_up(struct stage *stage, const char *reason, bool is_early)
{
    struct world *world = stage->world;
    const char *key = stage->plan.key;
    ck_assert_uint_eq(world_hang_ups(world, key), 1);
    ck_assert_str_eq(the_call(stage)->call->hang_up_reason, reason);
    for (unsigned i = 2; i <= 6; i++) {
        wait(stage, 5 * SECOND);
        ck_assert_uint_eq(world_hang_ups(world, key), i);
        ck_assert_int_eq(the_call(stage)->call->end_time, 0);
    }
    uint64_t entries = world_entries(world);
    wait(stage, 5 * SECOND - 1);
    ck_assert_int_eq(the_call(stage)->call->end_time, 0);
    ck_assert_uint_eq(world_entries(world), entries);
    wait(stage, 1);
    ck_assert_int_eq(the_call(stage)->call->end_time, world_now(world));
    ck_assert_uint_eq(world_entries(world), entries + 1);
    ck_assert_uint_eq(world_session(world, &stage->talk)->n_live_calls, 0);
    unsigned told = world_hang_ups(world, key);
    wait(stage, 5 * SECOND);
    ck_assert_uint_eq(world_hang_ups(world, key), told + 1);
    wait(stage, MINUTE);
    ck_assert_uint_eq(world_hang_ups(world, key), told + 1 + is_early);
    ck_assert_uint_eq(world_entries(world), entries + 1);
}

/* It is told no more, and nothing is left in the timers' index. */
static void ck_over(struct stage *stage, int64_t after)
{
    struct log_id log = world_log(stage->world);
    wait(stage, after);
    wait(stage, MINUTE);
    unsigned told = world_hang_ups(stage->world, stage->plan.key);
    wait(stage, DAY);
    ck_assert_uint_eq(world_hang_ups(stage->world, stage->plan.key), told);
    ck_assert_uint_eq(
        world_rows(stage->world, KV_IDX, key_calls(TENANT_DEFAULT, log_service(&log))), 0);
    world_close(stage->world);
}

/* holds: VOI-06 */
START_TEST(a_call_of_which_nothing_is_heard_ends)
{
    struct stage stage = stage_open(NULL);
    const Maskline__Store__V1__Interaction *call = the_call(&stage);
    ck_assert_int_ge(call->expire_time - call->create_time, stage.plan.ring_limit);
    ck_assert_int_le(call->expire_time - call->create_time, MINUTE);
    wait(&stage, call->expire_time - world_now(stage.world) + 30 * SECOND - 1);
    ck_assert_uint_eq(world_all_hang_ups(stage.world), 0);
    wait(&stage, 1);
    ck_given_up(&stage, "NOT_REPORTED", true);
    call = the_call(&stage);
    ck_call(call, COMPLETED, FAILED);
    ck_assert_str_eq(call->outbound[0]->reason, "CALL_LOST");
    ck_assert_uint_eq(world_session(stage.world, &stage.talk)->call_seconds, 0);
    /* At last the carrier says what became of it. */
    ck_assert(world_progress(stage.world, stage.plan.key, CALL_SECOND, CALL_NO_ANSWER).hang_up);
    ck_call(the_call(&stage), COMPLETED, NO_ANSWER);
    ck_assert_ptr_null(world_last(stage.world, CHANGE(WARNING)));
    ck_over(&stage, 0);
}
END_TEST

/* holds: VOI-07 */
START_TEST(a_call_ends_at_its_longest)
{
    struct service_settings settings = service_settings_unset();
    settings.longest_call = 10 * MINUTE;
    struct stage stage = stage_open(&settings);
    ck_assert_int_eq(stage.plan.longest_call, 10 * MINUTE);
    world_move(stage.world, 7 * SECOND);
    world_connect(stage.world, stage.plan.key);
    /* What is changed later is for later calls. */
    settings.longest_call = HOUR;
    settings.ring_limit = 20 * SECOND;
    ck_done(call_service_update(stage.world, &(struct service_change){
                                                 .service = stage.world->service,
                                                 .settings = settings,
                                             }));
    wait(&stage, 10 * MINUTE + 5 * SECOND - 1);
    ck_assert_uint_eq(world_all_hang_ups(stage.world), 0);
    wait(&stage, 1);
    ck_given_up(&stage, "LONGEST_CALL", false);
    const Maskline__Store__V1__Interaction *call = the_call(&stage);
    ck_call(call, COMPLETED, COMPLETED);
    /* Nobody knows of more. */
    ck_assert_uint_eq(call->call->seconds, 600);
    ck_assert_uint_eq(world_session(stage.world, &stage.talk)->call_seconds, 600);
    ck_over(&stage, 0);
}
END_TEST

START_TEST(a_carrier_without_a_word_is_told_until_the_call_has_surely_ended)
{
    struct service_settings settings = service_settings_unset();
    settings.longest_call = 5 * MINUTE;
    struct stage stage = stage_open(&settings);
    wait(&stage, 2 * MINUTE);
    wait(&stage, 30 * SECOND);
    ck_call(the_call(&stage), COMPLETED, FAILED);
    unsigned told = world_hang_ups(stage.world, stage.plan.key);
    for (int i = 0; i < 4; i++)
        wait(&stage, MINUTE);
    ck_assert_uint_ge(world_hang_ups(stage.world, stage.plan.key), told + 4);
    ck_over(&stage, 5 * MINUTE);
}
END_TEST

/* A clock that jumps runs what was due, in its order. */
START_TEST(a_day_that_passes_at_once_ends_it_as_well)
{
    struct stage stage = stage_open(NULL);
    world_connect(stage.world, stage.plan.key);
    wait(&stage, DAY);
    ck_assert_str_eq(the_call(&stage)->call->hang_up_reason, "LONGEST_CALL");
    wait(&stage, DAY);
    ck_call(the_call(&stage), COMPLETED, COMPLETED);
    ck_assert_uint_eq(the_call(&stage)->call->seconds, 4 * 3600);
    ck_over(&stage, 0);
}
END_TEST

/* holds: VOI-12 */
START_TEST(what_is_ended_and_reported_leaves_nothing_behind)
{
    struct stage stage = stage_open(NULL);
    world_connect(stage.world, stage.plan.key);
    ck_assert_int_eq(world_hang_up(stage.world, &stage.talk, 0, NULL), STATUS_OK);
    world_run(stage.world);
    wait(&stage, 5 * SECOND);
    world_progress(stage.world, stage.plan.key, CALL_SECOND, CALL_COMPLETED);
    uint64_t entries = world_entries(stage.world);
    unsigned told = world_all_hang_ups(stage.world);
    wait(&stage, MINUTE);
    ck_assert_uint_eq(world_entries(stage.world), entries);
    ck_assert_uint_eq(world_all_hang_ups(stage.world), told);
    ck_over(&stage, 0);
}
END_TEST

START_TEST(a_carrier_that_comes_back_is_told_at_once)
{
    struct stage stage = stage_open(NULL);
    world_connect(stage.world, stage.plan.key);
    ck_assert_int_eq(world_hang_up(stage.world, &stage.talk, 0, NULL), STATUS_OK);
    world_run(stage.world);
    unsigned told = world_all_hang_ups(stage.world);
    ingress_carrier_ready(stage.world->masking, "one");
    world_run(stage.world);
    ck_assert_uint_eq(world_all_hang_ups(stage.world), told + 1);
    /* Also when nothing else is left of the call. */
    world_delete_talk(stage.world, &stage.talk);
    world_run(stage.world);
    told = world_hang_ups(stage.world, stage.plan.key);
    ingress_carrier_ready(stage.world->masking, "one");
    world_run(stage.world);
    ck_assert_uint_eq(world_hang_ups(stage.world, stage.plan.key), told + 1);
    world_progress(stage.world, stage.plan.key, CALL_FIRST, CALL_GONE);
    ingress_carrier_ready(stage.world->masking, "one");
    world_run(stage.world);
    ck_assert_uint_eq(world_hang_ups(stage.world, stage.plan.key), told + 1);
    world_close(stage.world);
}
END_TEST

/* ---- limits in the plan ---- */

/* holds: VOI-08 VOI-09 */
START_TEST(how_long_it_rings_depends_on_the_key)
{
    static const struct {
        bool asks, never;
        int64_t with, without, rings;
    } CASES[] = {
        {true, false, 0, 0, 30},   {false, false, 0, 0, 18}, {true, true, 0, 0, 18},
        {true, false, 25, 9, 25},  {false, false, 25, 9, 9}, {true, true, 25, 9, 9},
        {false, false, 60, 0, 18},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        struct service_settings settings = service_settings_unset();
        if (CASES[i].with)
            settings.ring_limit = CASES[i].with * SECOND;
        if (CASES[i].without)
            settings.ring_limit_without_key = CASES[i].without * SECOND;
        if (CASES[i].never)
            settings.call_acceptance = CALLS_TAKE_PICK_UP;
        struct world *world = world_with_two(NULL, NULL, &settings);
        struct talk talk = world_talk(world, ANN, BOB, 0);
        if (!CASES[i].asks)
            world->carriers[0].abilities &= ~(unsigned)CALL_CAN_ASK_KEY;
        struct plan_seen plan = world_ring(world, &talk).plan;
        ck_assert_int_eq(plan.ring_limit, CASES[i].rings * SECOND);
        ck_assert(plan.ask_key == (CASES[i].asks && !CASES[i].never));
        ck_assert_int_eq(plan.key_limit, 10 * SECOND);
        world_close(world);
    }
}
END_TEST

/* holds: VOI-03 VOI-04 VOI-05 */
START_TEST(what_is_said_stands_in_the_plan)
{
    struct service_settings settings = service_settings_unset();
    settings.whisper = "A call from the shop.";
    settings.announcement = "We connect you.";
    settings.call_recording = CALLS_RECORDED;
    struct world *world = world_with_two(NULL, NULL, &settings);
    struct talk talk = world_talk(world, ANN, BOB, 0);
    struct plan_seen plan = world_ring(world, &talk).plan;
    ck_assert_str_eq(plan.whisper, "A call from the shop.");
    ck_assert_str_eq(plan.announcement, "We connect you.");
    ck_assert(plan.record);
    ck_assert_str_eq(plan.consent_notice, "This call is recorded.");
    /* Saying takes time: the call may take so much longer. */
    const Maskline__Store__V1__Interaction *call = world_call_at(world, &talk, 0);
    ck_assert_int_ge(call->expire_time - call->create_time, 40 * SECOND + 4 * 3 * SECOND);
    /* Where nothing can be said nothing is recorded. */
    static const unsigned LACKS[] = {CALL_CAN_SPEAK, CALL_CAN_RECORD};
    for (int i = 0; i < 2; i++) {
        unsigned all = world->carriers[0].abilities;
        world->carriers[0].abilities = all & ~LACKS[i];
        plan = world_ring(world, &talk).plan;
        ck_assert(!plan.record);
        ck_assert_str_eq(plan.consent_notice, "");
        ck_assert_str_eq(plan.whisper, i ? "A call from the shop." : "");
        ck_assert_str_eq(plan.announcement, i ? "We connect you." : "");
        world->carriers[0].abilities = all;
    }
    world_close(world);
}
END_TEST

/* Between a call and its repeat another program may have become the carrier, which can do less. holds: VOI-05 */
START_TEST(a_repeat_is_recorded_only_where_that_can_be_said)
{
    static const unsigned LACKS[] = {CALL_CAN_SPEAK, CALL_CAN_RECORD};
    struct service_settings settings = service_settings_unset();
    settings.call_recording = CALLS_RECORDED;
    struct world *world = world_with_two(NULL, NULL, &settings);
    struct talk talk = world_talk(world, ANN, BOB, 0);
    const struct inbound_call call = {"one", "id", ANN, talk.proxy_a};
    unsigned all = world->carriers[0].abilities;
    ck_assert(world_call_in(world, &call).plan.record);
    for (int i = 0; i < 2; i++) {
        world->carriers[0].abilities = all & ~LACKS[i];
        struct call_seen again = world_call_in(world, &call);
        ck_assert_int_eq(again.outcome, CALL_ACCEPTED);
        ck_assert(again.repeated);
        ck_assert(!again.plan.record);
        ck_assert_str_eq(again.plan.consent_notice, "");
    }
    world->carriers[0].abilities = all;
    ck_assert(world_call_in(world, &call).plan.record);
    world_close(world);
}
END_TEST

SUITE_MAIN("calls and time", a_call_of_which_nothing_is_heard_ends, a_call_ends_at_its_longest,
           a_carrier_without_a_word_is_told_until_the_call_has_surely_ended,
           a_day_that_passes_at_once_ends_it_as_well,
           what_is_ended_and_reported_leaves_nothing_behind,
           a_carrier_that_comes_back_is_told_at_once, how_long_it_rings_depends_on_the_key,
           what_is_said_stands_in_the_plan, a_repeat_is_recorded_only_where_that_can_be_said)
