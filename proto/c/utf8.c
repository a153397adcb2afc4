#include "proto/c/utf8.h"

#include <string.h>

static bool is_tail(uint8_t byte)
{
    return (byte & 0xC0) == 0x80;
}

/* The bytes of the character that begins at `at`, which has at least one byte; 0 when none does. */
static size_t character(const uint8_t *at, size_t left)
{
    uint8_t first = at[0];
    if (first < 0x80)
        return 1;
    if (first < 0xC2 || left < 2 || !is_tail(at[1]))
        return 0;
    if (first < 0xE0)
        return 2;
    if (left < 3 || !is_tail(at[2]))
        return 0;
    if (first < 0xF0) {
        bool overlong = first == 0xE0 && at[1] < 0xA0;
        bool surrogate = first == 0xED && at[1] >= 0xA0;
        return overlong || surrogate ? 0 : 3;
    }
    if (first > 0xF4 || left < 4 || !is_tail(at[3]))
        return 0;
    bool overlong = first == 0xF0 && at[1] < 0x90;
    bool too_high = first == 0xF4 && at[1] >= 0x90;
    return overlong || too_high ? 0 : 4;
}

/* Whether what begins here are eight characters of one byte each, as most of a text is. */
static bool is_plain(const uint8_t *at, size_t left)
{
    uint64_t eight;
    if (left < sizeof eight)
        return false;
    memcpy(&eight, at, sizeof eight);
    return !(eight & UINT64_C(0x8080808080808080));
}

bool utf8_valid(const uint8_t *bytes, size_t size)
{
    size_t at = 0;
    while (at < size) {
        if (is_plain(bytes + at, size - at)) {
            at += sizeof(uint64_t);
            continue;
        }
        size_t length = character(bytes + at, size - at);
        if (!length)
            return false;
        at += length;
    }
    return true;
}

size_t utf8_length(const char *text)
{
    const uint8_t *bytes = (const uint8_t *)text;
    size_t size = strlen(text);
    size_t count = 0;
    for (size_t at = 0; at < size;) {
        bool plain = is_plain(bytes + at, size - at);
        size_t length = plain ? sizeof(uint64_t) : character(bytes + at, size - at);
        at += length ? length : 1;
        count += plain ? sizeof(uint64_t) : 1;
    }
    return count;
}

size_t utf8_prefix(const char *text, size_t most)
{
    size_t length = strnlen(text, most + 1);
    if (length <= most)
        return length;
    /* A character has at most three bytes behind its first. */
    size_t cut = most;
    for (unsigned back = 0; back < 3 && cut > 0 && is_tail((uint8_t)text[cut]); back++)
        cut--;
    return is_tail((uint8_t)text[cut]) ? most : cut;
}

void utf8_repair(char *text)
{
    uint8_t *bytes = (uint8_t *)text;
    size_t size = strlen(text);
    for (size_t at = 0; at < size;) {
        size_t length = character(bytes + at, size - at);
        if (!length) {
            bytes[at] = '?';
            length = 1;
        }
        at += length;
    }
}
