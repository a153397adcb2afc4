#include "server/masking/messages/keywords.h"

#include "proto/c/utf8.h"
#include "tests/unit/server/masking/calls.h"

#include <stdio.h>
#include <string.h>

/* Texts that are a keyword: which they are, and what becomes of them. */

#define ANN   "+15551230001"
#define BOB   "+15551230002"
#define CEM   "+15551230003"
#define PROXY "+15559990001"
#define OTHER "+15559990002"

#define ACTION(name) MASKLINE__STORE__V1__KEYWORD_ACTION__KEYWORD_ACTION_##name

static struct world *world_of_two(const struct service_settings *settings)
{
    struct world *world = world_open(NULL);
    struct service_settings silent = settings ? *settings : service_settings_unset();
    silent.notices = &nothing_is_told;
    world_service(world, &silent);
    world_number(world, PROXY, NULL);
    world_number(world, OTHER, NULL);
    return world;
}

static const Maskline__Store__V1__KeywordReceived *last_keyword(struct world *world)
{
    const Maskline__Store__V1__Entry *entry = world_last(world, CHANGE(KEYWORD_RECEIVED));
    return entry ? entry->keyword_received : NULL;
}

/* What the partner got of a text. */
static bool is_relayed(struct world *world, const struct talk *talk, const char *body)
{
    unsigned before = world_interactions(world, talk);
    unsigned sent = world->carriers[0].count;
    ck_accepted(world_text(world, ANN, talk->proxy_a, body));
    world_run(world);
    bool relayed = world_interactions(world, talk) == before + 1;
    if (relayed) {
        ck_assert_uint_eq(world->carriers[0].count, sent + 1);
        ck_assert_str_eq(world_sent(world, 0, 0)->to, BOB);
    }
    return relayed;
}

/* holds: KEY-01 KEY-07 ERR-80901 */
START_TEST(stop_words_go_no_further)
{
    static const char *const words[] = {"STOP",   "STOPALL", "UNSUBSCRIBE", "END",
                                        "CANCEL", "QUIT",    "ARRET",       "ARRETT",
                                        "ARRETE", "REVOKE",  "OPTOUT"};
    struct world *world = world_of_two(NULL);
    struct talk talk = world_talk(world, ANN, BOB, HOUR);
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        ck_assert_msg(!is_relayed(world, &talk, words[i]), "%s", words[i]);
        const Maskline__Store__V1__KeywordReceived *received = last_keyword(world);
        ck_assert_int_eq(received->action, ACTION(OPT_OUT));
        ck_assert_int_eq(received->original_code, 80901);
        ck_assert_str_eq(received->proxy_identifier, talk.proxy_a);
        ck_assert_uint_eq(received->participant.len, SID_BYTES);
        ck_assert_int_eq(received->added != NULL, i == 0); /* once is enough */
    }
    /* Nothing has happened in the session: not started, its end where it was. */
    const Maskline__Store__V1__Session *session = world_session(world, &talk);
    ck_assert_int_eq(session->status, SESSION_STATUS(OPEN));
    ck_assert_int_eq(session->start_time, 0);
    ck_assert_uint_eq(session->interaction_count, 0);
    ck_assert_int_eq(session->effective_expire_time, session->create_time + HOUR);
    ck_assert_uint_eq(world->carriers[0].count, 0);
    world_close(world);
}
END_TEST

/* holds: KEY-02 KEY-03 KEY-04 */
START_TEST(opt_in_and_help_words)
{
    struct world *world = world_of_two(NULL);
    struct talk talk = world_talk(world, ANN, BOB, 0);
    static const char *const relayed[] = {"START", "YES", "DEBUT", "HELP", "INFO"};
    for (size_t i = 0; i < sizeof relayed / sizeof *relayed; i++) {
        bool opts_in = i < 3;
        ck_assert(!is_relayed(world, &talk, "STOP"));
        struct message_draft draft = {
            .service = world->service, .session = talk.session, .participant = talk.a, .body = "x"};
        char reason[48];
        world_send(world, &draft, NULL, reason);
        ck_assert_str_eq(reason, "OPTED_OUT");
        ck_assert_msg(is_relayed(world, &talk, relayed[i]), "%s", relayed[i]);
        world_send(world, &draft, NULL, reason);
        ck_assert_str_eq(reason, opts_in ? "" : "OPTED_OUT");
        world_run(world);
    }
    ck_assert(!is_relayed(world, &talk, "UNSTOP"));
    ck_assert_int_eq(last_keyword(world)->action, ACTION(OPT_IN_ONLY));
    ck_assert_uint_eq(last_keyword(world)->n_removed, 1);
    ck_assert_int_eq(last_keyword(world)->original_code, 0);
    /* Who has not opted out says yes as to any question. */
    uint64_t entries = world_entries(world);
    ck_accepted(world_text(world, ANN, talk.proxy_a, "yes"));
    ck_assert_uint_eq(world_entries(world), entries + 1);
    world_close(world);
}
END_TEST

/* holds: KEY-05 KEY-06 */
START_TEST(the_whole_text_in_any_case)
{
    struct world *world = world_of_two(NULL);
    struct talk talk = world_talk(world, ANN, BOB, 0);
    static const char *const keywords[] = {"stop",
                                           "Stop",
                                           " sToP\r\n",
                                           "\xC2\xA0STOP\xE3\x80\x80",
                                           "arrêt",
                                           "ARR\xC3\x8A"
                                           "TE"};
    for (size_t i = 0; i < sizeof keywords / sizeof *keywords; i++)
        ck_assert_msg(!is_relayed(world, &talk, keywords[i]), "%s", keywords[i]);
    static const char *const texts[] = {"please stop", "stop it", "stop!", "st op",
                                        "stopp",       "sto",     ""};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        ck_assert_msg(is_relayed(world, &talk, texts[i]), "%s", texts[i]);
    char longer[1601];
    memset(longer, ' ', sizeof longer - 1);
    memcpy(longer, "stop", 4);
    longer[1600] = 0;
    ck_assert(!is_relayed(world, &talk, longer));
    world_close(world);
}
END_TEST

/* holds: KEY-08 KEY-09 */
START_TEST(from_anybody)
{
    struct world *world = world_of_two(NULL);
    struct talk talk = world_talk(world, ANN, BOB, 0);
    ck_accepted(world_text(world, BOB, talk.proxy_b, "stop"));
    ck_assert_ptr_nonnull(last_keyword(world)->added);
    /* Without any session. */
    ck_accepted(world_text(world, CEM, PROXY, "stop"));
    ck_assert_ptr_nonnull(last_keyword(world)->added);
    ck_assert_uint_eq(last_keyword(world)->session.len, 0);
    struct talk refused;
    ck_assert(!world_try_talk(world, CEM, "+15551230004", 0, &refused));
    /* After the session. */
    world_end_talk(world, &talk);
    ck_accepted(world_text(world, ANN, talk.proxy_a, "stop"));
    ck_assert_ptr_nonnull(last_keyword(world)->added);
    ck_assert_uint_eq(last_keyword(world)->session.len, SID_BYTES);
    /* From nobody that can be told, and from a proxy number. */
    uint64_t entries = world_entries(world);
    ck_rejected(world_text(world, "Restricted", PROXY, "stop"), "NO_ROUTE");
    ck_rejected(world_text(world, OTHER, PROXY, "stop"), "LOOP");
    ck_assert_uint_eq(world_entries(world), entries + 2);
    world_close(world);
}
END_TEST

/* holds: CDN-10 KEY-09 */
START_TEST(on_numbers_that_take_nothing_else)
{
    struct world *world = world_of_two(NULL);
    world_number_state(world, PROXY, NUMBER_STATE(LOCKED));
    ck_accepted(world_text(world, ANN, PROXY, "stop"));
    ck_rejected(world_text(world, ANN, PROXY, "start"), "NUMBER_LOCKED");
    ck_assert_uint_eq(last_keyword(world)->n_removed, 1);
    ck_assert_ptr_nonnull(call_number_remove(world, OTHER, true).number);
    ck_accepted(world_text(world, ANN, OTHER, "stop"));
    ck_assert_ptr_nonnull(last_keyword(world)->added);
    ck_rejected(world_text(world, ANN, OTHER, "hello"), "NUMBER_QUARANTINED");
    /* By a carrier that the number does not name: it may be anybody's word. */
    world_number(world, "+15559990003", "two");
    ck_rejected(world_text(world, BOB, "+15559990003", "stop"), "WRONG_CARRIER");
    world_close(world);
}
END_TEST

static bool finds(const Maskline__Store__V1__Settings *settings, bool short_code, const char *body)
{
    struct keyword keyword;
    return keyword_find(settings, short_code, body, &keyword);
}

/* holds: KEY-16 KEY-17 */
START_TEST(words_of_the_service)
{
    static const struct keyword_setting own[] = {{"Não mais", ACTION(OPT_OUT), "pt"},
                                                 {"СТОП", ACTION(OPT_OUT), "ru"},
                                                 {"もう一度", ACTION(OPT_IN), "ja"},
                                                 {"AYUDA", ACTION(HELP), "es"}};
    static const struct keyword_list list = {own, 4};
    struct service_settings settings = service_settings_unset();
    settings.keywords = &list;
    struct world *world = world_of_two(&settings);
    struct talk talk = world_talk(world, ANN, BOB, 0);
    ck_assert(is_relayed(world, &talk, "STOP"));
    ck_assert(!is_relayed(world, &talk, "NÃO MAIS"));
    ck_assert_str_eq(last_keyword(world)->language, "pt");
    ck_assert_str_eq(last_keyword(world)->added->word, "Não mais");
    ck_assert(is_relayed(world, &talk, "もう一度"));
    ck_assert_uint_eq(last_keyword(world)->n_removed, 1);
    ck_assert(!is_relayed(world, &talk, "стоп"));
    ck_assert(is_relayed(world, &talk, "ayuda"));
    /* The same list again changes nothing; none gives the usual words back. */
    struct service_change change = {.service = world->service, .settings = settings};
    uint64_t entries = world_entries(world);
    ck_done(call_service_update(world, &change));
    ck_assert_uint_eq(world_entries(world), entries);
    static const struct keyword_list none = {NULL, 0};
    change.settings.keywords = &none;
    ck_done(call_service_update(world, &change));
    ck_assert(!is_relayed(world, &talk, "STOP"));
    ck_assert(is_relayed(world, &talk, "СТОП"));
    /* Off: STOP is a text, and what was opted out of stays so. */
    change.settings = service_settings_unset();
    change.settings.keyword_handling = KEYWORDS_OFF;
    ck_done(call_service_update(world, &change));
    ck_assert(is_relayed(world, &talk, "STOP"));
    ck_assert(is_relayed(world, &talk, "START"));
    struct message_draft draft = {
        .service = world->service, .session = talk.session, .participant = talk.a, .body = "x"};
    ck_assert_int_eq(world_send(world, &draft, NULL, NULL), STATUS_FAILED_PRECONDITION);
    world_close(world);
}
END_TEST

/* holds: KEY-19 */
START_TEST(short_codes_always_hear_stop_and_help)
{
    Maskline__Store__V1__Settings settings = MASKLINE__STORE__V1__SETTINGS__INIT;
    Maskline__Store__V1__KeywordPolicy policy = MASKLINE__STORE__V1__KEYWORD_POLICY__INIT;
    settings.keyword_policy = &policy;
    policy.off = true;
    ck_assert(number_is_short("12345"));
    ck_assert(!number_is_short(PROXY));
    ck_assert(finds(&settings, true, "stop"));
    ck_assert(finds(&settings, true, "help"));
    ck_assert(!finds(&settings, true, "start"));
    ck_assert(!finds(&settings, false, "stop"));
    Maskline__Store__V1__Keyword word = MASKLINE__STORE__V1__KEYWORD__INIT;
    Maskline__Store__V1__Keyword *words[] = {&word};
    char halt[] = "HALT";
    word.word = halt;
    word.action = ACTION(OPT_OUT);
    policy.off = false;
    policy.words = words;
    policy.n_words = 1;
    ck_assert(finds(&settings, true, "halt"));
    ck_assert(finds(&settings, true, "stop"));
    ck_assert(!finds(&settings, false, "stop"));
    ck_assert(!finds(&settings, true, "yes"));
}
END_TEST

/* The same, handed in: with everything off, on a short code STOP stops, and START is a text. */
/* holds: KEY-19 */
START_TEST(a_short_code_hears_stop_when_all_is_off)
{
    static const char code[] = "24687";
    struct service_settings settings = service_settings_unset();
    settings.keyword_handling = KEYWORDS_OFF;
    struct world *world = world_of_two(&settings);
    struct number_draft short_code = number_draft(world, code);
    short_code.kind = NUMBER_SHORT_CODE;
    short_code.country = "US";
    ck_done(call_number_add(world, &short_code).number);
    const struct participant_draft people[] = {person_on(world, ANN, code), person(world, BOB)};
    const Maskline__Store__V1__Session *session = call_session_create(
        world, (struct session_draft){
                   .participants = people, .participant_count = 2, .mode = MODE(MESSAGE_ONLY)});
    ck_done(session);
    struct talk talk = {.person_a = ANN};
    snprintf(talk.session, sizeof talk.session, "%s", sid_of(world, session));
    snprintf(talk.a, sizeof talk.a, "%s", participant_sid(world, session, 0));
    snprintf(talk.b, sizeof talk.b, "%s", participant_sid(world, session, 1));
    snprintf(talk.proxy_a, sizeof talk.proxy_a, "%s", code);
    snprintf(talk.proxy_b, sizeof talk.proxy_b, "%s", proxy_of(session, 1));
    ck_assert(!is_relayed(world, &talk, "stop"));
    ck_assert_int_eq(last_keyword(world)->action, ACTION(OPT_OUT));
    ck_assert_str_eq(last_keyword(world)->added->identifier, ANN);
    ck_assert_str_eq(call_send_to(world, &talk, talk.a), "OPTED_OUT");
    /* What the partner writes goes nowhere. */
    unsigned sent = world->carriers[0].count;
    ck_accepted(world_text(world, BOB, talk.proxy_b, "hello?"));
    world_run(world);
    ck_assert_uint_eq(world->carriers[0].count, sent);
    /* Help and START are passed on; START takes nothing back. */
    ck_assert(is_relayed(world, &talk, "help"));
    ck_assert(is_relayed(world, &talk, "start"));
    ck_assert_str_eq(call_send_to(world, &talk, talk.a), "OPTED_OUT");
    /* On the number beside it STOP is a text. */
    sent = world->carriers[0].count;
    ck_done(call_opt_out(world, opt_outs_delete, ANN, ""));
    ck_accepted(world_text(world, BOB, talk.proxy_b, "stop"));
    world_run(world);
    ck_assert_uint_eq(world->carriers[0].count, sent + 1);
    ck_assert_str_eq(world_sent(world, 0, 0)->to, ANN);
    ck_assert_str_eq(world_sent(world, 0, 0)->from, code);
    ck_assert_str_eq(world_sent(world, 0, 0)->body, "stop");
    world_close(world);
}
END_TEST

static const Maskline__Store__V1__Service *make(struct world *world,
                                                const struct keyword_setting *words, size_t count)
{
    struct keyword_list list = {words, count};
    struct service_draft draft = {.unique_name = "words", .settings = service_settings_unset()};
    draft.settings.keywords = &list;
    return call_service_create(world, &draft);
}

START_TEST(words_are_checked)
{
    struct world *world = world_open(NULL);
    char longer[KEYWORD_MOST + 2];
    memset(longer, 'x', sizeof longer - 1);
    longer[KEYWORD_MOST + 1] = 0;
    const struct keyword_setting wrong[] = {{"", ACTION(OPT_OUT), ""},
                                            {" stop", ACTION(OPT_OUT), ""},
                                            {longer, ACTION(OPT_OUT), ""},
                                            {"\xff", ACTION(OPT_OUT), ""}};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        ck_field(make(world, &wrong[i], 1), "keyword_policy.keywords[0].word");
    const struct keyword_setting twice[] = {{"stop", ACTION(OPT_OUT), ""},
                                            {"STOP", ACTION(HELP), ""}};
    ck_field(make(world, twice, 2), "keyword_policy.keywords[1].word");
    const struct keyword_setting none = {"stop", ACTION(UNSPECIFIED), ""};
    ck_field(make(world, &none, 1), "keyword_policy.keywords[0].action");
    struct keyword_setting many[KEYWORDS_MOST + 1];
    char names[KEYWORDS_MOST + 1][8];
    for (unsigned i = 0; i <= KEYWORDS_MOST; i++) {
        snprintf(names[i], sizeof names[i], "w%u", i);
        many[i] = (struct keyword_setting){names[i], ACTION(HELP), "en"};
    }
    ck_field(make(world, many, KEYWORDS_MOST + 1), "keyword_policy.keywords");
    ck_done(make(world, many, KEYWORDS_MOST));
    world_close(world);
}
END_TEST

/* A carrier that hands the word in again gets the same answer, and nothing happens again. */
START_TEST(a_repeat_does_nothing)
{
    struct world *world = world_of_two(NULL);
    struct inbound_message message = {
        .carrier = "one", .provider_id = "1", .from = ANN, .to = PROXY, .body = "stop"};
    ck_accepted(world_hand_in(world, &message));
    uint64_t entries = world_entries(world);
    struct answer again = world_hand_in(world, &message);
    ck_accepted(again);
    ck_assert(again.repeated);
    ck_assert_uint_eq(world_entries(world), entries);
    /* Also after having opted in again. */
    ck_accepted(world_text(world, ANN, PROXY, "unstop"));
    ck_assert(world_hand_in(world, &message).repeated);
    struct talk talk;
    ck_assert(world_try_talk(world, ANN, BOB, 0, &talk));
    world_close(world);
}
END_TEST

SUITE_MAIN("keywords", stop_words_go_no_further, opt_in_and_help_words, the_whole_text_in_any_case,
           from_anybody, on_numbers_that_take_nothing_else, words_of_the_service,
           short_codes_always_hear_stop_and_help, a_short_code_hears_stop_when_all_is_off,
           words_are_checked, a_repeat_does_nothing)
