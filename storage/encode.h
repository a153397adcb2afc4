/*
 * Numbers as bytes: big-endian, so that they sort.
 */
#ifndef MASKLINE_STORAGE_ENCODE_H
#define MASKLINE_STORAGE_ENCODE_H

#include <stdint.h>

static inline void put_u64(uint8_t *ret_bytes, uint64_t value)
{
    for (unsigned i = 0; i < 8; i++)
        ret_bytes[i] = (uint8_t)(value >> (56 - 8 * i));
}

static inline uint64_t get_u64(const uint8_t *bytes)
{
    uint64_t value = 0;
    for (unsigned i = 0; i < 8; i++)
        value = value << 8 | bytes[i];
    return value;
}

#endif
