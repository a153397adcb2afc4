#include "tests/unit/server/masking/calls.h"

#include <string.h>

/* What goes on to the partner, and by which numbers. */

#define ANN   "+15551230001"
#define BOB   "+15551230002"
#define CEM   "+15551230003"
#define PROXY "+15559990001"
#define OTHER "+15559990002"

static struct world *world_of_two(void)
{
    struct world *world = world_open(NULL);
    world_service(world, NULL);
    world_number(world, PROXY, NULL);
    world_number(world, OTHER, NULL);
    return world;
}

static void relay(struct world *world, const char *from, const char *proxy, const char *body)
{
    ck_accepted(world_text(world, from, proxy, body));
    world_run(world);
    ck_assert_str_eq(world_sent(world, 0, 0)->body, body);
}

/* holds: MSG-08 */
START_TEST(every_character_goes_both_ways)
{
    struct world *world = world_of_two();
    struct talk talk = world_talk(world, ANN, BOB, 0);
    static const char *const bodies[] = {
        " two  blanks ",     "lines\r\nand\n\ntabs\t",
        "\x01\x1b[31m\x7f",  "\xf0\x9f\x9a\x97 \xc3\xa9 \xe2\x80\xae",
        "%s%n {} <b>\\ \"'", "+15551230001",
    };
    for (unsigned i = 0; i < sizeof bodies / sizeof *bodies; i++) {
        relay(world, ANN, talk.proxy_a, bodies[i]);
        relay(world, BOB, talk.proxy_b, bodies[i]);
        ck_assert_str_eq(world_interaction(world, &talk, 2 * i)->content->body, bodies[i]);
    }
    world_close(world);
}
END_TEST

/* holds: MSG-09 */
START_TEST(media_goes_along)
{
    struct world *world = world_of_two();
    struct talk talk = world_talk(world, ANN, BOB, 0);
    struct ingress_media media[] = {{"https://example.test/1", "image/png"},
                                    {"https://example.test/2", ""}};
    struct inbound_message message = {.carrier = "one",
                                      .provider_id = "1",
                                      .from = ANN,
                                      .to = talk.proxy_a,
                                      .body = "",
                                      .media = media,
                                      .media_count = 2};
    ck_accepted(world_hand_in(world, &message));
    world_run(world);
    ck_assert_uint_eq(world_sent(world, 0, 0)->media_count, 2);
    const Maskline__Store__V1__Content *shown[] = {
        world_interaction(world, &talk, 0)->content,
        world_last(world, CHANGE(INTERACTION_CREATED))->interaction_created->interaction->content};
    for (unsigned i = 0; i < 2; i++) {
        ck_assert_uint_eq(shown[i]->n_media, 2);
        ck_assert_str_eq(shown[i]->media[0]->url, "https://example.test/1");
        ck_assert_str_eq(shown[i]->media[0]->content_type, "image/png");
        ck_assert_str_eq(shown[i]->media[1]->url, "https://example.test/2");
    }
    world_close(world);
}
END_TEST

static void reserve(struct world *world, const char *number, bool reserved)
{
    const struct number_change change = {
        .service = world->service, .number = number, .set_reserved = true, .reserved = reserved};
    ck_done(call_number_update(world, &change).number);
}

/* What uses a number lives on, both ways, when it is not to be given to others any more. */
/* holds: NUM-12 NUM-15 */
START_TEST(draining_and_reserved_numbers_live_on)
{
    struct world *world = world_of_two();
    struct talk talk = world_talk(world, ANN, BOB, 0);
    for (unsigned step = 0; step < 3; step++) {
        reserve(world, PROXY, step == 0);
        reserve(world, OTHER, step == 0);
        if (step == 2) {
            world_number_state(world, PROXY, NUMBER_STATE(DRAINING));
            world_number_state(world, OTHER, NUMBER_STATE(DRAINING));
        }
        relay(world, ANN, talk.proxy_a, "to bob");
        relay(world, BOB, talk.proxy_b, "to ann");
        ck_assert_int_eq(world_leg(world, &talk, 2 * step + 1)->status, STATUS(SENT));
    }
    ck_assert(!call_talk(world, CEM, NULL));
    const struct participant_draft asked = person_on(world, CEM, PROXY);
    const struct session_draft draft = {.participants = &asked, .participant_count = 1};
    ck_refused(call_session_create(world, draft), "NUMBER_NOT_ACTIVE", 80601);
    world_close(world);
}
END_TEST

SUITE_MAIN("relay", every_character_goes_both_ways, media_goes_along,
           draining_and_reserved_numbers_live_on)
