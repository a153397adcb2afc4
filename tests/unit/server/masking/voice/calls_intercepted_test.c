#include "tests/unit/server/masking/calls.h"
#include "tests/unit/server/masking/phones.h"

#include <stdlib.h>
#include <string.h>

/* Calls that come in and are to be asked about, while nobody is there to be asked. */

#define ANN "+15551230001"
#define BOB "+15551230002"
#define CEM "+15551230003"
#define DOT "+15551230004"

#define FAILURE(name) MASKLINE__STORE__V1__INTERCEPTION_FAILURE__INTERCEPTION_FAILURE_##name
#define BLOCKED       MASKLINE__STORE__V1__INTERCEPTION_STATE__INTERCEPTION_STATE_BLOCKED

static struct service_settings intercepting(Maskline__Store__V1__InterceptionFailure failure)
{
    struct service_settings settings = service_settings_unset();
    settings.intercept_calls = true;
    settings.interception_failure = failure;
    return settings;
}

static struct world *world_of(const char *path, Maskline__Store__V1__InterceptionFailure failure)
{
    struct service_settings settings = intercepting(failure);
    return world_with_two(path, NULL, &settings);
}

static void let(struct world *world, Maskline__Store__V1__InterceptionFailure failure)
{
    const struct service_change change = {.service = world->service,
                                          .settings = intercepting(failure)};
    ck_done(call_service_update(world, &change));
}

static unsigned due_rows(struct world *world)
{
    struct log_id log = world_log(world);
    return world_rows(world, KV_IDX, key_calls(TENANT_DEFAULT, log_service(&log)));
}

#define ck_blocked(given, again)                             \
    do {                                                     \
        struct call_seen its_call = (given);                 \
        ck_assert_int_eq(its_call.outcome, CALL_REJECTED);   \
        ck_assert_str_eq(its_call.reason, "NOBODY_ATTENDS"); \
        ck_assert_int_eq(its_call.original, 80909);          \
        ck_assert_str_eq(its_call.notice, "");               \
        ck_assert_int_eq(its_call.repeated, again);          \
    } while (0)

/* holds: ICP-08 */
START_TEST(open_rings_at_once)
{
    for (unsigned i = 0; i < 2; i++) {
        struct world *world = world_of(NULL, i ? FAILURE(OPEN) : 0);
        struct talk talk = world_talk(world, ANN, BOB, 0);
        struct call_seen seen = world_ring(world, &talk);
        ck_assert_str_eq(seen.plan.second.number[0], BOB);
        ck_assert_ptr_null(world_call_at(world, &talk, 0)->interception);
        ck_call(world_call_at(world, &talk, 0), IN_PROGRESS, INITIATED);
        world_close(world);
    }
}
END_TEST

/* holds: ICP-08 INT-15 ERR-80909 */
START_TEST(closed_rings_nobody_and_keeps_the_row)
{
    char path[] = "/tmp/maskline-intercepted-XXXXXX";
    ck_assert_ptr_nonnull(mkdtemp(path));
    struct world *world = world_of(path, FAILURE(CLOSED));
    struct talk talk = world_talk(world, ANN, BOB, 0);
    uint64_t before = world_entries(world);
    ck_blocked(world_call(world, ANN, talk.proxy_a), false);
    ck_assert_uint_eq(world_entries(world), before + 1);
    const Maskline__Store__V1__Interaction *told =
        world_entry(world, before + 1)->interaction_created->interaction;
    ck_assert_int_eq(told->interception->state, BLOCKED);
    ck_assert_str_eq(told->interception->reason, "NOBODY_ATTENDS");
    ck_assert_int_eq(told->interception->original_code, 80909);
    for (int round = 0; round < 2; round++) {
        const Maskline__Store__V1__Interaction *kept = world_call_at(world, &talk, 0);
        ck_assert_int_eq(kept->interception->state, BLOCKED);
        ck_assert_int_eq(kept->inbound->status, STATUS(COMPLETED));
        ck_assert_str_eq(sid_format("KP", kept->inbound->participant.data).text, talk.a);
        ck_assert_uint_eq(kept->n_outbound, 0);
        ck_assert_int_eq(kept->call->end_time, kept->create_time);
        const Maskline__Store__V1__Session *session = world_session(world, &talk);
        ck_assert_uint_eq(session->n_live_calls, 0);
        ck_assert_uint_eq(session->call_count, 1);
        ck_assert_uint_eq(session->interaction_count, 1);
        ck_assert_uint_eq(session->call_seconds, 0);
        ck_assert_uint_eq(due_rows(world), 0);
        world_restart(world);
        world_move(world, HOUR);
        world_run(world);
    }
    ck_assert_uint_eq(world_entries(world), before + 1);
    ck_assert_uint_eq(world_all_hang_ups(world), 0);
    ck_assert_uint_eq(world_placed(world, 0), 0);
    /* The next one rings when the setting lets it. */
    let(world, FAILURE(OPEN));
    ck_assert_str_eq(world_ring(world, &talk).plan.second.number[0], BOB);
    ck_assert_uint_eq(world_session(world, &talk)->n_live_calls, 1);
    world_close(world);
    folder_remove(path);
}
END_TEST

/* holds: IDM-09 */
START_TEST(a_repeat_gets_the_same_answer)
{
    struct world *world = world_of(NULL, FAILURE(CLOSED));
    struct talk talk = world_talk(world, ANN, BOB, 0);
    const struct inbound_call call = {
        .carrier = "one", .provider_id = "c7", .from = ANN, .to = talk.proxy_a};
    ck_blocked(world_call_in(world, &call), false);
    uint64_t before = world_entries(world);
    ck_blocked(world_call_in(world, &call), true);
    ck_assert_uint_eq(world_entries(world), before);
    let(world, FAILURE(OPEN)); /* what is done is done */
    ck_blocked(world_call_in(world, &call), true);
    ck_assert_uint_eq(world_interactions(world, &talk), 1);
    world_close(world);
}
END_TEST

/* holds: MSG-06 */
START_TEST(what_the_service_places_is_put_to_nobody)
{
    struct world *world = world_of(NULL, FAILURE(CLOSED));
    struct talk talk = world_talk(world, ANN, BOB, 0);
    ck_assert_int_eq(world_place(world, &talk, talk.a, NULL), STATUS_OK);
    ck_assert_uint_eq(world_placed(world, 0), 1);
    const Maskline__Store__V1__Interaction *call = world_call_at(world, &talk, 0);
    ck_assert_ptr_null(call->interception);
    ck_call(call, INITIATED, QUEUED);
    world_close(world);
}
END_TEST

/* Each kind has its switch. */
START_TEST(texts_are_another_kind)
{
    struct world *world = world_of(NULL, FAILURE(CLOSED));
    struct talk talk = world_talk(world, ANN, BOB, 0);
    ck_accepted(world_text(world, ANN, talk.proxy_a, "hello"));
    ck_assert_ptr_null(world_interaction(world, &talk, 0)->interception);
    struct service_change change = {.service = world->service,
                                    .settings = intercepting(FAILURE(CLOSED))};
    change.settings.intercept_calls = false;
    change.settings.intercept_messages = true;
    ck_done(call_service_update(world, &change));
    ck_assert_str_eq(world_ring(world, &talk).plan.second.number[0], BOB);
    world_close(world);
}
END_TEST

/* What goes nowhere anyway is put to nobody. */
START_TEST(guards_come_first)
{
    struct service_settings settings = intercepting(FAILURE(CLOSED));
    settings.opt_out_of_calls = true;
    struct world *world = world_with_two(NULL, NULL, &settings);
    struct talk texts = world_talk_mode(world, ANN, BOB, MODE(MESSAGE_ONLY));
    struct call_seen seen = world_call(world, ANN, texts.proxy_a);
    ck_assert_int_eq(seen.outcome, CALL_REJECTED);
    ck_assert_str_eq(seen.reason, "MODE_REFUSED");
    struct talk talk = world_talk(world, CEM, DOT, 0);
    (void)world_text(world, DOT, talk.proxy_b, "STOP");
    seen = world_call(world, CEM, talk.proxy_a);
    ck_assert_int_eq(seen.outcome, CALL_REJECTED);
    ck_assert_str_eq(seen.reason, "OPTED_OUT");
    const Maskline__Store__V1__Interaction *kept = world_call_at(world, &talk, 0);
    ck_assert_ptr_null(kept->interception);
    ck_call(kept, COMPLETED, CANCELED);
    world_close(world);
}
END_TEST

/* It keeps no session alive, whose first interaction it can be. */
START_TEST(it_renews_nothing)
{
    struct world *world = world_of(NULL, FAILURE(CLOSED));
    struct talk talk = world_talk(world, ANN, BOB, HOUR);
    world_move(world, HOUR / 2);
    ck_blocked(world_call(world, ANN, talk.proxy_a), false);
    const Maskline__Store__V1__Session *session = world_session(world, &talk);
    ck_assert_int_eq(session->status, SESSION_STATUS(IN_PROGRESS));
    ck_assert_int_eq(session->last_interaction_time, 0);
    world_move(world, HOUR / 2);
    ck_assert_str_eq(world_call(world, ANN, talk.proxy_a).reason, "SESSION_EXPIRED");
    world_close(world);
}
END_TEST

/* It has ended: there is nothing to hang up, and it can be deleted, by itself or with its session. */
START_TEST(it_has_ended)
{
    struct world *world = world_of(NULL, FAILURE(CLOSED));
    struct talk talk = world_talk(world, ANN, BOB, 0);
    /* More than can live at once. */
    for (unsigned i = 0; i < 10; i++)
        ck_blocked(world_call(world, ANN, talk.proxy_a), false);
    uint64_t before = world_entries(world);
    ck_assert_int_eq(world_hang_up(world, &talk, 0, NULL), STATUS_OK);
    ck_assert_uint_eq(world_entries(world), before);
    ck_assert_str_eq(world_delete_call(world, &talk, 0, true), "");
    ck_assert_uint_eq(world_interactions(world, &talk), 9);
    world_delete_talk(world, &talk);
    struct log_id log = world_log(world);
    uint8_t session[SID_BYTES];
    ck_assert(sid_parse("KC", talk.session, session));
    ck_assert_uint_eq(
        world_rows(world, KV_LIVE, key_interactions(TENANT_DEFAULT, log_service(&log), session)),
        0);
    ck_assert_uint_eq(due_rows(world), 0);
    ck_assert_uint_eq(world_all_hang_ups(world), 0);
    world_close(world);
}
END_TEST

SUITE_MAIN("calls_intercepted", open_rings_at_once, closed_rings_nobody_and_keeps_the_row,
           a_repeat_gets_the_same_answer, what_the_service_places_is_put_to_nobody,
           texts_are_another_kind, guards_come_first, it_renews_nothing, it_has_ended)
