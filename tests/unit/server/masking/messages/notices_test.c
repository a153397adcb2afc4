#include "server/masking/messages/notices.h"

#include "server/masking/errors.h"
#include "tests/unit/server/masking/calls.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What people are told who write to a Service's numbers: when, what, by which number, and how often. */

#define ANN   "+15551230001"
#define BOB   "+15551230002"
#define CEM   "+15551230003"
#define PROXY "+15559990001"
#define OTHER "+15559990002"

static struct world *world_with(const char *path, const struct notice_setting *notices,
                                size_t count)
{
    const struct notice_list list = {notices, count};
    struct service_settings settings = service_settings_unset();
    settings.notices = &list;
    return world_with_two(path, NULL, &settings);
}

/* What was told since the last time; NULL: nothing. No more than one thing is. */
static const char *told(struct world *world, unsigned *before, const char *to, const char *from)
{
    world_run(world);
    unsigned count = world->carriers[0].count - *before;
    *before = world->carriers[0].count;
    if (!count)
        return NULL;
    ck_assert_uint_eq(count, 1);
    const struct sent *sent = world_sent(world, 0, 0);
    ck_assert_str_eq(sent->to, to);
    ck_assert_str_eq(sent->from, from);
    ck_assert_ptr_null(strstr(sent->body, "+1"));
    return sent->body;
}

static bool begins(const char *text, const char *beginning)
{
    return text && !strncmp(text, beginning, strlen(beginning));
}

/* holds: KEY-18 */
START_TEST(keywords_are_answered)
{
    struct world *world = world_with(NULL, NULL, 0);
    unsigned before = 0;
    /* Without a session, from the number that was written to. */
    ck_accepted(world_text(world, ANN, OTHER, "Stop"));
    ck_assert(begins(told(world, &before, ANN, OTHER), "You will get no more messages"));
    ck_accepted(world_text(world, ANN, PROXY, "STOP"));
    ck_assert_ptr_null(told(world, &before, ANN, PROXY)); /* it knows */
    ck_accepted(world_text(world, ANN, PROXY, "UNSTOP"));
    ck_assert(begins(told(world, &before, ANN, PROXY), "You will get messages from us again"));
    ck_rejected(world_text(world, ANN, PROXY, "YES"), "NO_ROUTE");
    ck_assert_ptr_null(told(world, &before, ANN, PROXY));
    ck_accepted(world_text(world, BOB, PROXY, "arrêt"));
    ck_assert(begins(told(world, &before, BOB, PROXY), "Vous ne recevrez plus"));
    ck_rejected(world_text(world, BOB, PROXY, "début"), "NO_ROUTE");
    ck_assert(begins(told(world, &before, BOB, PROXY), "Vous recevrez de nouveau"));
    /* Help is given again when it is asked for again, also to those who opted out; and is relayed besides. */
    for (int i = 0; i < 2; i++) {
        ck_rejected(world_text(world, BOB, PROXY, "help"), "NO_ROUTE");
        ck_assert(begins(told(world, &before, BOB, PROXY), "This number connects you"));
    }
    ck_accepted(world_text(world, BOB, PROXY, "stop"));
    ck_assert_ptr_nonnull(told(world, &before, BOB, PROXY));
    ck_rejected(world_text(world, BOB, PROXY, "help"), "NO_ROUTE");
    ck_assert_ptr_nonnull(told(world, &before, BOB, PROXY));
    struct talk talk = world_talk(world, ANN, CEM, 0);
    ck_accepted(world_text(world, CEM, talk.proxy_b, "help"));
    world_run(world);
    ck_assert_uint_eq(world->carriers[0].count, before + 2);
    ck_assert_uint_eq(world_interactions(world, &talk), 1);
    world_close(world);
}
END_TEST

/* Two machines that answer each other: one of them is ours, and stops. What the word does, it does all the same. */
/* holds: KEY-18 */
START_TEST(machines_come_to_an_end)
{
    char path[] = "/tmp/maskline-notices-XXXXXX";
    ck_assert_ptr_nonnull(mkdtemp(path));
    struct world *world = world_with(path, NULL, 0);
    unsigned before = 0;
    for (int i = 0; i < 20; i++) {
        ck_rejected(world_text(world, ANN, PROXY, "HELP"), "NO_ROUTE");
        ck_assert(!told(world, &before, ANN, PROXY) == (i >= 5));
        ck_accepted(world_text(world, BOB, PROXY, i % 2 ? "UNSTOP" : "STOP"));
        ck_assert(!told(world, &before, BOB, PROXY) == (i >= 10));
    }
    /* Others are told, and the same people by another number, and of other things. */
    ck_rejected(world_text(world, CEM, PROXY, "HELP"), "NO_ROUTE");
    ck_assert_ptr_nonnull(told(world, &before, CEM, PROXY));
    ck_rejected(world_text(world, ANN, OTHER, "HELP"), "NO_ROUTE");
    ck_assert_ptr_nonnull(told(world, &before, ANN, OTHER));
    ck_accepted(world_text(world, ANN, PROXY, "STOP"));
    ck_assert_ptr_nonnull(told(world, &before, ANN, PROXY));
    /* The last word of the machine was UNSTOP. */
    struct talk talk = world_talk(world, BOB, CEM, 0);
    ck_accepted(world_text(world, CEM, talk.proxy_b, "hello"));
    ck_assert_str_eq(told(world, &before, BOB, talk.proxy_a), "hello");
    /* The hour begins with the first, and a restart does not shorten it. */
    world_move(world, HOUR - MINUTE);
    world_restart(world);
    before = world->carriers[0].count;
    ck_rejected(world_text(world, ANN, PROXY, "HELP"), "NO_ROUTE");
    ck_assert_ptr_null(told(world, &before, ANN, PROXY));
    world_move(world, MINUTE);
    for (int i = 0; i < 8; i++) {
        ck_rejected(world_text(world, ANN, PROXY, "INFO"), "NO_ROUTE");
        ck_assert(!told(world, &before, ANN, PROXY) == (i >= 5));
    }
    world_close(world);
    folder_remove(path);
}
END_TEST

/* holds: KEY-18 SVC-20 */
START_TEST(texts_of_the_service)
{
    static const struct notice_setting notices[] = {
        {NOTICE(OPT_OUT), "", "Bye."},
        {NOTICE(OPT_OUT), "fr", "Au revoir."},
        {NOTICE(OPT_IN), "", ""},
    };
    struct world *world = world_with(NULL, notices, 3);
    unsigned before = 0;
    ck_accepted(world_text(world, ANN, PROXY, "STOP"));
    ck_assert_str_eq(told(world, &before, ANN, PROXY), "Bye.");
    ck_accepted(world_text(world, ANN, PROXY, "UNSTOP"));
    ck_assert_ptr_null(told(world, &before, ANN, PROXY)); /* it is off */
    ck_accepted(world_text(world, ANN, PROXY, "ARRET"));
    ck_assert_str_eq(told(world, &before, ANN, PROXY), "Au revoir.");
    world_close(world);
}
END_TEST

/* The word that a default text names is one that works. */
START_TEST(defaults_name_words_that_there_are)
{
    struct arena *arena = arena_new(65536);
    Maskline__Store__V1__Settings settings = MASKLINE__STORE__V1__SETTINGS__INIT;
    const char *text;
    ck_assert(notice_text(arena, &settings, NOTICE(OPT_OUT), "en", &text));
    ck_assert_str_eq(text,
                     "You will get no more messages from us. To get them again, reply START.");
    ck_assert(notice_text(arena, &settings, NOTICE(OPT_IN), "fr-CA", &text));
    ck_assert_ptr_nonnull(strstr(text, "Vous recevrez"));
    ck_assert(notice_text(arena, &settings, NOTICE(HELP), "fr", &text));
    ck_assert_ptr_nonnull(strstr(text, "répondez ARRET."));
    ck_assert(notice_text(arena, &settings, NOTICE(HELP), "tlh", &text));
    ck_assert_ptr_nonnull(strstr(text, "reply STOP."));
    ck_assert(notice_text(arena, &settings, NOTICE(OUT_OF_SESSION), "", &text));
    ck_assert_ptr_null(text);
    ck_assert(notice_text(arena, &settings, NOTICE(NUMBER_UNAVAILABLE), "", &text));
    ck_assert_ptr_null(text);
    /* With words of its own, and none that opts in. */
    Maskline__Store__V1__Keyword word = MASKLINE__STORE__V1__KEYWORD__INIT;
    Maskline__Store__V1__Keyword *words[] = {&word};
    Maskline__Store__V1__KeywordPolicy policy = MASKLINE__STORE__V1__KEYWORD_POLICY__INIT;
    char halt[] = "ALTO";
    word.word = halt;
    word.action = MASKLINE__STORE__V1__KEYWORD_ACTION__KEYWORD_ACTION_OPT_OUT;
    policy.words = words;
    policy.n_words = 1;
    settings.keyword_policy = &policy;
    ck_assert(notice_text(arena, &settings, NOTICE(OPT_OUT), "es", &text));
    ck_assert_str_eq(text, "No recibirá más mensajes nuestros.");
    ck_assert(notice_text(arena, &settings, NOTICE(OPT_IN), "es", &text));
    ck_assert_ptr_nonnull(strstr(text, "responda ALTO."));
    arena_free(arena);
}
END_TEST

static const struct notice_setting STATIC_ANSWERS[] = {
    {NOTICE(MODE_REFUSED), "", "Please call."},
    {NOTICE(OUT_OF_SESSION), "", "Nobody is here."},
    {NOTICE(NUMBER_UNAVAILABLE), "", "Not in service."},
};

/* holds: INB-11 OOS-01 SVC-20 CDN-09 */
START_TEST(who_reaches_nobody_is_told)
{
    struct world *world = world_with(NULL, STATIC_ANSWERS, 3);
    unsigned before = 0;
    struct talk talk = world_talk_mode(world, ANN, BOB, MODE(VOICE_ONLY));
    ck_rejected(world_text(world, ANN, talk.proxy_a, "x"), "MODE_REFUSED");
    ck_assert_str_eq(told(world, &before, ANN, talk.proxy_a), "Please call.");
    ck_rejected(world_text(world, CEM, PROXY, "x"), "NO_ROUTE");
    ck_assert_str_eq(told(world, &before, CEM, PROXY), "Nobody is here.");
    world_end_talk(world, &talk);
    ck_rejected(world_text(world, ANN, talk.proxy_a, "x"), "SESSION_CLOSED");
    ck_assert_str_eq(told(world, &before, ANN, talk.proxy_a), "Nobody is here.");
    /* From the very number, though it is locked, or has left. */
    world_number_state(world, OTHER, NUMBER_STATE(LOCKED));
    ck_rejected(world_text(world, CEM, OTHER, "x"), "NUMBER_LOCKED");
    ck_assert_str_eq(told(world, &before, CEM, OTHER), "Not in service.");
    ck_assert_ptr_nonnull(call_number_remove(world, PROXY, true).number);
    ck_rejected(world_text(world, CEM, PROXY, "x"), "NUMBER_QUARANTINED");
    ck_assert_str_eq(told(world, &before, CEM, PROXY), "Not in service.");
    /* Neither machines that cannot be answered, nor our own numbers. */
    ck_rejected(world_text(world, "Bank", OTHER, "x"), "NUMBER_LOCKED");
    world_number_state(world, OTHER, NUMBER_STATE(ACTIVE));
    world_number(world, "+15559990003", NULL);
    ck_rejected(world_text(world, "+15559990003", OTHER, "x"), "LOOP");
    ck_assert_ptr_null(told(world, &before, "", ""));
    world_close(world);
}
END_TEST

START_TEST(once_in_a_while)
{
    char path[] = "/tmp/maskline-notices-XXXXXX";
    ck_assert_ptr_nonnull(mkdtemp(path));
    struct world *world = world_with(path, STATIC_ANSWERS, 3);
    unsigned before = 0;
    ck_rejected(world_text(world, ANN, PROXY, "x"), "NO_ROUTE");
    ck_assert_ptr_nonnull(told(world, &before, ANN, PROXY));
    ck_rejected(world_text(world, ANN, PROXY, "x"), "NO_ROUTE");
    world_restart(world);
    before = world->carriers[0].count;
    world_move(world, HOUR - SECOND);
    ck_rejected(world_text(world, ANN, PROXY, "x"), "NO_ROUTE");
    ck_assert_ptr_null(told(world, &before, ANN, PROXY));
    ck_rejected(world_text(world, ANN, OTHER, "x"),
                "NO_ROUTE"); /* another number, another matter */
    ck_assert_ptr_nonnull(told(world, &before, ANN, OTHER));
    world_move(world, 2 * SECOND);
    ck_rejected(world_text(world, ANN, PROXY, "x"), "NO_ROUTE");
    ck_assert_ptr_nonnull(told(world, &before, ANN, PROXY));
    /* Who wants no messages gets none of these. */
    ck_accepted(world_text(world, ANN, PROXY, "stop"));
    ck_assert_ptr_nonnull(told(world, &before, ANN, PROXY));
    world_move(world, 2 * HOUR);
    ck_rejected(world_text(world, ANN, PROXY, "x"), "NO_ROUTE");
    ck_assert_ptr_null(told(world, &before, ANN, PROXY));
    /* Not when it opted out after it was to be told. */
    world->carriers[0].outcome = SEND_RETRY;
    ck_rejected(world_text(world, BOB, PROXY, "x"), "NO_ROUTE");
    ck_assert_ptr_nonnull(told(world, &before, BOB, PROXY));
    world->carriers[0].outcome = SEND_TAKEN;
    ck_accepted(world_text(world, BOB, PROXY, "stop"));
    world_move(world, MINUTE);
    ck_assert(begins(told(world, &before, BOB, PROXY), "You will get no more"));
    world_close(world);
    folder_remove(path);
}
END_TEST

static const Maskline__Store__V1__Leg *last_leg(struct world *world)
{
    return world_last(world, CHANGE(LEG_CHANGED))->leg_changed->now;
}

/* It is sent like a message: tried again, over a restart, with receipts, and within its life. */
START_TEST(is_sent_like_a_message)
{
    char path[] = "/tmp/maskline-notices-XXXXXX";
    ck_assert_ptr_nonnull(mkdtemp(path));
    struct world *world = world_with(path, NULL, 0);
    unsigned before = 0;
    struct inbound_message message = {
        .carrier = "one", .provider_id = "1", .from = ANN, .to = PROXY, .body = "stop"};
    ck_accepted(world_hand_in(world, &message));
    ck_assert(world_hand_in(world, &message).repeated);
    world_restart(world);
    ck_assert(world_hand_in(world, &message).repeated);
    before = world->carriers[0].count;
    world->carriers[0].outcome = SEND_RETRY;
    ck_assert_ptr_nonnull(told(world, &before, ANN, PROXY));
    ck_assert_int_eq(last_leg(world)->status, STATUS(QUEUED));
    world->carriers[0].outcome = SEND_TAKEN;
    world_move(world, MINUTE);
    ck_assert_ptr_nonnull(told(world, &before, ANN, PROXY));
    ck_assert_int_eq(last_leg(world)->status, STATUS(SENT));
    ck_assert_int_eq(world_receipt(world, "one", world_sent(world, 0, 0)->key, RECEIPT_DELIVERED),
                     STATUS_OK);
    ck_assert_int_eq(last_leg(world)->status, STATUS(DELIVERED));
    ck_assert_int_eq(last_leg(world)->attempts, 2);
    /* No session has heard of it. */
    sid_bytes none = {0};
    struct log_id log = world_log(world);
    ck_assert_uint_eq(
        world_rows(world, KV_LIVE, key_interactions(TENANT_DEFAULT, log_service(&log), none)), 1);
    world->carriers[0].outcome = SEND_RETRY;
    ck_accepted(world_text(world, ANN, PROXY, "unstop"));
    world_run(world);
    world_move(world, 2 * HOUR);
    world_run(world);
    ck_assert_str_eq(last_leg(world)->reason, "MESSAGE_EXPIRED");
    /* By the carrier that brought it, whichever the number would take first. */
    world_number(world, "+15559990003", "two three");
    message = (struct inbound_message){
        .carrier = "three", .provider_id = "1", .from = ANN, .to = "+15559990003", .body = "stop"};
    ck_accepted(world_hand_in(world, &message));
    world_run(world);
    ck_assert_uint_eq(world->carriers[2].count, 1);
    ck_assert_uint_eq(world->carriers[1].count, 0);
    /* From a number that has left its Service, too. */
    world->carriers[0].outcome = SEND_TAKEN;
    before = world->carriers[0].count;
    ck_assert_ptr_nonnull(call_number_remove(world, PROXY, true).number);
    ck_accepted(world_text(world, BOB, PROXY, "stop"));
    ck_assert_ptr_nonnull(told(world, &before, BOB, PROXY));
    world_close(world);
    folder_remove(path);
}
END_TEST

/* Services do not wait for each other. */
/* holds: SVC-19 */
START_TEST(one_services_hold_back_no_others)
{
    struct world *world = world_with(NULL, NULL, 0);
    struct fake *carrier = &world->carriers[0];
    carrier->outcome = SEND_RETRY;
    ck_accepted(world_text(world, ANN, PROXY, "stop"));
    world_run(world);
    ck_assert_uint_eq(carrier->count, 1);
    carrier->outcome = SEND_TAKEN;
    world_service(world, NULL);
    world_number(world, "+15559990003", NULL);
    unsigned before = carrier->count;
    ck_accepted(world_text(world, ANN, "+15559990003", "stop"));
    ck_assert_ptr_nonnull(told(world, &before, ANN, "+15559990003"));
    world_close(world);
}
END_TEST

/* They hang on no session that would take them with it: nothing of them is told once their Service is gone. */
/* holds: SVC-14 */
START_TEST(go_with_their_service)
{
    struct world *world = world_with(NULL, NULL, 0);
    struct fake *carrier = &world->carriers[0];
    ck_accepted(world_text(world, ANN, PROXY, "stop"));
    world_run(world);
    const char *told_before = world_sent(world, 0, 0)->key;
    carrier->outcome = SEND_RETRY;
    ck_accepted(world_text(world, BOB, PROXY, "stop"));
    world_run(world);
    carrier->holds = true;
    ck_accepted(world_text(world, CEM, PROXY, "stop"));
    world_run(world);
    ck_assert_uint_eq(carrier->count, 3);
    ck_done(call_service_delete(world, world->service));
    world_run(world);
    uint64_t entries = world_entries(world);
    ck_assert_int_eq(world_entry(world, entries)->change_case, CHANGE(SERVICE_DELETED));
    world_answer(world, world_sent(world, 0, 0), SEND_TAKEN);
    ck_assert_int_eq(world_receipt(world, "one", told_before, RECEIPT_DELIVERED), STATUS_OK);
    carrier->holds = false;
    carrier->outcome = SEND_TAKEN;
    world_move(world, MINUTE);
    world_run(world);
    ck_assert_uint_eq(carrier->count, 3);
    ck_assert_uint_eq(world_entries(world), entries);
    struct log_id log = world_log(world);
    ck_assert_uint_eq(world_rows(world, KV_IDX, key_outboxes(TENANT_DEFAULT, log_service(&log))),
                      0);
    world_close(world);
}
END_TEST

static const Maskline__Store__V1__Service *make(struct world *world,
                                                const struct notice_setting *notices, size_t count)
{
    const struct notice_list list = {notices, count};
    struct service_draft draft = {.unique_name = "told", .settings = service_settings_unset()};
    draft.settings.notices = &list;
    return call_service_create(world, &draft);
}

START_TEST(notices_are_checked)
{
    struct world *world = world_open(NULL);
    char longer[1602];
    memset(longer, 'x', sizeof longer - 1);
    longer[1601] = 0;
    const struct notice_setting one[] = {
        {NOTICE(UNSPECIFIED), "", "x"}, {NOTICE(HELP), "", longer}, {NOTICE(HELP), longer, "x"}};
    ck_field(make(world, &one[0], 1), "notice_policy.notices[0].occasion");
    ck_field(make(world, &one[1], 1), "notice_policy.notices[0].text");
    ck_field(make(world, &one[2], 1), "notice_policy.notices[0].language");
    const struct notice_setting twice[] = {{NOTICE(HELP), "fr", "x"}, {NOTICE(HELP), "FR", "y"}};
    ck_field(make(world, twice, 2), "notice_policy.notices[1].occasion");
    ck_done(make(world, STATIC_ANSWERS, 3));
    const Maskline__Store__V1__Service *service = call_service_get(world, "told");
    ck_assert_uint_eq(service->settings->n_notices, 3);
    ck_assert_str_eq(service->settings->notices[0]->text, "Please call.");
    world_close(world);
}
END_TEST

/* Whether a number could stand in it: as many digits one after the other as the shortest has. */
static bool has_number(const char *text)
{
    for (unsigned digits = 0; *text; text++) {
        digits = *text >= '0' && *text <= '9' ? digits + 1 : 0;
        if (digits >= 7)
            return true;
    }
    return false;
}

static void check_told(const char *text)
{
    static const char *const people[] = {ANN, BOB, CEM};
    for (size_t i = 0; i < sizeof people / sizeof *people; i++)
        ck_assert_msg(!strstr(text, people[i] + 1), "it tells a person's number: %s", text);
}

/* No text of our own has a number in it, and nothing that was filled in is a person's, whatever it was that went wrong. */
/* holds: INV-06 */
START_TEST(neither_notices_nor_refusals_tell_numbers)
{
    struct arena *arena = arena_new(65536);
    Maskline__Store__V1__Settings settings = MASKLINE__STORE__V1__SETTINGS__INIT;
    static const char *const languages[] = {"", "en", "fr", "es", "de", "pt"};
    const char *text;
    for (int occasion = NOTICE(OPT_OUT); occasion <= NOTICE(NUMBER_UNAVAILABLE); occasion++) {
        for (size_t i = 0; i < sizeof languages / sizeof *languages; i++) {
            ck_assert(notice_text(arena, &settings, (Maskline__Store__V1__NoticeOccasion)occasion,
                                  languages[i], &text));
            ck_assert_msg(!text || !has_number(text), "%s", text);
        }
    }
    for (int why = 0; why < REFUSALS; why++) {
        struct error error;
        refuse(&error, (enum refusal)why);
        ck_assert_msg(*error.message && !has_number(error.message), "%s", error.message);
    }
    arena_free(arena);

    struct world *world = world_with(NULL, STATIC_ANSWERS, 3);
    struct talk talk = world_talk_mode(world, ANN, BOB, MODE(VOICE_ONLY));
    static const char *const words[] = {"x", "stop", "unstop", "help", "arret", "start"};
    static const char *const people[] = {ANN, BOB, CEM};
    for (size_t k = 0; k < sizeof words / sizeof *words; k++) {
        for (size_t i = 0; i < sizeof people / sizeof *people; i++) {
            const char *proxy = i == 1 ? talk.proxy_b : talk.proxy_a;
            (void)world_text(world, people[i], proxy, words[k]); /* its error is looked at, too */
            world_run(world);
        }
        world_move(world, 2 * HOUR);
    }
    ck_assert_uint_ge(world->carriers[0].count, 9);
    for (unsigned i = 0; i < world->carriers[0].count; i++) {
        check_told(world->carriers[0].sent[i].body);
        check_told(world->carriers[0].sent[i].from);
    }
    /* What is said of the people of a session when somebody asks for what cannot be. */
    ck_assert(!call_join(world, talk.session, person(world, CEM), NULL));
    check_told(call_error.message);
    ck_assert_str_ne(call_send_to(world, &talk, talk.a), "");
    check_told(call_error.message);
    world_close(world);
}
END_TEST

SUITE_MAIN("notices", keywords_are_answered, machines_come_to_an_end, texts_of_the_service,
           defaults_name_words_that_there_are, who_reaches_nobody_is_told, once_in_a_while,
           is_sent_like_a_message, one_services_hold_back_no_others, go_with_their_service,
           notices_are_checked, neither_notices_nor_refusals_tell_numbers)
