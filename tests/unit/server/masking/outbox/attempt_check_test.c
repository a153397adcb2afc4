#include "server/masking/internal.h"
#include "server/masking/outbox/outbox.h"
#include "tests/unit/server/masking/calls.h"

#include <string.h>

/* What is found out before each attempt: whether what was accepted may still be sent, and from where. */

#define ANN "+15551230001"
#define BOB "+15551230002"

START_TEST(locked_number_waits)
{
    struct world *world = world_with_two(NULL, NULL, NULL);
    struct talk talk = world_talk(world, ANN, BOB, 0);
    world_say(world, &talk, "one", "x");
    world_number_state(world, talk.proxy_b, MASKLINE__STORE__V1__NUMBER_STATE__NUMBER_STATE_LOCKED);
    ck_assert_uint_eq(world_run(world), 0);
    world_move(world, HOUR / 2);
    ck_assert_uint_eq(world_run(world), 0);
    ck_assert_int_eq(world_leg(world, &talk, 0)->status, STATUS(QUEUED));
    world_number_state(world, talk.proxy_b, MASKLINE__STORE__V1__NUMBER_STATE__NUMBER_STATE_ACTIVE);
    ck_assert_uint_ge(world_run(world), 1);
    ck_assert_int_eq(world_leg(world, &talk, 0)->status, STATUS(SENT));
    world_number_state(world, talk.proxy_b, MASKLINE__STORE__V1__NUMBER_STATE__NUMBER_STATE_LOCKED);
    if (strcmp(talk.proxy_a, talk.proxy_b) != 0) {
        world_say(world, &talk, "one", "y");
        world_move(world, HOUR);
        world_run(world);
        ck_assert_str_eq(world_leg(world, &talk, 1)->reason, "MESSAGE_EXPIRED");
    }
    ck_assert_uint_eq(world->carriers[0].count, 1);
    world_close(world);
}
END_TEST

/* holds: OUT-02 OUT-03 SES-20 */
START_TEST(closed_sessions_send_no_more)
{
    struct world *world = world_with_two(NULL, NULL, NULL);
    struct talk talk = world_talk(world, ANN, BOB, 0);
    world_say(world, &talk, "one", "x");
    world_end_talk(world, &talk);
    world_run(world);
    ck_assert_uint_eq(world->carriers[0].count, 0);
    ck_assert_int_eq(world_leg(world, &talk, 0)->status, STATUS(CANCELED));
    ck_assert_str_eq(world_leg(world, &talk, 0)->reason, "SESSION_CLOSED");
    world_close(world);
}
END_TEST

/* holds: OUT-02 OUT-04 */
START_TEST(closing_grace_to_the_tick)
{
    for (int late = 0; late < 2; late++) {
        struct service_settings settings = service_settings_unset();
        settings.closing_grace = 10 * SECOND;
        struct world *world = world_with_two(NULL, NULL, &settings);
        struct talk talk = world_talk(world, ANN, BOB, 0);
        world_say(world, &talk, "one", "x");
        world_end_talk(world, &talk);
        ck_rejected(world_text(world, ANN, talk.proxy_a, "new"), "SESSION_CLOSED");
        world_move(world, 10 * SECOND - 1 + late);
        world_run(world);
        ck_assert_uint_eq(world->carriers[0].count, late ? 0 : 1);
        ck_assert_int_eq(world_leg(world, &talk, 0)->status,
                         late ? STATUS(CANCELED) : STATUS(SENT));
        world_close(world);
    }
}
END_TEST

/* A number that nobody can replace goes while a message to its owner's partner waits, whose own number is there still. */
/* holds: OUT-02 SES-28 */
START_TEST(failed_sessions_send_no_more)
{
    struct service_settings settings = service_settings_unset();
    settings.closing_grace = HOUR;
    struct world *world = world_with_two(NULL, NULL, &settings);
    struct talk talk = world_talk(world, ANN, BOB, 0);
    ck_assert_str_ne(talk.proxy_a, talk.proxy_b);
    const struct number_change kept_back = {
        .service = world->service, .number = talk.proxy_b, .set_reserved = true, .reserved = true};
    ck_done(call_number_update(world, &kept_back).number);
    world_say(world, &talk, "one", "x");
    ck_done(call_number_remove(world, talk.proxy_a, true).number);
    ck_assert_int_eq(call_session_get(world, talk.session)->status,
                     MASKLINE__STORE__V1__SESSION_STATUS__SESSION_STATUS_FAILED);
    world_run(world);
    ck_assert_uint_eq(world->carriers[0].count, 0);
    ck_assert_int_eq(world_leg(world, &talk, 0)->status, STATUS(CANCELED));
    ck_assert_str_eq(world_leg(world, &talk, 0)->reason, "SESSION_CLOSED");
    world_close(world);
}
END_TEST

START_TEST(expired_sessions_send_no_more)
{
    struct world *world = world_with_two(NULL, NULL, NULL);
    struct talk talk = world_talk(world, ANN, BOB, MINUTE);
    world->carriers[0].outcome = SEND_RETRY;
    world->carriers[0].retry_after = MINUTE;
    world_say(world, &talk, "one", "x");
    world_run(world);
    world->carriers[0].outcome = SEND_TAKEN;
    world_move(world, MINUTE);
    world_run(world);
    ck_assert_uint_eq(world->carriers[0].count, 1);
    ck_assert_str_eq(world_leg(world, &talk, 0)->reason, "SESSION_CLOSED");
    ck_assert_int_eq(world_leg(world, &talk, 0)->original_code, 80904);
    world_close(world);
}
END_TEST

/* Its sessions go piece by piece; nothing is sent in those that are left. */
/* holds: SVC-13 */
START_TEST(deleted_services_send_no_more)
{
    struct world *world = world_with_two(NULL, NULL, NULL);
    struct talk talk = world_talk(world, ANN, BOB, 0);
    world_say(world, &talk, "one", "x");
    ck_done(call_service_delete(world, world->service));
    ck_assert_uint_ge(outbox_run_due(world->masking->outbox), 1);
    ck_assert_uint_eq(world->carriers[0].count, 0);
    const Maskline__Store__V1__Entry *entry =
        world_last(world, MASKLINE__STORE__V1__ENTRY__CHANGE_LEG_CHANGED);
    ck_assert_int_eq(entry->leg_changed->now->status, STATUS(CANCELED));
    ck_assert_str_eq(entry->leg_changed->now->reason, "SERVICE_DELETED");
    world_close(world);
}
END_TEST

static const struct service_settings *short_rest(struct service_settings *settings)
{
    *settings = service_settings_unset();
    settings->max_message_life = 1;
    settings->late_reply_window = 0;
    settings->cool_down = settings->quarantine = 1;
    settings->closing_grace = HOUR;
    return settings;
}

/* A number goes to another Service while a message waits that was accepted when messages lived longer and numbers rested longer. */
START_TEST(a_number_that_another_service_has)
{
    struct world *world = world_open(NULL);
    world_service(world, NULL);
    world_number(world, "+15559990001", NULL);
    struct talk talk = world_talk(world, ANN, BOB, 0);
    world->carriers[0].outcome = SEND_RETRY;
    world->carriers[0].retry_after = MINUTE;
    ck_accepted(world_text(world, ANN, talk.proxy_a, "x"));
    world_run(world);
    ck_assert_uint_eq(world->carriers[0].count, 1);
    world->carriers[0].outcome = SEND_TAKEN;
    struct service_settings settings;
    const struct service_change change = {.service = world->service,
                                          .settings = *short_rest(&settings)};
    ck_done(call_service_update(world, &change));
    world_end_talk(world, &talk);
    ck_done(call_number_remove(world, "+15559990001", false).number);
    world_move(world, SECOND);
    char first[40];
    memcpy(first, world->service, sizeof first);
    world_service(world, &settings);
    world_number(world, "+15559990001", NULL);
    memcpy(world->service, first, sizeof first);
    world_move(world, MINUTE);
    world_run(world);
    ck_assert_uint_eq(world->carriers[0].count, 1);
    ck_assert_int_eq(world_leg(world, &talk, 0)->status, STATUS(CANCELED));
    ck_assert_str_eq(world_leg(world, &talk, 0)->reason, "NUMBER_REMOVED");
    world_close(world);
}
END_TEST

/* holds: OUT-05 */
START_TEST(removed_people_get_nothing)
{
    struct world *world = world_with_two(NULL, NULL, NULL);
    struct talk talk = world_talk(world, ANN, BOB, 0);
    world_say(world, &talk, "one", "x");
    world_leave(world, &talk, talk.b);
    world_run(world);
    ck_assert_uint_eq(world->carriers[0].count, 0);
    ck_assert_str_eq(world_leg(world, &talk, 0)->reason, "PARTICIPANT_REMOVED");
    world_close(world);
}
END_TEST

START_TEST(deleted_sessions_leave_nothing_behind)
{
    struct world *world = world_with_two(NULL, NULL, NULL);
    struct talk talk = world_talk(world, ANN, BOB, 0);
    world_say(world, &talk, "one", "x");
    world_delete_talk(world, &talk);
    world_run(world);
    ck_assert_uint_eq(world->carriers[0].count, 0);
    struct log_id log = world_log(world);
    ck_assert_uint_eq(world_rows(world, KV_IDX, key_outboxes(TENANT_DEFAULT, log_service(&log))),
                      0);
    world_close(world);
}
END_TEST

/* holds: MSG-14 */
START_TEST(media_needs_mms)
{
    struct world *world = world_with_two(NULL, NULL, NULL);
    struct talk talk = world_talk(world, ANN, BOB, 0);
    struct inbound_message message = {
        .carrier = "one",
        .provider_id = "1",
        .from = ANN,
        .to = talk.proxy_a,
        .body = "look",
        .media = &(struct ingress_media){"https://example.test/1", "image/png"},
        .media_count = 1};
    ck_accepted(world_hand_in(world, &message));
    world_run(world);
    ck_assert_uint_eq(world_sent(world, 0, 0)->media_count, 1);
    world_close(world);
    /* The number that the partner knows the sender by cannot. */
    world = world_open(NULL);
    world_service(world, NULL);
    struct number_draft draft = number_draft(world, "+15559990001");
    draft.mms = false;
    ck_done(call_number_add(world, &draft).number);
    talk = world_talk(world, ANN, BOB, 0);
    message.to = talk.proxy_a;
    ck_accepted(world_hand_in(world, &message));
    world_run(world);
    ck_assert_uint_eq(world->carriers[0].count, 0);
    ck_assert_int_eq(world_leg(world, &talk, 0)->status, STATUS(FAILED));
    ck_assert_str_eq(world_leg(world, &talk, 0)->reason, "MMS_NOT_POSSIBLE");
    world_close(world);
}
END_TEST

SUITE_MAIN("attempt_check", locked_number_waits, closed_sessions_send_no_more,
           closing_grace_to_the_tick, failed_sessions_send_no_more, expired_sessions_send_no_more,
           deleted_services_send_no_more, a_number_that_another_service_has,
           removed_people_get_nothing, deleted_sessions_leave_nothing_behind, media_needs_mms)
