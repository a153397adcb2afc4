#include "tests/unit/server/masking/calls.h"

#include <stdio.h>
#include <string.h>

/* People and senders in messaging channels. */

#define SENDER "whatsapp:+15559990100"
#define PAGE   "messenger:1234567890"
#define N1     "+15559990001"
#define N2     "+15559990002"
#define ANN    "whatsapp:+15551230001"
#define ANN_2  "+15551230001" /* her phone */
#define BOB    "+15551230002"
#define CAT    "messenger:cat.98765"
#define LONG   "1234567890123456789012345678"

static struct number_seen add_sender(struct world *world, const char *address)
{
    struct number_draft draft = number_draft(world, address);
    draft.kind = NUMBER_CHANNEL;
    draft.voice = false;
    return call_number_add(world, &draft);
}

static struct world *world_with_senders(void)
{
    struct world *world = world_open(NULL);
    world_service(world, NULL);
    ck_done(add_sender(world, SENDER).number);
    ck_done(add_sender(world, PAGE).number);
    return world;
}

static struct number_seen get_sender(struct world *world, const char *address)
{
    return call_number_get_kind(world, address, NUMBER_CHANNEL);
}

static const Maskline__Store__V1__Session *talk_of(struct world *world,
                                                   struct participant_draft one,
                                                   struct participant_draft other,
                                                   Maskline__Store__V1__Mode mode)
{
    const struct participant_draft people[] = {one, other};
    return call_session_create(
        world,
        (struct session_draft){.participants = people, .participant_count = 2, .mode = mode});
}

/* holds: CHN-03 */
START_TEST(senders_are_not_in_the_pool)
{
    struct world *world = world_with_senders();
    ck_done(get_sender(world, SENDER).number);
    ck_refused(get_sender(world, "whatsapp:+15559990101").number, "CHANNEL_SENDER_NOT_FOUND", 0);
    ck_field(get_sender(world, N1).number, "address");
    ck_refused(add_sender(world, SENDER).number, "NUMBER_IN_SERVICE", 80104);
    ck_refused(add_sender(world, "whatsapp:+52155").number, "INVALID_CHANNEL_ADDRESS", 80404);
    ck_refused(add_sender(world, "telegram:me").number, "INVALID_CHANNEL_ADDRESS", 80404);
    ck_refused(call_talk(world, BOB, ANN_2), "POOL_EMPTY", 80205);
    struct number_list list;
    struct view *view = view_open(world->store);
    ck_assert(numbers_list(view, world->store, world->service, &(struct number_filter){.kind = 0},
                           &(struct page){0}, world->arena, &list, &call_error));
    ck_assert_uint_eq(list.count, 0);
    ck_assert(numbers_list(view, world->store, world->service,
                           &(struct number_filter){.kind = NUMBER_CHANNEL}, &(struct page){0},
                           world->arena, &list, &call_error));
    ck_assert_uint_eq(list.count, 2);
    view_close(view);
    /* As many as one likes: the pool's caps do not count them. */
    char number[32];
    for (unsigned i = 0; i < 500; i++) {
        snprintf(number, sizeof number, "+1555888%04u", i);
        world_number(world, number, NULL);
    }
    struct number_draft full = number_draft(world, N1);
    ck_refused(call_number_add(world, &full).number, "POOL_FULL", 80622);
    ck_done(add_sender(world, "messenger:another").number);
    world_close(world);
}
END_TEST

/* holds: CHN-01 CHN-04 */
START_TEST(text_goes_both_ways)
{
    struct world *world = world_with_senders();
    world_number(world, N1, NULL);
    const Maskline__Store__V1__Session *session =
        talk_of(world, person_on(world, ANN, SENDER), person(world, BOB), MODE(MESSAGE_ONLY));
    ck_done(session);
    ck_assert_str_eq(session->participants[0]->identifiers[0], ANN);
    ck_assert_str_eq(proxy_of(session, 0), SENDER);
    ck_assert_str_eq(proxy_of(session, 1), N1);
    ck_assert_int_eq(get_sender(world, SENDER).in_use, 1);
    ck_accepted(world_text(world, BOB, N1, "to ann"));
    world_run(world);
    ck_assert_str_eq(world_sent(world, 0, 0)->from, SENDER);
    ck_assert_str_eq(world_sent(world, 0, 0)->to, ANN);
    ck_accepted(world_text(world, ANN, SENDER, "to bob"));
    world_run(world);
    ck_assert_str_eq(world_sent(world, 0, 0)->from, N1);
    ck_assert_str_eq(world_sent(world, 0, 0)->to, BOB);
    /* Her phone is another person's address to the routes, and so is her name in another channel. */
    ck_rejected(world_text(world, ANN_2, SENDER, "x"), "NO_ROUTE");
    ck_rejected(world_text(world, ANN, N1, "x"), "NO_ROUTE");
    ck_rejected(world_text(world, CAT, SENDER, "x"), "NO_ROUTE");
    ck_assert_str_eq(
        world_last(world, CHANGE(INBOUND_REJECTED))->inbound_rejected->proxy_identifier, SENDER);
    ck_rejected(world_text(world, ANN, "whatsapp:+15559990101", "x"), "NUMBER_UNKNOWN");
    /* Pairs are one session's, here, too. */
    ck_refused(talk_of(world, person_on(world, ANN, SENDER), person(world, "+15551230009"),
                       MODE(MESSAGE_ONLY)),
               "PAIR_IN_USE", 80604);
    ck_done(call_close(world, session));
    ck_rejected(world_text(world, ANN, SENDER, "x"), "SESSION_CLOSED");
    ck_refused(talk_of(world, person_on(world, ANN, SENDER), person(world, "+15551230009"),
                       MODE(MESSAGE_ONLY)),
               "PAIR_COOLING_DOWN", 80402);
    world_close(world);
}
END_TEST

/* holds: CHN-01 */
START_TEST(two_in_channels_may_talk)
{
    struct world *world = world_with_senders();
    const Maskline__Store__V1__Session *session = talk_of(
        world, person_on(world, ANN, SENDER), person_on(world, CAT, PAGE), MODE(MESSAGE_ONLY));
    ck_done(session);
    ck_accepted(world_text(world, CAT, PAGE, "to ann"));
    world_run(world);
    ck_assert_str_eq(world_sent(world, 0, 0)->to, ANN);
    ck_accepted(world_text(world, ANN, SENDER, "to cat"));
    world_run(world);
    ck_assert_str_eq(world_sent(world, 0, 0)->to, CAT);
    ck_assert_str_eq(world_sent(world, 0, 0)->from, PAGE);
    world_close(world);
}
END_TEST

/* holds: CHN-02 CHN-05 ERR-80304 ERR-80616 */
START_TEST(what_does_not_fit_is_refused)
{
    struct world *world = world_with_senders();
    world_number(world, N1, NULL);
    struct participant_draft ann = person_on(world, ANN, SENDER), bob = person(world, BOB);
    ck_refused(talk_of(world, ann, bob, 0), "CHANNEL_MODE", 80616);
    ck_refused(talk_of(world, ann, bob, MODE(VOICE_ONLY)), "CHANNEL_MODE", 80616);
    ck_field(talk_of(world, person(world, ANN), bob, MODE(MESSAGE_ONLY)),
             "participants[0].proxy_identifier");
    ck_refused(
        talk_of(world, person_on(world, ANN, "whatsapp:+15559990101"), bob, MODE(MESSAGE_ONLY)),
        "SENDER_NOT_SERVED", 80304);
    ck_refused(talk_of(world, person_on(world, ANN, PAGE), bob, MODE(MESSAGE_ONLY)),
               "OTHER_CHANNEL", 80402);
    ck_refused(talk_of(world, person_on(world, ANN, N1), bob, MODE(MESSAGE_ONLY)), "OTHER_CHANNEL",
               80402);
    ck_refused(talk_of(world, ann, person_on(world, BOB, SENDER), MODE(MESSAGE_ONLY)),
               "OTHER_CHANNEL", 80402);
    struct participant_draft both = person_of_many(world, ANN " " BOB);
    both.proxy_identifier = SENDER;
    ck_refused(talk_of(world, both, person(world, "+15551230009"), MODE(MESSAGE_ONLY)),
               "OTHER_CHANNEL", 80402);
    /* A sender is nobody's own address. */
    ck_refused(talk_of(world, person_on(world, SENDER, SENDER), bob, MODE(MESSAGE_ONLY)),
               "INVALID_IDENTIFIER", 80404);
    /* Nobody of another channel takes a place. */
    const Maskline__Store__V1__Session *session = talk_of(world, ann, bob, MODE(MESSAGE_ONLY));
    ck_done(session);
    struct talk talk = {0};
    snprintf(talk.session, sizeof talk.session, "%s", sid_of(world, session));
    struct participant_change change = {.participant = participant_sid(world, session, 0),
                                        .set_identifiers = true,
                                        .draft = person(world, CAT)};
    ck_refused(call_change(world, &talk, change), "OTHER_CHANNEL", 80402);
    change.set_proxy = true;
    change.draft.proxy_identifier = PAGE;
    ck_done(call_change(world, &talk, change));
    ck_accepted(world_text(world, CAT, PAGE, "x"));
    ck_rejected(world_text(world, ANN, SENDER, "x"), "NO_ROUTE");
    world_close(world);
}
END_TEST

static char *messenger(struct world *world, size_t length)
{
    char *text = arena_alloc(world->arena, length + 1);
    memset(text, 'x', length);
    memcpy(text, "messenger:", 10);
    text[length] = '\0';
    return text;
}

/* holds: LIM-10 LIM-12 */
START_TEST(long_addresses_are_whole)
{
    struct world *world = world_with_senders();
    world_number(world, N1, NULL);
    char *longest = messenger(world, 255), *other = messenger(world, 255);
    other[254] = 'y';
    ck_refused(add_sender(world, messenger(world, 256)).number, "INVALID_CHANNEL_ADDRESS", 80404);
    ck_done(add_sender(world, longest).number);
    ck_done(add_sender(world, other).number);
    char *who = messenger(world, 191);
    ck_refused(talk_of(world, person_on(world, messenger(world, 192), longest), person(world, BOB),
                       MODE(MESSAGE_ONLY)),
               "INVALID_IDENTIFIER", 80404);
    ck_field(talk_of(world, person_on(world, who, messenger(world, 256)), person(world, BOB),
                     MODE(MESSAGE_ONLY)),
             "participants[0].proxy_identifier");
    const Maskline__Store__V1__Session *session =
        talk_of(world, person_on(world, who, longest), person(world, BOB), MODE(MESSAGE_ONLY));
    ck_done(session);
    ck_assert_str_eq(session->participants[0]->identifiers[0], who);
    ck_assert_str_eq(proxy_of(session, 0), longest);
    ck_accepted(world_text(world, who, longest, "x"));
    ck_rejected(world_text(world, who, other, "x"), "NO_ROUTE");
    ck_assert_str_eq(
        world_last(world, CHANGE(INBOUND_REJECTED))->inbound_rejected->proxy_identifier, other);
    who[190] = 'y';
    ck_rejected(world_text(world, who, longest, "x"), "NO_ROUTE");
    ck_assert_int_eq(get_sender(world, longest).in_use, 1);
    world_close(world);
}
END_TEST

START_TEST(a_sender_leaves_like_a_number)
{
    struct world *world = world_with_senders();
    world_number(world, N1, NULL);
    const Maskline__Store__V1__Session *session =
        talk_of(world, person_on(world, ANN, SENDER), person(world, BOB), MODE(MESSAGE_ONLY));
    ck_done(session);
    ck_refused(call_number_remove_kind(world, SENDER, NUMBER_CHANNEL, false).number,
               "NUMBER_IN_USE", 80611);
    ck_done(call_number_remove_kind(world, SENDER, NUMBER_CHANNEL, true).number);
    ck_assert_int_eq(call_session_get(world, sid_of(world, session))->status,
                     SESSION_STATUS(FAILED));
    ck_rejected(world_text(world, ANN, SENDER, "x"), "NUMBER_QUARANTINED");
    ck_refused(get_sender(world, SENDER).number, "CHANNEL_SENDER_NOT_FOUND", 0);
    world_close(world);
}
END_TEST

/* Addresses that are too long to be compared as they are, and those that networks write in two ways, are answered as they were written. */
START_TEST(keywords_are_answered_in_a_channel)
{
    static const struct {
        const char *person, *sender;
    } pairs[] = {
        {CAT, PAGE}, {"messenger:9" LONG, "messenger:" LONG}, {"whatsapp:+5215512345678", SENDER}};
    struct world *world = world_with_senders();
    ck_done(add_sender(world, "messenger:" LONG).number);
    for (unsigned i = 0; i < 3; i++) {
        const char *person = pairs[i].person, *sender = pairs[i].sender;
        ck_accepted(world_text(world, person, sender, "stop"));
        world_run(world);
        ck_assert_uint_eq(world->carriers[0].count, i + 1);
        const struct sent *sent = world_sent(world, 0, 0);
        ck_assert_int_eq(strncmp(sent->to, person, sizeof sent->to - 1), 0);
        ck_assert_int_eq(strncmp(sent->from, sender, sizeof sent->from - 1), 0);
    }
    world_close(world);
}
END_TEST

SUITE_MAIN("channels", senders_are_not_in_the_pool, keywords_are_answered_in_a_channel,
           text_goes_both_ways, two_in_channels_may_talk, what_does_not_fit_is_refused,
           long_addresses_are_whole, a_sender_leaves_like_a_number)
