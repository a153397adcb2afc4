#include "tests/unit/server/masking/calls.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* People come into sessions and leave them. */

#define N1  "+15559990001"
#define N2  "+15559990002"
#define ANN "+15551230001"
#define BOB "+15551230002"
#define CAT "+15551230003"

/* holds: ERR-80609 INV-06 PAR-14 SES-21 */
START_TEST(a_session_is_filled_later)
{
    struct world *world = world_with_numbers(1);
    const Maskline__Store__V1__Session *session = call_talk(world, NULL, NULL);
    const char *sid = sid_of(world, session);
    const Maskline__Store__V1__Session *one = call_join(world, sid, person(world, ANN), NULL);
    ck_done(one);
    ck_rejected(world_text(world, ANN, N1, "x"), "NO_PARTNER");
    const Maskline__Store__V1__Session *two = call_join(world, sid, person(world, BOB), NULL);
    ck_done(two);
    ck_assert_uint_eq(two->n_participants, 2);
    ck_assert_str_eq(two->participants[1]->identifiers[0], BOB);
    ck_accepted(world_text(world, ANN, N1, "to bob"));
    ck_accepted(world_text(world, BOB, N1, "to ann"));
    ck_refused(call_join(world, sid, person(world, CAT), NULL), "TOO_MANY_PARTICIPANTS", 80609);
    ck_refused(call_join(world, sid, person(world, BOB), NULL), "IDENTIFIER_IN_SESSION", 80103);
    ck_refused(call_join(world, sid, person(world, CAT "x"), NULL), "INVALID_IDENTIFIER", 80404);
    ck_assert_str_eq(call_error.fields[0].name, "participant.identifier");
    ck_refused(call_join(world, "nobody's", person(world, CAT), NULL), "SESSION_NOT_FOUND", 80308);
    world_close(world);
}
END_TEST

/* holds: ERR-80405 PAR-09 */
START_TEST(who_leaves_is_out_at_once)
{
    struct world *world = world_with_numbers(2);
    struct talk talk = world_talk(world, ANN, BOB, 0);
    ck_accepted(world_text(world, ANN, talk.proxy_a, "to bob"));
    world_move(world, SECOND);
    const Maskline__Store__V1__Session *left = call_leave(world, talk.session, talk.b);
    ck_done(left);
    ck_assert_int_eq(left->participants[1]->delete_time, world_now(world));
    ck_assert_int_eq(left->participants[0]->delete_time, 0);
    ck_assert_int_eq(left->status, SESSION_STATUS(IN_PROGRESS)); /* one is enough to live */
    ck_rejected(world_text(world, BOB, talk.proxy_b, "x"), "PARTICIPANT_REMOVED");
    ck_rejected(world_text(world, ANN, talk.proxy_a, "x"), "NO_PARTNER");
    world_run(world);
    ck_assert_uint_eq(world->carriers[0].count, 0); /* nothing reaches who has left */
    uint64_t entries = world_entries(world);
    const Maskline__Store__V1__Session *again = call_leave(world, talk.session, talk.b);
    ck_done(again);
    ck_assert_int_eq(again->participants[1]->delete_time, left->participants[1]->delete_time);
    ck_assert_uint_eq(world_entries(world), entries);
    ck_refused(call_leave(world, talk.session, "KP0123456789abcdef0123456789abcdef"),
               "PARTICIPANT_NOT_FOUND", 80610);
    ck_refused(call_leave(world, talk.session, "KC0123456789abcdef0123456789abcdef"), "INVALID_SID",
               80405);
    world_close(world);
}
END_TEST

/* holds: ERR-80103 PAR-10 PAR-11 */
START_TEST(who_left_may_come_back)
{
    struct world *world = world_with_numbers(1);
    struct talk talk = world_talk(world, ANN, BOB, 0);
    ck_done(call_leave(world, talk.session, talk.b));
    const Maskline__Store__V1__Session *back =
        call_join(world, talk.session, person(world, BOB), NULL);
    ck_done(back); /* it is the same session: nothing rests */
    ck_assert_uint_eq(back->n_participants, 3);
    ck_assert_str_ne(participant_sid(world, back, 2), talk.b);
    ck_accepted(world_text(world, BOB, N1, "x"));
    ck_accepted(world_text(world, ANN, N1, "x"));
    ck_assert_int_eq(call_number_get(world, N1).in_use, 1);
    /* And go again, and be deleted with all that it ever was. */
    ck_done(call_leave(world, talk.session, participant_sid(world, back, 2)));
    ck_done(call_session_delete(world, talk.session));
    ck_assert_int_eq(call_number_get(world, N1).in_use, 0);
    world_close(world);
}
END_TEST

/* holds: PAR-10 PAR-24 */
START_TEST(somebody_else_takes_the_place)
{
    struct world *world = world_with_numbers(2);
    struct talk talk = world_talk(world, ANN, BOB, 0);
    uint64_t generation = world_session(world, &talk)->generation;
    ck_done(call_leave(world, talk.session, talk.b));
    ck_assert_uint_eq(world_session(world, &talk)->generation, generation + 1);
    const Maskline__Store__V1__Session *joined =
        call_join(world, talk.session, person(world, CAT), NULL);
    ck_done(joined);
    ck_assert_uint_eq(joined->generation, generation + 2);
    ck_assert_uint_eq(joined->participants[2]->generation, generation + 2);
    ck_accepted(world_text(world, ANN, talk.proxy_a, "to cat"));
    world_run(world);
    ck_assert_str_eq(world_sent(world, 0, 0)->to, CAT);
    /* From now on Ann's number was for Cat: it may be so again, and not for Bob. */
    ck_done(call_close(world, joined));
    ck_assert_str_eq(proxy_of(call_talk(world, ANN, CAT), 0), talk.proxy_a);
    ck_assert_str_ne(proxy_of(call_talk(world, ANN, BOB), 0), talk.proxy_a);
    world_close(world);
}
END_TEST

START_TEST(leaving_works_in_any_status)
{
    struct world *world = world_with_numbers(1);
    struct talk talk = world_talk(world, ANN, BOB, 0);
    ck_done(call_session_update(
        world, (struct session_change){.session = talk.session, .status = SESSION_STATUS(CLOSED)}));
    int64_t released = world_now(world);
    world_move(world, HOUR);
    ck_done(call_leave(world, talk.session, talk.a));
    ck_assert_int_eq(call_number_get(world, N1).in_use, 0);
    world_move(world, released + 4 * HOUR - world_now(world) - 1);
    ck_refused(call_talk(world, ANN, CAT), "ALL_NUMBERS_IN_USE", 80208);
    world_move(world, 1); /* it rests since the closing */
    ck_done(call_talk(world, ANN, CAT));
    world_close(world);
}
END_TEST

/* holds: PAR-15 PAR-16 */
START_TEST(each_identifier_reaches_the_session)
{
    struct world *world = world_with_numbers(1);
    const struct participant_draft people[] = {person_of_many(world, ANN " " CAT),
                                               person(world, BOB)};
    const Maskline__Store__V1__Session *session = call_session_create(
        world, (struct session_draft){.participants = people, .participant_count = 2});
    ck_done(session);
    ck_accepted(world_text(world, ANN, N1, "x"));
    ck_accepted(world_text(world, CAT, N1, "x"));
    ck_accepted(world_text(world, BOB, N1, "x"));
    world_run(world);
    ck_assert_str_eq(world_sent(world, 0, 0)->to, ANN); /* the first one */
    ck_done(call_close(world, session));
    ck_rejected(world_text(world, CAT, N1, "x"), "SESSION_CLOSED");
    world_close(world);
}
END_TEST

/* holds: PAR-02 PAR-03 */
START_TEST(numbers_are_read_strictly_or_as_people_write_them)
{
    struct world *world = world_with_numbers(2);
    static const char *const written[] = {"+1 (555) 123-0001", "+1.555.123.0001", "0015551230001",
                                          "011 1 555 123 0001"};
    for (size_t i = 0; i < sizeof written / sizeof *written; i++) {
        const char *const ids[] = {written[i]};
        struct participant_draft draft = {.identifiers = ids, .identifier_count = 1};
        struct session_draft session_draft = {.participants = &draft, .participant_count = 1};
        ck_refused(call_session_create(world, session_draft), "INVALID_IDENTIFIER", 80404);
        draft.lenient = true;
        const Maskline__Store__V1__Session *session = call_session_create(world, session_draft);
        ck_done(session);
        ck_assert_str_eq(session->participants[0]->identifiers[0], ANN);
        ck_rejected(world_text(world, ANN, proxy_of(session, 0), "x"), "NO_PARTNER");
        ck_done(call_session_delete(world, sid_of(world, session)));
        world_move(world, 5 * HOUR);
    }
    const char *const words[] = {"five five five"};
    struct participant_draft nobody = {
        .identifiers = words, .identifier_count = 1, .lenient = true};
    ck_refused(call_session_create(
                   world, (struct session_draft){.participants = &nobody, .participant_count = 1}),
               "INVALID_IDENTIFIER", 80404);
    world_close(world);
}
END_TEST

/* However many come and go, the session can be deleted. */
/* holds: PAR-12 */
START_TEST(they_come_and_go)
{
    struct world *world = world_with_numbers(1);
    char sid[40];
    snprintf(sid, sizeof sid, "%s", sid_of(world, call_talk(world, ANN, NULL)));
    for (int i = 1; i < 256; i++) {
        char identifiers[10 * 16] = "";
        for (int j = 0, size = 0; j < 10; j++)
            size += snprintf(identifiers + size, sizeof identifiers - (size_t)size,
                             "%s+15553%02d%04d", j ? " " : "", j, i);
        const Maskline__Store__V1__Session *session =
            call_join(world, sid, person_of_many(world, identifiers), NULL);
        ck_done(session);
        ck_assert_uint_eq(session->n_participants, (size_t)i + 1);
        ck_done(call_leave(world, sid, participant_sid(world, session, (unsigned)i)));
        arena_reset(world->arena);
    }
    ck_refused(call_join(world, sid, person(world, BOB), NULL), "TOO_MANY_PARTICIPANTS", 80609);
    ck_done(call_session_delete(world, sid));
    world_close(world);
}
END_TEST

SUITE_MAIN("participants", a_session_is_filled_later, who_leaves_is_out_at_once,
           who_left_may_come_back, somebody_else_takes_the_place, leaving_works_in_any_status,
           each_identifier_reaches_the_session, numbers_are_read_strictly_or_as_people_write_them,
           they_come_and_go)
