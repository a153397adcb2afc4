#include "server/masking/messages/guards.h"

#include "tests/unit/server/masking/calls.h"

#include <stdlib.h>
#include <string.h>

/* Blocks and caps, and the order in which the guards speak. */

#define ANN   "+15551230001"
#define BOB   "+15551230002"
#define CEM   "+15551230003"
#define PROXY "+15559990001"
#define OTHER "+15559990002"

/* holds: GRD-02 GRD-10 INB-10 */
START_TEST(one_from_another)
{
    struct world *world = world_with_two(NULL, NULL, NULL);
    struct talk talk = world_talk(world, ANN, BOB, 0);
    struct talk other = world_talk(world, ANN, CEM, 0);
    ck_done(call_block(world, blocks_create, ANN, BOB));
    ck_rejected(world_text(world, ANN, talk.proxy_a, "x"), "BLOCKED");
    const Maskline__Store__V1__InboundRejected *rejected =
        world_last(world, CHANGE(INBOUND_REJECTED))->inbound_rejected;
    ck_assert_str_eq(rejected->reason, "BLOCKED");
    ck_assert_str_eq(sid_format("KC", rejected->session.data).text, talk.session);
    ck_assert_str_eq(sid_format("KP", rejected->participant.data).text, talk.a);
    ck_assert_uint_eq(world_interactions(world, &talk), 0);
    /* The other way, to others, and for the Service it is free. */
    ck_accepted(world_text(world, BOB, talk.proxy_b, "x"));
    ck_accepted(world_text(world, ANN, other.proxy_a, "x"));
    ck_assert_str_eq(call_send_to(world, &talk, talk.b), "");
    /* In every session, also one that begins later. */
    world_run(world);
    world_end_talk(world, &talk);
    talk = world_talk(world, BOB, ANN, 0);
    ck_rejected(world_text(world, ANN, talk.proxy_b, "x"), "BLOCKED");
    ck_done(call_block(world, blocks_delete, ANN, BOB));
    ck_accepted(world_text(world, ANN, talk.proxy_b, "x"));
    ck_refused(call_block(world, blocks_delete, ANN, BOB), "BLOCK_NOT_FOUND", 0);
    world_close(world);
}
END_TEST

/* holds: GRD-03 GRD-10 */
START_TEST(from_everybody)
{
    char path[] = "/tmp/maskline-guards-XXXXXX";
    ck_assert_ptr_nonnull(mkdtemp(path));
    struct world *world = world_with_two(path, NULL, NULL);
    struct talk talk = world_talk(world, ANN, BOB, 0);
    ck_done(call_block(world, blocks_create, ANN, ""));
    uint64_t entries = world_entries(world);
    ck_done(call_block(world, blocks_create, ANN, ""));
    ck_assert_uint_eq(world_entries(world), entries);
    world_restart(world);
    ck_rejected(world_text(world, ANN, talk.proxy_a, "x"), "BLOCKED");
    ck_rejected(world_text(world, BOB, talk.proxy_b, "x"), "BLOCKED");
    ck_assert_str_eq(call_send_to(world, &talk, talk.a), "BLOCKED");
    ck_assert_int_eq(call_error.code, STATUS_FAILED_PRECONDITION);
    ck_assert_str_eq(call_send_to(world, &talk, talk.b), "");
    ck_done(call_block(world, blocks_create, BOB, CEM));
    ck_assert_uint_eq(call_blocks_listed(world, ""), 2);
    ck_assert_uint_eq(call_blocks_listed(world, BOB), 1);
    ck_assert_uint_eq(call_blocks_listed(world, CEM), 0);
    /* Another Service knows nothing of it. */
    char first[40];
    memcpy(first, world->service, sizeof first);
    world_service(world, NULL);
    world_number(world, "+15559990003", NULL);
    world_number(world, "+15559990004", NULL);
    struct talk elsewhere = world_talk(world, ANN, BOB, 0);
    ck_accepted(world_text(world, ANN, elsewhere.proxy_a, "x"));
    ck_assert_uint_eq(call_blocks_listed(world, ""), 0);
    /* It goes with its own. */
    memcpy(world->service, first, sizeof first);
    ck_done(call_service_delete(world, world->service));
    world_run(world);
    struct log_id log = world_log(world);
    ck_assert_uint_eq(world_rows(world, KV_LIVE, key_blocks(TENANT_DEFAULT, log_service(&log))), 0);
    ck_refused(call_block(world, blocks_create, "rubbish", ""), "INVALID_IDENTIFIER", 80404);
    ck_refused(call_block(world, blocks_create, ANN, BOB), "SERVICE_DELETED", 0);
    world_close(world);
    folder_remove(path);
}
END_TEST

/* holds: GRD-02 OUT-05 */
START_TEST(what_waits_is_canceled)
{
    struct world *world = world_with_two(NULL, NULL, NULL);
    struct talk talk = world_talk(world, ANN, BOB, 0);
    world->carriers[0].outcome = SEND_RETRY;
    ck_accepted(world_text(world, ANN, talk.proxy_a, "x"));
    world_run(world);
    ck_done(call_block(world, blocks_create, ANN, BOB));
    world_run(world); /* the clock stands */
    ck_assert_int_eq(world_leg(world, &talk, 0)->status, STATUS(CANCELED));
    ck_assert_str_eq(world_leg(world, &talk, 0)->reason, "BLOCKED");
    ck_assert_uint_eq(world->carriers[0].count, 1);
    world_close(world);
}
END_TEST

/* Whichever of its phones it writes from. */
START_TEST(all_identifiers_count)
{
    struct world *world = world_with_two(NULL, NULL, NULL);
    struct participant_draft people[] = {person_of_many(world, ANN " " CEM), person(world, BOB)};
    struct session_draft draft = {
        .service = world->service, .participants = people, .participant_count = 2};
    const Maskline__Store__V1__Session *session = call_session_create(world, draft);
    ck_done(session);
    ck_done(call_block(world, blocks_create, CEM, BOB));
    ck_rejected(world_text(world, ANN, proxy_of(session, 0), "x"), "BLOCKED");
    ck_rejected(world_text(world, CEM, proxy_of(session, 0), "x"), "BLOCKED");
    world_close(world);
}
END_TEST

/* holds: GRD-04 GRD-10 INB-10 */
START_TEST(a_person_within_a_period)
{
    struct service_settings settings = service_settings_unset();
    settings.person_cap = 3;
    settings.person_cap_period = HOUR;
    char path[] = "/tmp/maskline-guards-XXXXXX";
    ck_assert_ptr_nonnull(mkdtemp(path));
    struct world *world = world_with_two(path, NULL, &settings);
    struct talk first = world_talk(world, ANN, BOB, 0);
    struct talk second = world_talk(world, ANN, CEM, 0);
    ck_accepted(world_text(world, ANN, first.proxy_a, "1"));
    ck_accepted(world_text(world, ANN, second.proxy_a, "2"));
    ck_assert_str_eq(call_send_to(world, &first, first.a), ""); /* 3: the Service's, for her */
    world_move(world, HOUR - 1);
    world_restart(world);
    ck_rejected(world_text(world, ANN, first.proxy_a, "4"), "PERSON_CAP");
    ck_assert_str_eq(world_last(world, CHANGE(INBOUND_REJECTED))->inbound_rejected->reason,
                     "PERSON_CAP");
    ck_assert_str_eq(call_send_to(world, &second, second.a), "PERSON_CAP");
    ck_assert_int_eq(call_error.code, STATUS_RESOURCE_EXHAUSTED);
    ck_accepted(world_text(world, BOB, first.proxy_b, "his own"));
    world_move(world, 1);
    for (int i = 0; i < 3; i++)
        ck_accepted(world_text(world, ANN, first.proxy_a, "again"));
    ck_rejected(world_text(world, ANN, first.proxy_a, "too much"), "PERSON_CAP");
    /* A repeat is none of it, and a refusal uses nothing up. */
    struct service_change change = {.service = world->service,
                                    .settings = service_settings_unset()};
    change.settings.person_cap = 4;
    ck_done(call_service_update(world, &change));
    struct inbound_message message = {.carrier = "one",
                                      .provider_id = "again and again",
                                      .from = ANN,
                                      .to = first.proxy_a,
                                      .body = "x"};
    ck_accepted(world_hand_in(world, &message));
    ck_accepted(world_hand_in(world, &message));
    ck_rejected(world_text(world, ANN, first.proxy_a, "too much"), "PERSON_CAP");
    change.settings.person_cap = 0;
    ck_done(call_service_update(world, &change));
    ck_accepted(world_text(world, ANN, first.proxy_a, "as much as she likes"));
    world_close(world);
    folder_remove(path);
}
END_TEST

/* holds: GRD-05 GRD-10 */
START_TEST(a_session_in_its_life)
{
    struct service_settings settings = service_settings_unset();
    settings.session_cap = 2;
    struct world *world = world_with_two(NULL, NULL, &settings);
    struct talk talk = world_talk(world, ANN, BOB, 0);
    struct talk other = world_talk(world, ANN, CEM, 0);
    ck_accepted(world_text(world, ANN, talk.proxy_a, "1"));
    ck_assert_str_eq(call_send_to(world, &talk, talk.b), "");
    ck_rejected(world_text(world, BOB, talk.proxy_b, "3"), "SESSION_CAP");
    ck_assert_str_eq(call_send_to(world, &talk, talk.b), "SESSION_CAP");
    ck_accepted(world_text(world, ANN, other.proxy_a, "1"));
    ck_assert_uint_eq(world_interactions(world, &talk), 2);
    world_close(world);
}
END_TEST

/* holds: GRD-01 */
START_TEST(the_first_that_refuses_gives_the_reason)
{
    struct service_settings settings = service_settings_unset();
    settings.session_cap = 1;
    settings.person_cap = 1;
    settings.person_cap_period = DAY;
    settings.notices = &nothing_is_told;
    struct world *world = world_with_two(NULL, NULL, &settings);
    struct talk talk = world_talk(world, ANN, BOB, 0);
    ck_accepted(world_text(world, ANN, talk.proxy_a, "1"));
    ck_rejected(world_text(world, ANN, talk.proxy_a, "x"), "PERSON_CAP");
    ck_rejected(world_text(world, BOB, talk.proxy_b, "x"), "SESSION_CAP");
    ck_assert_str_eq(call_send_to(world, &talk, talk.a), "PERSON_CAP");
    ck_done(call_block(world, blocks_create, ANN, ""));
    ck_rejected(world_text(world, ANN, talk.proxy_a, "x"), "BLOCKED");
    ck_assert_str_eq(call_send_to(world, &talk, talk.a), "BLOCKED");
    ck_accepted(world_text(world, BOB, talk.proxy_b, "STOP"));
    ck_accepted(world_text(world, ANN, talk.proxy_a, "STOP"));
    ck_assert_str_eq(call_send_to(world, &talk, talk.a), "OPTED_OUT");
    ck_accepted(world_text(world, ANN, talk.proxy_a, "x")); /* its row is kept */
    ck_assert_str_eq(world_leg(world, &talk, 1)->reason, "OPTED_OUT");
    struct talk voice = world_talk_mode(world, ANN, BOB, MODE(VOICE_ONLY));
    ck_assert_str_eq(call_send_to(world, &voice, voice.a), "MODE_REFUSED");
    ck_rejected(world_text(world, ANN, voice.proxy_a, "x"), "MODE_REFUSED");
    world_close(world);
}
END_TEST

/* Each text meets two steps that would have an end for it; the earlier one decides, and the later one leaves no trace. */
/* holds: INB-03 */
START_TEST(an_earlier_step_hides_the_later_ones)
{
    struct service_settings settings = service_settings_unset();
    settings.notices = &nothing_is_told;
    struct world *world = world_with_two(NULL, NULL, &settings);
    struct talk talk = world_talk(world, ANN, BOB, 0);
    struct inbound_message message = {
        .carrier = "one", .provider_id = "first", .from = ANN, .to = talk.proxy_a, .body = "x"};
    ck_accepted(world_hand_in(world, &message));
    struct inbound_message reused = message; /* under the same id */
    reused.body = "y";
    ck_accepted(world_hand_in(world, &reused));
    struct inbound_message word = message;
    word.provider_id = "word";
    word.body = "STOP";
    ck_accepted(world_hand_in(world, &word));
    ck_assert_int_eq(world_entry(world, world_entries(world))->change_case,
                     CHANGE(KEYWORD_RECEIVED));
    /* A repeat before the keyword: it is the same word, and is not heard again. */
    uint64_t entries = world_entries(world);
    ck_assert(world_hand_in(world, &word).repeated);
    ck_assert_uint_eq(world_entries(world), entries);
    /* The keyword before the route: she has none on that number. */
    ck_accepted(world_text(world, CEM, PROXY, "STOP"));
    ck_assert_int_eq(world_entry(world, world_entries(world))->change_case,
                     CHANGE(KEYWORD_RECEIVED));
    /* The guards before what is written: it is also too long. */
    static char body[1602];
    memset(body, 'x', 1601);
    ck_done(call_block(world, blocks_create, ANN, BOB));
    ck_rejected(world_text(world, ANN, talk.proxy_a, body), "BLOCKED");
    /* The route before the guards. */
    world_end_talk(world, &talk);
    ck_rejected(world_text(world, ANN, talk.proxy_a, "x"), "SESSION_CLOSED");
    /* The loop before all: what was accepted, and a word, come again from what is a number of the pool by now. */
    world_number(world, ANN, NULL);
    ck_rejected(world_hand_in(world, &message), "LOOP");
    ck_rejected(world_hand_in(world, &reused), "LOOP");
    ck_assert_int_eq(world_entry(world, world_entries(world))->change_case,
                     CHANGE(INBOUND_REJECTED));
    word.provider_id = "another word";
    ck_rejected(world_hand_in(world, &word), "LOOP");
    ck_assert_int_eq(world_entry(world, world_entries(world))->change_case,
                     CHANGE(INBOUND_REJECTED));
    /* It is told of once. */
    entries = world_entries(world);
    struct answer again = world_hand_in(world, &word);
    ck_rejected(again, "LOOP");
    ck_assert(again.repeated);
    ck_assert_uint_eq(world_entries(world), entries);
    ck_assert_uint_eq(world_interactions(world, &talk), 2);
    world_close(world);
}
END_TEST

static void ck_end_stands(struct world *world, const struct talk *talk, int64_t end)
{
    ck_assert_int_eq(world_session(world, talk)->effective_expire_time, end);
}

/* Whatever is refused, or ends as a keyword, leaves the session's end where it was; also when the timers look, and after a restart. */
/* holds: EXP-13 */
START_TEST(what_is_refused_keeps_no_session_alive)
{
    struct service_settings settings = service_settings_unset();
    settings.session_cap = 2;
    settings.default_ttl = HOUR;
    settings.notices = &nothing_is_told;
    char path[] = "/tmp/maskline-guards-XXXXXX";
    ck_assert_ptr_nonnull(mkdtemp(path));
    struct world *world = world_with_two(path, NULL, &settings);
    struct talk talk = world_talk(world, ANN, BOB, HOUR);
    struct talk capped = world_talk(world, CEM, "+15551230004", HOUR);
    world_move(world, MINUTE);
    ck_accepted(world_text(world, ANN, talk.proxy_a, "in time"));
    int64_t end = world_now(world) + HOUR;
    ck_end_stands(world, &talk, end);
    world_move(world, MINUTE);
    ck_accepted(world_text(world, BOB, talk.proxy_b, "STOP"));
    ck_end_stands(world, &talk, end);
    ck_accepted(world_text(world, ANN, talk.proxy_a, "he has opted out"));
    ck_assert_str_eq(world_leg(world, &talk, 1)->reason, "OPTED_OUT");
    ck_end_stands(world, &talk, end);
    ck_assert_str_eq(call_send_to(world, &talk, talk.b), "OPTED_OUT");
    ck_end_stands(world, &talk, end);
    struct talk blocked = world_talk(world, "+15551230007", "+15551230008", HOUR);
    ck_done(call_block(world, blocks_create, "+15551230007", ""));
    int64_t first = world_now(world) + HOUR;
    world_move(world, MINUTE);
    ck_rejected(world_text(world, "+15551230007", blocked.proxy_a, "x"), "BLOCKED");
    ck_end_stands(world, &blocked, first);
    ck_accepted(world_text(world, CEM, capped.proxy_a, "1"));
    ck_accepted(world_text(world, CEM, capped.proxy_a, "2"));
    int64_t other = world_now(world) + HOUR;
    world_move(world, MINUTE);
    ck_rejected(world_text(world, CEM, capped.proxy_a, "3"), "SESSION_CAP");
    ck_end_stands(world, &capped, other);
    struct talk voice = world_talk_mode(world, "+15551230005", "+15551230006", MODE(VOICE_ONLY));
    int64_t third = world_session(world, &voice)->create_time + HOUR;
    world_move(world, MINUTE);
    ck_rejected(world_text(world, "+15551230005", voice.proxy_a, "x"), "MODE_REFUSED");
    ck_end_stands(world, &voice, third);
    world_restart(world);
    ck_end_stands(world, &talk, end);
    world_move(world, end - world_now(world));
    world_run(world);
    ck_assert_int_eq(world_session(world, &talk)->status, SESSION_STATUS(CLOSED));
    ck_assert_int_eq(world_session(world, &talk)->end_time, end);
    world_close(world);
    folder_remove(path);
}
END_TEST

START_TEST(caps_are_checked)
{
    struct world *world = world_open(NULL);
    struct service_draft draft = {.unique_name = "caps", .settings = service_settings_unset()};
    draft.settings.person_cap = -2;
    ck_field(call_service_create(world, &draft), "cap_policy.person_interactions");
    draft.settings.person_cap = 1;
    draft.settings.session_cap = INT64_C(1000000001);
    ck_field(call_service_create(world, &draft), "cap_policy.session_interactions");
    draft.settings.session_cap = 1000000000;
    draft.settings.person_cap_period = 0;
    ck_field(call_service_create(world, &draft), "cap_policy.person_period");
    draft.settings.person_cap_period = SETTING_UNSET;
    const Maskline__Store__V1__Service *service = call_service_create(world, &draft);
    ck_done(service);
    ck_assert_int_eq(service->settings->person_cap_period, DAY);
    world_close(world);
}
END_TEST

static void put_person(struct world *world, const struct talk *talk, const char *who)
{
    ck_done(call_change(world, talk,
                        (struct participant_change){.participant = talk->a,
                                                    .set_identifiers = true,
                                                    .draft = person(world, who)}));
}

/* Whoever wrote it is blocked, and not only who is in that place by now. */
START_TEST(what_a_replaced_person_wrote)
{
    struct world *world = world_with_two(NULL, NULL, NULL);
    struct talk talk = world_talk(world, ANN, BOB, 0);
    world->carriers[0].outcome = SEND_RETRY;
    ck_accepted(world_text(world, ANN, talk.proxy_a, "from ann"));
    world_run(world);
    put_person(world, &talk, CEM);
    ck_accepted(world_text(world, CEM, talk.proxy_a, "from cem"));
    ck_done(call_block(world, blocks_create, ANN, BOB));
    world->carriers[0].outcome = SEND_TAKEN;
    world_move(world, MINUTE);
    world_run(world);
    ck_assert_str_eq(world_leg(world, &talk, 0)->reason, "BLOCKED");
    ck_assert_int_eq(world_leg(world, &talk, 1)->status, STATUS(SENT));
    ck_assert_str_eq(world_sent(world, 0, 0)->body, "from cem");
    ck_assert_uint_eq(world->carriers[0].count, 2);
    world_close(world);
}
END_TEST

/* People in channels are people. */
START_TEST(in_a_channel)
{
    struct world *world = world_with_two(NULL, NULL, NULL);
    struct number_draft sender = number_draft(world, "messenger:page");
    sender.kind = NUMBER_CHANNEL;
    sender.voice = false;
    ck_done(call_number_add(world, &sender).number);
    const struct participant_draft people[] = {person_on(world, "messenger:cat", "messenger:page"),
                                               person(world, BOB)};
    const Maskline__Store__V1__Session *session =
        call_session_create(world, (struct session_draft){.service = world->service,
                                                          .participants = people,
                                                          .participant_count = 2,
                                                          .mode = MODE(MESSAGE_ONLY)});
    ck_done(session);
    ck_done(call_block(world, blocks_create, "messenger:cat", BOB));
    ck_assert_uint_eq(call_blocks_listed(world, "messenger:cat"), 1);
    ck_rejected(world_text(world, "messenger:cat", "messenger:page", "x"), "BLOCKED");
    ck_accepted(world_text(world, BOB, proxy_of(session, 1), "x"));
    ck_done(call_block(world, blocks_create, BOB, "messenger:cat"));
    ck_rejected(world_text(world, BOB, proxy_of(session, 1), "y"), "BLOCKED");
    ck_done(call_block(world, blocks_delete, "messenger:cat", BOB));
    ck_accepted(world_text(world, "messenger:cat", "messenger:page", "x"));
    world_close(world);
}
END_TEST

/* Its sender is nobody's number any more: a repeat gets the first answer all the same. */
START_TEST(a_loop_that_comes_again)
{
    struct service_settings settings = service_settings_unset();
    settings.quarantine = HOUR;
    struct world *world = world_with_two(NULL, NULL, &settings);
    struct talk talk = world_talk(world, ANN, BOB, 0);
    world_number(world, CEM, NULL);
    struct inbound_message message = {
        .carrier = "one", .provider_id = "first", .from = CEM, .to = talk.proxy_a, .body = "x"};
    ck_rejected(world_hand_in(world, &message), "LOOP");
    ck_assert(world_hand_in(world, &message).repeated);
    ck_done(call_number_remove(world, CEM, false).number);
    world_move(world, HOUR);
    world_run(world);
    message.provider_id = "second";
    ck_rejected(world_hand_in(world, &message), "NO_ROUTE");
    message.provider_id = "first";
    struct answer again = world_hand_in(world, &message);
    ck_assert(again.repeated);
    ck_rejected(again, "LOOP");
    world_close(world);
}
END_TEST

SUITE_MAIN("guards", a_loop_that_comes_again, one_from_another, from_everybody,
           what_waits_is_canceled, all_identifiers_count, what_a_replaced_person_wrote,
           in_a_channel, a_person_within_a_period, a_session_in_its_life,
           the_first_that_refuses_gives_the_reason, what_is_refused_keeps_no_session_alive,
           an_earlier_step_hides_the_later_ones, caps_are_checked)
