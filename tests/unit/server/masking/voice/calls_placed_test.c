#include "server/masking/bars/blocks.h"
#include "server/masking/bars/opt_outs.h"
#include "tests/unit/server/masking/calls.h"
#include "tests/unit/server/masking/phones.h"

#include <string.h>

/* Calls that a Service asks for, and has hung up. */

#define N1  "+15559990001"
#define N2  "+15559990002"
#define ANN "+15551230001"
#define BOB "+15551230002"

static struct world *two(void)
{
    return world_with_two(NULL, NULL, NULL);
}

/* holds: VOI-10 */
START_TEST(one_is_rung_first_and_then_the_partner)
{
    struct world *world = two();
    struct talk talk = world_talk(world, ANN, BOB, 0);
    ck_assert_int_eq(world_place(world, &talk, talk.b, NULL), STATUS_OK);
    ck_call(world_call_at(world, &talk, 0), INITIATED, QUEUED);
    ck_assert_uint_eq(world_placed(world, 0), 1);
    const struct plan_seen *plan = world_plan(world, 0, 0);
    ck_assert_uint_eq(plan->first.count, 1);
    ck_assert_str_eq(plan->first.number[0], BOB);
    ck_assert_str_eq(plan->first.caller_id[0], talk.proxy_b);
    ck_assert_uint_eq(plan->second.count, 1);
    ck_assert_str_eq(plan->second.number[0], ANN);
    ck_assert_str_eq(plan->second.caller_id[0], talk.proxy_a);
    world_progress(world, plan->key, CALL_FIRST, CALL_RINGING);
    ck_call(world_call_at(world, &talk, 0), RINGING, QUEUED);
    world_progress(world, plan->key, CALL_FIRST, CALL_PICKED_UP);
    ck_call(world_call_at(world, &talk, 0), ANSWERED, INITIATED);
    world_progress(world, plan->key, CALL_SECOND, CALL_RINGING);
    world_progress(world, plan->key, CALL_SECOND, CALL_CONNECTED);
    ck_call(world_call_at(world, &talk, 0), IN_PROGRESS, IN_PROGRESS);
    world_move(world, 5 * SECOND);
    world_progress(world, plan->key, CALL_SECOND, CALL_COMPLETED);
    ck_call(world_call_at(world, &talk, 0), COMPLETED, COMPLETED);
    ck_assert_uint_eq(world_session(world, &talk)->call_seconds, 5);
    ck_assert_uint_eq(world_placed(world, 0), 1);
    ck_assert_uint_eq(world_all_hang_ups(world), 0);
    world_close(world);
}
END_TEST

/* holds: VOI-11 */
START_TEST(who_does_not_pick_up_is_connected_with_nobody)
{
    struct world *world = two();
    struct talk talk = world_talk(world, ANN, BOB, 0);
    ck_assert_int_eq(world_place(world, &talk, talk.a, NULL), STATUS_OK);
    world_progress(world, world_plan(world, 0, 0)->key, CALL_FIRST, CALL_NO_ANSWER);
    const Maskline__Store__V1__Interaction *call = world_call_at(world, &talk, 0);
    ck_call(call, NO_ANSWER, CANCELED);
    ck_assert_str_eq(call->outbound[1]->reason, "OTHER_SIDE_GONE");
    ck_assert_uint_eq(call->outbound[1]->attempts, 0);
    world_close(world);
}
END_TEST

#define ck_place_refused(world, talk, participant, status, why)                               \
    do {                                                                                      \
        char its_reason[48];                                                                  \
        ck_assert_int_eq(world_place(world, talk, participant, its_reason), STATUS_##status); \
        ck_assert_str_eq(its_reason, why);                                                    \
        ck_assert_uint_eq(world_placed(world, 0), 0);                                         \
        ck_assert_uint_eq(world_interactions(world, talk), 0);                                \
    } while (0)

/* holds: EVT-09 */
START_TEST(what_was_refused_is_told)
{
    struct world *world = two();
    struct talk quiet = world_talk_mode(world, ANN, BOB, MODE(MESSAGE_ONLY));
    uint64_t before = world_entries(world);
    for (int i = 0; i < 3; i++)
        ck_place_refused(world, &quiet, quiet.a, FAILED_PRECONDITION, "MODE_REFUSED");
    ck_assert_uint_eq(world_entries(world), before + 1);
    const Maskline__Store__V1__Warning *warning = world_last(world, CHANGE(WARNING))->warning;
    ck_assert_str_eq(warning->reason, "MODE_REFUSED");
    ck_assert_int_eq(warning->original_code, 80911);
    ck_assert_str_eq(sid_format("KC", warning->session.data).text, quiet.session);
    world_end_talk(world, &quiet);
    world_move(world, 2 * DAY);
    struct talk talk = world_talk(world, ANN, BOB, MINUTE);
    world_move(world, MINUTE);
    ck_place_refused(world, &talk, talk.a, FAILED_PRECONDITION, "SESSION_CLOSED");
    warning = world_last(world, CHANGE(WARNING))->warning;
    ck_assert_str_eq(warning->reason, "SESSION_EXPIRED");
    ck_assert_int_eq(warning->original_code, 80904);
    world_close(world);
}
END_TEST

/* holds: GRD-10 */
START_TEST(what_may_not_be_is_not_placed)
{
    struct world *world = two();
    struct talk quiet = world_talk_mode(world, ANN, BOB, MODE(MESSAGE_ONLY));
    ck_place_refused(world, &quiet, quiet.a, FAILED_PRECONDITION, "MODE_REFUSED");
    ck_place_refused(world, &quiet, quiet.session, INVALID_ARGUMENT, "INVALID_SID");
    world_end_talk(world, &quiet);
    ck_place_refused(world, &quiet, quiet.a, FAILED_PRECONDITION, "SESSION_CLOSED");
    world_move(world, 2 * DAY);
    struct talk talk = world_talk(world, ANN, BOB, 0);
    ck_place_refused(world, &talk, "KP00000000000000000000000000000000", NOT_FOUND,
                     "PARTICIPANT_NOT_FOUND");
    world_number_state(world, talk.proxy_a, NUMBER_STATE(LOCKED));
    ck_place_refused(world, &talk, talk.b, FAILED_PRECONDITION, "NUMBER_LOCKED");
    world_number_state(world, talk.proxy_a, NUMBER_STATE(ACTIVE));
    world->carriers[0].abilities &= ~(unsigned)CALL_CAN_PLACE;
    ck_place_refused(world, &talk, talk.b, UNAVAILABLE, "CARRIER_UNAVAILABLE");
    world->carriers[0].abilities = 0;
    ck_place_refused(world, &talk, talk.b, UNAVAILABLE, "CARRIER_UNAVAILABLE");
    world_leave(world, &talk, talk.a);
    ck_place_refused(world, &talk, talk.b, FAILED_PRECONDITION, "NO_PARTNER");
    world_close(world);
}
END_TEST

static void block_ready(void *data, const Maskline__Store__V1__Block *block,
                        const struct error *error)
{
    (void)block;
    waiter_finish(data, error);
}

static void block(struct world *world, const char *who, const char *from)
{
    struct waiter waiter;
    waiter_init(&waiter);
    blocks_create(
        world->masking,
        &(struct block_name){.service = world->service, .identifier = who, .to_identifier = from},
        block_ready, &waiter);
    waiter_wait(&waiter);
    ck_assert_int_eq(waiter.error.code, STATUS_OK);
}

/* holds: GRD-02 GRD-10 */
START_TEST(who_is_blocked_is_not_called)
{
    static const char *const SIDES[][2] = {{ANN, BOB}, {BOB, ANN}, {ANN, ""}, {BOB, ""}};
    for (size_t i = 0; i < 4; i++) {
        struct world *world = two();
        struct talk talk = world_talk(world, ANN, BOB, 0);
        block(world, SIDES[i][0], SIDES[i][1]);
        char reason[48];
        ck_assert_int_eq(world_place(world, &talk, talk.a, reason), STATUS_FAILED_PRECONDITION);
        ck_assert_str_eq(reason, "BLOCKED");
        ck_assert_uint_eq(world_placed(world, 0), 0);
        world_close(world);
    }
    struct world *world = two();
    struct talk talk = world_talk(world, ANN, BOB, 0);
    block(world, ANN, BOB);
    struct call_seen seen = world_call(world, ANN, talk.proxy_a);
    ck_assert_int_eq(seen.outcome, CALL_REJECTED);
    ck_assert_str_eq(seen.reason, "BLOCKED");
    ck_assert_uint_eq(world_interactions(world, &talk), 0);
    ck_assert_int_eq(world_call(world, BOB, talk.proxy_b).outcome, CALL_ACCEPTED);
    world_close(world);
}
END_TEST

/* holds: KEY-10 GRD-10 */
START_TEST(who_has_opted_out_is_called_unless_calls_count)
{
    for (int too = 0; too < 2; too++) {
        struct service_settings settings = service_settings_unset();
        settings.opt_out_of_calls = too;
        struct world *world = world_with_two(NULL, NULL, &settings);
        struct talk talk = world_talk(world, ANN, BOB, 0);
        ck_accepted(world_text(world, BOB, talk.proxy_b, "STOP"));
        struct call_seen seen = world_call(world, ANN, talk.proxy_a);
        char reason[48];
        enum status_code placed = world_place(world, &talk, talk.a, reason);
        if (!too) {
            ck_assert_int_eq(seen.outcome, CALL_ACCEPTED);
            ck_assert_int_eq(placed, STATUS_OK);
            world_close(world);
            continue;
        }
        ck_assert_int_eq(seen.outcome, CALL_REJECTED);
        ck_assert_str_eq(seen.reason, "OPTED_OUT");
        ck_assert_int_eq(seen.original, 21610);
        const Maskline__Store__V1__Interaction *call = world_call_at(world, &talk, 0);
        ck_call(call, COMPLETED, CANCELED);
        ck_assert_str_eq(call->outbound[0]->reason, "OPTED_OUT");
        ck_assert_int_eq(call->call->end_time, call->create_time);
        ck_assert_uint_eq(world_session(world, &talk)->n_live_calls, 0);
        ck_assert_uint_eq(world_session(world, &talk)->call_count, 1);
        ck_assert_int_eq(world_session(world, &talk)->last_interaction_time, 0);
        ck_assert_int_eq(placed, STATUS_FAILED_PRECONDITION);
        ck_assert_str_eq(reason, "OPTED_OUT");
        ck_assert_int_eq(world_place(world, &talk, talk.b, reason), STATUS_FAILED_PRECONDITION);
        /* Who has opted out may call. */
        ck_assert_int_eq(world_call(world, BOB, talk.proxy_b).outcome, CALL_ACCEPTED);
        world_close(world);
    }
}
END_TEST

START_TEST(a_request_places_once)
{
    struct world *world = two();
    struct talk talk = world_talk(world, ANN, BOB, 0);
    struct call_draft draft = {
        .service = world->service,
        .session = talk.session,
        .participant = talk.a,
        .request = {.id = "r", .method = "PlaceCall", .body_hash = {1}},
    };
    char first[40], second[40], reason[48];
    ck_assert_int_eq(world_place_draft(world, &draft, first, NULL), STATUS_OK);
    ck_assert_int_eq(world_place_draft(world, &draft, second, NULL), STATUS_OK);
    ck_assert_str_eq(first, second);
    ck_assert_uint_eq(world_placed(world, 0), 1);
    draft.participant = talk.b;
    draft.request.body_hash[0] = 2;
    ck_assert_int_eq(world_place_draft(world, &draft, NULL, reason), STATUS_FAILED_PRECONDITION);
    ck_assert_str_eq(reason, "REQUEST_ID_REUSED");
    ck_assert_uint_eq(world_placed(world, 0), 1);
    world_close(world);
}
END_TEST

START_TEST(a_carrier_that_does_not_take_it_rings_nobody)
{
    struct world *world = two();
    struct talk talk = world_talk(world, ANN, BOB, 0);
    world->carriers[0].refuses_calls = true;
    ck_assert_int_eq(world_place(world, &talk, talk.a, NULL), STATUS_OK);
    world_move(world, SECOND);
    const Maskline__Store__V1__Interaction *call = world_call_at(world, &talk, 0);
    ck_call(call, FAILED, CANCELED);
    ck_assert_str_eq(call->outbound[0]->reason, "CARRIER_UNAVAILABLE");
    ck_assert_int_eq(call->outbound[0]->original_code, 80502);
    ck_assert_uint_eq(world_session(world, &talk)->n_live_calls, 0);
    world->carriers[0].refuses_calls = false;
    world_run(world);
    ck_assert_uint_eq(world_placed(world, 0), 0);
    world_close(world);
}
END_TEST

/* By a carrier that both numbers have; the first's come in their order. */
START_TEST(it_goes_by_a_carrier_of_both_numbers)
{
    static const struct {
        const char *first, *second;
        int by; /* -1: none */
    } NUMBERS[] = {
        {NULL, NULL, 0},
        {"two three", "three two", 1},
        {"two three", "three", 2},
        {"two", "three", -1},
        {NULL, "one", 0},
        {NULL, "two", -1},
        {"three two", "two three", 2},
    };
    for (size_t i = 0; i < sizeof NUMBERS / sizeof *NUMBERS; i++) {
        struct world *world = world_open(NULL);
        world_service(world, NULL);
        world_number(world, N1, NUMBERS[i].first);
        world_number(world, N2, NUMBERS[i].second);
        const struct participant_draft people[] = {person_on(world, ANN, N1),
                                                   person_on(world, BOB, N2)};
        const Maskline__Store__V1__Session *session = call_session_create(
            world, (struct session_draft){.participants = people, .participant_count = 2});
        ck_done(session);
        struct call_draft draft = {.service = world->service,
                                   .session = sid_of(world, session),
                                   .participant = participant_sid(world, session, 0)};
        char reason[48];
        enum status_code code = world_place_draft(world, &draft, NULL, reason);
        if (NUMBERS[i].by < 0) {
            ck_assert_int_eq(code, STATUS_FAILED_PRECONDITION);
            ck_assert_str_eq(reason, "CARRIER_MISMATCH");
        } else {
            ck_assert_int_eq(code, STATUS_OK);
        }
        for (int c = 0; c < CARRIERS; c++)
            ck_assert_uint_eq(world_placed(world, (unsigned)c), c == NUMBERS[i].by);
        world_close(world);
    }
}
END_TEST

/* holds: VOI-12 */
START_TEST(ending_hangs_up_once_and_an_ended_call_stays)
{
    struct world *world = two();
    struct talk talk = world_talk(world, ANN, BOB, 0);
    struct call_seen seen = world_ring(world, &talk);
    world_connect(world, seen.plan.key);
    char reason[48];
    ck_assert_int_eq(world_hang_up(world, &talk, 0, reason), STATUS_OK);
    world_run(world);
    ck_assert_uint_ge(world_hang_ups(world, seen.plan.key), 1);
    const Maskline__Store__V1__Interaction *call = world_call_at(world, &talk, 0);
    ck_call(call, IN_PROGRESS, IN_PROGRESS);
    ck_assert_str_eq(call->call->hang_up_reason, "END_CALL");
    uint64_t entries = world_entries(world);
    ck_assert_int_eq(world_hang_up(world, &talk, 0, reason), STATUS_OK);
    ck_assert_uint_eq(world_entries(world), entries);
    world_progress(world, seen.plan.key, CALL_FIRST, CALL_COMPLETED);
    ck_call(world_call_at(world, &talk, 0), COMPLETED, COMPLETED);
    entries = world_entries(world);
    unsigned told = world_all_hang_ups(world);
    ck_assert_int_eq(world_hang_up(world, &talk, 0, reason), STATUS_OK);
    world_run(world);
    world_move(world, HOUR);
    world_run(world);
    ck_assert_uint_eq(world_entries(world), entries);
    ck_assert_uint_eq(world_all_hang_ups(world), told);
    world_say(world, &talk, "one", "no call");
    ck_assert_int_eq(world_hang_up(world, &talk, 1, reason), STATUS_FAILED_PRECONDITION);
    ck_assert_str_eq(reason, "NOT_A_CALL");
    world_close(world);
}
END_TEST

SUITE_MAIN("calls placed", one_is_rung_first_and_then_the_partner,
           who_does_not_pick_up_is_connected_with_nobody, what_was_refused_is_told,
           what_may_not_be_is_not_placed, who_is_blocked_is_not_called,
           who_has_opted_out_is_called_unless_calls_count, a_request_places_once,
           a_carrier_that_does_not_take_it_rings_nobody, it_goes_by_a_carrier_of_both_numbers,
           ending_hangs_up_once_and_an_ended_call_stays)
