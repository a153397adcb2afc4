#include "tests/unit/server/masking/calls.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A session's life: made, changed, ended, deleted. Opening again is in reopen_test.c. */

#define N1  "+15559990001"
#define N2  "+15559990002"
#define ANN "+15551230001"
#define BOB "+15551230002"
#define CAT "+15551230003"

static const Maskline__Store__V1__Session *bare(struct world *world, struct session_draft draft)
{
    return call_session_create(world, draft);
}

static const Maskline__Store__V1__Session *update(struct world *world,
                                                  const Maskline__Store__V1__Session *session,
                                                  struct session_change change)
{
    change.session = sid_of(world, session);
    return call_session_update(world, change);
}

/* holds: PAR-04 PAR-05 PAR-07 SES-06 SES-09 SES-10 */
START_TEST(is_made_with_its_people)
{
    struct world *world = world_with_two(NULL, NULL, NULL);
    const char *const ids[] = {ANN};
    const struct participant_draft people[] = {
        {.identifiers = ids, .identifier_count = 1, .friendly_name = "the rider"},
        person_of_many(world, BOB " " CAT),
    };
    const Maskline__Store__V1__Session *session =
        bare(world, (struct session_draft){.unique_name = "ride 7",
                                           .mode = MODE(MESSAGE_ONLY),
                                           .participants = people,
                                           .participant_count = 2});
    ck_done(session);
    int64_t now = world_now(world);
    ck_assert_int_eq(session->status, SESSION_STATUS(OPEN));
    ck_assert_int_eq(session->mode, MODE(MESSAGE_ONLY));
    ck_assert_int_eq(session->create_time, now);
    ck_assert_int_eq(session->update_time, now);
    ck_assert_int_eq(session->start_time, 0);
    ck_assert_int_eq(session->last_interaction_time, 0);
    ck_assert_int_eq(session->end_time, 0);
    ck_assert_int_eq(session->closed_reason, 0);
    ck_assert_int_eq(session->effective_expire_time, 0);
    ck_assert(!session->ttl_given);
    ck_assert_uint_eq(session->n_participants, 2);
    ck_assert_str_eq(session->participants[0]->friendly_name, "the rider");
    ck_assert_str_eq(session->participants[1]->friendly_name, "");
    ck_assert_uint_eq(session->participants[1]->n_identifiers, 2);
    ck_assert_str_eq(session->participants[1]->identifiers[1], CAT);
    ck_assert_int_eq(session->participants[1]->bindings[0]->since_time, now);
    ck_assert_int_eq(memcmp(session->participants[0]->bindings[0]->number.data,
                            call_number_get(world, proxy_of(session, 0)).number->sid.data,
                            SID_BYTES),
                     0);
    ck_done(call_session_get(world, "ride 7"));
    ck_done(call_session_get(world, sid_of(world, session)));
    world_close(world);
}
END_TEST

/* holds: API-16 SES-01 SES-07 */
START_TEST(may_be_made_empty)
{
    struct world *world = world_open(NULL);
    world_service(world, NULL);
    const Maskline__Store__V1__Session *session = bare(world, (struct session_draft){.mode = 0});
    ck_done(session);
    ck_assert_int_eq(session->mode, MODE(VOICE_AND_MESSAGE));
    ck_assert_str_eq(session->unique_name, "");
    world_close(world);
}
END_TEST

static char *repeat(struct world *world, const char *piece, size_t times)
{
    size_t size = strlen(piece);
    char *text = arena_alloc(world->arena, size * times + 1);
    for (size_t i = 0; i < times; i++)
        memcpy(text + i * size, piece, size);
    return text;
}

/* holds: ERR-80103 ERR-80404 ERR-80609 LIM-09 LIM-13 PAR-01 SES-06 SES-13 */
START_TEST(drafts_are_checked)
{
    struct world *world = world_with_two(NULL, NULL, NULL);
    struct session_draft draft = {.unique_name = repeat(world, "\xc3\xa9", 192)};
    ck_field(bare(world, draft), "unique_name");
    draft.unique_name = repeat(world, "\xc3\xa9", 191);
    ck_done(bare(world, draft));
    draft.unique_name = "KC0123456789abcdef0123456789abcdef";
    ck_field(bare(world, draft), "unique_name");
    draft = (struct session_draft){.ttl_given = true, .ttl = 2147483647 * SECOND};
    ck_field(bare(world, draft), "ttl");
    draft.ttl = -1;
    ck_field(bare(world, draft), "ttl");
    draft.ttl = 2147483646 * SECOND;
    ck_done(bare(world, draft));
    draft = (struct session_draft){.expire_time = world_now(world)};
    ck_field(bare(world, draft), "expire_time");
    draft.expire_time++;
    ck_done(bare(world, draft));
    draft.expire_time = -5;
    ck_field(bare(world, draft), "expire_time");
    draft = (struct session_draft){.status = SESSION_STATUS(FAILED)};
    ck_field(bare(world, draft), "status");
    draft = (struct session_draft){.mode = (Maskline__Store__V1__Mode)4};
    ck_field(bare(world, draft), "mode");
    struct participant_draft people[3] = {person(world, ANN), person(world, "12"),
                                          person(world, BOB)};
    draft = (struct session_draft){.participants = people, .participant_count = 2};
    ck_refused(bare(world, draft), "INVALID_IDENTIFIER", 80404);
    ck_assert_str_eq(call_error.fields[0].name, "participants[1].identifier");
    ck_assert_uint_eq(call_error.metadata_count, 1);
    ck_assert_str_eq(call_error.metadata[0].key, "participant");
    ck_assert_str_eq(call_error.metadata[0].value, "1");
    people[1] = person_of_many(world, BOB " " CAT " " BOB);
    ck_field(bare(world, draft), "participants[1].identifiers[2]");
    people[1] = person_of_many(world, ANN " " BOB);
    ck_refused(bare(world, draft), "IDENTIFIER_IN_SESSION", 80103);
    ck_assert_int_eq(call_error.code, STATUS_ALREADY_EXISTS);
    people[1].identifier_count = 0;
    ck_field(bare(world, draft), "participants[1].identifier");
    people[1] = person(world, BOB);
    people[1].friendly_name = repeat(world, "x", 256);
    ck_field(bare(world, draft), "participants[1].friendly_name");
    people[1].friendly_name = repeat(world, "x", 255);
    ck_done(bare(world, draft));
    people[1] = person_of_many(world, "+15550000001 +15550000002 +15550000003 +15550000004 "
                                      "+15550000005 +15550000006 +15550000007 +15550000008 "
                                      "+15550000009 +15550000010 +15550000011");
    ck_field(bare(world, draft), "participants[1].identifiers");
    people[1].identifier_count = 10;
    people[0] = person(world, CAT);
    ck_done(bare(world, draft));
    people[1] = person(world, BOB);
    draft.participant_count = 3;
    people[2] = person(world, "+15551230009");
    ck_refused(bare(world, draft), "TOO_MANY_PARTICIPANTS", 80609);
    world_close(world);
}
END_TEST

/* holds: CON-02 ERR-80208 SES-12 */
START_TEST(is_made_whole_or_not_at_all)
{
    struct world *world = world_open(NULL);
    world_service(world, NULL);
    world_number(world, N1, NULL);
    ck_done(call_talk(world, BOB, NULL));
    uint64_t before = world_entries(world);
    struct participant_draft people[] = {person(world, ANN), person(world, BOB)};
    struct session_draft draft = {
        .unique_name = "x", .participants = people, .participant_count = 2};
    ck_refused(bare(world, draft), "ALL_NUMBERS_IN_USE", 80208);
    ck_assert_uint_eq(world_entries(world), before + 1);
    ck_assert_int_eq(world_entry(world, before + 1)->change_case, CHANGE(POOL_EXHAUSTED));
    ck_refused(call_session_get(world, "x"), "SESSION_NOT_FOUND", 80308);
    ck_assert_int_eq(call_number_get(world, N1).in_use, 1);
    people[1] = person(world, CAT);
    ck_done(bare(world, draft)); /* name and Ann's pair are free */
    world_close(world);
}
END_TEST

/* holds: ERR-80409 ERR-80603 SES-02 SES-04 */
START_TEST(names_are_unique_until_deletion)
{
    struct world *world = world_with_two(NULL, NULL, NULL);
    const struct session_draft draft = {.unique_name = "a"};
    const Maskline__Store__V1__Session *first = bare(world, draft);
    ck_refused(bare(world, draft), "SESSION_NAME_TAKEN", 80603);
    ck_assert_int_eq(call_error.code, STATUS_ALREADY_EXISTS);
    ck_done(call_close(world, first));
    ck_refused(bare(world, draft), "SESSION_NAME_TAKEN", 80603);
    char home[40];
    snprintf(home, sizeof home, "%s", world->service);
    world_service(world, NULL);
    ck_done(bare(world, draft)); /* another Service's */
    snprintf(world->service, sizeof world->service, "%s", home);
    ck_done(call_session_delete(world, "a"));
    const Maskline__Store__V1__Session *second = bare(world, draft);
    ck_done(second);
    ck_assert_str_eq(sid_of(world, call_session_get(world, "a")), sid_of(world, second));
    ck_refused(call_session_get(world, sid_of(world, first)), "SESSION_NOT_FOUND", 0);
    ck_refused(call_session_get(world, "KS0123456789abcdef0123456789abcdef"), "INVALID_SID", 80409);
    ck_field(call_session_get(world, ""), "session");
    world_close(world);
}
END_TEST

/* holds: SES-06 SES-19 */
START_TEST(may_be_made_in_another_status)
{
    struct world *world = world_with_two(NULL, NULL, NULL);
    struct participant_draft people[] = {person(world, ANN), person(world, BOB)};
    struct session_draft draft = {
        .participants = people, .participant_count = 2, .status = SESSION_STATUS(IN_PROGRESS)};
    const Maskline__Store__V1__Session *session = bare(world, draft);
    ck_assert_int_eq(session->status, SESSION_STATUS(IN_PROGRESS));
    ck_assert_int_eq(session->start_time, 0);
    ck_accepted(world_text(world, ANN, proxy_of(session, 0), "x"));
    people[0] = person(world, CAT);
    people[1] = person(world, "+15551230004");
    draft.status = SESSION_STATUS(CLOSED);
    session = bare(world, draft);
    ck_assert_int_eq(session->status, SESSION_STATUS(CLOSED));
    ck_assert_int_eq(session->end_time, world_now(world));
    ck_assert_int_eq(session->closed_reason, CLOSED_REASON(API));
    ck_rejected(world_text(world, CAT, proxy_of(session, 0), "x"), "SESSION_CLOSED");
    ck_assert_int_eq(call_number_get(world, proxy_of(session, 0)).in_use +
                         call_number_get(world, proxy_of(session, 0)).in_use,
                     2 * (strcmp(proxy_of(session, 0), N1) == 0));
    ck_done(call_reopen(world, session));
    ck_accepted(world_text(world, CAT, proxy_of(session, 0), "x"));
    world_close(world);
}
END_TEST

/* ---- expiry ---- */

static struct session_draft of_life(bool given, int64_t ttl, int64_t date)
{
    return (struct session_draft){.ttl_given = given, .ttl = ttl, .expire_time = date};
}

/* holds: API-15 EXP-02 EXP-03 EXP-04 EXP-05 EXP-07 EXP-09 */
START_TEST(ends_at_whichever_comes_first)
{
    struct service_settings settings = service_settings_unset();
    settings.default_ttl = 10 * MINUTE;
    struct world *world = world_with_two(NULL, NULL, &settings);
    int64_t now = world_now(world);
    static const struct {
        bool given;
        int64_t ttl, date, end;
        Maskline__Store__V1__ClosedReason reason;
    } LIVES[] = {
        {false, 0, 0, 10 * MINUTE, CLOSED_REASON(TTL_EXPIRED)}, /* the Service's default */
        {true, 0, 0, 0, 0},                                     /* asked for: without end */
        {true, 5 * MINUTE, 0, 5 * MINUTE, CLOSED_REASON(TTL_EXPIRED)},
        {false, 0, HOUR, HOUR, CLOSED_REASON(DATE_EXPIRED)}, /* and no default */
        {true, 5 * MINUTE, HOUR, 5 * MINUTE, CLOSED_REASON(TTL_EXPIRED)},
        {true, 2 * HOUR, HOUR, HOUR, CLOSED_REASON(DATE_EXPIRED)},
        {true, HOUR, HOUR, HOUR, CLOSED_REASON(DATE_EXPIRED)},
        {true, 0, HOUR, HOUR, CLOSED_REASON(DATE_EXPIRED)},
    };
    enum { COUNT = sizeof LIVES / sizeof *LIVES };
    const char *sids[COUNT];
    for (int i = 0; i < COUNT; i++) {
        const Maskline__Store__V1__Session *session = bare(
            world, of_life(LIVES[i].given, LIVES[i].ttl, LIVES[i].date ? now + LIVES[i].date : 0));
        ck_done(session);
        sids[i] = sid_of(world, session);
        ck_assert_int_eq(session->effective_expire_time, LIVES[i].end ? now + LIVES[i].end : 0);
        ck_assert_int_eq(session->ttl, i == 0 ? 10 * MINUTE : LIVES[i].ttl);
    }
    world_move(world, HOUR);
    for (int run = 0; run < 2; run++) { /* before and after the timer */
        for (int i = 0; i < COUNT; i++) {
            const Maskline__Store__V1__Session *session = call_session_get(world, sids[i]);
            ck_assert_int_eq(session->status,
                             LIVES[i].end ? SESSION_STATUS(CLOSED) : SESSION_STATUS(OPEN));
            ck_assert_int_eq(session->closed_reason, LIVES[i].reason);
            ck_assert_int_eq(session->end_time, LIVES[i].end ? now + LIVES[i].end : 0);
        }
        world_run(world);
    }
    world_close(world);
}
END_TEST

/* holds: EXP-01 EXP-11 */
START_TEST(ends_at_the_very_instant)
{
    struct world *world = world_with_two(NULL, NULL, NULL);
    struct talk talk = world_talk(world, ANN, BOB, MINUTE);
    world_move(world, MINUTE - 1);
    ck_assert_int_eq(call_session_get(world, talk.session)->status, SESSION_STATUS(OPEN));
    ck_accepted(world_text(world, ANN, talk.proxy_a, "x")); /* and counts anew */
    ck_assert_int_eq(call_session_get(world, talk.session)->effective_expire_time,
                     world_now(world) + MINUTE);
    world_move(world, MINUTE);
    ck_assert_int_eq(call_session_get(world, talk.session)->status, SESSION_STATUS(CLOSED));
    ck_rejected(world_text(world, ANN, talk.proxy_a, "x"), "SESSION_EXPIRED");
    const Maskline__Store__V1__Session *session = call_session_get(world, talk.session);
    ck_assert_int_eq(session->end_time, world_now(world));
    ck_assert_int_eq(session->last_interaction_time, world_now(world) - MINUTE);
    world_close(world);
}
END_TEST

/* holds: SES-07 SVC-06 SVC-09 */
START_TEST(defaults_are_taken_at_creation)
{
    struct service_settings settings = service_settings_unset();
    settings.default_ttl = MINUTE;
    settings.default_mode = MODE(MESSAGE_ONLY);
    struct world *world = world_with_two(NULL, NULL, &settings);
    const Maskline__Store__V1__Session *before = bare(world, of_life(false, 0, 0));
    struct service_change change = {.service = world->service,
                                    .settings = service_settings_unset()};
    change.settings.default_ttl = HOUR;
    change.settings.default_mode = MODE(VOICE_ONLY);
    ck_done(call_service_update(world, &change));
    const Maskline__Store__V1__Session *same = call_session_get(world, sid_of(world, before));
    ck_assert_int_eq(same->effective_expire_time, before->create_time + MINUTE);
    ck_assert_int_eq(same->mode, MODE(MESSAGE_ONLY));
    const Maskline__Store__V1__Session *after = bare(world, of_life(false, 0, 0));
    ck_assert_int_eq(after->effective_expire_time, after->create_time + HOUR);
    ck_assert_int_eq(after->mode, MODE(VOICE_ONLY));
    world_close(world);
}
END_TEST

/* holds: EXP-06 */
START_TEST(an_idle_cap_ends_what_nothing_happens_in)
{
    struct world *world = world_with_two(NULL, NULL, NULL);
    struct talk talk = world_talk(world, ANN, BOB, HOUR);
    struct service_change change = {.service = world->service,
                                    .settings = service_settings_unset()};
    change.settings.idle_cap = 10 * MINUTE;
    ck_done(call_service_update(world, &change));
    int64_t now = world_now(world);
    ck_assert_int_eq(call_session_get(world, talk.session)->effective_expire_time,
                     now + 10 * MINUTE); /* it holds for this one, too */
    world_move(world, 10 * MINUTE - 1);
    ck_accepted(world_text(world, ANN, talk.proxy_a, "x"));
    world_move(world, 10 * MINUTE);
    const Maskline__Store__V1__Session *session = call_session_get(world, talk.session);
    ck_assert_int_eq(session->status, SESSION_STATUS(CLOSED));
    ck_assert_int_eq(session->closed_reason, CLOSED_REASON(IDLE_CAP));
    ck_rejected(world_text(world, ANN, talk.proxy_a, "x"), "SESSION_EXPIRED");
    world_close(world);
}
END_TEST

/* The timers hear of it for all sessions, however many there are. */
/* holds: EXP-06 */
START_TEST(a_new_idle_cap_is_kept_without_traffic)
{
    struct world *world = world_with_two(NULL, NULL, NULL);
    enum { SESSIONS = 1500 };
    for (int i = 0; i < SESSIONS; i++)
        ck_done(bare(world, of_life(false, 0, i % 2 ? world_now(world) + HOUR : 0)));
    struct service_change change = {.service = world->service,
                                    .settings = service_settings_unset()};
    change.settings.idle_cap = 10 * MINUTE;
    ck_assert_int_eq(call_service_update(world, &change)->settings->idle_cap, 10 * MINUTE);
    uint64_t entries = world_entries(world);
    world_move(world, 10 * MINUTE - 1);
    ck_assert_uint_eq(world_run(world), 0);
    world_move(world, 1);
    world_run(world);
    ck_assert_uint_eq(world_entries(world), entries + SESSIONS);
    ck_assert_int_eq(world_entry(world, world_entries(world))->session_closed->reason,
                     CLOSED_REASON(IDLE_CAP));
    world_close(world);
}
END_TEST

/* ---- updates ---- */

/* holds: EXP-15 SES-13 */
START_TEST(ttl_and_date_change_at_once)
{
    struct world *world = world_with_two(NULL, NULL, NULL);
    const Maskline__Store__V1__Session *session = bare(world, of_life(true, HOUR, 0));
    int64_t made = world_now(world);
    world_move(world, MINUTE);
    struct session_change change = {.set_ttl = true, .ttl_given = true, .ttl = 10 * MINUTE};
    const Maskline__Store__V1__Session *after = update(world, session, change);
    ck_done(after);
    ck_assert_int_eq(after->effective_expire_time, made + 10 * MINUTE);
    ck_assert_int_eq(after->update_time, made + MINUTE);
    uint64_t entries = world_entries(world);
    ck_done(update(world, session, change)); /* the same again: nothing */
    ck_assert_uint_eq(world_entries(world), entries);
    change = (struct session_change){.set_expire_time = true, .expire_time = made + 5 * MINUTE};
    ck_assert_int_eq(update(world, session, change)->effective_expire_time, made + 5 * MINUTE);
    change.expire_time = world_now(world);
    ck_field(update(world, session, change), "expire_time");
    change.expire_time = 0;
    ck_assert_int_eq(update(world, session, change)->effective_expire_time, made + 10 * MINUTE);
    change = (struct session_change){.set_ttl = true, .ttl_given = true, .ttl = 0};
    ck_assert_int_eq(update(world, session, change)->effective_expire_time, 0);
    change.ttl = 2147483647 * SECOND;
    ck_field(update(world, session, change), "ttl");
    /* A ttl that was over before: it ends now, not then. */
    change.ttl = SECOND;
    after = update(world, session, change);
    ck_assert_int_eq(after->status, SESSION_STATUS(CLOSED));
    ck_assert_int_eq(after->closed_reason, CLOSED_REASON(TTL_EXPIRED));
    ck_assert_int_eq(after->end_time, world_now(world));
    world_close(world);
}
END_TEST

/* holds: EXP-03 EXP-04 */
START_TEST(without_a_life_of_its_own_the_default_counts)
{
    struct service_settings settings = service_settings_unset();
    settings.default_ttl = HOUR;
    struct world *world = world_with_two(NULL, NULL, &settings);
    int64_t now = world_now(world);
    const Maskline__Store__V1__Session *session = bare(world, of_life(true, MINUTE, 0));
    const Maskline__Store__V1__Session *after =
        update(world, session, (struct session_change){.set_ttl = true});
    ck_assert_int_eq(after->effective_expire_time, now + HOUR);
    ck_assert(!after->ttl_given);
    after = update(world, session,
                   (struct session_change){.set_expire_time = true, .expire_time = now + 2 * HOUR});
    ck_assert_int_eq(after->effective_expire_time, now + 2 * HOUR); /* a date, and no default */
    after = update(world, session, (struct session_change){.set_expire_time = true});
    ck_assert_int_eq(after->effective_expire_time, now + HOUR);
    world_close(world);
}
END_TEST

/* holds: ERR-80608 SES-16 SES-17 */
START_TEST(only_legal_changes_of_status)
{
    struct world *world = world_with_two(NULL, NULL, NULL);
    static const Maskline__Store__V1__SessionStatus ALL[] = {
        SESSION_STATUS(OPEN), SESSION_STATUS(IN_PROGRESS), SESSION_STATUS(CLOSED),
        SESSION_STATUS(FAILED)};
    static const Maskline__Store__V1__SessionStatus FROM[] = {
        SESSION_STATUS(OPEN), SESSION_STATUS(IN_PROGRESS), SESSION_STATUS(CLOSED)};
    for (int from = 0; from < 3; from++) {
        for (int to = 0; to < 4; to++) {
            const Maskline__Store__V1__Session *session =
                bare(world, (struct session_draft){.status = FROM[from]});
            const Maskline__Store__V1__Session *after =
                update(world, session,
                       (struct session_change){
                           .status = ALL[to], .set_ttl = true, .ttl_given = true, .ttl = HOUR});
            bool legal =
                ALL[to] == (FROM[from] == SESSION_STATUS(CLOSED) ? SESSION_STATUS(IN_PROGRESS)
                                                                 : SESSION_STATUS(CLOSED));
            if (legal) {
                ck_done(after);
                ck_assert_int_eq(after->status, ALL[to]);
                ck_assert_int_eq(after->ttl, HOUR);
            } else {
                ck_refused(after, "ILLEGAL_STATUS_CHANGE", 80608);
                ck_assert_int_eq(call_session_get(world, sid_of(world, session))->ttl, 0);
            }
        }
    }
    world_close(world);
}
END_TEST

/* holds: ERR-80607 SES-10 SES-11 SES-16 SES-20 */
START_TEST(closing_ends_routing)
{
    struct world *world = world_with_two(NULL, NULL, NULL);
    const Maskline__Store__V1__Session *session = call_talk(world, ANN, BOB);
    world_move(world, SECOND);
    const Maskline__Store__V1__Session *closed = call_close(world, session);
    ck_assert_int_eq(closed->status, SESSION_STATUS(CLOSED));
    ck_assert_int_eq(closed->closed_reason, CLOSED_REASON(API));
    ck_assert_int_eq(closed->end_time, world_now(world));
    ck_rejected(world_text(world, ANN, proxy_of(session, 0), "x"), "SESSION_CLOSED");
    const struct session_change change = {.set_ttl = true, .ttl_given = true, .ttl = HOUR};
    ck_refused(update(world, session, change), "SESSION_CLOSED", 80607);
    ck_refused(update(world, session,
                      (struct session_change){.set_expire_time = true,
                                              .expire_time = world_now(world) + HOUR}),
               "SESSION_CLOSED", 80607);
    world_close(world);
}
END_TEST

/* holds: ERR-80607 EXP-09 */
START_TEST(an_ended_session_is_closed_for_commands_too)
{
    struct world *world = world_with_two(NULL, NULL, NULL);
    const Maskline__Store__V1__Session *session = bare(world, of_life(true, MINUTE, 0));
    int64_t end = world_now(world) + MINUTE;
    world_move(world, HOUR);
    ck_refused(call_close(world, session), "ILLEGAL_STATUS_CHANGE", 80608);
    ck_refused(update(world, session, (struct session_change){.set_ttl = true}), "SESSION_CLOSED",
               80607);
    ck_refused(call_join(world, sid_of(world, session), person(world, ANN), NULL), "SESSION_CLOSED",
               80607);
    const Maskline__Store__V1__Session *same =
        update(world, session, (struct session_change){.set_ttl = false});
    ck_assert_int_eq(same->status, SESSION_STATUS(CLOSED));
    ck_assert_int_eq(same->end_time, end);
    ck_assert_int_eq(world_last(world, CHANGE(SESSION_CLOSED))->session_closed->end_time, end);
    world_close(world);
}
END_TEST

/* holds: API-08 SES-22 */
START_TEST(deletion_takes_everything)
{
    struct world *world = world_with_two(NULL, NULL, NULL);
    struct talk talk = world_talk(world, ANN, BOB, 0);
    ck_accepted(world_text(world, ANN, talk.proxy_a, "one"));
    ck_accepted(world_text(world, ANN, talk.proxy_a, "two"));
    ck_done(call_session_delete(world, talk.session));
    ck_refused(call_session_get(world, talk.session), "SESSION_NOT_FOUND", 0);
    ck_refused(call_session_delete(world, talk.session), "SESSION_NOT_FOUND", 0);
    ck_rejected(world_text(world, ANN, talk.proxy_a, "three"), "NO_ROUTE");
    struct log_id log = world_log(world);
    struct key scope = key_sessions(TENANT_DEFAULT, log_service(&log));
    ck_assert_uint_eq(world_rows(world, KV_LIVE, scope), 0);
    scope.data[scope.size - 1] = 'I';
    ck_assert_uint_eq(world_rows(world, KV_LIVE, scope), 0);
    scope.data[scope.size - 1] = 'i';
    ck_assert_uint_eq(world_rows(world, KV_IDX, scope), 0);
    world_run(world); /* what waited to be sent goes nowhere */
    ck_assert_uint_eq(world->carriers[0].count, 0);
    world_close(world);
}
END_TEST

/* holds: API-08 ERR-80308 SES-23 SES-24 */
START_TEST(closed_sessions_are_purged)
{
    struct service_settings settings = service_settings_unset();
    settings.closed_session_retention = DAY;
    struct world *world = world_with_two(NULL, NULL, &settings);
    const struct session_draft draft = {.unique_name = "a"};
    const Maskline__Store__V1__Session *session = bare(world, draft);
    ck_done(call_close(world, session));
    struct service_change change = {.service = world->service,
                                    .settings = service_settings_unset()};
    change.settings.closed_session_retention = 2 * DAY; /* for those that end from now on */
    ck_done(call_service_update(world, &change));
    world_move(world, DAY - 1);
    ck_done(call_session_get(world, "a"));
    ck_refused(bare(world, draft), "SESSION_NAME_TAKEN", 80603);
    world_move(world, 1); /* absent at once, whoever comes to purge it */
    ck_refused(call_session_get(world, "a"), "SESSION_NOT_FOUND", 80308);
    ck_refused(call_reopen(world, session), "SESSION_NOT_FOUND", 0);
    ck_done(bare(world, draft));
    const Maskline__Store__V1__Entry *purged = world_last(world, CHANGE(SESSION_DELETED));
    ck_assert(purged->session_deleted->purged);
    world_run(world);
    ck_done(call_session_get(world, "a"));
    world_close(world);
}
END_TEST

SUITE_MAIN("sessions", is_made_with_its_people, may_be_made_empty, drafts_are_checked,
           is_made_whole_or_not_at_all, names_are_unique_until_deletion,
           may_be_made_in_another_status, ends_at_whichever_comes_first, ends_at_the_very_instant,
           defaults_are_taken_at_creation, an_idle_cap_ends_what_nothing_happens_in,
           a_new_idle_cap_is_kept_without_traffic, ttl_and_date_change_at_once,
           without_a_life_of_its_own_the_default_counts, only_legal_changes_of_status,
           closing_ends_routing, an_ended_session_is_closed_for_commands_too,
           deletion_takes_everything, closed_sessions_are_purged)
