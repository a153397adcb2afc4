#include "proto/c/utf8.h"

#include <stdio.h>
#include <string.h>

#include "tests/unit/suite.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static bool valid(const char *text)
{
    return utf8_valid((const uint8_t *)text, strlen(text));
}

/* The definition, number by number. */
static size_t encode(uint32_t point, uint8_t bytes[4])
{
    if (point < 0x80) {
        bytes[0] = (uint8_t)point;
        return 1;
    }
    size_t length = point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
    static const uint8_t lead[] = {0, 0, 0xC0, 0xE0, 0xF0};
    for (size_t i = length - 1; i > 0; i--, point >>= 6)
        bytes[i] = (uint8_t)(0x80 | (point & 0x3F));
    bytes[0] = (uint8_t)(lead[length] | point);
    return length;
}

START_TEST(test_all_characters_are_valid_and_surrogates_are_not)
{
    for (uint32_t point = 0; point < 0x110000; point++) {
        uint8_t bytes[4];
        size_t length = encode(point, bytes);
        bool surrogate = point >= 0xD800 && point < 0xE000;
        bool good = utf8_valid(bytes, length) == !surrogate;
        for (size_t less = 1; less < length; less++)
            good = good && !utf8_valid(bytes, less);
        if (!good) /* asserting is slow */
            ck_abort_msg("U+%04X", (unsigned)point);
    }
    uint8_t bytes[4];
    ck_assert_uint_eq(encode(0x110000, bytes), 4);
    ck_assert(!utf8_valid(bytes, 4));
}
END_TEST

/* What is valid among all strings of two bytes, and of three that do not begin with ASCII, is what the characters make up. */
START_TEST(test_nothing_else_is_valid)
{
    unsigned pairs = 0, threes = 0;
    for (unsigned i = 0; i < 1 << 16; i++) {
        uint8_t bytes[2] = {(uint8_t)(i >> 8), (uint8_t)i};
        pairs += utf8_valid(bytes, 2);
    }
    for (unsigned i = 0x80 << 16; i < 1 << 24; i++) {
        uint8_t bytes[3] = {(uint8_t)(i >> 16), (uint8_t)(i >> 8), (uint8_t)i};
        threes += utf8_valid(bytes, 3);
    }
    const unsigned one = 128, two = 1920, three = 61440;
    ck_assert_uint_eq(pairs, one * one + two);
    ck_assert_uint_eq(threes, two * one + three);
}
END_TEST

START_TEST(test_bad_bytes_are_found_anywhere)
{
    static const char *const bad[] = {
        "\x80", "\xC0\x80", "\xC1\xBF",     "\xE0\x9F\xBF", "\xF0\x8F\xBF\xBF", "\xF5\x80\x80\x80",
        "\xFF", "\xE2\x82", "\xF0\x9F\x98", "\xED\xA0\x80"};
    for (size_t i = 0; i < COUNT(bad); i++) {
        for (int before = 0; before < 20; before++) {
            char text[64];
            snprintf(text, sizeof(text), "%.*s%s", before, "aaaaaaaaaaaaaaaaaaaaaaaa", bad[i]);
            ck_assert_msg(!valid(text), "%zu after %d", i, before);
            snprintf(text, sizeof(text), "%.*s%saaaaaaaaaaaaaaaaa", before,
                     "aaaaaaaaaaaaaaaaaaaaaaaa", bad[i]);
            ck_assert_msg(!valid(text), "%zu between, after %d", i, before);
        }
    }
    ck_assert(utf8_valid(NULL, 0));
    ck_assert(utf8_valid((const uint8_t *)"a\0b", 3));
}
END_TEST

START_TEST(test_characters_are_counted)
{
    ck_assert_uint_eq(utf8_length(""), 0);
    ck_assert_uint_eq(utf8_length("plain"), 5);
    ck_assert_uint_eq(utf8_length("grün €5 😀"), 9);
    ck_assert_uint_eq(utf8_length("\xFF\xFE"), 2);
    ck_assert_uint_eq(utf8_length("a\xE2\x82"), 3);
}
END_TEST

/* Wherever in it the characters of several bytes stand. */
START_TEST(test_long_texts_are_counted)
{
    for (int before = 0; before < 24; before++) {
        for (int after = 0; after < 24; after++) {
            char text[64];
            snprintf(text, sizeof text, "%.*s€%.*s", before, "aaaaaaaaaaaaaaaaaaaaaaaa", after,
                     "bbbbbbbbbbbbbbbbbbbbbbbb");
            ck_assert_uint_eq(utf8_length(text), (size_t)(before + 1 + after));
        }
    }
}
END_TEST

START_TEST(test_a_prefix_ends_between_characters)
{
    static const char text[] = "a€😀b"; /* 1 + 3 + 4 + 1 bytes */
    static const size_t expected[] = {0, 1, 1, 1, 4, 4, 4, 4, 8, 9, 9};
    for (size_t most = 0; most < COUNT(expected); most++)
        ck_assert_uint_eq(utf8_prefix(text, most), expected[most]);
    ck_assert_uint_eq(utf8_prefix("", 0), 0);
    ck_assert_uint_eq(utf8_prefix("\x80\x80\x80\x80\x80\x80", 4), 4);
}
END_TEST

START_TEST(test_repair_leaves_valid_text)
{
    char good[] = "grün €5 😀";
    utf8_repair(good);
    ck_assert_str_eq(good, "grün €5 😀");
    char bad[] = "a\xFF"
                 "b\xE2\x82";
    utf8_repair(bad);
    ck_assert_str_eq(bad, "a?b??");
}
END_TEST

SUITE_MAIN("utf8", test_all_characters_are_valid_and_surrogates_are_not, test_nothing_else_is_valid,
           test_bad_bytes_are_found_anywhere, test_characters_are_counted,
           test_long_texts_are_counted, test_a_prefix_ends_between_characters,
           test_repair_leaves_valid_text)
