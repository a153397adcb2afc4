#include "server/masking/outbound_key.h"

#include <sodium.h>
#include <string.h>

enum {
    KEY_VERSION = 1,
    PROOF_SIZE = 8,
    /* version, log, session, interaction, leg */
    PLAIN_SIZE = 1 + 20 + 16 + 16 + 2,
    BINARY_SIZE = PLAIN_SIZE + PROOF_SIZE,
    VARIANT = sodium_base64_VARIANT_URLSAFE_NO_PADDING,
};

_Static_assert(sodium_base64_ENCODED_LEN(BINARY_SIZE, VARIANT) <= OUTBOUND_KEY_SIZE,
               "an outbound key fits its place");

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
    sodium_bin2base64(ret_key, OUTBOUND_KEY_SIZE, binary, sizeof binary, VARIANT);
}

static bool read_binary(const char *key, uint8_t ret_binary[BINARY_SIZE])
{
    size_t size = 0;
    const char *end = NULL;
    return key &&
           !sodium_base642bin(ret_binary, BINARY_SIZE, key, strlen(key), NULL, &size, &end,
                              VARIANT) &&
           size == BINARY_SIZE && !*end && ret_binary[0] == KEY_VERSION;
}

bool outbound_key_read(const char *key, struct leg_id *ret_id)
{
    uint8_t binary[BINARY_SIZE];
    if (!read_binary(key, binary))
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
    if (!read_binary(key, binary))
        return false;
    prove(binary, hash_key, carrier, proof);
    return !sodium_memcmp(proof, binary + PLAIN_SIZE, PROOF_SIZE);
}
