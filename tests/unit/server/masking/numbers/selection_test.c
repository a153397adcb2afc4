#include "tests/unit/server/masking/calls.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Which number a person gets. */

#define N1  "+15559990001"
#define N2  "+15559990002"
#define N3  "+15559990003"
#define ANN "+15551230001"
#define BOB "+15551230002"
#define CAT "+15551230003"
#define DAN "+15551230004"

static struct world *world_of(Maskline__Store__V1__NumberSelection selection)
{
    struct world *world = world_open(NULL);
    struct service_settings settings = service_settings_unset();
    settings.number_selection = selection;
    world_service(world, &settings);
    return world;
}

static void add(struct world *world, const char *number, const char *country, bool sms, bool voice,
                bool reserved)
{
    struct number_draft draft = number_draft(world, number);
    draft.country = country;
    draft.sms = sms;
    draft.mms = sms;
    draft.voice = voice;
    draft.reserved = reserved;
    ck_done(call_number_add(world, &draft).number);
}

static void plain(struct world *world, const char *number)
{
    add(world, number, "", true, true, false);
}

static const Maskline__Store__V1__Session *alone(struct world *world,
                                                 struct participant_draft draft,
                                                 Maskline__Store__V1__Mode mode)
{
    return call_session_create(
        world,
        (struct session_draft){.participants = &draft, .participant_count = 1, .mode = mode});
}

static const char *number_for(struct world *world, const char *person_)
{
    const Maskline__Store__V1__Session *session = alone(world, person(world, person_), 0);
    ck_done(session);
    return proxy_of(session, 0);
}

/* holds: INV-05 */
START_TEST(no_person_has_a_number_twice)
{
    struct world *world = world_of(0);
    plain(world, N1);
    plain(world, N2);
    const Maskline__Store__V1__Session *first = call_talk(world, ANN, BOB);
    ck_assert_str_eq(proxy_of(first, 0), N1);
    ck_assert_str_eq(proxy_of(first, 1), N2);
    ck_done(call_talk(world, CAT, DAN));
    const Maskline__Store__V1__Session *third = call_talk(world, "+15551230005", BOB);
    ck_assert_str_eq(proxy_of(third, 1), N1);
    /* Two numbers, two sessions at once: that is all. */
    ck_refused(call_talk(world, "+15551230006", BOB), "ALL_NUMBERS_IN_USE", 80208);
    ck_assert_int_eq(call_error.code, STATUS_FAILED_PRECONDITION);
    ck_assert_str_eq(call_metadata("participant"), "1");
    ck_assert_str_eq(call_metadata("free_time"), "");
    ck_assert_int_eq(call_error.retry_ms, -1);
    /* And nothing of that session was kept; the log tells of it. */
    ck_assert_uint_eq(world_entries(world), 7);
    ck_assert_int_eq(world_entry(world, 7)->change_case, CHANGE(POOL_EXHAUSTED));
    world_close(world);
}
END_TEST

/* holds: ERR-80201 ERR-80202 ERR-80203 ERR-80205 ERR-80207 ERR-80208 SEL-01 SEL-02 */
START_TEST(refusals_name_the_first_condition_that_left_nothing)
{
    struct world *world = world_of(0);
    ck_refused(alone(world, person(world, ANN), 0), "POOL_EMPTY", 80205);
    add(world, N1, "", true, false, true);
    ck_refused(alone(world, person(world, ANN), 0), "NO_VOICE_NUMBER", 80201);
    ck_refused(alone(world, person(world, ANN), MODE(VOICE_ONLY)), "NO_VOICE_NUMBER", 80201);
    ck_refused(alone(world, person(world, ANN), MODE(MESSAGE_ONLY)), "ONLY_RESERVED_NUMBERS",
               80207);
    ck_done(call_number_remove(world, N1, false).number);
    add(world, N1, "", false, true, false);
    ck_refused(alone(world, person(world, ANN), 0), "NO_SMS_NUMBER", 80202);
    ck_refused(alone(world, person(world, ANN), MODE(MESSAGE_ONLY)), "NO_SMS_NUMBER", 80202);
    add(world, N2, "", true, false, false);
    ck_refused(alone(world, person(world, ANN), 0), "NO_VOICE_NUMBER",
               80201); /* not on one number */
    ck_done(alone(world, person(world, ANN), MODE(VOICE_ONLY)));
    ck_done(alone(world, person(world, ANN), MODE(MESSAGE_ONLY)));
    add(world, "+442071234567", "", true, true, false);
    ck_refused(alone(world, person(world, ANN), 0), "NO_COUNTRY_NUMBER", 80203);
    ck_done(alone(world, person(world, "+442079876543"), 0));
    add(world, N3, "", true, true, true);
    ck_refused(alone(world, person(world, ANN), 0), "ONLY_RESERVED_NUMBERS", 80207);
    const struct number_change free = {
        .service = world->service, .number = N3, .set_reserved = true};
    ck_done(call_number_update(world, &free).number);
    ck_done(alone(world, person(world, ANN), 0));
    ck_refused(alone(world, person(world, ANN), 0), "ALL_NUMBERS_IN_USE", 80208);
    world_close(world);
}
END_TEST

/* holds: SEL-06 */
START_TEST(the_least_used_is_chosen)
{
    struct world *world = world_of(0);
    plain(world, N1);
    plain(world, N2);
    plain(world, N3);
    int counts[3] = {0};
    for (int i = 0; i < 30; i++) {
        char who[32];
        snprintf(who, sizeof who, "+1555100%04d", i);
        const char *number = number_for(world, who);
        counts[number[strlen(number) - 1] - '1']++;
        for (int j = 0; j < 3; j++)
            ck_assert_int_le(counts[j], i / 3 + 1);
    }
    /* What comes free is used next. */
    const Maskline__Store__V1__Session *last = alone(world, person(world, ANN), 0);
    char freed[32];
    snprintf(freed, sizeof freed, "%s", proxy_of(last, 0));
    ck_done(call_close(world, last));
    ck_done(number_for(world, BOB));
    ck_done(number_for(world, CAT));
    ck_done(number_for(world, DAN));
    for (int i = 0; i < 3; i++) {
        const char *all[] = {N1, N2, N3};
        ck_assert_int_eq(call_number_get(world, all[i]).in_use, 11);
    }
    world_close(world);
}
END_TEST

static void seat_on(struct world *world, const char *who, const char *number, int64_t ttl)
{
    struct participant_draft draft = person_on(world, who, number);
    ck_done(call_session_create(
        world, (struct session_draft){
                   .participants = &draft, .participant_count = 1, .ttl_given = ttl, .ttl = ttl}));
}

/* A removal that finds sessions which have ended unnoticed, and is refused all the same, leaves them as they are. */
START_TEST(what_was_refused_counts_for_nothing)
{
    struct world *world = world_of(0);
    plain(world, N1);
    plain(world, N2);
    seat_on(world, ANN, N1, 0);
    seat_on(world, BOB, N2, 0);
    seat_on(world, CAT, N2, 0);
    for (int i = 0; i < 3; i++) {
        char who[32];
        snprintf(who, sizeof who, "+1555100%04d", i);
        seat_on(world, who, N1, MINUTE);
    }
    ck_assert_str_eq(number_for(world, DAN), N2); /* the pool is in memory from now on */
    world_move(world, HOUR);
    ck_refused(call_number_remove(world, N1, false).number, "NUMBER_IN_USE", 80611);
    ck_assert_int_eq(call_number_get(world, N1).in_use, 4);
    ck_assert_str_eq(number_for(world, "+15551009999"), N2);
    world_close(world);
}
END_TEST

/* Who is seated first has taken a number by the time that the next one is. */
START_TEST(what_one_command_takes_counts_in_it)
{
    struct world *world = world_of(0);
    plain(world, N1);
    const Maskline__Store__V1__Session *session = call_talk(world, ANN, BOB);
    ck_done(session); /* one number is enough for two people */
    ck_assert_str_eq(proxy_of(session, 1), N1);
    plain(world, N2);
    plain(world, N3);
    session = call_talk(world, CAT, DAN);
    ck_done(session); /* N1 has one use, the others none */
    ck_assert_str_eq(proxy_of(session, 0), N2);
    ck_assert_str_eq(proxy_of(session, 1), N3);
    session = call_talk(world, "+15551230005", "+15551230006");
    ck_done(session); /* all have one: after the first choice that number has two */
    ck_assert_str_ne(proxy_of(session, 0), proxy_of(session, 1));
    world_close(world);
}
END_TEST

/* It is still used before one that is used more, and before one of another country. */
START_TEST(what_one_command_takes_counts_once)
{
    struct world *world = world_of(0);
    plain(world, N1);
    plain(world, N2);
    for (int i = 0; i < 2; i++) {
        char who[32];
        snprintf(who, sizeof who, "+1555100%04d", i);
        ck_done(alone(world, person_on(world, who, N2), 0));
    }
    const Maskline__Store__V1__Session *session = call_talk(world, ANN, BOB);
    ck_done(session);
    ck_assert_str_eq(proxy_of(session, 0), N1);
    ck_assert_str_eq(proxy_of(session, 1), N1);
    world_close(world);
    world = world_of(0);
    add(world, "+15559990007", "CA", true, true, false);
    add(world, "+441534123456", "JE", true, true, false);
    add(world, "+442071234567", "GB", true, true, false);
    session = call_talk(world, "+442079876501", "+442079876502");
    ck_done(session);
    ck_assert_str_eq(proxy_of(session, 0), "+442071234567");
    ck_assert_str_eq(proxy_of(session, 1), "+442071234567");
    world_close(world);
}
END_TEST

/* Load is told again after a start. */
/* holds: SEL-06 */
START_TEST(load_is_read_from_the_store)
{
    char path[] = "/tmp/maskline-selection-XXXXXX";
    ck_assert_ptr_nonnull(mkdtemp(path));
    struct world *world = world_open(path);
    world_service(world, NULL);
    plain(world, N1);
    ck_assert_str_eq(number_for(world, ANN), N1);
    ck_assert_str_eq(number_for(world, BOB), N1);
    plain(world, N2);
    world_restart(world);
    ck_assert_str_eq(number_for(world, CAT), N2);
    ck_assert_str_eq(number_for(world, DAN), N2);
    world_close(world);
    folder_remove(path);
}
END_TEST

/* holds: SEL-07 */
START_TEST(prefer_sticky_takes_the_latest_that_a_person_had)
{
    struct world *world = world_of(SELECTION(PREFER_STICKY));
    plain(world, N1);
    plain(world, N2);
    plain(world, N3);
    struct participant_draft on = person_on(world, ANN, N2);
    const Maskline__Store__V1__Session *first = alone(world, on, 0);
    ck_done(call_close(world, first));
    world_move(world, SECOND);
    on = person_on(world, ANN, N3);
    const Maskline__Store__V1__Session *second = alone(world, on, 0);
    ck_done(call_close(world, second));
    /* Both rest now: another one. */
    const Maskline__Store__V1__Session *third = alone(world, person(world, ANN), 0);
    ck_assert_str_eq(proxy_of(third, 0), N1);
    ck_done(call_session_delete(world, sid_of(world, third)));
    world_move(world, 5 * HOUR);
    ck_assert_str_eq(number_for(world, ANN), N1); /* the latest, though its session is deleted */
    ck_assert_str_eq(number_for(world, ANN), N3);
    ck_assert_str_eq(number_for(world, ANN), N2);
    world_close(world);
}
END_TEST

/* holds: SEL-08 SVC-08 */
START_TEST(avoid_sticky_takes_one_that_a_person_never_had)
{
    struct world *world = world_of(SELECTION(AVOID_STICKY));
    plain(world, N1);
    plain(world, N2);
    for (int i = 0; i < 3; i++) { /* others make the new one the more used */
        char who[32];
        snprintf(who, sizeof who, "+1555100%04d", i);
        ck_done(alone(world, person_on(world, who, N2), 0));
    }
    const Maskline__Store__V1__Session *first = alone(world, person_on(world, ANN, N1), 0);
    ck_done(call_close(world, first));
    world_move(world, 5 * HOUR);
    const Maskline__Store__V1__Session *second = alone(world, person(world, ANN), 0);
    ck_assert_str_eq(proxy_of(second, 0), N2);
    ck_done(call_close(world, second));
    world_move(world, 5 * HOUR);
    ck_assert_str_eq(number_for(world, ANN), N1); /* all were had: the least used of them */
    world_close(world);
}
END_TEST

/* holds: NUM-11 NUM-12 NUM-16 PAR-06 SEL-03 */
START_TEST(reserved_and_resting_numbers_are_only_given_when_asked_for)
{
    struct world *world = world_of(0);
    add(world, N1, "", true, true, true);
    ck_refused(alone(world, person(world, ANN), 0), "ONLY_RESERVED_NUMBERS", 80207);
    const Maskline__Store__V1__Session *asked = alone(world, person_on(world, ANN, N1), 0);
    ck_assert_str_eq(proxy_of(asked, 0), N1);
    static const Maskline__Store__V1__NumberState STATES[] = {NUMBER_STATE(DRAINING),
                                                              NUMBER_STATE(LOCKED)};
    for (int i = 0; i < 2; i++) {
        world_number_state(world, N1, STATES[i]);
        ck_refused(alone(world, person_on(world, BOB, N1), 0), "NUMBER_NOT_ACTIVE", 80601);
        ck_refused(alone(world, person(world, BOB), 0), "ONLY_RESERVED_NUMBERS", 80207);
    }
    plain(world, N2);
    world_number_state(world, N2, NUMBER_STATE(DRAINING));
    ck_refused(alone(world, person(world, BOB), 0), "ONLY_RESERVED_NUMBERS", 80207);
    world_number_state(world, N2, NUMBER_STATE(ACTIVE));
    ck_assert_str_eq(number_for(world, BOB), N2);
    world_close(world);
}
END_TEST

/* holds: ERR-80407 ERR-80605 ERR-80606 PAR-06 PAR-08 SEL-03 SEL-04 */
START_TEST(what_is_asked_for_is_checked)
{
    struct world *world = world_of(0);
    add(world, N1, "", true, false, false);
    plain(world, N2);
    char mine[40];
    snprintf(mine, sizeof mine, "%s", world->service);
    world_service(world, NULL);
    plain(world, N3);
    snprintf(world->service, sizeof world->service, "%s", mine);
    ck_refused(alone(world, person_on(world, ANN, N3), 0), "PROXY_NOT_IN_SERVICE", 80605);
    ck_refused(alone(world, person_on(world, ANN, "+15550000000"), 0), "PROXY_NOT_FOUND", 80606);
    ck_refused(alone(world, person_on(world, ANN, N1), 0), "NO_VOICE_NUMBER", 80201);
    ck_done(alone(world, person_on(world, ANN, N1), MODE(MESSAGE_ONLY)));
    add(world, "+15559990009", "", false, true, false);
    ck_refused(alone(world, person_on(world, ANN, "+15559990009"), MODE(MESSAGE_ONLY)),
               "NO_SMS_NUMBER", 80202);
    ck_refused(alone(world, person_on(world, N2, N2), 0), "OWN_NUMBER", 80402);
    ck_field(alone(world, person_on(world, ANN, "5559990001"), 0),
             "participants[0].proxy_identifier");
    struct participant_draft draft = person(world, ANN);
    draft.proxy_number_sid = "PNxyz";
    ck_refused(alone(world, draft, 0), "INVALID_SID", 80407);
    draft.proxy_number_sid = "PN0123456789abcdef0123456789abcdef";
    ck_refused(alone(world, draft, 0), "PROXY_NOT_FOUND", 80606);
    struct sid_text sid = sid_format("PN", call_number_get(world, N2).number->sid.data);
    draft.proxy_number_sid = sid.text;
    draft.proxy_identifier = N1;
    ck_refused(alone(world, draft, MODE(MESSAGE_ONLY)), "PAIR_IN_USE", 80604);
    draft.identifiers = person(world, BOB).identifiers;
    ck_field(alone(world, draft, MODE(MESSAGE_ONLY)), "participants[0].proxy_identifier_sid");
    draft.proxy_identifier = N2;
    ck_assert_str_eq(proxy_of(alone(world, draft, 0), 0), N2);
    /* It may be of another country. */
    ck_done(alone(world, person_on(world, "+442079876543", N2), 0));
    world_close(world);
}
END_TEST

/* holds: CON-06 */
START_TEST(a_taken_pair_names_its_session)
{
    struct world *world = world_of(0);
    plain(world, N1);
    const Maskline__Store__V1__Session *holder = call_talk(world, ANN, BOB);
    ck_refused(alone(world, person_on(world, ANN, N1), 0), "PAIR_IN_USE", 80604);
    ck_assert_str_eq(call_metadata("session_sid"), sid_of(world, holder));
    world_close(world);
}
END_TEST

/* holds: CON-09 */
START_TEST(every_identifier_counts)
{
    struct world *world = world_of(0);
    plain(world, N1);
    plain(world, N2);
    plain(world, N3);
    ck_done(alone(world, person_on(world, ANN, N1), 0));
    ck_done(alone(world, person_on(world, BOB, N2), 0));
    struct participant_draft both = person_of_many(world, ANN " " BOB);
    ck_assert_str_eq(proxy_of(alone(world, both, 0), 0), N3);
    ck_refused(alone(world, both, 0), "ALL_NUMBERS_IN_USE", 80208);
    both.proxy_identifier = N2;
    ck_refused(alone(world, both, 0), "PAIR_IN_USE", 80604);
    /* The other way round: what one of several holds, nobody else gets with it. */
    ck_assert_str_eq(number_for(world, ANN), N2);
    ck_refused(alone(world, person(world, ANN), 0), "ALL_NUMBERS_IN_USE", 80208);
    world_close(world);
}
END_TEST

/* holds: GEO-11 GEO-12 GEO-13 */
START_TEST(forms_of_one_phone_are_one_person)
{
    static const struct {
        const char *proxy, *other, *with, *without;
    } FORMS[] = {
        {"+525511112222", "+525511113333", "+5215512345678", "+525512345678"},
        {"+541111112222", "+541111113333", "+5491123456789", "+541123456789"},
    };
    char path[] = "/tmp/maskline-selection-XXXXXX";
    ck_assert_ptr_nonnull(mkdtemp(path));
    struct world *world = world_open(path);
    world_service(world, NULL);
    for (int i = 0; i < 2; i++) {
        plain(world, FORMS[i].proxy);
        const Maskline__Store__V1__Session *session =
            call_talk(world, FORMS[i].with, FORMS[i].other);
        ck_done(session);
        ck_assert_str_eq(session->participants[0]->identifiers[0], FORMS[i].without);
        ck_refused(alone(world, person(world, FORMS[i].without), 0), "ALL_NUMBERS_IN_USE", 80208);
        ck_accepted(world_text(world, FORMS[i].with, FORMS[i].proxy, "one"));
        ck_accepted(world_text(world, FORMS[i].without, FORMS[i].proxy, "two"));
    }
    world_restart(world);
    for (int i = 0; i < 2; i++) {
        ck_refused(alone(world, person(world, FORMS[i].with), 0), "ALL_NUMBERS_IN_USE", 80208);
        ck_refused(alone(world, person(world, FORMS[i].without), 0), "ALL_NUMBERS_IN_USE", 80208);
        ck_accepted(world_text(world, FORMS[i].without, FORMS[i].proxy, "three"));
    }
    world_close(world);
    folder_remove(path);
}
END_TEST

/* holds: SEL-04 */
START_TEST(proxy_numbers_are_nobodys_own)
{
    struct world *world = world_of(0);
    plain(world, N1);
    plain(world, N2);
    ck_refused(alone(world, person(world, N2), 0), "INVALID_IDENTIFIER", 80404);
    ck_assert_str_eq(call_error.fields[0].name, "participants[0].identifier");
    ck_refused(alone(world, person_on(world, N2, N1), 0), "INVALID_IDENTIFIER", 80404);
    struct participant_draft draft = person_of_many(world, ANN " " N2);
    ck_refused(alone(world, draft, 0), "INVALID_IDENTIFIER", 80404);
    ck_assert_str_eq(call_error.fields[0].name, "participants[0].identifiers[1]");
    ck_done(call_number_remove(world, N2, false).number);
    ck_done(alone(world, person(world, N2), 0)); /* in quarantine it sends nothing round */
    world_close(world);
}
END_TEST

/* N1 stays free for whoever has not got it, whoever else talks over it. */
/* holds: SEL-13 */
START_TEST(two_numbers_serve_as_the_books_say)
{
    struct world *world = world_of(0);
    plain(world, N1);
    plain(world, N2);
    struct participant_draft first[] = {person_on(world, ANN, N1), person_on(world, BOB, N1)};
    struct participant_draft second[] = {person_on(world, CAT, N1), person_on(world, DAN, N1)};
    ck_done(call_session_create(
        world, (struct session_draft){.participants = first, .participant_count = 2}));
    ck_done(call_session_create(
        world, (struct session_draft){.participants = second, .participant_count = 2}));
    struct participant_draft third[] = {person_on(world, "+15551230005", N1), person(world, BOB)};
    const Maskline__Store__V1__Session *session = call_session_create(
        world, (struct session_draft){.participants = third, .participant_count = 2});
    ck_done(session);
    ck_assert_str_eq(proxy_of(session, 0), N1);
    ck_assert_str_eq(proxy_of(session, 1), N2);
    world_close(world);
}
END_TEST

/* holds: SEL-05 */
START_TEST(the_partners_numbers_bar_nobody)
{
    struct world *world = world_of(0);
    plain(world, N1);
    plain(world, N2);
    ck_done(alone(world, person_on(world, BOB, N1), 0));
    ck_done(alone(world, person_on(world, CAT, N2), 0));
    /* Bob has N1, Cat has N2: between them either has the other one, and Ann may have both. */
    const Maskline__Store__V1__Session *session = call_talk(world, BOB, CAT);
    ck_assert_str_eq(proxy_of(session, 0), N2);
    ck_assert_str_eq(proxy_of(session, 1), N1);
    ck_done(call_talk(world, ANN, "+15551230005"));
    ck_done(call_talk(world, ANN, "+15551230006"));
    ck_refused(call_talk(world, ANN, "+15551230007"), "ALL_NUMBERS_IN_USE", 80208);
    world_close(world);
}
END_TEST

/* holds: SEL-14 */
START_TEST(as_many_numbers_as_peers_suffice)
{
    enum { PEERS = 20 };
    struct world *world = world_of(0);
    char text[32];
    for (int i = 0; i < PEERS; i++) {
        snprintf(text, sizeof text, "+1555888%04d", i);
        plain(world, text);
    }
    for (int i = 0; i < PEERS; i++) {
        snprintf(text, sizeof text, "+1555100%04d", i);
        ck_done(call_talk(world, i % 2 ? ANN : text, i % 2 ? text : ANN));
        ck_done(call_talk(world, BOB, text));
    }
    ck_refused(call_talk(world, ANN, CAT), "ALL_NUMBERS_IN_USE", 80208);
    world_close(world);
}
END_TEST

/* ---- creates that race ---- */

enum { RACERS = 40, ENOUGH = 30 };

struct racing {
    pthread_mutex_t lock;
    pthread_cond_t told;
    unsigned done, made, refused, others;
    char proxies[RACERS][32];
};

static void race_told(void *data, const Maskline__Store__V1__Service *service,
                      const Maskline__Store__V1__Session *session, const struct error *error)
{
    struct racing *racing = data;
    (void)service;
    pthread_mutex_lock(&racing->lock);
    racing->done++;
    if (session)
        snprintf(racing->proxies[racing->made++], 32, "%s", proxy_of(session, 0));
    else if (!strcmp(error->reason, "ALL_NUMBERS_IN_USE"))
        racing->refused++;
    else
        racing->others++;
    pthread_cond_signal(&racing->told);
    pthread_mutex_unlock(&racing->lock);
}

/* holds: CON-05 */
START_TEST(creates_of_one_person_that_race_get_a_number_each)
{
    static struct racing racing = {.lock = PTHREAD_MUTEX_INITIALIZER,
                                   .told = PTHREAD_COND_INITIALIZER};
    struct world *world = world_of(0);
    char text[32];
    for (int i = 0; i < ENOUGH; i++) {
        snprintf(text, sizeof text, "+1555888%04d", i);
        plain(world, text);
    }
    const struct participant_draft ann = person(world, ANN);
    const struct session_draft draft = {
        .service = world->service, .participants = &ann, .participant_count = 1};
    for (int i = 0; i < RACERS; i++)
        sessions_create(world->masking, &draft, race_told, &racing);
    pthread_mutex_lock(&racing.lock);
    while (racing.done < RACERS)
        pthread_cond_wait(&racing.told, &racing.lock);
    pthread_mutex_unlock(&racing.lock);
    ck_assert_uint_eq(racing.made, ENOUGH);
    ck_assert_uint_eq(racing.refused, RACERS - ENOUGH);
    ck_assert_uint_eq(racing.others, 0);
    for (int i = 0; i < ENOUGH; i++) {
        for (int k = 0; k < i; k++)
            ck_assert_str_ne(racing.proxies[i], racing.proxies[k]);
    }
    world_close(world);
}
END_TEST

/* holds: GEO-01 */
START_TEST(the_own_country_comes_first)
{
    struct world *world = world_of(0);
    add(world, "+12425550001", "BS", true, true, false);
    add(world, "+12425550002", "US", true, true, false);
    ck_assert_str_eq(number_for(world, "+12425551111"), "+12425550001");
    ck_assert_str_eq(number_for(world, "+12425552222"), "+12425550001"); /* though more used */
    ck_assert_str_eq(number_for(world, "+12425551111"), "+12425550002");
    ck_assert_str_eq(number_for(world, ANN), "+12425550002"); /* no own country: the least used */
    ck_refused(alone(world, person(world, "+442079876543"), 0), "NO_COUNTRY_NUMBER", 80203);
    world_close(world);
}
END_TEST

SUITE_MAIN("selection", no_person_has_a_number_twice,
           refusals_name_the_first_condition_that_left_nothing, the_least_used_is_chosen,
           what_was_refused_counts_for_nothing, what_one_command_takes_counts_in_it,
           what_one_command_takes_counts_once, load_is_read_from_the_store,
           prefer_sticky_takes_the_latest_that_a_person_had,
           avoid_sticky_takes_one_that_a_person_never_had,
           reserved_and_resting_numbers_are_only_given_when_asked_for, what_is_asked_for_is_checked,
           a_taken_pair_names_its_session, every_identifier_counts,
           forms_of_one_phone_are_one_person, proxy_numbers_are_nobodys_own,
           creates_of_one_person_that_race_get_a_number_each, the_own_country_comes_first,
           two_numbers_serve_as_the_books_say, the_partners_numbers_bar_nobody,
           as_many_numbers_as_peers_suffice)
