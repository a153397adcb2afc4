#include "tests/unit/server/masking/calls.h"

#include <string.h>

/* Numbers that are taken out of the pool while sessions use them. */

#define ONE   "+15559990001"
#define TWO   "+15559990002"
#define THREE "+15559990003"
#define ANN   "+15551230001"
#define BOB   "+15551230002"
#define CAT   "+15551230003"
#define DAN   "+15551230004"

static struct world *world_with(unsigned numbers)
{
    static const char *const all[] = {ONE, TWO, THREE};
    struct world *world = world_open(NULL);
    world_service(world, NULL);
    for (unsigned i = 0; i < numbers; i++)
        world_number(world, all[i], NULL);
    return world;
}

static void keep_back(struct world *world, const char *number)
{
    const struct number_change change = {
        .service = world->service, .number = number, .set_reserved = true, .reserved = true};
    ck_done(call_number_update(world, &change).number);
}

static const Maskline__Store__V1__Session *get(struct world *world, const struct talk *talk)
{
    return call_session_get(world, talk->session);
}

static void ck_sent(struct world *world, const char *from, const char *to, const char *body)
{
    unsigned before = world->carriers[0].count;
    world_run(world);
    ck_assert_uint_eq(world->carriers[0].count, before + 1);
    const struct sent *sent = world_sent(world, 0, 0);
    ck_assert_str_eq(sent->from, from);
    ck_assert_str_eq(sent->to, to);
    ck_assert_str_eq(sent->body, body);
}

/* ---- another number ---- */

/* holds: NUM-10 SES-28 */
START_TEST(another_takes_its_place)
{
    struct world *world = world_with(3);
    struct talk talk = world_talk(world, ANN, BOB, 0);
    ck_assert_str_eq(talk.proxy_b, TWO);
    ck_accepted(world_text(world, ANN, talk.proxy_a, "waits"));
    uint64_t before = world_entries(world);
    int64_t removed = world_now(world);
    ck_done(call_number_remove(world, TWO, true).number);
    ck_assert_uint_eq(world_entries(world), before + 2);
    const Maskline__Store__V1__ParticipantUpdated *told =
        world_entry(world, before + 1)->participant_updated;
    ck_assert_ptr_nonnull(told);
    ck_assert(told->number_replaced && told->number_ended && !told->person_replaced);
    ck_assert(world_entry(world, before + 2)->number_removed->forced);
    const Maskline__Store__V1__Session *session = get(world, &talk);
    ck_assert_int_eq(session->status, SESSION_STATUS(IN_PROGRESS));
    ck_assert_str_eq(proxy_of(session, 0), talk.proxy_a);
    const Maskline__Store__V1__Participant *bob = session->participants[1];
    ck_assert_str_eq(participant_sid(world, session, 1), talk.b);
    ck_assert_uint_eq(bob->n_bindings, 2);
    ck_assert_str_eq(bob->bindings[0]->proxy_identifier, THREE);
    ck_assert_int_eq(bob->bindings[0]->since_time, removed);
    ck_assert_str_eq(bob->bindings[1]->proxy_identifier, TWO);
    ck_assert(bob->bindings[1]->ended);
    ck_assert_int_eq(bob->bindings[1]->until_time, removed);
    ck_assert_int_eq(call_number_get(world, THREE).in_use, 1);
    /* What waited goes by the new number, and nothing comes in by the old one. */
    ck_sent(world, THREE, BOB, "waits");
    ck_rejected(world_text(world, BOB, TWO, "x"), "NUMBER_QUARANTINED");
    ck_accepted(world_text(world, BOB, THREE, "back"));
    ck_sent(world, talk.proxy_a, ANN, "back");
    world_close(world);
}
END_TEST

/* holds: SES-28 */
START_TEST(both_may_have_had_it)
{
    struct world *world = world_with(1);
    struct talk talk = world_talk(world, ANN, BOB, 0);
    ck_assert_str_eq(talk.proxy_a, talk.proxy_b);
    world_number(world, TWO, NULL);
    world_number(world, THREE, NULL);
    ck_done(call_number_remove(world, ONE, true).number);
    const Maskline__Store__V1__Session *session = get(world, &talk);
    ck_assert_str_eq(proxy_of(session, 0), TWO);
    ck_assert_str_eq(proxy_of(session, 1), THREE);
    ck_assert_uint_gt(session->participants[1]->generation, session->participants[0]->generation);
    ck_assert_uint_eq(session->generation, session->participants[1]->generation);
    ck_assert_int_eq(call_number_get(world, TWO).in_use, 1);
    ck_assert_int_eq(call_number_get(world, THREE).in_use, 1);
    ck_accepted(world_text(world, ANN, TWO, "to"));
    ck_sent(world, THREE, BOB, "to");
    ck_accepted(world_text(world, BOB, THREE, "fro"));
    ck_sent(world, TWO, ANN, "fro");
    world_close(world);
}
END_TEST

/* holds: SES-28 */
START_TEST(who_asked_for_it_gets_another_too)
{
    struct world *world = world_with(2);
    struct participant_draft people[] = {person_on(world, ANN, ONE), person_on(world, BOB, ONE)};
    const Maskline__Store__V1__Session *session = call_session_create(
        world, (struct session_draft){.participants = people, .participant_count = 2});
    ck_done(session);
    ck_done(call_number_remove(world, ONE, true).number);
    session = call_session_get(world, sid_of(world, session));
    for (unsigned i = 0; i < 2; i++) {
        ck_assert_str_eq(proxy_of(session, i), TWO);
        ck_assert_int_eq(session->participants[i]->bindings[0]->choice_reason,
                         MASKLINE__STORE__V1__CHOICE_REASON__CHOICE_REASON_LEAST_USED);
    }
    ck_assert_int_eq(call_number_get(world, TWO).in_use, 1);
    world_close(world);
}
END_TEST

/* A number that is honoured of an earlier time becomes the present one again; one that was only honoured ends. */
START_TEST(earlier_numbers_count)
{
    struct world *world = world_with(2);
    struct talk talk = world_talk(world, ANN, BOB, 0);
    ck_done(call_change(world, &talk,
                        (struct participant_change){.participant = talk.b,
                                                    .set_proxy = true,
                                                    .draft = {.proxy_identifier = ONE}}));
    keep_back(world, TWO);
    world_number(world, THREE, NULL);
    ck_done(call_number_remove(world, TWO, true).number);
    const Maskline__Store__V1__Session *session = get(world, &talk);
    ck_assert_str_eq(proxy_of(session, 1), ONE);
    ck_assert(session->participants[1]->bindings[1]->ended);
    ck_done(call_change(world, &talk,
                        (struct participant_change){.participant = talk.b,
                                                    .set_proxy = true,
                                                    .draft = {.proxy_identifier = THREE}}));
    ck_done(call_number_remove(world, THREE, true).number);
    session = get(world, &talk);
    ck_assert_str_eq(proxy_of(session, 1), ONE);
    ck_assert_int_eq(session->participants[1]->bindings[0]->until_time, 0);
    ck_accepted(world_text(world, BOB, ONE, "still me"));
    ck_sent(world, talk.proxy_a, ANN, "still me");
    world_close(world);
}
END_TEST

/* ---- none fits ---- */

/* holds: SES-28 */
START_TEST(it_fails_when_none_fits)
{
    struct world *world = world_with(1);
    struct talk talk = world_talk(world, ANN, BOB, 0);
    keep_back(world, ONE);
    world_number(world, TWO, NULL);
    struct talk other = world_talk(world, BOB, CAT, 0); /* BOB has TWO there */
    ck_assert_str_eq(other.proxy_a, TWO);
    uint64_t before = world_entries(world);
    ck_done(call_number_remove(world, ONE, true).number);
    ck_assert_uint_eq(world_entries(world), before + 2); /* nobody got anything */
    const Maskline__Store__V1__Session *failed = get(world, &talk);
    ck_assert_int_eq(failed->status, SESSION_STATUS(FAILED));
    ck_assert_str_eq(failed->fail_reason, "NUMBER_REMOVED");
    ck_assert_int_eq(failed->closed_reason, 0);
    ck_assert_int_eq(failed->end_time, world_now(world));
    ck_assert_int_eq(get(world, &other)->status, SESSION_STATUS(OPEN));
    ck_assert(world_last(world, CHANGE(NUMBER_REMOVED))->number_removed->forced);
    ck_rejected(world_text(world, ANN, TWO, "x"), "NO_ROUTE");
    world_close(world);
}
END_TEST

static const Maskline__Store__V1__Session *let_fail(struct world *world, const char *number)
{
    const Maskline__Store__V1__Session *talk = call_talk(world, ANN, BOB);
    ck_done(talk);
    ck_done(call_number_remove(world, number, true).number);
    ck_assert_int_eq(call_session_get(world, sid_of(world, talk))->status, SESSION_STATUS(FAILED));
    return talk;
}

/* holds: SES-28 */
START_TEST(once_a_number_fits_it_opens_again)
{
    struct world *world = world_with(1);
    const Maskline__Store__V1__Session *talk = let_fail(world, ONE);
    int64_t failed = world_now(world);
    ck_refused(call_reopen(world, talk), "POOL_EMPTY", 80205);
    ck_assert_int_eq(call_session_get(world, sid_of(world, talk))->status, SESSION_STATUS(FAILED));
    world_number(world, TWO, NULL);
    keep_back(world, TWO);
    ck_refused(call_reopen(world, talk), "ONLY_RESERVED_NUMBERS", 80207);
    world_number(world, THREE, NULL);
    world_move(world, MINUTE);
    uint64_t before = world_entries(world);
    const Maskline__Store__V1__Session *again = call_reopen(world, talk);
    ck_done(again);
    ck_assert_str_eq(again->fail_reason, "");
    ck_assert_uint_eq(world_entries(world), before + 3); /* two have another, and it is open */
    ck_assert(world_entry(world, before + 1)->participant_updated->number_replaced);
    ck_assert(world_entry(world, before + 2)->participant_updated->number_replaced);
    ck_assert_int_eq(world_entry(world, before + 3)->change_case, CHANGE(SESSION_REOPENED));
    again = call_session_get(world, sid_of(world, talk));
    for (unsigned i = 0; i < 2; i++) {
        const Maskline__Store__V1__Participant *one = again->participants[i];
        ck_assert_str_eq(one->bindings[0]->proxy_identifier, THREE);
        ck_assert_str_eq(one->bindings[1]->proxy_identifier, ONE);
        ck_assert(one->bindings[1]->ended);
        ck_assert_int_eq(one->bindings[1]->until_time, failed);
        ck_assert_uint_eq(one->generation, again->generation);
    }
    ck_assert_int_eq(call_number_get(world, THREE).in_use, 1);
    ck_accepted(world_text(world, ANN, THREE, "to"));
    ck_sent(world, THREE, BOB, "to");
    /* The number that it had may come back: it is nobody's here. */
    world_number(world, ONE, NULL);
    ck_assert_int_eq(call_number_get(world, ONE).in_use, 0);
    ck_done(call_close(world, again));
    ck_assert_int_eq(call_number_get(world, THREE).in_use, 0);
    ck_done(call_reopen(world, again));
    ck_assert_str_eq(proxy_of(call_session_get(world, sid_of(world, talk)), 0), THREE);
    world_close(world);
}
END_TEST

/* holds: SES-28 */
START_TEST(the_number_itself_may_come_back)
{
    struct world *world = world_with(1);
    const Maskline__Store__V1__Session *talk = let_fail(world, ONE);
    world_number(world, ONE, NULL);
    uint64_t before = world_entries(world);
    const Maskline__Store__V1__Session *again = call_reopen(world, talk);
    ck_done(again);
    ck_assert_uint_eq(world_entries(world), before + 1);
    /* The number is another one by SID. */
    const Maskline__Store__V1__PhoneNumber *number = call_number_get(world, ONE).number;
    const Maskline__Store__V1__Session *read = call_session_get(world, sid_of(world, talk));
    for (unsigned i = 0; i < 2; i++) {
        ck_assert_int_eq(
            memcmp(again->participants[i]->bindings[0]->number.data, number->sid.data, SID_BYTES),
            0);
        ck_assert_int_eq(
            memcmp(read->participants[i]->bindings[0]->number.data, number->sid.data, SID_BYTES),
            0);
    }
    world_close(world);
}
END_TEST

/* A session that was closed has its own numbers again, or none. */
/* holds: SES-18 */
START_TEST(closed_sessions_get_no_other)
{
    struct world *world = world_with(1);
    const Maskline__Store__V1__Session *talk = call_talk(world, ANN, BOB);
    ck_done(call_close(world, talk));
    ck_done(call_number_remove(world, ONE, false).number);
    world_number(world, TWO, NULL);
    ck_refused(call_reopen(world, talk), "NUMBER_GONE", 80605);
    world_close(world);
}
END_TEST

/* holds: SES-28 */
START_TEST(nothing_takes_a_short_codes_place)
{
    struct world *world = world_with(2);
    struct number_draft draft = number_draft(world, "12345");
    draft.kind = NUMBER_SHORT_CODE;
    draft.country = "US";
    ck_done(call_number_add(world, &draft).number);
    struct participant_draft people[] = {person_on(world, "+12125550001", "12345"),
                                         person(world, "+12125550002")};
    const Maskline__Store__V1__Session *talk = call_session_create(
        world, (struct session_draft){
                   .participants = people, .participant_count = 2, .mode = MODE(MESSAGE_ONLY)});
    ck_done(talk);
    ck_done(call_number_remove_kind(world, "12345", NUMBER_SHORT_CODE, true).number);
    ck_assert_int_eq(call_session_get(world, sid_of(world, talk))->status, SESSION_STATUS(FAILED));
    ck_refused(call_reopen(world, talk), "NUMBER_GONE", 80605);
    ck_done(call_number_add(world, &draft).number);
    ck_done(call_reopen(world, talk));
    world_close(world);
}
END_TEST

SUITE_MAIN("removal", another_takes_its_place, both_may_have_had_it,
           who_asked_for_it_gets_another_too, earlier_numbers_count, it_fails_when_none_fits,
           once_a_number_fits_it_opens_again, the_number_itself_may_come_back,
           closed_sessions_get_no_other, nothing_takes_a_short_codes_place)
