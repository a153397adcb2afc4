#include "tests/unit/server/masking/calls.h"

#include <stdlib.h>
#include <string.h>

/* What comes in and is to be asked about, while nobody is there to be asked. */

#define ANN "+15551230001"
#define BOB "+15551230002"
#define CEM "+15551230003"

#define FAILURE(name) MASKLINE__STORE__V1__INTERCEPTION_FAILURE__INTERCEPTION_FAILURE_##name
#define BLOCKED       MASKLINE__STORE__V1__INTERCEPTION_STATE__INTERCEPTION_STATE_BLOCKED

static struct service_settings intercepting(Maskline__Store__V1__InterceptionFailure failure)
{
    struct service_settings settings = service_settings_unset();
    settings.notices = &nothing_is_told;
    settings.intercept_messages = true;
    settings.interception_failure = failure;
    return settings;
}

static struct world *world_of(const char *path, Maskline__Store__V1__InterceptionFailure failure)
{
    struct service_settings settings = intercepting(failure);
    return world_with_two(path, NULL, &settings);
}

/* holds: ICP-08 */
START_TEST(open_lets_through_at_once)
{
    /* UNSPECIFIED is what older records have. */
    for (unsigned i = 0; i < 2; i++) {
        struct world *world = world_of(NULL, i ? FAILURE(OPEN) : 0);
        struct talk talk = world_talk(world, ANN, BOB, 0);
        ck_accepted(world_text(world, ANN, talk.proxy_a, "hello"));
        world_run(world); /* the clock stands */
        ck_assert_uint_eq(world->carriers[0].count, 1);
        ck_assert_str_eq(world_sent(world, 0, 0)->body, "hello");
        ck_assert_ptr_null(world_interaction(world, &talk, 0)->interception);
        world_close(world);
    }
}
END_TEST

/* holds: ICP-08 INT-15 ERR-80909 */
START_TEST(closed_blocks_at_once_and_keeps_the_row)
{
    char path[] = "/tmp/maskline-interception-XXXXXX";
    ck_assert_ptr_nonnull(mkdtemp(path));
    struct world *world = world_of(path, FAILURE(CLOSED));
    struct talk talk = world_talk(world, ANN, BOB, 0);
    uint64_t before = world_entries(world);
    ck_accepted(world_text(world, ANN, talk.proxy_a, "hello"));
    ck_assert_uint_eq(world_entries(world), before + 1);
    const Maskline__Store__V1__Interaction *told =
        world_entry(world, before + 1)->interaction_created->interaction;
    ck_assert_int_eq(told->interception->state, BLOCKED);
    ck_assert_str_eq(told->interception->reason, "NOBODY_ATTENDS");
    ck_assert_int_eq(told->interception->original_code, 80909);
    for (int round = 0; round < 2; round++) {
        const Maskline__Store__V1__Interaction *kept = world_interaction(world, &talk, 0);
        ck_assert_int_eq(kept->interception->state, BLOCKED);
        ck_assert_str_eq(kept->content->body, "hello");
        ck_assert_int_eq(kept->inbound->status, STATUS(RECEIVED));
        ck_assert_str_eq(sid_format("KP", kept->inbound->participant.data).text, talk.a);
        ck_assert_uint_eq(kept->n_outbound, 0);
        world_restart(world);
        world_move(world, 10 * SECOND);
        world_run(world);
    }
    /* Neither is the sender told, nor does anybody get it, whatever the setting is later. */
    ck_assert_uint_eq(world->carriers[0].count, 0);
    const struct service_change change = {.service = world->service,
                                          .settings = intercepting(FAILURE(OPEN))};
    ck_done(call_service_update(world, &change));
    world_run(world);
    ck_assert_uint_eq(world->carriers[0].count, 0);
    ck_accepted(world_text(world, BOB, talk.proxy_b, "and now?"));
    world_run(world);
    ck_assert_uint_eq(world->carriers[0].count, 1);
    ck_assert_str_eq(world_sent(world, 0, 0)->body, "and now?");
    world_close(world);
    folder_remove(path);
}
END_TEST

/* A carrier that hands it in again gets the same answer, and nothing happens by it. */
START_TEST(a_repeat_of_what_was_blocked)
{
    struct world *world = world_of(NULL, FAILURE(CLOSED));
    struct talk talk = world_talk(world, ANN, BOB, 0);
    const struct inbound_message message = {
        .carrier = "one", .provider_id = "7", .from = ANN, .to = talk.proxy_a, .body = "x"};
    ck_accepted(world_hand_in(world, &message));
    uint64_t before = world_entries(world);
    struct answer again = world_hand_in(world, &message);
    ck_accepted(again);
    ck_assert(again.repeated);
    ck_assert_uint_eq(world_entries(world), before);
    ck_assert_uint_eq(world_interactions(world, &talk), 1);
    world_close(world);
}
END_TEST

/* holds: ICP-13 */
START_TEST(keywords_are_put_to_nobody)
{
    struct world *world = world_of(NULL, FAILURE(CLOSED));
    struct talk talk = world_talk(world, ANN, BOB, 0);
    (void)world_text(world, ANN, talk.proxy_a, "STOP");
    ck_assert_uint_eq(world_interactions(world, &talk), 0);
    ck_assert_ptr_nonnull(world_last(world, CHANGE(KEYWORD_RECEIVED))->keyword_received->added);
    ck_assert_ptr_null(world_last(world, CHANGE(INTERACTION_CREATED)));
    (void)world_text(world, ANN, talk.proxy_a, "UNSTOP");
    ck_assert_uint_eq(world_interactions(world, &talk), 0);
    /* A word that goes on is a text as any, and does what it does all the same. */
    (void)world_text(world, ANN, talk.proxy_a, "STOP");
    ck_accepted(world_text(world, ANN, talk.proxy_a, "START"));
    ck_assert_int_eq(world_interaction(world, &talk, 0)->interception->state, BLOCKED);
    ck_assert_uint_eq(world_last(world, CHANGE(KEYWORD_RECEIVED))->keyword_received->n_removed, 1);
    world_close(world);
}
END_TEST

/* holds: MSG-06 */
START_TEST(what_the_service_sends_is_put_to_nobody)
{
    struct world *world = world_of(NULL, FAILURE(CLOSED));
    struct talk talk = world_talk(world, ANN, BOB, 0);
    struct message_draft draft = {.service = world->service,
                                  .session = talk.session,
                                  .participant = talk.b,
                                  .body = "from the shop"};
    ck_assert_int_eq(world_send(world, &draft, NULL, NULL), STATUS_OK);
    draft.sender = talk.a; /* nor what it sends for somebody */
    draft.body = "for Ann";
    ck_assert_int_eq(world_send(world, &draft, NULL, NULL), STATUS_OK);
    world_run(world);
    ck_assert_uint_eq(world->carriers[0].count, 2);
    ck_assert_str_eq(world_sent(world, 0, 1)->body, "from the shop");
    ck_assert_str_eq(world_sent(world, 0, 0)->body, "for Ann");
    ck_assert_ptr_null(world_interaction(world, &talk, 0)->interception);
    world_close(world);
}
END_TEST

/* What a guard refuses, and what nobody is to get, is put to nobody. */
START_TEST(guards_come_first)
{
    struct world *world = world_of(NULL, FAILURE(CLOSED));
    struct talk calls = world_talk_mode(world, ANN, BOB, MODE(VOICE_ONLY));
    ck_rejected(world_text(world, ANN, calls.proxy_a, "x"), "MODE_REFUSED");
    struct talk talk = world_talk(world, CEM, "+15551230004", 0);
    (void)world_text(world, "+15551230004", talk.proxy_b, "STOP");
    ck_accepted(world_text(world, CEM, talk.proxy_a, "x"));
    const Maskline__Store__V1__Interaction *kept = world_interaction(world, &talk, 0);
    ck_assert_ptr_null(kept->interception);
    ck_assert_int_eq(kept->outbound[0]->status, STATUS(CANCELED));
    ck_assert_str_eq(kept->outbound[0]->reason, "OPTED_OUT");
    world_close(world);
}
END_TEST

/* It is an interaction of the session, which it starts, and keeps alive as little as anything that is refused. */
START_TEST(what_a_session_has_of_it)
{
    struct world *world = world_of(NULL, FAILURE(CLOSED));
    struct talk talk = world_talk(world, ANN, BOB, HOUR);
    world_move(world, HOUR / 2);
    ck_accepted(world_text(world, ANN, talk.proxy_a, "x"));
    const Maskline__Store__V1__Session *session = world_session(world, &talk);
    ck_assert_int_eq(session->status, SESSION_STATUS(IN_PROGRESS));
    ck_assert_uint_eq(session->interaction_count, 1);
    ck_assert_int_eq(session->last_interaction_time, 0);
    world_move(world, HOUR / 2);
    ck_rejected(world_text(world, ANN, talk.proxy_a, "x"), "SESSION_EXPIRED");
    world_close(world);
}
END_TEST

/* It can be redacted, and goes with its session. */
START_TEST(it_goes_as_others_do)
{
    struct world *world = world_of(NULL, FAILURE(CLOSED));
    struct talk talk = world_talk(world, ANN, BOB, 0);
    ck_accepted(world_text(world, ANN, talk.proxy_a, "x"));
    world_delete_talk(world, &talk);
    struct log_id log = world_log(world);
    uint8_t session[SID_BYTES];
    ck_assert(sid_parse("KC", talk.session, session));
    ck_assert_uint_eq(
        world_rows(world, KV_LIVE, key_interactions(TENANT_DEFAULT, log_service(&log), session)),
        0);
    world_close(world);
}
END_TEST

SUITE_MAIN("interception", open_lets_through_at_once, closed_blocks_at_once_and_keeps_the_row,
           a_repeat_of_what_was_blocked, keywords_are_put_to_nobody,
           what_the_service_sends_is_put_to_nobody, guards_come_first, what_a_session_has_of_it,
           it_goes_as_others_do)
