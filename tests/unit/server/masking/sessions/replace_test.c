#include "tests/unit/server/masking/calls.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A participant gets another person, or another number, while the session lives. */

#define N1  "+15559990001"
#define N2  "+15559990002"
#define N3  "+15559990003"
#define ANN "+15551230001"
#define BOB "+15551230002"
#define CAT "+15551230003"
#define DAN "+15551230004"

#define LATE (3 * HOUR) /* the default late-reply window */

static const Maskline__Store__V1__Session *put_person(struct world *world, const struct talk *talk,
                                                      const char *participant, const char *who)
{
    return call_change(world, talk,
                       (struct participant_change){.participant = participant,
                                                   .set_identifiers = true,
                                                   .draft = person_of_many(world, who)});
}

/* NULL: another one is chosen. */
static const Maskline__Store__V1__Session *put_number(struct world *world, const struct talk *talk,
                                                      const char *participant, const char *proxy)
{
    return call_change(world, talk,
                       (struct participant_change){.participant = participant,
                                                   .set_proxy = true,
                                                   .draft = {.proxy_identifier = proxy}});
}

static unsigned in_use(struct world *world, const char *number)
{
    return (unsigned)call_number_get(world, number).in_use;
}

static void ck_sent(struct world *world, const char *from, const char *to, const char *body)
{
    world_run(world);
    ck_assert_uint_gt(world->carriers[0].count, 0);
    const struct sent *sent = world_sent(world, 0, 0);
    ck_assert_str_eq(sent->from, from);
    ck_assert_str_eq(sent->to, to);
    ck_assert_str_eq(sent->body, body);
}

/* holds: PAR-18 PAR-24 */
START_TEST(another_person_takes_over)
{
    struct world *world = world_with_numbers(2);
    struct talk talk = world_talk(world, ANN, BOB, 0);
    uint64_t generation = world_session(world, &talk)->generation;
    const Maskline__Store__V1__Session *session = put_person(world, &talk, talk.b, CAT);
    ck_done(session);
    ck_assert_uint_eq(session->n_participants, 2);
    ck_assert_str_eq(participant_sid(world, session, 1), talk.b);
    ck_assert_str_eq(session->participants[1]->identifiers[0], CAT);
    ck_assert_str_eq(proxy_of(session, 0), talk.proxy_a);
    ck_assert_str_eq(proxy_of(session, 1), talk.proxy_b);
    ck_assert_uint_eq(session->generation, generation + 1);
    ck_assert_uint_eq(session->participants[1]->generation, generation + 1);
    ck_accepted(world_text(world, ANN, talk.proxy_a, "to cat"));
    ck_sent(world, talk.proxy_b, CAT, "to cat");
    ck_accepted(world_text(world, CAT, talk.proxy_b, "to ann"));
    ck_sent(world, talk.proxy_a, ANN, "to ann");
    const Maskline__Store__V1__ParticipantUpdated *told =
        world_last(world, CHANGE(PARTICIPANT_UPDATED))->participant_updated;
    ck_assert(told->person_replaced && !told->number_replaced);
    world_close(world);
}
END_TEST

/* holds: PAR-19 */
START_TEST(who_was_replaced_is_out)
{
    struct world *world = world_with_numbers(2);
    struct talk talk = world_talk(world, ANN, BOB, 0);
    ck_accepted(world_text(world, ANN, talk.proxy_a, "for bob"));
    ck_accepted(world_text(world, BOB, talk.proxy_b, "from bob"));
    ck_done(put_person(world, &talk, talk.b, CAT));
    world_run(world);
    ck_assert_uint_eq(world->carriers[0].count, 1); /* what Bob had written before */
    ck_assert_str_eq(world_sent(world, 0, 0)->to, ANN);
    ck_assert_int_eq(world_leg(world, &talk, 0)->status, STATUS(CANCELED));
    ck_assert_str_eq(world_leg(world, &talk, 0)->reason, "ROUTE_CHANGED");
    ck_rejected(world_text(world, BOB, talk.proxy_b, "late"), "NO_ROUTE");
    ck_assert_uint_eq(world->carriers[0].count, 1);
    world_close(world);
}
END_TEST

/* holds: CDN-06 CON-10 PAR-19 */
START_TEST(a_replaced_person_comes_into_no_wrong_session)
{
    struct world *world = world_with_numbers(1);
    struct talk talk = world_talk(world, ANN, BOB, 0), other;
    ck_done(put_person(world, &talk, talk.b, CAT));
    /* A late reply of Bob's must not reach Dan. */
    ck_assert(!world_try_talk(world, BOB, DAN, 0, &other));
    ck_refused(call_talk(world, BOB, DAN), "ALL_NUMBERS_IN_USE", 80208);
    ck_assert_str_ne(call_metadata("free_time"), "");
    world_move(world, 4 * HOUR - 1);
    ck_refused(call_talk(world, BOB, DAN), "ALL_NUMBERS_IN_USE", 80208);
    world_move(world, 1);
    ck_done(call_talk(world, BOB, DAN));
    world_close(world);
}
END_TEST

/* holds: PAR-23 ERR-80604 CON-06 */
START_TEST(a_replacement_must_fit)
{
    struct world *world = world_with_numbers(1);
    struct talk first = world_talk(world, ANN, BOB, 0), second = world_talk(world, CAT, DAN, 0);
    uint64_t entries = world_entries(world);
    ck_refused(put_person(world, &second, second.b, BOB), "PAIR_IN_USE", 80604);
    ck_assert_str_eq(call_metadata("session_sid"), first.session);
    ck_refused(put_person(world, &second, second.b, DAN " " BOB), "PAIR_IN_USE", 80604);
    ck_refused(put_person(world, &second, second.b, CAT), "IDENTIFIER_IN_SESSION", 80103);
    ck_refused(put_person(world, &second, second.b, N1), "INVALID_IDENTIFIER", 80404);
    ck_refused(put_person(world, &second, second.b, "5551230001"), "INVALID_IDENTIFIER", 80404);
    ck_assert_str_eq(call_error.fields[0].name, "spec.identifier");
    ck_refused(put_number(world, &second, second.b, NULL), "ALL_NUMBERS_IN_USE", 80208);
    entries++; /* the log tells of that */
    ck_refused(put_number(world, &second, second.b, "+15559990009"), "PROXY_NOT_FOUND", 80606);
    ck_refused(put_person(world, &second, "KP0123456789abcdef0123456789abcdef", BOB),
               "PARTICIPANT_NOT_FOUND", 80610);
    /* Bob's pair rests with Ann's when their session ends. */
    world_end_talk(world, &first);
    entries++;
    ck_refused(put_person(world, &second, second.b, BOB), "PAIR_COOLING_DOWN", 80402);
    ck_assert_uint_eq(world_entries(world), entries);
    ck_accepted(world_text(world, DAN, N1, "still here"));
    ck_sent(world, N1, CAT, "still here");
    world_close(world);
}
END_TEST

/* holds: PAR-23 */
START_TEST(who_wants_nothing_takes_no_place)
{
    struct world *world = world_with_numbers(3);
    struct talk talk = world_talk(world, ANN, BOB, 0), other = world_talk(world, CAT, DAN, 0);
    ck_accepted(world_text(world, CAT, other.proxy_a, "STOP"));
    world_end_talk(world, &other);
    world_move(world, 5 * HOUR);
    uint64_t entries = world_entries(world);
    ck_refused(put_person(world, &talk, talk.b, CAT), "OPTED_OUT", 80402);
    struct participant_change both = {
        .participant = talk.b, .set_identifiers = true, .set_proxy = true};
    both.draft = person_on(world, CAT, N3);
    ck_refused(call_change(world, &talk, both), "OPTED_OUT", 80402);
    ck_assert_uint_eq(world_entries(world), entries);
    ck_accepted(world_text(world, ANN, talk.proxy_a, "x"));
    ck_sent(world, talk.proxy_b, BOB, "x");
    world_close(world);
}
END_TEST

/* holds: PAR-20 PAR-21 PAR-26 */
START_TEST(another_number_takes_over)
{
    struct world *world = world_with_numbers(2);
    struct talk talk = world_talk(world, ANN, BOB, 0);
    ck_accepted(world_text(world, ANN, talk.proxy_a, "waits"));
    const char *next = strcmp(talk.proxy_b, N1) ? N1 : N2;
    int64_t since = world_now(world);
    const Maskline__Store__V1__Session *session = put_number(world, &talk, talk.b, NULL);
    ck_done(session);
    ck_assert_str_eq(proxy_of(session, 1), next);
    ck_assert_uint_eq(session->participants[1]->n_bindings, 2);
    const Maskline__Store__V1__Binding *old = session->participants[1]->bindings[1];
    ck_assert_str_eq(old->proxy_identifier, talk.proxy_b);
    ck_assert_int_eq(old->until_time, since + LATE);
    ck_assert_int_eq(session->participants[1]->bindings[0]->since_time, since);
    ck_assert_int_eq(session->participants[1]->bindings[0]->until_time, 0);
    ck_sent(world, next, BOB, "waits");
    ck_accepted(world_text(world, BOB, talk.proxy_b, "by the old one"));
    ck_sent(world, talk.proxy_a, ANN, "by the old one");
    ck_accepted(world_text(world, BOB, next, "by the new one"));
    ck_sent(world, talk.proxy_a, ANN, "by the new one");
    world_close(world);
}
END_TEST

/* holds: CDN-06 PAR-22 */
START_TEST(the_old_number_ends)
{
    struct world *world = world_with_numbers(3);
    struct talk talk = world_talk(world, ANN, BOB, 0);
    int64_t since = world_now(world);
    ck_done(put_number(world, &talk, talk.b, N3));
    ck_assert_uint_eq(in_use(world, talk.proxy_b), 1);
    ck_assert_uint_eq(in_use(world, N3), 1);
    world_move(world, LATE - 1);
    ck_accepted(world_text(world, BOB, talk.proxy_b, "just in time"));
    world_move(world, 1);
    ck_rejected(world_text(world, BOB, talk.proxy_b, "too late"), "NO_ROUTE");
    world_run(world); /* and the timers take note */
    ck_assert_uint_eq(in_use(world, talk.proxy_b), 0);
    ck_assert_uint_eq(in_use(world, N3), 1);
    ck_assert(world_last(world, CHANGE(PARTICIPANT_UPDATED))->participant_updated->number_ended);
    ck_rejected(world_text(world, BOB, talk.proxy_b, "too late"), "NO_ROUTE");
    ck_accepted(world_text(world, BOB, N3, "x"));
    /* The pair rests since then. */
    const struct participant_draft people[] = {person_on(world, BOB, talk.proxy_b),
                                               person(world, DAN)};
    const struct session_draft draft = {.participants = people, .participant_count = 2};
    world_move(world, since + LATE + 4 * HOUR - 1 - world_now(world));
    ck_refused(call_session_create(world, draft), "PAIR_COOLING_DOWN", 80402);
    world_move(world, 1);
    ck_done(call_session_create(world, draft));
    world_close(world);
}
END_TEST

/* holds: CON-10 */
START_TEST(an_honoured_number_is_held)
{
    struct world *world = world_with_numbers(2);
    struct talk talk = world_talk(world, ANN, BOB, 0);
    const char *next = strcmp(talk.proxy_b, N1) ? N1 : N2;
    ck_done(put_number(world, &talk, talk.b, next));
    const struct participant_draft people[] = {person_on(world, BOB, talk.proxy_b),
                                               person(world, DAN)};
    const struct session_draft draft = {.participants = people, .participant_count = 2};
    ck_refused(call_session_create(world, draft), "PAIR_IN_USE", 80604);
    ck_assert_str_eq(call_metadata("session_sid"), talk.session);
    ck_refused(call_talk(world, BOB, DAN), "ALL_NUMBERS_IN_USE", 80208);
    /* Unnoticed its end counts, too: no timer has run. */
    world_move(world, LATE);
    ck_refused(call_session_create(world, draft), "PAIR_COOLING_DOWN", 80402);
    world_close(world);
}
END_TEST

/* Whoever comes into the session after the number's time has nothing to do with it, also when no timer has run: it is free again for the
 * two who had it. */
/* holds: CDN-02 */
START_TEST(who_comes_later_had_no_part_in_a_number)
{
    struct world *world = world_with_numbers(3);
    struct talk talk = world_talk(world, ANN, BOB, 0);
    ck_done(put_number(world, &talk, talk.b, N3));
    world_move(world, LATE);
    ck_done(put_person(world, &talk, talk.a, CAT));
    ck_assert_uint_eq(in_use(world, talk.proxy_b), 0);
    const struct participant_draft people[] = {person_on(world, BOB, talk.proxy_b),
                                               person_on(world, DAN, N1)};
    struct session_draft draft = {.participants = people, .participant_count = 2};
    ck_refused(call_session_create(world, draft), "PAIR_COOLING_DOWN", 80402);
    const struct participant_draft same[] = {person_on(world, BOB, talk.proxy_b),
                                             person_on(world, ANN, N3)};
    draft.participants = same;
    ck_done(call_session_create(world, draft));
    world_close(world);
}
END_TEST

START_TEST(a_number_may_end_at_once_or_come_back)
{
    struct world *world = world_with_numbers(3);
    struct talk talk = world_talk(world, ANN, BOB, 0);
    struct participant_change at_once = {.participant = talk.b,
                                         .set_proxy = true,
                                         .draft = {.proxy_identifier = N3},
                                         .life_given = true};
    const Maskline__Store__V1__Session *session = call_change(world, &talk, at_once);
    ck_done(session);
    ck_assert_uint_eq(in_use(world, talk.proxy_b), 0);
    ck_rejected(world_text(world, BOB, talk.proxy_b, "x"), "NO_ROUTE");
    /* It is this session's own: it may come back at once. */
    session = put_number(world, &talk, talk.b, talk.proxy_b);
    ck_done(session);
    ck_assert_uint_eq(session->participants[1]->n_bindings, 2);
    ck_assert_uint_eq(in_use(world, talk.proxy_b), 1);
    ck_assert_uint_eq(in_use(world, N3), 1);
    ck_accepted(world_text(world, BOB, talk.proxy_b, "x"));
    ck_accepted(world_text(world, BOB, N3, "x"));
    /* The number that it has changes nothing. */
    uint64_t entries = world_entries(world);
    ck_done(put_number(world, &talk, talk.b, talk.proxy_b));
    ck_done(put_person(world, &talk, talk.b, BOB));
    ck_assert_uint_eq(world_entries(world), entries);
    at_once.old_number_life = 30 * DAY + 1;
    ck_field(call_change(world, &talk, at_once), "old_number_life");
    at_once.old_number_life = -1;
    ck_field(call_change(world, &talk, at_once), "old_number_life");
    world_close(world);
}
END_TEST

START_TEST(a_new_person_has_no_old_numbers)
{
    struct world *world = world_with_numbers(3);
    struct talk talk = world_talk(world, ANN, BOB, 0);
    ck_done(put_number(world, &talk, talk.b, N3));
    ck_done(put_person(world, &talk, talk.b, CAT));
    ck_assert_uint_eq(in_use(world, talk.proxy_b), 0);
    ck_rejected(world_text(world, BOB, talk.proxy_b, "x"), "NO_ROUTE");
    ck_rejected(world_text(world, BOB, N3, "x"), "NO_ROUTE");
    ck_rejected(world_text(world, CAT, talk.proxy_b, "x"), "NO_ROUTE");
    ck_accepted(world_text(world, CAT, N3, "x"));
    /* Person and number in one. */
    struct participant_change both = {
        .participant = talk.b, .set_identifiers = true, .set_proxy = true};
    both.draft = person_on(world, DAN, talk.proxy_b);
    ck_done(call_change(world, &talk, both));
    ck_rejected(world_text(world, CAT, N3, "x"), "NO_ROUTE");
    ck_rejected(world_text(world, DAN, N3, "x"), "NO_ROUTE");
    ck_accepted(world_text(world, DAN, talk.proxy_b, "from dan"));
    ck_assert_uint_eq(in_use(world, N3), 0);
    ck_sent(world, talk.proxy_a, ANN, "from dan");
    world_close(world);
}
END_TEST

START_TEST(a_list_of_identifiers_changes)
{
    struct world *world = world_with_numbers(2);
    struct talk talk = world_talk(world, ANN, BOB, 0);
    ck_accepted(world_text(world, ANN, talk.proxy_a, "waits"));
    const Maskline__Store__V1__Session *session = put_person(world, &talk, talk.b, BOB " " CAT);
    ck_done(session);
    ck_assert(
        !world_last(world, CHANGE(PARTICIPANT_UPDATED))->participant_updated->person_replaced);
    ck_sent(world, talk.proxy_b, BOB, "waits"); /* to the same first one */
    ck_accepted(world_text(world, CAT, talk.proxy_b, "x"));
    ck_accepted(world_text(world, ANN, talk.proxy_a, "for bob"));
    ck_done(put_person(world, &talk, talk.b, CAT));
    world_run(world);
    ck_assert_int_eq(world_leg(world, &talk, 2)->status, STATUS(CANCELED));
    ck_rejected(world_text(world, BOB, talk.proxy_b, "x"), "NO_ROUTE");
    ck_accepted(world_text(world, CAT, talk.proxy_b, "x"));
    world_close(world);
}
END_TEST

START_TEST(only_who_is_there_can_be_changed)
{
    struct world *world = world_with_numbers(2);
    struct talk talk = world_talk(world, ANN, BOB, 0);
    struct participant_change name = {
        .participant = talk.a, .set_friendly_name = true, .draft = {.friendly_name = "rider"}};
    uint64_t generation = world_session(world, &talk)->generation;
    const Maskline__Store__V1__Session *session = call_change(world, &talk, name);
    ck_done(session);
    ck_assert_str_eq(session->participants[0]->friendly_name, "rider");
    ck_assert_uint_eq(session->generation, generation);
    ck_accepted(world_text(world, ANN, talk.proxy_a, "x"));
    ck_done(call_leave(world, talk.session, talk.b));
    ck_refused(put_person(world, &talk, talk.b, CAT), "PARTICIPANT_REMOVED", 80607);
    world_end_talk(world, &talk);
    ck_refused(put_person(world, &talk, talk.a, CAT), "SESSION_CLOSED", 80607);
    ck_refused(call_change(world, &talk, name), "SESSION_CLOSED", 80607);
    world_close(world);
}
END_TEST

START_TEST(the_session_ends_with_its_old_numbers)
{
    struct world *world = world_with_numbers(3);
    struct talk talk = world_talk(world, ANN, BOB, 0);
    ck_done(put_number(world, &talk, talk.b, N3));
    world_end_talk(world, &talk);
    for (unsigned i = 0; i < 3; i++)
        ck_assert_uint_eq(in_use(world, (const char *[]){N1, N2, N3}[i]), 0);
    ck_rejected(world_text(world, BOB, talk.proxy_b, "x"), "SESSION_CLOSED");
    world_reopen_talk(world, &talk);
    ck_assert_uint_eq(in_use(world, N3), 1);
    ck_assert_uint_eq(in_use(world, talk.proxy_b), 0);
    ck_rejected(world_text(world, BOB, talk.proxy_b, "x"), "NO_ROUTE");
    ck_accepted(world_text(world, BOB, N3, "x"));
    world_close(world);
}
END_TEST

/* The hint of the number's end is the session's, too: a later end of the session leaves it. */
START_TEST(a_number_ends_when_the_session_would_have)
{
    struct world *world = world_with_numbers(3);
    struct talk talk = world_talk(world, ANN, BOB, LATE);
    ck_done(put_number(world, &talk, talk.b, N3));
    ck_done(call_session_update(
        world, (struct session_change){
                   .session = talk.session, .set_ttl = true, .ttl_given = true, .ttl = DAY}));
    world_move(world, LATE);
    world_run(world);
    ck_assert_uint_eq(in_use(world, talk.proxy_b), 0);
    ck_assert_uint_eq(in_use(world, N3), 1);
    world_move(world, DAY);
    world_run(world);
    ck_assert_uint_eq(in_use(world, N3), 0);
    world_close(world);
}
END_TEST

/* A number that is drained goes, and with it what was honoured of it; the session stays. */
START_TEST(an_old_number_may_leave_the_pool)
{
    struct world *world = world_with_numbers(3);
    struct talk talk = world_talk(world, ANN, BOB, 0);
    ck_done(put_number(world, &talk, talk.b, N3));
    ck_refused(call_number_remove(world, talk.proxy_b, false).number, "NUMBER_IN_USE", 80611);
    ck_done(call_number_remove(world, talk.proxy_b, true).number);
    ck_assert_int_ne(world_session(world, &talk)->status, SESSION_STATUS(FAILED));
    ck_accepted(world_text(world, BOB, N3, "x"));
    ck_rejected(world_text(world, BOB, talk.proxy_b, "x"), "NUMBER_QUARANTINED");
    ck_sent(world, talk.proxy_a, ANN, "x");
    /* When it comes back it is nobody's, although its time would not be over. */
    world_number(world, talk.proxy_b, NULL);
    ck_rejected(world_text(world, BOB, talk.proxy_b, "x"), "NO_ROUTE");
    world_close(world);
}
END_TEST

START_TEST(nothing_is_left_of_who_was_replaced)
{
    struct world *world = world_with_numbers(3);
    struct talk talk = world_talk(world, ANN, BOB, 0);
    ck_done(put_number(world, &talk, talk.b, N3));
    ck_done(put_person(world, &talk, talk.b, CAT));
    ck_done(put_person(world, &talk, talk.b, DAN));
    ck_done(put_person(world, &talk, talk.b, CAT));
    const Maskline__Store__V1__Session *session = world_session(world, &talk);
    ck_assert_uint_eq(session->participants[1]->n_former_persons, 2);
    struct person former;
    memcpy(former.bytes, session->participants[1]->former_persons[0].data, PERSON_SIZE);
    sid_bytes service;
    ck_assert(sid_parse("KS", world->service, service));
    ck_assert_uint_eq(
        world_rows(world, KV_IDX, key_person_sessions(TENANT_DEFAULT, service, &former)), 1);
    ck_done(call_session_delete(world, talk.session));
    ck_assert_uint_eq(
        world_rows(world, KV_IDX, key_person_sessions(TENANT_DEFAULT, service, &former)), 0);
    /* The pairs rest as those of any deleted session. */
    ck_rejected(world_text(world, BOB, N3, "x"), "NO_ROUTE");
    const struct participant_draft people[] = {person_on(world, BOB, N3), person(world, DAN)};
    ck_refused(call_session_create(
                   world, (struct session_draft){.participants = people, .participant_count = 2}),
               "PAIR_COOLING_DOWN", 80402);
    world_close(world);
}
END_TEST

/* All that a session remembers fits into the entry that deletes it. */
START_TEST(there_is_an_end_to_changes)
{
    struct world *world = world_with_numbers(1);
    const Maskline__Store__V1__Session *session = call_talk(world, ANN, NULL);
    struct talk talk = {0};
    snprintf(talk.session, sizeof talk.session, "%s", sid_of(world, session));
    snprintf(talk.a, sizeof talk.a, "%s", participant_sid(world, session, 0));
    int changes = 0;
    for (; session && changes < 500; changes++) {
        char identifiers[10 * 16] = "";
        for (int j = 0, size = 0; j < 10; j++)
            size += snprintf(identifiers + size, sizeof identifiers - (size_t)size,
                             "%s+15553%02d%04d", j ? " " : "", j, changes);
        arena_reset(world->arena);
        session = put_person(world, &talk, talk.a, identifiers);
    }
    ck_assert_int_gt(changes, 400);
    ck_refused(session, "TOO_MANY_CHANGES", 0);
    ck_done(call_session_delete(world, talk.session));
    ck_assert_uint_eq(in_use(world, N1), 0);
    world_close(world);
}
END_TEST

START_TEST(it_is_the_same_after_a_restart)
{
    char path[] = "/tmp/maskline-replace-XXXXXX";
    ck_assert_ptr_nonnull(mkdtemp(path));
    struct world *world = world_open(path);
    world_service(world, NULL);
    world_number(world, N1, NULL);
    world_number(world, N2, NULL);
    world_number(world, N3, NULL);
    struct talk talk = world_talk(world, ANN, BOB, 0);
    ck_done(put_number(world, &talk, talk.b, N3));
    ck_done(put_person(world, &talk, talk.a, CAT));
    world_restart(world);
    ck_accepted(world_text(world, BOB, talk.proxy_b, "to cat"));
    ck_sent(world, talk.proxy_a, CAT, "to cat");
    ck_rejected(world_text(world, ANN, talk.proxy_a, "x"), "NO_ROUTE");
    world_move(world, LATE);
    world_run(world);
    ck_assert_uint_eq(in_use(world, talk.proxy_b), 0);
    world_close(world);
    folder_remove(path);
}
END_TEST

SUITE_MAIN("replace", another_person_takes_over, who_was_replaced_is_out,
           a_replaced_person_comes_into_no_wrong_session, a_replacement_must_fit,
           who_wants_nothing_takes_no_place, another_number_takes_over, the_old_number_ends,
           an_honoured_number_is_held, who_comes_later_had_no_part_in_a_number,
           a_number_may_end_at_once_or_come_back, a_new_person_has_no_old_numbers,
           a_list_of_identifiers_changes, only_who_is_there_can_be_changed,
           the_session_ends_with_its_old_numbers, a_number_ends_when_the_session_would_have,
           an_old_number_may_leave_the_pool, nothing_is_left_of_who_was_replaced,
           there_is_an_end_to_changes, it_is_the_same_after_a_restart)
