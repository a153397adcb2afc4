#include "tests/unit/server/masking/calls.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Numbers: claims, states, removal. */

#define ONE "+15559990001"
#define TWO "+15559990002"
#define ANN "+15551230001"
#define BOB "+15551230002"

static struct world *world_of(const char *path)
{
    struct world *world = world_open(path);
    world_service(world, NULL);
    return world;
}

static bool add(struct world *world, const char *number)
{
    const struct number_draft draft = number_draft(world, number);
    return call_number_add(world, &draft).number;
}

static const Maskline__Store__V1__NumberClaim *claim(struct world *world, const char *number)
{
    struct key key = key_claim(number);
    struct kv_value value;
    struct view *view = view_open(world->store);
    struct error error;
    enum kv_found found = view_get(view, KV_META, key_bytes(&key), world->arena, &value, &error);
    view_close(view);
    if (found != KV_FOUND)
        return NULL;
    return maskline__store__v1__number_claim__unpack(arena_allocator(world->arena),
                                                     value.bytes.size, value.bytes.data);
}

/* holds: ERR-80301 ERR-80407 NUM-01 NUM-05 NUM-11 NUM-19 */
START_TEST(is_added)
{
    struct world *world = world_of(NULL);
    struct number_draft draft = number_draft(world, ONE);
    draft.friendly_name = "the first";
    struct number_seen seen = call_number_add(world, &draft);
    ck_done(seen.number);
    ck_assert_int_eq(seen.in_use, 0);
    ck_assert(!seen.number->reserved);
    ck_assert_int_eq(seen.number->state, NUMBER_STATE(ACTIVE));
    ck_assert_str_eq(seen.number->country, ""); /* +1 555 is nobody's in particular */
    ck_assert_uint_eq(seen.number->n_carriers, 1);
    ck_assert_str_eq(seen.number->carriers[0], "one");
    ck_assert_int_eq(claim(world, ONE)->state, CLAIM_STATE(HELD));
    draft = number_draft(world, "+442071234567");
    ck_assert_str_eq(call_number_add(world, &draft).number->country, "GB");
    draft = number_draft(world, "+15559990009");
    draft.country = "CA";
    ck_assert_str_eq(call_number_add(world, &draft).number->country, "CA");
    ck_done(call_number_get(world, ONE).number);
    ck_done(call_number_get(world, sid_format("PN", seen.number->sid.data).text).number);
    ck_refused(call_number_get(world, "+15550000000").number, "PHONE_NUMBER_NOT_FOUND", 80301);
    ck_refused(call_number_get(world, "PN0123456789abcdef0123456789abcdef").number,
               "PHONE_NUMBER_NOT_FOUND", 80301);
    ck_refused(call_number_get(world, "KP0123456789abcdef0123456789abcdef").number, "INVALID_SID",
               80407);
    ck_field(call_number_get(world, "1555").number, "phone_number");
    world_close(world);
}
END_TEST

/* holds: ERR-80406 */
START_TEST(drafts_are_checked)
{
    struct world *world = world_of(NULL);
    static const char *const BAD[] = {
        "", "15551230001", "+1555123", "+0555123456", "+1 555 123 0001", "+1555123000100000"};
    for (size_t i = 0; i < sizeof BAD / sizeof *BAD; i++) {
        ck_refused(add(world, BAD[i]), "INVALID_PHONE_NUMBER", 80406);
        ck_assert_str_eq(call_error.fields[0].name, "phone_number");
    }
    struct number_draft draft = number_draft(world, ONE);
    draft.country = "usa";
    ck_field(call_number_add(world, &draft).number, "country");
    draft = number_draft(world, ONE);
    draft.sms = draft.mms = draft.voice = false;
    ck_field(call_number_add(world, &draft).number, "capabilities");
    static const char *const STRANGE[] = {"one", "nobody"}, *const TWICE[] = {"two", "two"};
    draft = number_draft(world, ONE);
    draft.carriers = STRANGE;
    draft.carrier_count = 2;
    ck_field(call_number_add(world, &draft).number, "carriers[1]");
    draft.carriers = TWICE;
    ck_field(call_number_add(world, &draft).number, "carriers[1]");
    ck_assert_ptr_null(claim(world, ONE));
    world_close(world);
}
END_TEST

static unsigned can(const Maskline__Store__V1__PhoneNumber *number)
{
    ck_done(number);
    return (number->sms ? NUMBER_CAN_TEXT : 0u) | (number->mms ? NUMBER_CAN_MEDIA : 0u) |
           (number->voice ? NUMBER_CAN_CALL : 0u);
}

/* holds: NUM-06 */
START_TEST(a_number_can_do_what_its_first_carrier_can)
{
    struct world *world = world_of(NULL);
    static const char *const TWO_ONE[] = {"two", "one"}, *const ONE_TWO[] = {"one", "two"};
    world->carriers[1].numbers_can = NUMBER_CAN_TEXT;
    struct number_draft draft = number_draft(world, "+15559990001");
    draft.sms = draft.mms = draft.voice = draft.as_carrier = true;
    ck_assert_uint_eq(can(call_number_add(world, &draft).number), NUMBER_CAN_ALL);
    draft.phone_number = "+15559990002";
    draft.carriers = ONE_TWO;
    draft.carrier_count = 2;
    ck_assert_uint_eq(can(call_number_add(world, &draft).number), NUMBER_CAN_ALL);
    ck_done(call_number_remove(world, "+15559990001", false).number);
    ck_done(call_number_remove(world, "+15559990002", false).number);
    draft.phone_number = "+15559990003";
    draft.carriers = TWO_ONE;
    ck_assert_uint_eq(can(call_number_add(world, &draft).number), NUMBER_CAN_TEXT);
    /* Selection honours it. */
    struct participant_draft ann = person(world, "+15551230001");
    struct session_draft session = {.participants = &ann, .participant_count = 1};
    ck_refused(call_session_create(world, session), "NO_VOICE_NUMBER", 80201);
    session.mode = MASKLINE__STORE__V1__MODE__MODE_MESSAGE_ONLY;
    ck_done(call_session_create(world, session));
    /* What is said counts, whatever the carrier says. */
    draft.phone_number = "+15559990004";
    draft.as_carrier = false;
    ck_assert_uint_eq(can(call_number_add(world, &draft).number), NUMBER_CAN_ALL);
    /* A number that could do nothing is none. */
    draft.phone_number = "+15559990005";
    draft.as_carrier = true;
    world->carriers[1].numbers_can = 0;
    ck_field(call_number_add(world, &draft).number, "capabilities");
    world_close(world);
}
END_TEST

/* holds: CDN-08 ERR-80101 ERR-80104 ERR-80601 NUM-08 */
START_TEST(belongs_to_one_service)
{
    struct world *world = world_of(NULL);
    char first[40];
    snprintf(first, sizeof first, "%s", world->service);
    ck_done(add(world, ONE));
    ck_refused(add(world, ONE), "NUMBER_IN_SERVICE", 80104);
    ck_done(add(world, "+525512345678"));
    ck_refused(add(world, "+5215512345678"), "NUMBER_IN_SERVICE", 80104); /* the same phone */
    world_service(world, NULL);
    ck_refused(add(world, ONE), "NUMBER_IN_OTHER_SERVICE", 80101);
    ck_assert_int_eq(call_error.code, STATUS_ALREADY_EXISTS);
    ck_assert_ptr_null(strstr(call_error.message, first));
    ck_assert_uint_eq(call_error.metadata_count, 0);
    /* After deleting a Service its tenant may have them when the cool-down is over, and no piece of the deletion takes them away
     * again. */
    ck_done(call_service_delete(world, first));
    ck_refused(add(world, ONE), "NUMBER_NOT_AVAILABLE", 80601);
    world_move(world, 4 * HOUR - 1);
    ck_refused(add(world, ONE), "NUMBER_NOT_AVAILABLE", 80601);
    world_move(world, 1);
    ck_done(add(world, ONE));
    world_run(world);
    ck_assert_int_eq(claim(world, ONE)->state, CLAIM_STATE(HELD));
    ck_done(call_number_get(world, ONE).number);
    ck_assert_int_eq(claim(world, "+525512345678")->state, CLAIM_STATE(QUARANTINED));
    world_close(world);
}
END_TEST

/* holds: CDN-08 CDN-11 NUM-19 */
START_TEST(rests_in_quarantine)
{
    struct world *world = world_of(NULL);
    ck_done(add(world, ONE));
    ck_done(call_number_remove(world, ONE, false).number);
    ck_refused(call_number_get(world, ONE).number, "PHONE_NUMBER_NOT_FOUND", 80301);
    int64_t end = world_now(world) + 7 * DAY;
    ck_assert_int_eq(claim(world, ONE)->state, CLAIM_STATE(QUARANTINED));
    ck_assert_int_eq(claim(world, ONE)->free_time, end);
    ck_rejected(world_text(world, ANN, ONE, "late"), "NUMBER_QUARANTINED");
    world_move(world, 7 * DAY - 1);
    ck_assert_ptr_nonnull(claim(world, ONE));
    world_move(world, 1);
    ck_assert_ptr_null(claim(world, ONE)); /* free again */
    ck_done(add(world, ONE));
    ck_done(call_number_remove(world, ONE, false).number);
    ck_done(add(world, ONE)); /* the owner may have it back at once */
    ck_assert_int_eq(claim(world, ONE)->state, CLAIM_STATE(HELD));
    world_close(world);
}
END_TEST

/* Another pool does not know whom the number stood for: a late reply would reach whoever has it there. */
/* holds: CDN-08 ERR-80601 */
START_TEST(rests_before_another_service_has_it)
{
    struct world *world = world_of(NULL);
    char first[40];
    snprintf(first, sizeof first, "%s", world->service);
    ck_done(add(world, ONE));
    ck_done(call_number_remove(world, ONE, false).number);
    world_service(world, NULL);
    ck_refused(add(world, ONE), "NUMBER_NOT_AVAILABLE", 80601);
    ck_assert_uint_eq(call_error.metadata_count, 1);
    ck_assert_str_eq(call_error.metadata[0].key, "free_time");
    ck_assert_int_eq(call_error.retry_ms, 4 * 3600 * 1000);
    world_move(world, 4 * HOUR - 1);
    ck_refused(add(world, ONE), "NUMBER_NOT_AVAILABLE", 80601);
    world_move(world, 1);
    ck_done(add(world, ONE));
    world_close(world);
}
END_TEST

/* holds: NUM-07 PAR-25 */
START_TEST(in_use_counts_sessions)
{
    struct world *world = world_of(NULL);
    ck_done(add(world, ONE));
    const Maskline__Store__V1__Session *both = call_talk(world, ANN, BOB);
    ck_done(both);
    ck_assert_str_eq(proxy_of(both, 0), proxy_of(both, 1));
    ck_assert_int_eq(call_number_get(world, ONE).in_use, 1);
    ck_done(call_leave(world, sid_of(world, both), participant_sid(world, both, 0)));
    ck_assert_int_eq(call_number_get(world, ONE).in_use, 1); /* the other one has it, too */
    ck_done(call_talk(world, "+15551230003", NULL));
    ck_assert_int_eq(call_number_get(world, ONE).in_use, 2);
    ck_done(call_leave(world, sid_of(world, both), participant_sid(world, both, 1)));
    ck_assert_int_eq(call_number_get(world, ONE).in_use, 1);
    ck_done(call_session_delete(world, sid_of(world, both)));
    ck_assert_int_eq(call_number_get(world, ONE).in_use, 1);
    const Maskline__Store__V1__Session *closed = call_talk(world, "+15551230004", NULL);
    const Maskline__Store__V1__Session *deleted = call_talk(world, "+15551230005", NULL);
    world_talk(world, "+15551230006", "+15551230007", MINUTE);
    ck_assert_int_eq(call_number_get(world, ONE).in_use, 4);
    ck_done(call_close(world, closed));
    ck_assert_int_eq(call_number_get(world, ONE).in_use, 3);
    ck_done(call_session_delete(world, sid_of(world, deleted)));
    ck_assert_int_eq(call_number_get(world, ONE).in_use, 2);
    world_move(world, MINUTE);
    world_run(world);
    ck_assert_int_eq(call_number_get(world, ONE).in_use, 1);
    world_close(world);
}
END_TEST

/* holds: ERR-80611 */
START_TEST(is_removed_only_when_idle)
{
    struct world *world = world_of(NULL);
    ck_done(add(world, ONE));
    ck_done(add(world, TWO));
    const Maskline__Store__V1__Session *talk = call_talk(world, ANN, BOB);
    const char *used = proxy_of(talk, 0);
    ck_refused(call_number_remove(world, used, false).number, "NUMBER_IN_USE", 80611);
    ck_done(call_number_get(world, used).number);
    ck_done(call_close(world, talk));
    ck_done(call_number_remove(world, used, false).number);
    ck_assert(!world_last(world, CHANGE(NUMBER_REMOVED))->number_removed->forced);
    world_close(world);
}
END_TEST

START_TEST(an_ended_session_does_not_hold_it)
{
    struct world *world = world_of(NULL);
    ck_done(add(world, ONE));
    struct talk talk = world_talk(world, ANN, BOB, MINUTE);
    world_move(world, MINUTE - 1);
    ck_refused(call_number_remove(world, ONE, false).number, "NUMBER_IN_USE", 80611);
    world_move(world, 1); /* no timer has run */
    ck_done(call_number_remove(world, ONE, true).number);
    ck_assert(!world_last(world, CHANGE(NUMBER_REMOVED))->number_removed->forced);
    const Maskline__Store__V1__Session *session = call_session_get(world, talk.session);
    ck_assert_int_eq(session->status, SESSION_STATUS(CLOSED));
    ck_assert_int_eq(session->closed_reason, CLOSED_REASON(TTL_EXPIRED));
    world_close(world);
}
END_TEST

/* holds: NUM-12 NUM-15 */
START_TEST(sessions_outlive_changes_of_their_numbers)
{
    struct world *world = world_of(NULL);
    ck_done(add(world, ONE));
    ck_done(add(world, TWO));
    struct talk talk = world_talk(world, ANN, BOB, 0);
    static const struct {
        bool reserved;
        Maskline__Store__V1__NumberState state;
    } CHANGES[] = {
        {true, NUMBER_STATE(ACTIVE)},
        {true, NUMBER_STATE(DRAINING)},
        {false, NUMBER_STATE(DRAINING)},
    };
    for (size_t i = 0; i < sizeof CHANGES / sizeof *CHANGES; i++) {
        static const char *const NUMBERS[] = {ONE, TWO};
        for (int j = 0; j < 2; j++) {
            const struct number_change change = {.service = world->service,
                                                 .number = NUMBERS[j],
                                                 .set_reserved = true,
                                                 .reserved = CHANGES[i].reserved,
                                                 .state = CHANGES[i].state};
            ck_done(call_number_update(world, &change).number);
        }
        ck_accepted(world_text(world, ANN, talk.proxy_a, "to"));
        world_run(world);
        ck_assert_str_eq(world_sent(world, 0, 0)->from, talk.proxy_b);
        ck_assert_str_eq(world_sent(world, 0, 0)->to, BOB);
        ck_accepted(world_text(world, BOB, talk.proxy_b, "and fro"));
        world_run(world);
        ck_assert_str_eq(world_sent(world, 0, 0)->from, talk.proxy_a);
        ck_refused(call_talk(world, "+15551230003", NULL), "ONLY_RESERVED_NUMBERS", 80207);
    }
    struct participant_draft asks = person_on(world, "+15551230003", ONE);
    ck_refused(call_session_create(
                   world, (struct session_draft){.participants = &asks, .participant_count = 1}),
               "NUMBER_NOT_ACTIVE", 80601);
    ck_assert_int_eq(call_number_get(world, ONE).in_use, 1);
    world_close(world);
}
END_TEST

/* holds: NUM-18 NUM-19 */
START_TEST(coming_and_going_are_told)
{
    struct world *world = world_of(NULL);
    ck_done(add(world, ONE));
    const Maskline__Store__V1__Entry *entry = world_last(world, CHANGE(NUMBER_ADDED));
    ck_assert_ptr_nonnull(entry);
    ck_assert_str_eq(entry->number_added->number->phone_number, ONE);
    ck_done(call_number_get(world, ONE).number);
    ck_assert_ptr_null(world_last(world, CHANGE(NUMBER_REMOVED)));
    ck_done(call_number_remove(world, ONE, false).number);
    entry = world_last(world, CHANGE(NUMBER_REMOVED));
    ck_assert_ptr_nonnull(entry);
    ck_assert_str_eq(entry->number_removed->number->phone_number, ONE);
    ck_refused(call_number_get(world, ONE).number, "PHONE_NUMBER_NOT_FOUND", 80301);
    world_close(world);
}
END_TEST

/* holds: NUM-04 */
START_TEST(is_updated)
{
    struct world *world = world_of(NULL);
    ck_done(add(world, ONE));
    struct number_change change = {.service = world->service, .number = ONE};
    uint64_t before = world_entries(world);
    ck_done(call_number_update(world, &change).number);
    ck_assert_uint_eq(world_entries(world), before);
    static const char *const CARRIERS_NEW[] = {"three", "two"};
    change.set_reserved = change.reserved = true;
    change.friendly_name = "billboard";
    change.carriers = CARRIERS_NEW;
    change.carrier_count = 2;
    change.state = NUMBER_STATE(DRAINING);
    world_move(world, SECOND);
    const Maskline__Store__V1__PhoneNumber *number = call_number_update(world, &change).number;
    ck_done(number);
    ck_assert(number->reserved);
    ck_assert_str_eq(number->friendly_name, "billboard");
    ck_assert_str_eq(number->carriers[0], "three");
    ck_assert_int_eq(number->state, NUMBER_STATE(DRAINING));
    ck_assert_int_eq(number->update_time, number->create_time + SECOND);
    ck_assert_uint_eq(world_entries(world), before + 1);
    ck_done(call_number_update(world, &change).number); /* the same again */
    ck_assert_uint_eq(world_entries(world), before + 1);
    change = (struct number_change){
        .service = world->service, .number = ONE, .carriers = CARRIERS_NEW, .carrier_count = 0};
    ck_assert_str_eq(call_number_update(world, &change).number->carriers[0], "one");
    world_close(world);
}
END_TEST

/* holds: ERR-80622 LIM-02 NUM-17 */
START_TEST(pools_have_a_cap)
{
    struct world *world = world_of(NULL);
    char number[32];
    for (int i = 0; i < 500; i++) {
        snprintf(number, sizeof number, "+1555999%04d", i);
        ck_done(add(world, number));
    }
    ck_refused(add(world, "+15558880000"), "POOL_FULL", 80622);
    struct number_draft draft = number_draft(world, "+15558880000");
    draft.reserved = true;
    ck_done(call_number_add(world, &draft).number);
    struct number_change change = {
        .service = world->service, .number = "+15558880000", .set_reserved = true};
    ck_refused(call_number_update(world, &change).number, "POOL_FULL", 80622);
    ck_done(call_number_remove(world, number, false).number);
    ck_done(call_number_update(world, &change).number);
    ck_refused(add(world, number), "POOL_FULL", 80622);
    world_close(world);
}
END_TEST

/* holds: LIM-01 NUM-03 NUM-17 */
START_TEST(reserved_ones_have_a_cap_of_their_own)
{
    struct world *world = world_of(NULL);
    char number[32];
    struct number_draft draft = number_draft(world, number);
    draft.reserved = true;
    for (int i = 0; i < 5000; i++) {
        snprintf(number, sizeof number, "+1555999%04d", i);
        const Maskline__Store__V1__PhoneNumber *added = call_number_add(world, &draft).number;
        ck_done(added);
        ck_assert(added->reserved);
        if (i % 100 == 0)
            arena_reset(world->arena);
    }
    snprintf(number, sizeof number, "+15558880000");
    ck_refused(call_number_add(world, &draft).number, "POOL_FULL", 80622);
    draft.reserved = false;
    ck_done(call_number_add(world, &draft).number);
    const struct number_change change = {
        .service = world->service, .number = number, .set_reserved = true, .reserved = true};
    ck_refused(call_number_update(world, &change).number, "POOL_FULL", 80622);
    ck_done(call_number_remove(world, "+15559990000", false).number);
    ck_done(call_number_update(world, &change).number);
    world_close(world);
}
END_TEST

/* holds: CDN-13 */
START_TEST(quarantine_holds_over_a_restart)
{
    char path[] = "/tmp/maskline-numbers-XXXXXX";
    ck_assert_ptr_nonnull(mkdtemp(path));
    struct world *world = world_of(path);
    ck_done(add(world, ONE));
    ck_done(call_number_remove(world, ONE, false).number);
    world_restart(world);
    ck_rejected(world_text(world, ANN, ONE, "late"), "NUMBER_QUARANTINED");
    world_service(world, NULL);
    ck_refused(add(world, ONE), "NUMBER_NOT_AVAILABLE", 80601);
    world_move(world, 7 * DAY);
    ck_done(add(world, ONE));
    world_close(world);
    folder_remove(path);
}
END_TEST

/* holds: LST-04 LST-06 NUM-19 */
START_TEST(are_listed_oldest_first)
{
    struct world *world = world_of(NULL);
    static const char *const ALL[] = {"+15559990005", "+442071234567", "+15559990001",
                                      "+15559990003", "+15559990002"};
    for (int i = 0; i < 5; i++) {
        struct number_draft draft = number_draft(world, ALL[i]);
        draft.reserved = i % 2;
        ck_done(call_number_add(world, &draft).number);
    }
    ck_done(call_number_remove(world, ALL[3], false).number);
    struct number_filter filter = {.country = NULL};
    struct page page = {.size = 3};
    struct number_list list;
    struct view *view = view_open(world->store);
    ck_assert(numbers_list(view, world->store, world->service, &filter, &page, world->arena, &list,
                           &call_error));
    ck_assert_uint_eq(list.count, 3);
    ck_assert_str_eq(list.numbers[0].number->phone_number, ALL[0]);
    ck_assert_str_eq(list.numbers[2].number->phone_number, ALL[2]);
    page.token = arena_string(world->arena, list.next_token);
    ck_assert(numbers_list(view, world->store, world->service, &filter, &page, world->arena, &list,
                           &call_error));
    ck_assert_uint_eq(list.count, 1);
    ck_assert_str_eq(list.numbers[0].number->phone_number, ALL[4]);
    ck_assert_str_eq(list.next_token, "");
    filter.country = "GB"; /* a token is of its filter */
    ck_field(numbers_list(view, world->store, world->service, &filter, &page, world->arena, &list,
                          &call_error),
             "page_token");
    page.token = "";
    ck_assert(numbers_list(view, world->store, world->service, &filter, &page, world->arena, &list,
                           &call_error));
    ck_assert_uint_eq(list.count, 1);
    filter = (struct number_filter){.by_reserved = true, .reserved = true};
    ck_assert(numbers_list(view, world->store, world->service, &filter, &page, world->arena, &list,
                           &call_error));
    ck_assert_uint_eq(list.count, 1);
    ck_assert_str_eq(list.numbers[0].number->phone_number, ALL[1]);
    view_close(view);
    world_close(world);
}
END_TEST

SUITE_MAIN("numbers", is_added, drafts_are_checked, a_number_can_do_what_its_first_carrier_can,
           belongs_to_one_service, rests_in_quarantine, rests_before_another_service_has_it,
           in_use_counts_sessions, is_removed_only_when_idle, an_ended_session_does_not_hold_it,
           is_updated, sessions_outlive_changes_of_their_numbers, coming_and_going_are_told,
           pools_have_a_cap, reserved_ones_have_a_cap_of_their_own, quarantine_holds_over_a_restart,
           are_listed_oldest_first)
