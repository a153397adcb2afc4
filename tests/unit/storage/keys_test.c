#include "storage/keys.h"

#include <sodium.h>
#include <string.h>

#include "tests/unit/suite.h"

/* As hashes have been made from the beginning: they stand in stores. */
static void hash_one_by_one(const uint8_t *hash_key, const struct bytes *pieces, size_t count,
                            uint8_t ret_hash[HASH_SIZE])
{
    crypto_generichash_state state;
    crypto_generichash_init(&state, hash_key, 32, HASH_SIZE);
    for (size_t i = 0; i < count; i++) {
        uint8_t size[8] = {
            0, 0, 0, 0, 0, 0, (uint8_t)(pieces[i].size >> 8), (uint8_t)pieces[i].size};
        crypto_generichash_update(&state, size, sizeof size);
        crypto_generichash_update(&state, pieces[i].data, pieces[i].size);
    }
    crypto_generichash_final(&state, ret_hash, HASH_SIZE);
}

static void set_up(uint8_t ret_key[32], uint8_t *ret_text, size_t size)
{
    for (size_t i = 0; i < 32; i++)
        ret_key[i] = (uint8_t)(i * 7);
    for (size_t i = 0; i < size; i++)
        ret_text[i] = (uint8_t)(i * 31 + i / 256);
}

START_TEST(test_a_hash_is_the_same_however_long_its_pieces_are)
{
    uint8_t hash_key[32], text[2048];
    set_up(hash_key, text, sizeof text);
    for (size_t size = 0; size <= 1200; size++) {
        const struct bytes pieces[] = {
            {text, size / 3}, {text + 7, 0}, {text + 100, size - size / 3}};
        for (size_t count = 0; count <= 3; count++) {
            uint8_t made[HASH_SIZE], known[HASH_SIZE];
            key_hash(hash_key, pieces, count, made);
            hash_one_by_one(hash_key, pieces, count, known);
            ck_assert_mem_eq(made, known, HASH_SIZE);
        }
    }
}
END_TEST

START_TEST(test_many_pieces_are_hashed)
{
    enum { MANY = 70 };
    uint8_t hash_key[32], text[2048];
    set_up(hash_key, text, sizeof text);
    struct bytes pieces[MANY];
    for (size_t i = 0; i < MANY; i++)
        pieces[i] = (struct bytes){text + i, i % 5};
    for (size_t count = 0; count <= MANY; count++) {
        uint8_t made[HASH_SIZE], known[HASH_SIZE];
        key_hash(hash_key, pieces, count, made);
        hash_one_by_one(hash_key, pieces, count, known);
        ck_assert_mem_eq(made, known, HASH_SIZE);
    }
}
END_TEST

START_TEST(test_a_hash_at_rest)
{
    uint8_t hash_key[32], text[16];
    set_up(hash_key, text, sizeof text);
    const struct bytes pieces[] = {{"inbound", 7}, {"simulator", 9}, {"sim-1", 5}};
    uint8_t made[HASH_SIZE];
    static const uint8_t KNOWN[HASH_SIZE] = {0xd6, 0x70, 0xd5, 0x80, 0xc8, 0xe1, 0x0a, 0xaf,
                                             0x3f, 0xb9, 0x31, 0x66, 0xe6, 0xf6, 0x29, 0x13};
    key_hash(hash_key, pieces, 3, made);
    ck_assert_mem_eq(made, KNOWN, HASH_SIZE);
}
END_TEST

START_TEST(test_pieces_do_not_run_together)
{
    uint8_t hash_key[32], text[16], one[HASH_SIZE], other[HASH_SIZE];
    set_up(hash_key, text, sizeof text);
    key_hash(hash_key, (struct bytes[]){{"ab", 2}, {"c", 1}}, 2, one);
    key_hash(hash_key, (struct bytes[]){{"a", 1}, {"bc", 2}}, 2, other);
    ck_assert_mem_ne(one, other, HASH_SIZE);
}
END_TEST

SUITE_MAIN("keys", test_a_hash_is_the_same_however_long_its_pieces_are, test_many_pieces_are_hashed,
           test_a_hash_at_rest, test_pieces_do_not_run_together)
