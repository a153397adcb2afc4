#include "tests/unit/server/masking/calls.h"

#include <stdio.h>

/* Short codes: asked for, within their country; else as numbers are. */

#define CODE "24687"
#define N1   "+15559990001"
#define ANN  "+15551230001"
#define BOB  "+15551230002"
#define CAT  "+15551230003"
#define DAN  "+15551230004"
#define EVE  "+447700900001" /* of some country with +44 */

static struct number_draft code_draft(const struct world *world, const char *digits)
{
    struct number_draft draft = number_draft(world, digits);
    draft.kind = NUMBER_SHORT_CODE;
    draft.country = "US";
    return draft;
}

static struct number_seen add_code(struct world *world, const char *digits)
{
    struct number_draft draft = code_draft(world, digits);
    return call_number_add(world, &draft);
}

static struct number_seen get_code(struct world *world, const char *name)
{
    return call_number_get_kind(world, name, NUMBER_SHORT_CODE);
}

static const char *code_sid(struct world *world, const struct number_seen *seen, const char *prefix)
{
    return arena_string(world->arena, sid_format(prefix, seen->number->sid.data).text);
}

static struct world *world_with_code(void)
{
    struct world *world = world_open(NULL);
    world_service(world, NULL);
    ck_done(add_code(world, CODE).number);
    return world;
}

static const Maskline__Store__V1__Session *talk_on(struct world *world, const char *a,
                                                   const char *b, const char *proxy)
{
    const struct participant_draft people[] = {person_on(world, a, proxy), person(world, b)};
    return call_session_create(
        world, (struct session_draft){.participants = people, .participant_count = 2});
}

static struct number_list codes_of(struct world *world, const char *country, bool short_codes)
{
    struct number_list list;
    const struct number_filter filter = {.country = country,
                                         .kind = short_codes ? NUMBER_SHORT_CODE : NUMBER_PHONE};
    struct view *view = view_open(world->store);
    ck_assert(numbers_list(view, world->store, world->service, &filter, &(struct page){0},
                           world->arena, &list, &call_error));
    view_close(view);
    return list;
}

/* holds: SHC-01 ERR-80105 ERR-80303 */
START_TEST(one_is_added_and_found)
{
    struct world *world = world_with_code();
    struct number_seen code = get_code(world, CODE);
    ck_done(code.number);
    ck_assert_str_eq(code.number->country, "US");
    ck_assert(code.number->short_code);
    ck_done(get_code(world, code_sid(world, &code, "SC")).number);
    ck_refused(get_code(world, code_sid(world, &code, "PN")).number, "INVALID_SID", 0);
    ck_refused(get_code(world, "SC0123456789abcdef0123456789abcdef").number, "SHORT_CODE_NOT_FOUND",
               80303);
    ck_refused(get_code(world, "111").number, "SHORT_CODE_NOT_FOUND", 80303);
    ck_field(get_code(world, N1).number, "short_code");
    ck_refused(add_code(world, CODE).number, "SHORT_CODE_IN_SERVICE", 80105);
    /* It is no phone number, and no phone number is one. */
    ck_field(call_number_get(world, CODE).number, "phone_number");
    ck_refused(call_number_get(world, code_sid(world, &code, "PN")).number,
               "PHONE_NUMBER_NOT_FOUND", 80301);
    world_number(world, N1, NULL);
    struct number_seen number = call_number_get(world, N1);
    ck_refused(get_code(world, code_sid(world, &number, "SC")).number, "SHORT_CODE_NOT_FOUND",
               80303);
    ck_done(add_code(world, "999").number);
    ck_assert_uint_eq(codes_of(world, NULL, true).count, 2);
    ck_assert_uint_eq(codes_of(world, "CA", true).count, 0);
    ck_assert_uint_eq(codes_of(world, NULL, false).count, 1);
    world_close(world);
}
END_TEST

/* holds: SHC-02 */
START_TEST(it_has_three_to_eight_digits_and_a_country)
{
    struct world *world = world_open(NULL);
    world_service(world, NULL);
    ck_done(add_code(world, "123").number);
    ck_done(add_code(world, "12345678").number);
    static const char *const bad[] = {"", "12", "123456789", "+12345", "1234a", "12 34", "-1234"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        ck_refused(add_code(world, bad[i]).number, "INVALID_SHORT_CODE", 80406);
        ck_assert_str_eq(call_error.fields[0].name, "short_code");
    }
    struct number_draft draft = code_draft(world, "4567");
    draft.country = "";
    ck_field(call_number_add(world, &draft).number, "country");
    draft.country = "usa";
    ck_field(call_number_add(world, &draft).number, "country");
    world_close(world);
}
END_TEST

/* holds: SHC-03 */
START_TEST(it_is_reserved_by_update_only)
{
    struct world *world = world_with_code();
    ck_assert(!get_code(world, CODE).number->reserved);
    struct number_change change = {.service = world->service,
                                   .number = CODE,
                                   .kind = NUMBER_SHORT_CODE,
                                   .set_reserved = true,
                                   .reserved = true};
    ck_done(call_number_update(world, &change).number);
    ck_assert(get_code(world, CODE).number->reserved);
    change.kind = NUMBER_PHONE;
    ck_field(call_number_update(world, &change).number, "phone_number");
    world_close(world);
}
END_TEST

/* holds: SHC-04 PAR-06 */
START_TEST(text_goes_both_ways)
{
    struct world *world = world_with_code();
    world_number(world, N1, NULL);
    const Maskline__Store__V1__Session *session = talk_on(world, ANN, BOB, CODE);
    ck_done(session);
    ck_assert_str_eq(proxy_of(session, 0), CODE);
    ck_assert_str_eq(proxy_of(session, 1), N1);
    ck_assert_int_eq(get_code(world, CODE).in_use, 1);
    ck_accepted(world_text(world, BOB, N1, "to ann"));
    world_run(world);
    ck_assert_str_eq(world_sent(world, 0, 0)->from, CODE);
    ck_assert_str_eq(world_sent(world, 0, 0)->to, ANN);
    ck_accepted(world_text(world, ANN, CODE, "to bob"));
    world_run(world);
    ck_assert_str_eq(world_sent(world, 0, 0)->to, BOB);
    ck_rejected(world_text(world, CAT, CODE, "x"), "NO_ROUTE");
    ck_rejected(world_text(world, ANN, "24688", "x"), "NUMBER_UNKNOWN");
    /* The law of pairs holds for it, too. */
    ck_refused(talk_on(world, ANN, CAT, CODE), "PAIR_IN_USE", 80604);
    ck_done(talk_on(world, CAT, DAN, CODE));
    world_close(world);
}
END_TEST

/* holds: SHC-05 */
START_TEST(it_is_never_chosen)
{
    struct world *world = world_with_code();
    ck_refused(call_talk(world, ANN, BOB), "POOL_EMPTY", 80205);
    world_number(world, N1, NULL);
    const Maskline__Store__V1__Session *session = talk_on(world, ANN, BOB, CODE);
    ck_done(session);
    ck_done(call_close(world, session));
    /* Not even for those who had it. */
    ck_assert_str_eq(proxy_of(call_talk(world, ANN, BOB), 0), N1);
    world_close(world);
}
END_TEST

/* holds: SHC-05 */
START_TEST(it_works_in_its_country_and_as_it_can)
{
    struct world *world = world_with_code();
    world_number(world, N1, NULL);
    ck_refused(talk_on(world, EVE, BOB, CODE), "OTHER_COUNTRY", 80402);
    ck_refused(talk_on(world, "+12425550001", BOB, CODE), "OTHER_COUNTRY", 80402); /* Bahamas */
    struct participant_draft both = person_of_many(world, ANN " " EVE);
    both.proxy_identifier = CODE;
    ck_refused(call_session_create(
                   world, (struct session_draft){.participants = &both, .participant_count = 1}),
               "OTHER_COUNTRY", 80402);
    struct number_draft british = code_draft(world, "60777");
    british.country = "GB";
    british.voice = false;
    ck_done(call_number_add(world, &british).number);
    both = person_on(world, EVE, "60777");
    struct session_draft draft = {.participants = &both, .participant_count = 1};
    ck_refused(call_session_create(world, draft), "NO_VOICE_NUMBER", 80201);
    draft.mode = MODE(MESSAGE_ONLY);
    const Maskline__Store__V1__Session *session = call_session_create(world, draft);
    ck_done(session);
    /* Nobody of another country takes it over. */
    struct talk talk = {0};
    snprintf(talk.session, sizeof talk.session, "%s", sid_of(world, session));
    ck_refused(
        call_change(world, &talk,
                    (struct participant_change){.participant = participant_sid(world, session, 0),
                                                .set_identifiers = true,
                                                .draft = person(world, ANN)}),
        "OTHER_COUNTRY", 80402);
    world_close(world);
}
END_TEST

/* holds: PAR-08 */
START_TEST(it_is_asked_for_by_its_sid)
{
    struct world *world = world_with_code();
    struct number_seen code = get_code(world, CODE);
    struct participant_draft ann = person(world, ANN);
    struct session_draft draft = {.participants = &ann, .participant_count = 1};
    ann.proxy_number_sid = code_sid(world, &code, "PN");
    ck_refused(call_session_create(world, draft), "PROXY_NOT_FOUND", 80606);
    ann.proxy_number_sid = code_sid(world, &code, "SC");
    ck_assert_str_eq(proxy_of(call_session_create(world, draft), 0), CODE);
    ann = person_on(world, BOB, CODE);
    ann.proxy_number_sid = "SC0123456789abcdef0123456789abcdef";
    ck_field(call_session_create(world, draft), "participants[0].proxy_identifier_sid");
    world_close(world);
}
END_TEST

START_TEST(it_leaves_like_a_number)
{
    struct world *world = world_with_code();
    world_number(world, N1, NULL);
    struct talk talk = {0};
    const Maskline__Store__V1__Session *session = talk_on(world, ANN, BOB, CODE);
    ck_done(session);
    snprintf(talk.session, sizeof talk.session, "%s", sid_of(world, session));
    ck_refused(call_number_remove_kind(world, CODE, NUMBER_SHORT_CODE, false).number,
               "NUMBER_IN_USE", 80611);
    ck_done(call_number_remove_kind(world, CODE, NUMBER_SHORT_CODE, true).number);
    ck_assert_int_eq(world_session(world, &talk)->status, SESSION_STATUS(FAILED));
    ck_rejected(world_text(world, ANN, CODE, "x"), "NUMBER_QUARANTINED");
    ck_refused(get_code(world, CODE).number, "SHORT_CODE_NOT_FOUND", 80303);
    ck_done(add_code(world, CODE).number); /* its own Service may have it back */
    world_close(world);
}
END_TEST

SUITE_MAIN("short codes", one_is_added_and_found, it_has_three_to_eight_digits_and_a_country,
           it_is_reserved_by_update_only, text_goes_both_ways, it_is_never_chosen,
           it_works_in_its_country_and_as_it_can, it_is_asked_for_by_its_sid,
           it_leaves_like_a_number)
