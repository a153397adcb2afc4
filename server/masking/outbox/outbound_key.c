#include "server/masking/outbox/outbound_key.h"

#include <sodium.h>
#include <string.h>

enum {
    KEY_VERSION = 1,
    PROOF_SIZE = 8,
    /* version, log, session, interaction, leg */
    PLAIN_SIZE = 1 + 20 + 16 + 16 + 2,
    BINARY_SIZE = PLAIN_SIZE + PROOF_SIZE,
    TEXT_SIZE = BINARY_SIZE / 3 * 4,
};

_Static_assert(BINARY_SIZE % 3 == 0, "no padding is needed");
_Static_assert((int)TEXT_SIZE < (int)OUTBOUND_KEY_SIZE, "an outbound key fits its place");

/* ---- base64 for URLs: nothing in a key is secret, so it need not take the same time for all ---- */

static const char DIGITS[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

static void encode(const uint8_t binary[BINARY_SIZE], char *ret_text)
{
    for (size_t i = 0; i < BINARY_SIZE; i += 3) {
        uint32_t three = (uint32_t)binary[i] << 16 | (uint32_t)binary[i + 1] << 8 | binary[i + 2];
        for (int shift = 18; shift >= 0; shift -= 6)
            *ret_text++ = DIGITS[three >> shift & 63];
    }
    *ret_text = 0;
}

/* What a byte stands for as a digit, and one more; 0: it is none. */
static const uint8_t VALUES[UINT8_MAX + 1] = {
    ['A'] = 1,  ['B'] = 2,  ['C'] = 3,  ['D'] = 4,  ['E'] = 5,  ['F'] = 6,  ['G'] = 7,  ['H'] = 8,
    ['I'] = 9,  ['J'] = 10, ['K'] = 11, ['L'] = 12, ['M'] = 13, ['N'] = 14, ['O'] = 15, ['P'] = 16,
    ['Q'] = 17, ['R'] = 18, ['S'] = 19, ['T'] = 20, ['U'] = 21, ['V'] = 22, ['W'] = 23, ['X'] = 24,
    ['Y'] = 25, ['Z'] = 26, ['a'] = 27, ['b'] = 28, ['c'] = 29, ['d'] = 30, ['e'] = 31, ['f'] = 32,
    ['g'] = 33, ['h'] = 34, ['i'] = 35, ['j'] = 36, ['k'] = 37, ['l'] = 38, ['m'] = 39, ['n'] = 40,
    ['o'] = 41, ['p'] = 42, ['q'] = 43, ['r'] = 44, ['s'] = 45, ['t'] = 46, ['u'] = 47, ['v'] = 48,
    ['w'] = 49, ['x'] = 50, ['y'] = 51, ['z'] = 52, ['0'] = 53, ['1'] = 54, ['2'] = 55, ['3'] = 56,
    ['4'] = 57, ['5'] = 58, ['6'] = 59, ['7'] = 60, ['8'] = 61, ['9'] = 62, ['-'] = 63, ['_'] = 64,
};

static bool decode(const char *text, uint8_t ret_binary[BINARY_SIZE])
{
    if (!text || strnlen(text, TEXT_SIZE + 1) != TEXT_SIZE)
        return false;
    const uint8_t *digits = (const uint8_t *)text;
    uint32_t bad = 0;
    for (size_t i = 0; i < BINARY_SIZE; i += 3, digits += 4) {
        uint32_t a = VALUES[digits[0]] - 1u, b = VALUES[digits[1]] - 1u;
        uint32_t c = VALUES[digits[2]] - 1u, d = VALUES[digits[3]] - 1u;
        bad |= a | b | c | d;
        uint32_t three = a << 18 | b << 12 | c << 6 | d;
        ret_binary[i] = (uint8_t)(three >> 16);
        ret_binary[i + 1] = (uint8_t)(three >> 8);
        ret_binary[i + 2] = (uint8_t)three;
    }
    return bad < sizeof DIGITS - 1 && ret_binary[0] == KEY_VERSION;
}

/* ---- keys ---- */

static void prove(const uint8_t plain[PLAIN_SIZE], const uint8_t *hash_key, const char *carrier,
                  uint8_t ret_proof[PROOF_SIZE])
{
    const struct bytes pieces[] = {
        {"outbound", 8}, {plain, PLAIN_SIZE}, {carrier, strlen(carrier)}};
    uint8_t hash[HASH_SIZE];
    key_hash(hash_key, pieces, 3, hash);
    memcpy(ret_proof, hash, PROOF_SIZE);
}

void outbound_key_write(const struct leg_id *id, const uint8_t *hash_key, const char *carrier,
                        char ret_key[OUTBOUND_KEY_SIZE])
{
    uint8_t binary[BINARY_SIZE];
    binary[0] = KEY_VERSION;
    memcpy(binary + 1, id->log.bytes, 20);
    memcpy(binary + 21, id->session, 16);
    memcpy(binary + 37, id->interaction, 16);
    binary[53] = (uint8_t)(id->leg >> 8);
    binary[54] = (uint8_t)id->leg;
    prove(binary, hash_key, carrier, binary + PLAIN_SIZE);
    encode(binary, ret_key);
}

bool outbound_key_read(const char *key, struct leg_id *ret_id)
{
    uint8_t binary[BINARY_SIZE];
    if (!decode(key, binary))
        return false;
    memcpy(ret_id->log.bytes, binary + 1, 20);
    memcpy(ret_id->session, binary + 21, 16);
    memcpy(ret_id->interaction, binary + 37, 16);
    ret_id->leg = (uint32_t)binary[53] << 8 | binary[54];
    return true;
}

bool outbound_key_given(const char *key, const uint8_t *hash_key, const char *carrier)
{
    uint8_t binary[BINARY_SIZE], proof[PROOF_SIZE];
    if (!decode(key, binary))
        return false;
    prove(binary, hash_key, carrier, proof);
    return !sodium_memcmp(proof, binary + PLAIN_SIZE, PROOF_SIZE);
}
