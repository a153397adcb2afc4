#include "proto/c/sid.h"

#include <endian.h>
#include <string.h>

enum { COUNTER_BITS = 12 };

/* The prefixes of everything that has a SID. */
static const char *const KINDS[] = {"KS", "KC", "KP", "KI", "PN", "SC"};

/* The 12 bits behind the milliseconds hold the fraction of the millisecond, so that SIDs of several mints sort well, too.
 * Counting up from the last one may run a little ahead of the clock; it never repeats. */
static uint64_t time_and_counter(int64_t now_us)
{
    uint64_t us = now_us < 0 ? 0 : (uint64_t)now_us;
    return (us / 1000) << COUNTER_BITS | ((us % 1000) << COUNTER_BITS) / 1000;
}

void sid_mint(struct sid_mint *mint, int64_t now_us, uint8_t ret_sid[SID_BYTES])
{
    uint64_t now = time_and_counter(now_us);
    mint->last = now > mint->last ? now : mint->last + 1;
    uint64_t milliseconds = mint->last >> COUNTER_BITS;
    uint64_t counter = mint->last & ((1 << COUNTER_BITS) - 1);
    /* UUIDv7: 48 bits of time, version 7, 12 bits, variant 2, 62 bits. */
    uint64_t high = milliseconds << 16 | UINT64_C(0x7000) | counter;
    uint64_t low = mint->random(mint->data) >> 2 | UINT64_C(1) << 63;
    for (unsigned i = 0; i < 8; i++) {
        ret_sid[i] = (uint8_t)(high >> (56 - 8 * i));
        ret_sid[8 + i] = (uint8_t)(low >> (56 - 8 * i));
    }
}

/* Eight digits of four bytes at once: an answer has many SIDs. Each half byte gets a byte of its own, and each byte becomes a digit. */
static uint64_t digits_of(const uint8_t bytes[4])
{
    uint64_t x =
        (uint64_t)bytes[0] << 24 | (uint64_t)bytes[1] << 16 | (uint64_t)bytes[2] << 8 | bytes[3];
    x = (x | x << 16) & UINT64_C(0x0000FFFF0000FFFF);
    x = (x | x << 8) & UINT64_C(0x00FF00FF00FF00FF);
    x = (x | x << 4) & UINT64_C(0x0F0F0F0F0F0F0F0F);
    uint64_t letters = (x + UINT64_C(0x0606060606060606)) >> 4 & UINT64_C(0x0101010101010101);
    return x + '0' * UINT64_C(0x0101010101010101) + letters * ('a' - '9' - 1);
}

struct sid_text sid_format(const char *prefix, const uint8_t sid[SID_BYTES])
{
    struct sid_text formatted;
    formatted.text[0] = prefix[0];
    formatted.text[1] = prefix[1];
    for (unsigned i = 0; i < SID_BYTES; i += 4) {
        uint64_t digits = htobe64(digits_of(sid + i));
        memcpy(formatted.text + 2 + 2 * i, &digits, sizeof digits);
    }
    formatted.text[SID_LENGTH] = '\0';
    return formatted;
}

/* -1 when it is no lower-case hex digit. */
static int hex_value(char digit)
{
    if (digit >= '0' && digit <= '9')
        return digit - '0';
    return digit >= 'a' && digit <= 'f' ? digit - 'a' + 10 : -1;
}

bool sid_parse(const char *prefix, const char *text, uint8_t ret_sid[SID_BYTES])
{
    uint8_t sid[SID_BYTES];
    if (strnlen(text, SID_LENGTH + 1) != SID_LENGTH || strncmp(text, prefix, 2) != 0)
        return false;
    for (unsigned i = 0; i < SID_BYTES; i++) {
        int high = hex_value(text[2 + 2 * i]);
        int low = hex_value(text[3 + 2 * i]);
        if (high < 0 || low < 0)
            return false;
        sid[i] = (uint8_t)(high << 4 | low);
    }
    memcpy(ret_sid, sid, SID_BYTES);
    return true;
}

bool sid_like(const char *text)
{
    uint8_t sid[SID_BYTES];
    for (size_t i = 0; i < sizeof(KINDS) / sizeof(KINDS[0]); i++) {
        if (sid_parse(KINDS[i], text, sid))
            return true;
    }
    return false;
}
