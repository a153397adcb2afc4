#include "proto/c/sid.h"

#include <string.h>

#include "tests/unit/suite.h"

/* Worst for the order: the random part falls from one SID to the next. */
static uint64_t falling(void *data)
{
    uint64_t *next = data;
    *next -= UINT64_C(0x123456789ABCDEF);
    return *next;
}

/* holds: API-02 */
START_TEST(test_a_sid_is_a_uuid_7)
{
    uint64_t state = 0;
    struct sid_mint mint = {.random = falling, .data = &state};
    uint8_t sid[SID_BYTES];
    sid_mint(&mint, INT64_C(1700000000123456), sid);
    uint64_t milliseconds = 0;
    for (int i = 0; i < 6; i++)
        milliseconds = milliseconds << 8 | sid[i];
    ck_assert_uint_eq(milliseconds, UINT64_C(1700000000123));
    ck_assert_uint_eq(sid[6] >> 4, 7);
    ck_assert_int_eq((sid[6] & 15) << 8 | sid[7], 456 * 4096 / 1000);
    ck_assert_uint_eq(sid[8] >> 6, 2);
    sid_mint(&mint, INT64_C(1700000000123456), sid);
    ck_assert_uint_eq(sid[8] >> 6, 2);
}
END_TEST

/* holds: API-02 */
START_TEST(test_texts_sort_by_minting_whatever_the_clock_does)
{
    static const int64_t steps[] = {0, 1, 0, 0, -5000000, 999, 1, 1000, -1, 0, 60000000, -60000000};
    uint64_t state = 0;
    struct sid_mint mint = {.random = falling, .data = &state};
    int64_t now = INT64_C(1700000000000000);
    struct sid_text last = {.text = ""};
    for (unsigned i = 0; i < 50000; i++) {
        now += steps[i % (sizeof(steps) / sizeof(steps[0]))];
        uint8_t sid[SID_BYTES];
        sid_mint(&mint, now, sid);
        struct sid_text text = sid_format("KC", sid);
        ck_assert_int_gt(strcmp(text.text, last.text), 0);
        ck_assert_uint_eq(sid[6] >> 4, 7);
        last = text;
    }
}
END_TEST

START_TEST(test_a_time_before_1970_is_no_trouble)
{
    uint64_t state = 0;
    struct sid_mint mint = {.random = falling, .data = &state};
    uint8_t first[SID_BYTES], second[SID_BYTES];
    sid_mint(&mint, -1, first);
    sid_mint(&mint, INT64_MIN, second);
    ck_assert_int_lt(memcmp(first, second, SID_BYTES), 0);
}
END_TEST

START_TEST(test_text_and_back)
{
    uint8_t sid[SID_BYTES], back[SID_BYTES];
    for (unsigned i = 0; i < SID_BYTES; i++)
        sid[i] = (uint8_t)(i * 17);
    struct sid_text text = sid_format("PN", sid);
    ck_assert_str_eq(text.text, "PN00112233445566778899aabbccddeeff");
    ck_assert(sid_parse("PN", text.text, back));
    ck_assert_int_eq(memcmp(sid, back, SID_BYTES), 0);
}
END_TEST

START_TEST(test_other_texts_are_refused)
{
    static const char *const texts[] = {
        "",
        "PN",
        "KC00112233445566778899aabbccddeeff",
        "pn00112233445566778899aabbccddeeff",
        "PN00112233445566778899AABBCCDDEEFF",
        "PN00112233445566778899aabbccddeef",
        "PN00112233445566778899aabbccddeefff",
        "PN00112233445566778899aabbccddeefg",
        "PN 0112233445566778899aabbccddeeff",
    };
    uint8_t sid[SID_BYTES];
    memset(sid, 0x5A, sizeof(sid));
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        ck_assert_msg(!sid_parse("PN", texts[i], sid), "%s", texts[i]);
    for (unsigned i = 0; i < SID_BYTES; i++)
        ck_assert_uint_eq(sid[i], 0x5A);
}
END_TEST

START_TEST(test_what_looks_like_a_sid)
{
    static const char *const kinds[] = {"KS", "KC", "KP", "KI", "PN", "SC"};
    uint8_t sid[SID_BYTES] = {0};
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
        ck_assert(sid_like(sid_format(kinds[i], sid).text));
    ck_assert(!sid_like("XX00000000000000000000000000000000"));
    ck_assert(!sid_like("KS"));
    ck_assert(!sid_like("my-session"));
}
END_TEST

SUITE_MAIN("sid", test_a_sid_is_a_uuid_7, test_texts_sort_by_minting_whatever_the_clock_does,
           test_a_time_before_1970_is_no_trouble, test_text_and_back, test_other_texts_are_refused,
           test_what_looks_like_a_sid)
