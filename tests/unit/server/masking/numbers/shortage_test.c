#include "tests/unit/server/masking/calls.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What the log tells of calls that were refused. */

#define N1    "+12129990001"
#define N2    "+12129990002"
#define ANN   "+12125550001" /* of Manhattan */
#define BOB   "+12125550002"
#define CAT   "+12125550003"
#define OTHER "+17165550001" /* of Buffalo */
#define PARIS "+33655500001"

static struct world *world_of(const char *path, Maskline__Store__V1__GeoMatchLevel level)
{
    struct world *world = world_open(path);
    struct service_settings settings = service_settings_unset();
    settings.geo_match_level = level;
    world_service(world, &settings);
    return world;
}

static void add(struct world *world, const char *number, bool sms, bool voice, bool reserved)
{
    struct number_draft draft = number_draft(world, number);
    draft.sms = sms;
    draft.mms = sms;
    draft.voice = voice;
    draft.reserved = reserved;
    ck_done(call_number_add(world, &draft).number);
}

static const Maskline__Store__V1__Session *alone(struct world *world, const char *who,
                                                 Maskline__Store__V1__Mode mode)
{
    struct participant_draft draft = person(world, who);
    return call_session_create(
        world,
        (struct session_draft){.participants = &draft, .participant_count = 1, .mode = mode});
}

/* The one entry that the refusal has added; the refusal is told as any. */
static const Maskline__Store__V1__PoolExhausted *told(struct world *world, uint64_t before)
{
    ck_assert_uint_eq(world_entries(world), before + 1);
    const Maskline__Store__V1__Entry *entry = world_entry(world, before + 1);
    ck_assert_int_eq(entry->change_case, CHANGE(POOL_EXHAUSTED));
    const Maskline__Store__V1__PoolExhausted *exhausted = entry->pool_exhausted;
    ck_assert_str_eq(exhausted->reason, call_error.reason);
    ck_assert_int_eq(exhausted->original_code, call_error.original);
    return exhausted;
}

static void refused_and_told(struct world *world, const char *who, Maskline__Store__V1__Mode mode,
                             const char *reason, int32_t original)
{
    uint64_t before = world_entries(world);
    ck_refused(alone(world, who, mode), reason, original);
    const Maskline__Store__V1__PoolExhausted *exhausted = told(world, before);
    ck_assert_str_eq(exhausted->country, "US");
    ck_assert_str_eq(exhausted->calling_code, "1");
    ck_assert_str_eq(exhausted->place, "");
    ck_assert_int_eq(exhausted->sms, mode != MODE(VOICE_ONLY));
    ck_assert_int_eq(exhausted->voice, mode != MODE(MESSAGE_ONLY));
    ck_assert_uint_eq(exhausted->session.len, 0);
}

/* holds: EVT-10 EVT-09 */
START_TEST(each_want_of_a_number_is_told)
{
    struct world *world = world_of(NULL, 0);
    refused_and_told(world, ANN, 0, "POOL_EMPTY", 80205);
    add(world, N1, true, false, true);
    refused_and_told(world, ANN, MODE(VOICE_ONLY), "NO_VOICE_NUMBER", 80201);
    refused_and_told(world, ANN, MODE(MESSAGE_ONLY), "ONLY_RESERVED_NUMBERS", 80207);
    ck_done(call_number_remove(world, N1, false).number);
    add(world, N2, false, true, false);
    refused_and_told(world, ANN, MODE(MESSAGE_ONLY), "NO_SMS_NUMBER", 80202);
    uint64_t before = world_entries(world);
    ck_refused(alone(world, PARIS, MODE(VOICE_ONLY)), "NO_COUNTRY_NUMBER", 80203);
    ck_assert_str_eq(told(world, before)->country, "FR");
    ck_done(alone(world, ANN, MODE(VOICE_ONLY)));
    refused_and_told(world, ANN, MODE(VOICE_ONLY), "ALL_NUMBERS_IN_USE", 80208);
    world_close(world);
}
END_TEST

/* holds: EVT-10 */
START_TEST(the_area_is_told_where_the_service_asks_for_it)
{
    struct world *world =
        world_of(NULL, MASKLINE__STORE__V1__GEO_MATCH_LEVEL__GEO_MATCH_LEVEL_AREA_CODE);
    add(world, "+17169990001", true, true, false);
    uint64_t before = world_entries(world);
    ck_refused(alone(world, ANN, 0), "NO_NEAR_NUMBER", 80206);
    ck_assert_str_eq(told(world, before)->place, "212");
    ck_assert_str_eq(told(world, before)->country, "US");
    /* Of another area it is another shortage. */
    ck_done(alone(world, OTHER, 0));
    before = world_entries(world);
    ck_refused(alone(world, OTHER, 0), "ALL_NUMBERS_IN_USE", 80208);
    ck_assert_str_eq(told(world, before)->place, "716");
    world_close(world);
}
END_TEST

/* holds: EVT-10 EVT-06 */
START_TEST(whoever_was_to_join_and_whichever_way)
{
    struct world *world = world_of(NULL, 0);
    add(world, N1, true, true, false);
    Maskline__Store__V1__MetadataItem item = MASKLINE__STORE__V1__METADATA_ITEM__INIT;
    Maskline__Store__V1__MetadataItem *items[] = {&item};
    item.key = (char *)(uintptr_t) "order";
    item.value = (char *)(uintptr_t) "7";
    struct participant_draft ann = person(world, ANN);
    const Maskline__Store__V1__Session *session = call_session_create(
        world, (struct session_draft){
                   .metadata = {items, 1}, .participants = &ann, .participant_count = 1});
    ck_done(session);
    const char *sid = sid_of(world, session);
    char first[40];
    snprintf(first, sizeof first, "%s", participant_sid(world, session, 0));
    /* Into a session that exists. */
    ck_done(alone(world, BOB, 0));
    uint64_t before = world_entries(world);
    ck_refused(call_join(world, sid, person(world, BOB), "again"), "ALL_NUMBERS_IN_USE", 80208);
    const Maskline__Store__V1__PoolExhausted *exhausted = told(world, before);
    ck_assert_str_eq(sid_format("KC", exhausted->session.data).text, sid);
    const Maskline__Store__V1__Entry *entry = world_entry(world, before + 1);
    ck_assert_uint_eq(entry->n_session_metadata, 1);
    ck_assert_str_eq(entry->session_metadata[0]->value, "7");
    ck_assert_uint_eq(call_session_get(world, sid)->n_participants, 1);
    /* Nobody is kept from asking again by the same id. */
    ck_refused(call_join(world, sid, person(world, BOB), "again"), "ALL_NUMBERS_IN_USE", 80208);
    ck_done(call_join(world, sid, person(world, CAT), "again"));
    /* Another number for who is there. */
    world_move(world, MINUTE);
    before = world_entries(world);
    struct talk talk = {.session = ""};
    snprintf(talk.session, sizeof talk.session, "%s", sid);
    ck_refused(call_change(world, &talk,
                           (struct participant_change){.participant = first, .set_proxy = true}),
               "ALL_NUMBERS_IN_USE", 80208);
    ck_assert_str_eq(sid_format("KC", told(world, before)->session.data).text, sid);
    ck_assert_str_eq(proxy_of(call_session_get(world, sid), 0), N1);
    world_close(world);
}
END_TEST

/* holds: EVT-10 */
START_TEST(nothing_else_is_kept_of_what_was_refused)
{
    struct world *world = world_of(NULL, 0);
    add(world, N1, true, true, false);
    ck_done(alone(world, BOB, 0));
    struct participant_draft people[] = {person(world, ANN), person(world, BOB)};
    const struct session_draft draft = {
        .unique_name = "ride", .participants = people, .participant_count = 2};
    uint64_t before = world_entries(world);
    ck_refused(call_session_create(world, draft), "ALL_NUMBERS_IN_USE", 80208);
    ck_assert_str_eq(call_metadata("participant"), "1");
    (void)told(world, before);
    ck_refused(call_session_get(world, "ride"), "SESSION_NOT_FOUND", 80308);
    ck_assert_int_eq(call_number_get(world, N1).in_use, 1);
    /* The first of them has nothing of it, and the name is free. */
    people[1] = person(world, CAT);
    ck_done(call_session_create(world, draft));
    world_close(world);
}
END_TEST

/* Who opted out is not short of numbers, and neither is who asks for one that somebody has. */
START_TEST(other_refusals_are_no_shortage)
{
    struct world *world = world_of(NULL, 0);
    add(world, N1, true, true, false);
    ck_done(alone(world, ANN, 0));
    uint64_t before = world_entries(world);
    struct participant_draft asks = person_on(world, ANN, N1);
    ck_refused(call_session_create(
                   world, (struct session_draft){.participants = &asks, .participant_count = 1}),
               "PAIR_IN_USE", 80604);
    asks = person_on(world, ANN, N2);
    ck_refused(call_session_create(
                   world, (struct session_draft){.participants = &asks, .participant_count = 1}),
               "PROXY_NOT_FOUND", 80606);
    (void)world_text(world, BOB, N1, "STOP");
    before = world_entries(world);
    ck_refused(alone(world, BOB, 0), "OPTED_OUT", 80402);
    ck_assert_uint_eq(world_entries(world), before);
    world_close(world);
}
END_TEST

/* holds: EVT-09 */
START_TEST(a_number_that_was_asked_for_and_cannot_do_it)
{
    struct world *world = world_of(NULL, 0);
    add(world, N1, true, false, false);
    uint64_t before = world_entries(world);
    struct participant_draft asks = person_on(world, ANN, N1);
    const struct session_draft draft = {.participants = &asks, .participant_count = 1};
    for (int i = 0; i < 3; i++)
        ck_refused(call_session_create(world, draft), "NO_VOICE_NUMBER", 80201);
    ck_assert_uint_eq(world_entries(world), before + 1);
    const Maskline__Store__V1__Warning *warning = world_last(world, CHANGE(WARNING))->warning;
    ck_assert_str_eq(warning->reason, "NO_VOICE_NUMBER");
    ck_assert_int_eq(warning->original_code, 80201);
    ck_assert_str_eq(warning->proxy_identifier, N1);
    world_close(world);
}
END_TEST

/* ---- how often ---- */

static uint64_t refuse_many(struct world *world, const char *who, unsigned count)
{
    uint64_t before = world_entries(world);
    for (unsigned i = 0; i < count; i++)
        ck_refused(alone(world, who, 0), "POOL_EMPTY", 80205);
    return world_entries(world) - before;
}

/* holds: EVT-10 */
START_TEST(refusals_do_not_fill_the_log)
{
    char path[] = "/tmp/maskline-shortage-XXXXXX";
    ck_assert_ptr_nonnull(mkdtemp(path));
    struct world *world = world_of(path, 0);
    ck_assert_uint_eq(refuse_many(world, ANN, 300), 1);
    /* Another person of that country is one of the same. */
    ck_assert_uint_eq(refuse_many(world, OTHER, 3), 0);
    /* Of another it is not, and neither is what another Service lacks. */
    ck_assert_uint_eq(refuse_many(world, PARIS, 3), 1);
    char first[40];
    memcpy(first, world->service, sizeof first);
    world_service(world, NULL);
    ck_assert_uint_eq(refuse_many(world, ANN, 3), 1);
    memcpy(world->service, first, sizeof first);
    /* A minute is a minute of the clock. */
    world_move(world, MINUTE - 1);
    ck_assert_uint_eq(refuse_many(world, ANN, 3), 0);
    world_move(world, 1);
    ck_assert_uint_eq(refuse_many(world, ANN, 3), 1);
    /* A restart may tell it once more; what was told stays. */
    uint64_t entries = world_entries(world);
    world_restart(world);
    ck_assert_uint_eq(world_entries(world), entries);
    ck_assert_uint_le(refuse_many(world, ANN, 300), 1);
    world_close(world);
    folder_remove(path);
}
END_TEST

/* ---- pools that are full, and messages that are refused ---- */

static const Maskline__Store__V1__Warning *warned(struct world *world, uint64_t before,
                                                  const char *reason, int32_t original)
{
    ck_assert_uint_eq(world_entries(world), before + 1);
    const Maskline__Store__V1__Entry *entry = world_entry(world, before + 1);
    ck_assert_int_eq(entry->change_case, CHANGE(WARNING));
    ck_assert_str_eq(entry->warning->reason, reason);
    ck_assert_int_eq(entry->warning->original_code, original);
    ck_assert_str_ne(entry->warning->message, "");
    return entry->warning;
}

/* holds: EVT-09 */
START_TEST(a_full_pool_is_told)
{
    struct world *world = world_open(NULL);
    struct service_settings settings = service_settings_unset();
    settings.most_unreserved = settings.most_reserved = 1;
    world_service(world, &settings);
    add(world, N1, true, true, false); /* comes with POOL_NEARLY_FULL */
    uint64_t before = world_entries(world);
    struct number_draft draft = number_draft(world, N2);
    for (int i = 0; i < 3; i++)
        ck_refused(call_number_add(world, &draft).number, "POOL_FULL", 80622);
    warned(world, before, "POOL_FULL", 80622);
    /* Also where a number changes its kind. */
    world_move(world, MINUTE);
    add(world, N2, true, true, true);
    before = world_entries(world);
    const struct number_change change = {
        .service = world->service, .number = N2, .set_reserved = true};
    ck_refused(call_number_update(world, &change).number, "POOL_FULL", 80622);
    warned(world, before, "POOL_FULL", 80622);
    ck_assert(call_number_get(world, N2).number->reserved);
    world_close(world);
}
END_TEST

static const char *send_to(struct world *world, const struct talk *talk)
{
    static char reason[48];
    const struct message_draft draft = {
        .service = world->service, .session = talk->session, .participant = talk->b, .body = "x"};
    world_send(world, &draft, NULL, reason);
    return reason;
}

/* holds: EVT-09 ERR-80910 */
START_TEST(refused_messages_of_the_service_are_told)
{
    struct world *world = world_with_two(NULL, NULL, NULL);
    struct talk calls = world_talk_mode(world, ANN, BOB, MODE(VOICE_ONLY));
    uint64_t before = world_entries(world);
    for (int i = 0; i < 3; i++)
        ck_assert_str_eq(send_to(world, &calls), "MODE_REFUSED");
    const Maskline__Store__V1__Warning *warning = warned(world, before, "MODE_REFUSED", 80910);
    ck_assert_str_eq(sid_format("KC", warning->session.data).text, calls.session);
    ck_assert_uint_eq(world_interactions(world, &calls), 0);
    /* Each session is told of by itself. */
    struct talk other = world_talk_mode(world, CAT, OTHER, MODE(VOICE_ONLY));
    before = world_entries(world);
    ck_assert_str_eq(send_to(world, &other), "MODE_REFUSED");
    warned(world, before, "MODE_REFUSED", 80910);
    world_close(world);
}
END_TEST

/* holds: EVT-09 */
START_TEST(messages_into_expired_sessions_are_told)
{
    struct world *world = world_with_two(NULL, NULL, NULL);
    struct talk talk = world_talk(world, ANN, BOB, MINUTE);
    world_move(world, MINUTE);
    uint64_t before = world_entries(world);
    ck_assert_str_eq(send_to(world, &talk), "SESSION_CLOSED");
    warned(world, before, "SESSION_EXPIRED", 80904);
    world_run(world);
    before = world_entries(world);
    ck_assert_str_eq(send_to(world, &talk), "SESSION_CLOSED");
    ck_assert_uint_eq(world_entries(world), before);
    world_move(world, MINUTE);
    ck_assert_str_eq(send_to(world, &talk), "SESSION_CLOSED");
    warned(world, before, "SESSION_EXPIRED", 80904);
    /* One that somebody closed is no warning of the original's. */
    struct talk closed = world_talk(world, CAT, OTHER, 0);
    world_end_talk(world, &closed);
    before = world_entries(world);
    ck_assert_str_eq(send_to(world, &closed), "SESSION_CLOSED");
    ck_assert_uint_eq(world_entries(world), before);
    world_close(world);
}
END_TEST

/* holds: EVT-09 */
START_TEST(what_comes_in_is_told_with_its_code)
{
    struct world *world = world_with_two(NULL, NULL, NULL);
    struct talk talk = world_talk(world, ANN, BOB, MINUTE);
    ck_rejected(world_text(world, CAT, talk.proxy_a, "x"), "NO_ROUTE");
    ck_assert_int_eq(world_last(world, CHANGE(INBOUND_REJECTED))->inbound_rejected->original_code,
                     80903);
    (void)world_text(world, ANN, talk.proxy_a, "STOP");
    ck_assert_int_eq(world_last(world, CHANGE(KEYWORD_RECEIVED))->keyword_received->original_code,
                     80901);
    world_move(world, MINUTE);
    ck_rejected(world_text(world, ANN, talk.proxy_a, "x"), "SESSION_EXPIRED");
    ck_assert_int_eq(world_last(world, CHANGE(INBOUND_REJECTED))->inbound_rejected->original_code,
                     80904);
    struct talk calls = world_talk_mode(world, CAT, OTHER, MODE(VOICE_ONLY));
    ck_rejected(world_text(world, CAT, calls.proxy_a, "x"), "MODE_REFUSED");
    ck_assert_int_eq(world_last(world, CHANGE(INBOUND_REJECTED))->inbound_rejected->original_code,
                     80910);
    world_close(world);
}
END_TEST

SUITE_MAIN("shortage", each_want_of_a_number_is_told,
           the_area_is_told_where_the_service_asks_for_it, whoever_was_to_join_and_whichever_way,
           nothing_else_is_kept_of_what_was_refused, other_refusals_are_no_shortage,
           a_number_that_was_asked_for_and_cannot_do_it, refusals_do_not_fill_the_log,
           a_full_pool_is_told, refused_messages_of_the_service_are_told,
           messages_into_expired_sessions_are_told, what_comes_in_is_told_with_its_code)
