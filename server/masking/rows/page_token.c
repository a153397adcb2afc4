#include "proto/c/fault.h"
#include "server/masking/masking.h"
#include "server/masking/rows/rows.h"

#include <string.h>

/* A token is the base64url of {hash over list and key, key}: whoever makes one up, or takes it to another list, is found out. */
enum { SEAL_SIZE = 8, TOKEN_BYTES = (PAGE_TOKEN_SIZE - 1) / 4 * 3 };

static const char DIGITS[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

static void seal(const uint8_t *hash_key, const char *list, struct bytes key,
                 uint8_t ret_seal[SEAL_SIZE])
{
    size_t size = MUTANT("token_without_filter") ? strcspn(list, " ") : strlen(list);
    const struct bytes pieces[] = {{"page", 4}, {list, size}, key};
    uint8_t hash[HASH_SIZE];
    key_hash(hash_key, pieces, 3, hash);
    memcpy(ret_seal, hash, SEAL_SIZE);
}

static void write_text(const uint8_t *bytes, size_t size, char *ret_text)
{
    uint32_t buffer = 0;
    unsigned bits = 0;
    for (size_t i = 0; i < size; i++) {
        buffer = buffer << 8 | bytes[i];
        for (bits += 8; bits >= 6; bits -= 6)
            *ret_text++ = DIGITS[buffer >> (bits - 6) & 63];
    }
    if (bits)
        *ret_text++ = DIGITS[buffer << (6 - bits) & 63];
    *ret_text = '\0';
}

/* The number of bytes; -1 when it is no such text. */
static int read_text(const char *text, uint8_t ret_bytes[TOKEN_BYTES])
{
    uint32_t buffer = 0;
    unsigned bits = 0;
    int size = 0;
    for (; *text; text++) {
        const char *digit = strchr(DIGITS, *text);
        if (!digit)
            return -1;
        buffer = buffer << 6 | (uint32_t)(digit - DIGITS);
        bits += 6;
        if (bits < 8)
            continue;
        if (size == TOKEN_BYTES)
            return -1;
        bits -= 8;
        ret_bytes[size++] = (uint8_t)(buffer >> bits);
    }
    /* A digit too many is no other way to write the same. */
    return bits >= 6 || buffer & ((1u << bits) - 1) ? -1 : size;
}

bool page_token_write(const struct key *last, const uint8_t *hash_key, const char *list,
                      char *ret_token)
{
    uint8_t bytes[SEAL_SIZE + KEY_SIZE];
    if (SEAL_SIZE + last->size > TOKEN_BYTES)
        return false;
    seal(hash_key, list, key_bytes(last), bytes);
    memcpy(bytes + SEAL_SIZE, last->data, last->size);
    write_text(bytes, SEAL_SIZE + last->size, ret_token);
    return true;
}

bool page_token_read(const char *token, const uint8_t *hash_key, const char *list,
                     struct key *ret_last, struct error *error)
{
    uint8_t bytes[TOKEN_BYTES], right[SEAL_SIZE];
    int size = strlen(token) < PAGE_TOKEN_SIZE ? read_text(token, bytes) : -1;
    if (size > SEAL_SIZE) {
        struct bytes key = {bytes + SEAL_SIZE, (size_t)size - SEAL_SIZE};
        seal(hash_key, list, key, right);
        if (!memcmp(right, bytes, SEAL_SIZE)) {
            ret_last->size = key.size;
            memcpy(ret_last->data, key.data, key.size);
            return true;
        }
    }
    error_clear(error);
    return error_field(error, "page_token", "This is no token of this list with this filter.");
}
