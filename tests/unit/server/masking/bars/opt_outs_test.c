#include "tests/unit/server/masking/calls.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Who opted out: where it holds, and how long. */

#define ANN    "+15551230001"
#define BOB    "+15551230002"
#define CEM    "+15551230003"
#define PROXY  "+15559990001"
#define OTHER  "+15559990002"
/* Longer than what is compared of an address. */
#define SENDER "messenger:page.1234567"
#define CAT    "messenger:cat.98765"

static struct world *world_with(const char *path, Maskline__Store__V1__OptOutScope scope)
{
    struct service_settings settings = service_settings_unset();
    settings.opt_out_scope = scope;
    settings.notices = &nothing_is_told;
    return world_with_two(path, NULL, &settings);
}

#define OF_SERVICE MASKLINE__STORE__V1__OPT_OUT_SCOPE__OPT_OUT_SCOPE_SERVICE
#define OF_NUMBER  MASKLINE__STORE__V1__OPT_OUT_SCOPE__OPT_OUT_SCOPE_NUMBER

/* holds: KEY-10 KEY-13 KEY-14 */
START_TEST(of_the_whole_service)
{
    struct world *world = world_with(NULL, OF_SERVICE);
    struct talk first = world_talk(world, ANN, BOB, 0);
    struct talk second = world_talk(world, ANN, CEM, 0);
    ck_assert_str_ne(first.proxy_a, second.proxy_a);
    ck_accepted(world_text(world, ANN, first.proxy_a, "STOP"));
    ck_assert_str_eq(call_send_to(world, &first, first.a), "OPTED_OUT");
    ck_assert_str_eq(call_send_to(world, &second, second.a), "OPTED_OUT");
    ck_assert_uint_eq(world_interactions(world, &second), 0);
    ck_assert_str_eq(call_send_to(world, &second, second.b), "");
    /* What a partner writes is kept, and canceled. */
    ck_accepted(world_text(world, CEM, second.proxy_b, "hello?"));
    world_run(world);
    const Maskline__Store__V1__Leg *leg = world_leg(world, &second, 1);
    ck_assert_int_eq(leg->status, STATUS(CANCELED));
    ck_assert_str_eq(leg->reason, "OPTED_OUT");
    ck_assert_int_eq(leg->original_code, 21610);
    ck_assert_int_eq(leg->attempts, 0);
    ck_assert_str_eq(world_sent(world, 0, 0)->to, CEM);
    /* The person itself may write. */
    ck_accepted(world_text(world, ANN, second.proxy_a, "one more thing"));
    world_run(world);
    ck_assert_str_eq(world_sent(world, 0, 0)->body, "one more thing");
    /* No number is given to it any more, unless for calls alone; nor one that is asked for. */
    const Maskline__Store__V1__Session *session = call_talk(world, ANN, "+15551230009");
    ck_refused(session, "OPTED_OUT", 80402);
    struct participant_draft asks = person_on(world, ANN, PROXY);
    world_end_talk(world, &first);
    world_end_talk(world, &second);
    world_move(world, 5 * HOUR);
    struct session_draft draft = {
        .service = world->service, .participants = &asks, .participant_count = 1};
    ck_refused(call_session_create(world, draft), "OPTED_OUT", 80402);
    draft.mode = MODE(VOICE_ONLY);
    ck_done(call_session_create(world, draft));
    world_close(world);
}
END_TEST

/* holds: KEY-11 KEY-13 */
START_TEST(of_one_number)
{
    struct world *world = world_with(NULL, OF_NUMBER);
    struct talk first = world_talk(world, ANN, BOB, 0);
    struct talk second = world_talk(world, ANN, CEM, 0);
    ck_accepted(world_text(world, ANN, first.proxy_a, "STOP"));
    ck_assert_str_eq(call_send_to(world, &first, first.a), "OPTED_OUT");
    ck_assert_str_eq(call_send_to(world, &second, second.a), "");
    /* Its other number is chosen from now on, first or not. */
    world_end_talk(world, &first);
    world_end_talk(world, &second);
    world_move(world, 5 * HOUR);
    struct talk third = world_talk(world, ANN, BOB, 0);
    ck_assert_str_eq(third.proxy_a, second.proxy_a);
    ck_refused(call_talk(world, ANN, CEM), "OPTED_OUT", 80402);
    /* START to the other number takes nothing of this one back. */
    ck_accepted(world_text(world, ANN, third.proxy_a, "START"));
    ck_refused(call_talk(world, ANN, CEM), "OPTED_OUT", 80402);
    ck_rejected(world_text(world, ANN, first.proxy_a, "START"), "SESSION_CLOSED");
    ck_done(call_talk(world, ANN, CEM));
    world_close(world);
}
END_TEST

/* holds: KEY-12 OUT-05 */
START_TEST(what_waits_is_canceled)
{
    struct world *world = world_with(NULL, OF_SERVICE);
    struct talk talk = world_talk(world, ANN, BOB, 0);
    world->carriers[0].outcome = SEND_RETRY;
    world->carriers[0].retry_after = HOUR;
    for (int i = 0; i < 3; i++)
        ck_accepted(world_text(world, BOB, talk.proxy_b, "are you there?"));
    world_run(world);
    ck_assert_int_eq(world_leg(world, &talk, 0)->status, STATUS(QUEUED));
    ck_accepted(world_text(world, ANN, talk.proxy_a, "STOP"));
    world_run(world); /* the clock stands: they are not due */
    for (unsigned i = 0; i < 3; i++) {
        ck_assert_int_eq(world_leg(world, &talk, i)->status, STATUS(CANCELED));
        ck_assert_str_eq(world_leg(world, &talk, i)->reason, "OPTED_OUT");
    }
    ck_assert_uint_eq(world->carriers[0].count, 1);
    /* So it is with one that was accepted before, and not tried yet; and when a client says so. */
    ck_accepted(world_text(world, ANN, talk.proxy_a, "UNSTOP"));
    ck_accepted(world_text(world, BOB, talk.proxy_b, "good"));
    ck_done(call_opt_out(world, opt_outs_create, ANN, ""));
    world_run(world);
    ck_assert_str_eq(world_leg(world, &talk, 3)->reason, "OPTED_OUT");
    ck_assert_uint_eq(world->carriers[0].count, 1);
    world_close(world);
}
END_TEST

/* A participant is one person, whichever of its phones the word came from; messages go to the first. */
/* holds: KEY-10 KEY-12 KEY-13 OUT-05 */
START_TEST(any_phone_of_a_person)
{
    struct world *world = world_with(NULL, OF_SERVICE);
    struct participant_draft people[] = {person_of_many(world, ANN " " CEM), person(world, BOB)};
    struct session_draft draft = {
        .service = world->service, .participants = people, .participant_count = 2};
    const Maskline__Store__V1__Session *session = call_session_create(world, draft);
    ck_done(session);
    struct talk talk = {0};
    snprintf(talk.session, sizeof talk.session, "%s", sid_of(world, session));
    snprintf(talk.a, sizeof talk.a, "%s", participant_sid(world, session, 0));
    snprintf(talk.proxy_a, sizeof talk.proxy_a, "%s", proxy_of(session, 0));
    snprintf(talk.proxy_b, sizeof talk.proxy_b, "%s", proxy_of(session, 1));
    world->carriers[0].outcome = SEND_RETRY;
    world->carriers[0].retry_after = HOUR;
    ck_accepted(world_text(world, BOB, talk.proxy_b, "are you there?"));
    world_run(world);
    ck_accepted(world_text(world, CEM, talk.proxy_a, "STOP"));
    world_run(world);
    ck_assert_str_eq(world_leg(world, &talk, 0)->reason, "OPTED_OUT");
    ck_assert_str_eq(call_send_to(world, &talk, talk.a), "OPTED_OUT");
    ck_accepted(world_text(world, BOB, talk.proxy_b, "hello?"));
    world_run(world);
    ck_assert_int_eq(world_leg(world, &talk, 1)->status, STATUS(CANCELED));
    ck_refused(call_session_create(world, draft), "OPTED_OUT", 80402);
    ck_assert_uint_eq(world->carriers[0].count, 1);
    ck_accepted(world_text(world, CEM, talk.proxy_a, "UNSTOP"));
    ck_assert_str_eq(call_send_to(world, &talk, talk.a), "");
    world_close(world);
}
END_TEST

/* holds: KEY-15 */
START_TEST(outlives_sessions_and_restarts)
{
    char path[] = "/tmp/maskline-opt-outs-XXXXXX";
    ck_assert_ptr_nonnull(mkdtemp(path));
    struct world *world = world_with(path, OF_SERVICE);
    struct talk talk = world_talk(world, ANN, BOB, 0);
    ck_accepted(world_text(world, ANN, talk.proxy_a, "STOP"));
    world_delete_talk(world, &talk);
    world_restart(world);
    world_move(world, 400 * DAY);
    world_run(world);
    ck_assert_uint_eq(call_opt_outs_listed(world, ""), 1);
    ck_assert(!call_talk(world, ANN, BOB));
    ck_assert_str_eq(call_error.reason, "OPTED_OUT");
    ck_done(call_opt_out(world, opt_outs_delete, ANN, ""));
    world_restart(world);
    ck_assert_uint_eq(call_opt_outs_listed(world, ""), 0);
    ck_done(call_talk(world, ANN, BOB));
    world_close(world);
    folder_remove(path);
}
END_TEST

/* Who says START has opted in when that was written down, and not when it could not be. holds: KEY-13 */
START_TEST(what_is_not_taken_back_holds)
{
    char path[] = "/tmp/maskline-opt-outs-XXXXXX";
    ck_assert_ptr_nonnull(mkdtemp(path));
    struct service_settings settings = service_settings_unset();
    settings.notices = &nothing_is_told;
    settings.person_cap = 100;
    settings.person_cap_period = HOUR;
    struct world *world = world_with_two(path, NULL, &settings);
    struct talk talk = world_talk(world, ANN, BOB, 0);
    ck_accepted(world_text(world, ANN, talk.proxy_a, "hello"));
    ck_accepted(world_text(world, ANN, talk.proxy_a, "STOP"));
    world_run(world);
    world_restart(world);
    struct log_id log = world_log(world);
    struct person ann = person_of(store_hash_key(world->store), ANN);
    struct swap unreadable = {
        .key = key_cap(TENANT_DEFAULT, log_service(&log), &ann), .row = {0xff}, .size = 1};
    world_swap(world, &unreadable);
    ck_assert_int_eq(world_text(world, ANN, talk.proxy_a, "START").outcome, INBOUND_FAILED);
    world_swap(world, &unreadable);
    ck_assert_uint_eq(call_opt_outs_listed(world, ANN), 1);
    ck_assert_str_eq(call_send_to(world, &talk, talk.a), "OPTED_OUT");
    unsigned sent = world->carriers[0].count;
    ck_accepted(world_text(world, BOB, talk.proxy_b, "still there?"));
    world_run(world);
    ck_assert_uint_eq(world->carriers[0].count, sent);
    ck_assert_str_eq(world_leg(world, &talk, 1)->reason, "OPTED_OUT");
    world_close(world);
    folder_remove(path);
}
END_TEST

/* holds: KEY-15 ERR-80402 */
START_TEST(by_request)
{
    struct world *world = world_with(NULL, OF_SERVICE);
    struct talk talk = world_talk(world, ANN, BOB, 0);
    const Maskline__Store__V1__OptOut *made = call_opt_out(world, opt_outs_create, ANN, "");
    ck_done(made);
    ck_assert_str_eq(made->identifier, ANN);
    uint64_t entries = world_entries(world);
    ck_done(call_opt_out(world, opt_outs_create, ANN, ""));
    ck_assert_uint_eq(world_entries(world), entries);
    made = call_opt_out(world, opt_outs_create, ANN, talk.proxy_a);
    ck_done(made);
    ck_assert_str_eq(made->proxy_identifier, talk.proxy_a);
    ck_done(call_opt_out(world, opt_outs_create, BOB, OTHER));
    ck_assert_uint_eq(call_opt_outs_listed(world, ""), 3);
    ck_assert_uint_eq(call_opt_outs_listed(world, ANN), 2);
    ck_assert_uint_eq(call_opt_outs_listed(world, CEM), 0);
    /* One word takes both back. */
    ck_accepted(world_text(world, ANN, talk.proxy_a, "START"));
    ck_assert_uint_eq(call_opt_outs_listed(world, ANN), 0);
    ck_assert_str_eq(call_send_to(world, &talk, talk.a), "");
    ck_refused(call_opt_out(world, opt_outs_delete, ANN, ""), "OPT_OUT_NOT_FOUND", 0);
    ck_assert_int_eq(call_error.code, STATUS_NOT_FOUND);
    ck_done(call_opt_out(world, opt_outs_delete, BOB, OTHER));
    ck_refused(call_opt_out(world, opt_outs_create, "nobody", ""), "INVALID_IDENTIFIER", 80404);
    ck_refused(call_opt_out(world, opt_outs_create, ANN, "nobody"), "INVALID_FIELD", 80701);
    world_close(world);
}
END_TEST

/* holds: SVC-19 */
START_TEST(of_one_service_alone)
{
    struct world *world = world_with(NULL, OF_SERVICE);
    ck_accepted(world_text(world, ANN, PROXY, "STOP"));
    char first[40];
    memcpy(first, world->service, sizeof first);
    world_service(world, NULL);
    world_number(world, "+15559990003", NULL);
    world_number(world, "+15559990004", NULL);
    struct talk talk = world_talk(world, ANN, BOB, 0);
    ck_assert_str_eq(call_send_to(world, &talk, talk.a), "");
    /* And it goes with its Service. */
    memcpy(world->service, first, sizeof first);
    ck_done(call_service_delete(world, world->service));
    world_run(world);
    struct log_id log = world_log(world);
    ck_assert_uint_eq(world_rows(world, KV_LIVE, key_opt_outs(TENANT_DEFAULT, log_service(&log))),
                      0);
    ck_assert_ptr_nonnull(world_last(world, CHANGE(SERVICE_DELETED)));
    world_close(world);
}
END_TEST

/* What keywords do in channels and to short codes, a client can do and take back. */
START_TEST(in_channels_and_of_short_codes)
{
    struct world *world = world_with(NULL, OF_NUMBER);
    struct number_draft draft = number_draft(world, SENDER);
    draft.kind = NUMBER_CHANNEL;
    draft.voice = false;
    ck_done(call_number_add(world, &draft).number);
    draft = number_draft(world, "12345");
    draft.kind = NUMBER_SHORT_CODE;
    draft.country = "US";
    ck_done(call_number_add(world, &draft).number);
    ck_accepted(world_text(world, CAT, SENDER, "stop"));
    ck_accepted(world_text(world, ANN, "12345", "stop"));
    ck_assert_uint_eq(call_opt_outs_listed(world, ""), 2);
    ck_assert_uint_eq(call_opt_outs_listed(world, CAT), 1);
    const Maskline__Store__V1__OptOut *made = call_opt_out(world, opt_outs_create, CAT, SENDER);
    ck_done(made);
    ck_assert_str_eq(made->proxy_identifier, SENDER);
    made = call_opt_out(world, opt_outs_delete, CAT, SENDER);
    ck_done(made);
    ck_assert_str_eq(made->identifier, CAT);
    ck_done(call_opt_out(world, opt_outs_delete, ANN, "12345"));
    ck_assert_uint_eq(call_opt_outs_listed(world, ""), 0);
    const struct participant_draft people[] = {person_on(world, CAT, SENDER), person(world, BOB)};
    const Maskline__Store__V1__Session *session =
        call_session_create(world, (struct session_draft){.service = world->service,
                                                          .participants = people,
                                                          .participant_count = 2,
                                                          .mode = MODE(MESSAGE_ONLY)});
    ck_done(session);
    ck_done(call_opt_out(world, opt_outs_create, CAT, ""));
    struct talk talk = {0};
    strncpy(talk.session, sid_of(world, session), sizeof talk.session - 1);
    ck_assert_str_eq(call_send_to(world, &talk, participant_sid(world, session, 0)), "OPTED_OUT");
    ck_done(call_opt_out(world, opt_outs_delete, CAT, ""));
    ck_assert_str_eq(call_send_to(world, &talk, participant_sid(world, session, 0)), "");
    ck_refused(call_opt_out(world, opt_outs_create, "messenger:", ""), "INVALID_IDENTIFIER", 80404);
    world_close(world);
}
END_TEST

SUITE_MAIN("opt_outs", what_is_not_taken_back_holds, of_the_whole_service, of_one_number,
           what_waits_is_canceled, any_phone_of_a_person, outlives_sessions_and_restarts,
           by_request, in_channels_and_of_short_codes, of_one_service_alone)
