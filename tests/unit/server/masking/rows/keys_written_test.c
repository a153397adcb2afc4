#include "proto/c/address.h"
#include "server/masking/internal.h"
#include "tests/unit/server/masking/calls.h"

#include <string.h>

/* What a command writes with its sync, and what its keys tell. */

#define N1  "+15559990001"
#define N2  "+15559990002"
#define ANN "+15551230001"
#define BOB "+15551230002"

static struct world *world_of_numbers(void)
{
    struct world *world = world_open(NULL);
    world_service(world, NULL);
    world_number(world, N1, NULL);
    world_number(world, N2, NULL);
    world_move(world, 1); /* what the Service says is older than its sessions */
    return world;
}

/* holds: STO-04 */
START_TEST(few_keys_are_written_at_once)
{
    struct world *world = world_of_numbers();
    const char *const ids[] = {ANN, BOB};
    const struct participant_draft people[] = {
        {.identifiers = &ids[0], .identifier_count = 1, .friendly_name = "one"},
        {.identifiers = &ids[1], .identifier_count = 1, .friendly_name = "other"},
    };
    atomic_store(&world->keys, 0);
    const Maskline__Store__V1__Session *session = call_session_create(
        world, (struct session_draft){
                   .unique_name = "all that there is",
                   .ttl_given = true,
                   .ttl = HOUR,
                   .participants = people,
                   .participant_count = 2,
                   .request = {.id = "r", .method = "CreateSession", .body_hash = {1}},
               });
    ck_done(session);
    ck_assert_uint_le(atomic_load(&world->keys), 7);
    struct ingress_media media[] = {{"https://example.test/1", "image/png"}};
    for (int i = 0; i < 10; i++) {
        const struct inbound_message message = {.carrier = "one",
                                                .provider_id = arena_printf(world->arena, "%d", i),
                                                .from = ANN,
                                                .to = proxy_of(session, 0),
                                                .body = "x",
                                                .media = media,
                                                .media_count = 1};
        atomic_store(&world->keys, 0);
        ck_accepted(world_hand_in(world, &message));
        ck_assert_uint_eq(atomic_load(&world->keys), 1);
    }
    struct message_draft draft = {
        .service = world->service,
        .session = sid_of(world, session),
        .participant = participant_sid(world, session, 0),
        .body = "from the Service",
        .request = {.id = "r", .method = "SendMessage", .body_hash = {1}},
    };
    atomic_store(&world->keys, 0);
    ck_assert_int_eq(world_send(world, &draft, NULL, NULL), STATUS_OK);
    ck_assert_uint_eq(atomic_load(&world->keys), 1);
    world_close(world);
}
END_TEST

static bool tells(struct bytes key, const char *identifier)
{
    const char *digits = identifier + 2; /* without + and the calling code */
    return memmem(key.data, key.size, digits, strlen(digits)) != NULL;
}

/* Looks at every key; returns how many there are. */
static unsigned look_at_keys(struct world *world, enum kv_family family)
{
    static const uint8_t END[] = {0xff, 0xff, 0xff, 0xff, 0xff};
    struct view *view = view_open(world->store);
    ck_assert_ptr_nonnull(view);
    struct scan *scan =
        view_scan(view, family, (struct bytes){"", 0}, (struct bytes){END, sizeof END}, false);
    unsigned count = 0;
    for (; scan_valid(scan); scan_next(scan), count++) {
        ck_assert(!tells(scan_key(scan), ANN));
        ck_assert(!tells(scan_key(scan), BOB));
    }
    scan_free(scan);
    view_close(view);
    return count;
}

/* holds: PII-01 */
START_TEST(no_key_tells_a_person)
{
    struct world *world = world_of_numbers();
    struct talk talk = world_talk(world, ANN, BOB, HOUR);
    ck_accepted(world_text(world, ANN, talk.proxy_a, "x"));
    ck_accepted(world_text(world, BOB, talk.proxy_b, "y"));
    world->carriers[0].holds = true;
    for (int flushed = 0; flushed < 2; flushed++) {
        unsigned count = 0;
        for (enum kv_family family = 0; family < KV_FAMILIES; family++)
            count += look_at_keys(world, family);
        ck_assert_uint_gt(count, 15);
        struct error error;
        ck_assert(pipeline_flush(masking_pipeline(world->masking), &error));
        world_run(world);
        world_end_talk(world, &talk);
        world_reopen_talk(world, &talk);
    }
    /* They are found by a hash with the store's own key, behind the version of the canonical form. */
    const uint8_t other[32] = "another store's";
    struct person ann = person_of(store_hash_key(world->store), ANN);
    struct person elsewhere = person_of(other, ANN);
    ck_assert_uint_eq(ann.bytes[0], elsewhere.bytes[0]);
    ck_assert_uint_ne(ann.bytes[0], 0);
    ck_assert_int_ne(memcmp(ann.bytes + 1, elsewhere.bytes + 1, PERSON_SIZE - 1), 0);
    struct log_id log = world_log(world);
    ck_assert_uint_eq(
        world_rows(world, KV_LIVE, key_routes(TENANT_DEFAULT, log_service(&log), &ann)), 1);
    world_close(world);
}
END_TEST

/* Keys in stores that others have made are these, for ever: version 1 of the canonical form, and BLAKE2b of it with the store's key. Who
 * changes the form makes a version 2, and does not change what is written here. */
/* holds: GEO-13 */
START_TEST(a_persons_key_is_what_it_always_was)
{
    static const struct {
        const char *number;
        unsigned char bytes[PERSON_SIZE + 1];
    } known[] = {
        {"+5215512345678", "\x01"
                           "\x51\x1d\x44\xda\x91\x2f\xcc\x5b\x79\xef\xfa\xaf\xfc\xc0\x8d\xb4"},
        {"+525512345678", "\x01"
                          "\x51\x1d\x44\xda\x91\x2f\xcc\x5b\x79\xef\xfa\xaf\xfc\xc0\x8d\xb4"},
        {"+5491123456789", "\x01"
                           "\xed\xc7\x02\xd4\xad\x01\x7c\x8b\xe5\xeb\x0b\x64\x9d\xd9\xd8\x7b"},
        {"+15551230001", "\x01"
                         "\xf9\xd9\xe5\x25\x63\xcc\xfc\x31\x8e\x8e\x98\x34\xc6\x15\x29\xf4"},
    };
    uint8_t key[32];
    for (size_t i = 0; i < sizeof key; i++)
        key[i] = (uint8_t)i;
    ck_assert_int_eq(ADDRESS_VERSION, 1);
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        struct address address;
        ck_assert(address_parse(known[i].number, ADDRESS_STRICT, &address));
        struct address canonical = address_canonical(&address);
        struct person person = person_of(key, canonical.text);
        ck_assert_mem_eq(person.bytes, known[i].bytes, PERSON_SIZE);
    }
}
END_TEST

SUITE_MAIN("keys written", few_keys_are_written_at_once, no_key_tells_a_person,
           a_persons_key_is_what_it_always_was)
