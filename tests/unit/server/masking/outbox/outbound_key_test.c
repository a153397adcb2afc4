#include "server/masking/outbox/outbound_key.h"
#include "tests/unit/suite.h"

#include <string.h>

static const uint8_t HASH_KEY[32] = "a key of thirty-two bytes length";

static struct leg_id some_leg(void)
{
    struct leg_id id;
    for (unsigned i = 0; i < 16; i++) {
        id.session[i] = (uint8_t)(i + 1);
        id.interaction[i] = (uint8_t)(255 - i);
    }
    id.log = key_log(TENANT_DEFAULT, (const uint8_t *)"0123456789abcdef");
    id.leg = 259;
    return id;
}

/* holds: OUT-13 */
START_TEST(says_where_the_leg_is)
{
    struct leg_id id = some_leg(), back;
    char key[OUTBOUND_KEY_SIZE];
    outbound_key_write(&id, HASH_KEY, "one", key);
    ck_assert_uint_lt(strlen(key), OUTBOUND_KEY_SIZE);
    ck_assert_uint_eq(
        strspn(key, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"),
        strlen(key));
    ck_assert(outbound_key_read(key, &back));
    ck_assert_mem_eq(&back.log, &id.log, sizeof id.log);
    ck_assert_mem_eq(back.session, id.session, 16);
    ck_assert_mem_eq(back.interaction, id.interaction, 16);
    ck_assert_uint_eq(back.leg, id.leg);
}
END_TEST

/* Every digit in every place. */
START_TEST(says_where_any_leg_is)
{
    for (unsigned shift = 0; shift < 256; shift++) {
        struct leg_id id = some_leg(), back;
        char key[OUTBOUND_KEY_SIZE];
        for (unsigned i = 0; i < 16; i++) {
            id.session[i] = (uint8_t)(shift * 37 + i);
            id.interaction[i] = (uint8_t)(shift - i * 91);
        }
        outbound_key_write(&id, HASH_KEY, "one", key);
        ck_assert(outbound_key_read(key, &back));
        ck_assert_mem_eq(back.session, id.session, 16);
        ck_assert_mem_eq(back.interaction, id.interaction, 16);
    }
}
END_TEST

START_TEST(is_of_one_carrier)
{
    struct leg_id id = some_leg();
    char one[OUTBOUND_KEY_SIZE], again[OUTBOUND_KEY_SIZE], two[OUTBOUND_KEY_SIZE];
    outbound_key_write(&id, HASH_KEY, "one", one);
    outbound_key_write(&id, HASH_KEY, "one", again);
    outbound_key_write(&id, HASH_KEY, "two", two);
    ck_assert_str_eq(one, again);
    ck_assert_str_ne(one, two);
    ck_assert(outbound_key_given(one, HASH_KEY, "one"));
    ck_assert(!outbound_key_given(one, HASH_KEY, "two"));
    ck_assert(!outbound_key_given(one, HASH_KEY, ""));
    ck_assert(
        !outbound_key_given(one, (const uint8_t *)"another key of thirty-two bytes..", "one"));
}
END_TEST

START_TEST(every_changed_character_is_noticed)
{
    struct leg_id id = some_leg(), back;
    char key[OUTBOUND_KEY_SIZE];
    outbound_key_write(&id, HASH_KEY, "one", key);
    for (size_t i = 0; key[i]; i++) {
        char kept = key[i];
        key[i] = kept == 'A' ? 'B' : 'A';
        ck_assert(!outbound_key_given(key, HASH_KEY, "one"));
        key[i] = '!';
        ck_assert(!outbound_key_read(key, &back));
        key[i] = kept;
    }
    ck_assert(outbound_key_given(key, HASH_KEY, "one"));
}
END_TEST

START_TEST(rubbish_is_none)
{
    struct leg_id back;
    char longer[OUTBOUND_KEY_SIZE + 8];
    struct leg_id id = some_leg();
    outbound_key_write(&id, HASH_KEY, "one", longer);
    memcpy(longer + strlen(longer), "AAAA", 5);
    ck_assert(!outbound_key_read(longer, &back));
    ck_assert(!outbound_key_read("", &back));
    ck_assert(!outbound_key_read(NULL, &back));
    ck_assert(!outbound_key_read("AAAA", &back));
    ck_assert(!outbound_key_read(
        "not a key at all, and quite long, but still not a key; not at all, no", &back));
}
END_TEST

SUITE_MAIN("outbound_key", says_where_the_leg_is, says_where_any_leg_is, is_of_one_carrier,
           every_changed_character_is_noticed, rubbish_is_none)
