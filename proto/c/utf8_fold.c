#include "proto/c/utf8_fold.h"

#include "proto/c/utf8.h"

#include <stdint.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* The character at the beginning, which is taken off. A byte that does not belong to one stands for itself, beyond all characters. */
static uint32_t next(struct utf8_part *part)
{
    const uint8_t *at = (const uint8_t *)part->begin;
    size_t length = at[0] < 0x80 ? 1 : at[0] < 0xE0 ? 2 : at[0] < 0xF0 ? 3 : 4;
    uint32_t point = at[0];
    if (length > part->size || !utf8_valid(at, length)) {
        length = 1;
        point |= 0x80000000;
    } else if (length > 1) {
        point &= 0xFFu >> (length + 1);
        for (size_t i = 1; i < length; i++)
            point = point << 6 | (at[i] & 0x3F);
    }
    part->begin += length;
    part->size -= length;
    return point;
}

/* ---- case ---- */

/* Capitals from `first` to `last`, every `step`-th; the small one is `add` further on. */
static const struct range {
    uint32_t first, last;
    unsigned step;
    uint32_t add;
} RANGES[] = {
    {'A', 'Z', 1, 32},       {0xC0, 0xD6, 1, 32}, /* Latin-1, but for the sign of multiplication */
    {0xD8, 0xDE, 1, 32},                          /**/
    {0x100, 0x12E, 2, 1},    /* Latin of Central Europe, Turkey, the Baltic; Vietnamese */
    {0x132, 0x136, 2, 1},    /**/
    {0x139, 0x147, 2, 1},    /**/
    {0x14A, 0x176, 2, 1},    /**/
    {0x179, 0x17D, 2, 1},    /**/
    {0x1A0, 0x1A4, 2, 1},    /**/
    {0x218, 0x21E, 2, 1},    /**/
    {0x1E00, 0x1E94, 2, 1},  /**/
    {0x1EA0, 0x1EFE, 2, 1},  /**/
    {0x391, 0x3A1, 1, 32},   /* Greek */
    {0x3A3, 0x3AB, 1, 32},   /**/
    {0x388, 0x38A, 1, 37},   /**/
    {0x410, 0x42F, 1, 32},   /* Cyrillic */
    {0x400, 0x40F, 1, 80},   /**/
    {0x460, 0x480, 2, 1},    /**/
    {0x48A, 0x4BE, 2, 1},    /**/
    {0x4D0, 0x52E, 2, 1},    /**/
    {0x531, 0x556, 1, 48},   /* Armenian */
    {0xFF21, 0xFF3A, 1, 32}, /* wide Latin */
};

static const uint32_t SINGLES[][2] = {
    {0x130, 'i'},   {0x131, 'i'}, /* Turkish */
    {0x178, 0xFF},  {0x1AF, 0x1B0}, {0x1E9E, 0xDF}, {0x386, 0x3AC}, {0x38C, 0x3CC},
    {0x38E, 0x3CD}, {0x38F, 0x3CE}, {0x3C2, 0x3C3}, /* the sigma at the end of a word */
    {0x4C0, 0x4CF}, {0x17F, 's'},   {0x212A, 'k'},
};

static uint32_t small(uint32_t point)
{
    for (size_t i = 0; i < COUNT(SINGLES); i++)
        if (SINGLES[i][0] == point)
            return SINGLES[i][1];
    for (size_t i = 0; i < COUNT(RANGES); i++) {
        const struct range *range = &RANGES[i];
        if (point >= range->first && point <= range->last &&
            (point - range->first) % range->step == 0)
            return point + range->add;
    }
    return point;
}

/* ---- accents ---- */

/* Small letters, and what a mark behind them makes of them. */
static const struct accent {
    uint32_t mark;
    const char *letters;
    uint32_t makes[16];
} ACCENTS[] = {
    {0x300, "aeiou", {0xE0, 0xE8, 0xEC, 0xF2, 0xF9}},
    {0x301,
     "aeiouycnszlr",
     {0xE1, 0xE9, 0xED, 0xF3, 0xFA, 0xFD, 0x107, 0x144, 0x15B, 0x17A, 0x13A, 0x155}},
    {0x302, "aeiou", {0xE2, 0xEA, 0xEE, 0xF4, 0xFB}},
    {0x303, "anoiu", {0xE3, 0xF1, 0xF5, 0x129, 0x169}},
    {0x304, "aeiou", {0x101, 0x113, 0x12B, 0x14D, 0x16B}},
    {0x306, "ag", {0x103, 0x11F}},
    {0x307, "ezi", {0x117, 0x17C, 'i'}},
    {0x308, "aeiouy", {0xE4, 0xEB, 0xEF, 0xF6, 0xFC, 0xFF}},
    {0x30A, "au", {0xE5, 0x16F}},
    {0x30B, "ou", {0x151, 0x171}},
    {0x30C, "cdenrstz", {0x10D, 0x10F, 0x11B, 0x148, 0x159, 0x161, 0x165, 0x17E}},
    {0x326, "st", {0x219, 0x21B}},
    {0x327, "cst", {0xE7, 0x15F, 0x163}},
    {0x328, "aeiu", {0x105, 0x119, 0x12F, 0x173}},
};

static bool join(uint32_t *letter, uint32_t mark)
{
    if (*letter >= 0x80)
        return false;
    for (size_t i = 0; i < COUNT(ACCENTS); i++) {
        if (ACCENTS[i].mark != mark)
            continue;
        const char *found = strchr(ACCENTS[i].letters, (int)*letter);
        if (!found || !*found)
            return false;
        *letter = ACCENTS[i].makes[found - ACCENTS[i].letters];
        return true;
    }
    return false;
}

static uint32_t next_folded(struct utf8_part *part)
{
    uint32_t letter = next(part);
    if (letter >= 'a' && letter <= 'z') {
        /* as most are */
    } else {
        letter = small(letter);
    }
    if (part->size && (uint8_t)*part->begin == 0xCC) { /* as all these marks begin */
        struct utf8_part after = *part;
        if (join(&letter, next(&after)))
            *part = after;
    }
    if (letter >= 0xFF41 && letter <= 0xFF5A)
        return letter - 0xFF41 + 'a';
    return letter;
}

/* Whether it begins with a character of one byte that no mark follows, as most do. */
static bool is_plain(const struct utf8_part *part)
{
    return (uint8_t)part->begin[0] < 0x80 && (part->size == 1 || (uint8_t)part->begin[1] < 0x80);
}

static char next_plain(struct utf8_part *part)
{
    char letter = *part->begin++;
    part->size--;
    return letter >= 'A' && letter <= 'Z' ? (char)(letter - 'A' + 'a') : letter;
}

bool utf8_same_word(struct utf8_part one, struct utf8_part other)
{
    while (one.size && other.size) {
        bool same = is_plain(&one) && is_plain(&other) ? next_plain(&one) == next_plain(&other)
                                                       : next_folded(&one) == next_folded(&other);
        if (!same)
            return false;
    }
    return !one.size && !other.size;
}

/* ---- white space ---- */

static bool is_space(uint32_t point)
{
    return (point >= 9 && point <= 13) || point == ' ' || point == 0x85 || point == 0xA0 ||
           point == 0x1680 || (point >= 0x2000 && point <= 0x200F) || point == 0x2028 ||
           point == 0x2029 || point == 0x202F || point == 0x205F || point == 0x2060 ||
           point == 0x3000 || point == 0xFE0F || point == 0xFEFF;
}

struct utf8_part utf8_trim(const char *text)
{
    struct utf8_part left = {text, strlen(text)}, word = {text, 0};
    bool begun = false;
    while (left.size) {
        const char *at = left.begin;
        if ((uint8_t)*at > ' ' && (uint8_t)*at < 0x80) { /* of one byte, and one that shows */
            left.begin++;
            left.size--;
        } else if (is_space(next(&left))) {
            continue;
        }
        if (!begun)
            word.begin = at;
        begun = true;
        word.size = (size_t)(left.begin - word.begin);
    }
    return word;
}
