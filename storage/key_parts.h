/*
 * What keys are made of. For those alone that build keys (keys.h); inline, since every read and write builds some.
 */
#ifndef MASKLINE_STORAGE_KEY_PARTS_H
#define MASKLINE_STORAGE_KEY_PARTS_H

#include "storage/keys.h"

#include <sodium.h>
#include <string.h>

enum {
    SCOPE_SIZE = 20,
    SID_SIZE = 16,
    /* A proxy identifier up to this size stands in a key as it is, a longer one as a hash. */
    PROXY_PLAIN = 40,
    PROXY_HASHED = 0xff,
};

static inline void add(struct key *key, const void *bytes, size_t size)
{
    memcpy(key->data + key->size, bytes, size);
    key->size += size;
}

static inline void add_byte(struct key *key, uint8_t byte)
{
    key->data[key->size++] = byte;
}

static inline void add_u32(struct key *key, uint32_t value)
{
    for (int shift = 24; shift >= 0; shift -= 8)
        add_byte(key, (uint8_t)(value >> shift));
}

static inline void add_u64(struct key *key, uint64_t value)
{
    for (int shift = 56; shift >= 0; shift -= 8)
        add_byte(key, (uint8_t)(value >> shift));
}

static inline void add_proxy(struct key *key, const char *proxy)
{
    size_t size = strlen(proxy);
    if (size <= PROXY_PLAIN) {
        add(key, proxy, size);
        return;
    }
    /* No UTF-8 text begins with this byte, so a hash is never taken for a text. */
    add_byte(key, PROXY_HASHED);
    uint8_t hash[HASH_SIZE];
    crypto_generichash(hash, sizeof hash, (const unsigned char *)proxy, size, NULL, 0);
    add(key, hash, sizeof hash);
}

static inline struct key scoped(uint32_t tenant, const uint8_t *owner, char kind)
{
    struct key key = {.size = 0};
    add_u32(&key, tenant);
    add(&key, owner, SID_SIZE);
    add_byte(&key, (uint8_t)kind);
    return key;
}

static inline uint32_t read_u32(const uint8_t *bytes)
{
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

static inline uint64_t read_u64(const uint8_t *bytes)
{
    uint64_t value = 0;
    for (int i = 0; i < 8; i++)
        value = value << 8 | bytes[i];
    return value;
}

#endif
