#include "tests/unit/server/masking/world.h"

#include <stdio.h>
#include <string.h>

/* How long a text may be, and what may go with it, on its way in and from the Service. */

#define ANN "+15551230001"
#define BOB "+15551230002"

/* holds: GRD-08 GRD-09 */
START_TEST(sizes)
{
    struct world *world = world_with_two(NULL, NULL, NULL);
    struct talk talk = world_talk(world, ANN, BOB, 0);
    static char body[2 * 1601 + 1];
    for (unsigned i = 0; i < 1600; i++)
        memcpy(body + 2 * i, "\xc3\xa9", 2);
    ck_accepted(world_text(world, ANN, talk.proxy_a, body));
    memcpy(body + 3200, "e", 2);
    ck_rejected(world_text(world, ANN, talk.proxy_a, body), "TOO_LONG");
    struct ingress_media media[11];
    for (unsigned i = 0; i < 11; i++)
        media[i] = (struct ingress_media){"https://example.test/1", "image/png"};
    struct inbound_message message = {.carrier = "one",
                                      .provider_id = "10",
                                      .from = ANN,
                                      .to = talk.proxy_a,
                                      .body = "",
                                      .media = media,
                                      .media_count = 10};
    ck_accepted(world_hand_in(world, &message));
    message.provider_id = "11";
    message.media_count = 11;
    ck_rejected(world_hand_in(world, &message), "TOO_MUCH_MEDIA");
    static char url[2050];
    memset(url, 'u', 2049);
    memcpy(url, "http://", 7);
    media[0].url = url;
    message.provider_id = "12";
    message.media_count = 1;
    ck_rejected(world_hand_in(world, &message), "TOO_MUCH_MEDIA");
    url[2048] = 0;
    message.provider_id = "13";
    ck_accepted(world_hand_in(world, &message));
    world_close(world);
}
END_TEST

/* What a Service allows holds for both ways in; of a text that is too long the log tells. */
/* holds: GRD-08 GRD-09 */
START_TEST(sizes_that_a_service_allows)
{
    struct service_settings settings = service_settings_unset();
    settings.max_body_length = 5;
    settings.max_media = 1;
    settings.max_media_url_length = 20;
    struct world *world = world_with_two(NULL, NULL, &settings);
    struct talk talk = world_talk(world, ANN, BOB, 0);
    ck_accepted(world_text(world, ANN, talk.proxy_a, "\xc3\xa9t\xc3\xa9s!"));
    ck_rejected(world_text(world, ANN, talk.proxy_a, "longer"), "TOO_LONG");
    const Maskline__Store__V1__Entry *entry = world_entry(world, world_entries(world));
    ck_assert_int_eq(entry->change_case, MASKLINE__STORE__V1__ENTRY__CHANGE_INBOUND_REJECTED);
    ck_assert_str_eq(entry->inbound_rejected->reason, "TOO_LONG");
    struct ingress_media media[2] = {{"https://example.test", "image/png"},
                                     {"https://example.test", "image/png"}};
    struct inbound_message message = {.carrier = "one",
                                      .provider_id = "one item",
                                      .from = ANN,
                                      .to = talk.proxy_a,
                                      .body = "",
                                      .media = media,
                                      .media_count = 1};
    ck_accepted(world_hand_in(world, &message));
    message.provider_id = "two items";
    message.media_count = 2;
    ck_rejected(world_hand_in(world, &message), "TOO_MUCH_MEDIA");
    message.provider_id = "a longer URL";
    message.media_count = 1;
    media[0].url = "https://example.test/";
    ck_rejected(world_hand_in(world, &message), "TOO_MUCH_MEDIA");
    Maskline__Store__V1__Media item = MASKLINE__STORE__V1__MEDIA__INIT;
    item.url = (char *)"https://example.test";
    const Maskline__Store__V1__Media *list[] = {&item, &item};
    struct message_draft draft = {.service = world->service,
                                  .session = talk.session,
                                  .participant = talk.a,
                                  .body = "short",
                                  .media = list,
                                  .media_count = 1};
    ck_assert_int_eq(world_send(world, &draft, NULL, NULL), STATUS_OK);
    draft.body = "longer";
    ck_assert_int_eq(world_send(world, &draft, NULL, NULL), STATUS_INVALID_ARGUMENT);
    draft.body = "short";
    draft.media_count = 2;
    ck_assert_int_eq(world_send(world, &draft, NULL, NULL), STATUS_INVALID_ARGUMENT);
    draft.media_count = 1;
    item.url = (char *)"https://example.test/";
    ck_assert_int_eq(world_send(world, &draft, NULL, NULL), STATUS_INVALID_ARGUMENT);
    ck_assert_uint_eq(world_interactions(world, &talk), 3);
    world_close(world);
}
END_TEST

/* What a carrier hands in goes to others, and into what their programs write: it has to be as what a Service sends. */
START_TEST(media_that_is_none)
{
    struct world *world = world_with_two(NULL, NULL, NULL);
    struct talk talk = world_talk(world, ANN, BOB, 0);
    static const struct ingress_media odd[] = {
        {"", ""},
        {"http://", ""},
        {"https:///path", ""},
        {"http://:80/", ""},
        {"ftp://a.example/1", ""},
        {"file:///etc/passwd", ""},
        {"javascript:alert(1)", ""},
        {"a.example/1.png", ""},
        {" http://a.example/", ""},
        {"http://a.example/ 1", ""},
        {"http://a.example/\r\nX-Header: y", ""},
        {"http://a.example/\n", ""},
        {"http://a.example/\t", ""},
        {"http://a.example/\x7f", ""},
        {"http://a.example/\xc2\x85", ""},
        {"http://a.example/1.png", "image/png\r\nX-Header: y"},
    };
    struct ingress_media media[2] = {{"https://a.example/1.png", "image/png"}};
    struct inbound_message message = {.carrier = "one",
                                      .from = ANN,
                                      .to = talk.proxy_a,
                                      .body = "look",
                                      .media = media,
                                      .media_count = 2};
    char id[16];
    for (unsigned i = 0; i < sizeof odd / sizeof *odd; i++) {
        media[1] = odd[i];
        snprintf(id, sizeof id, "odd%u", i);
        message.provider_id = id;
        ck_rejected(world_hand_in(world, &message), "MEDIA_INVALID");
    }
    /* For good: the carrier asks again and hears the same. */
    struct answer again = world_hand_in(world, &message);
    ck_rejected(again, "MEDIA_INVALID");
    ck_assert(again.repeated);
    media[1] = (struct ingress_media){"HTTPS://a.example/caf\xc3\xa9?x=1#y", ""};
    message.provider_id = "good";
    ck_accepted(world_hand_in(world, &message));
    world_run(world);
    ck_assert_uint_eq(world->carriers[0].count, 1);
    world_close(world);
}
END_TEST

SUITE_MAIN("media", sizes, sizes_that_a_service_allows, media_that_is_none)
