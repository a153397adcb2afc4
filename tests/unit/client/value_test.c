#include "client/value.h"
#include "maskline/v1/sessions.pb-c.h"
#include "tests/unit/suite.h"

START_TEST(test_durations)
{
    static const struct {
        const char *text;
        int64_t us;
    } good[] = {{"0", 0},           {"5", 5000000},      {"250ms", 250000},   {"90s", 90000000},
                {"15m", 900000000}, {"4h", 14400000000}, {"7d", 604800000000}};
    static const char *const bad[] = {"",
                                      "x",
                                      "-1s",
                                      "+1s",
                                      " 1s",
                                      "1w",
                                      "1 s",
                                      "1.5s",
                                      "99999999999999999999s",
                                      "9223372036854775807d"};
    int64_t us;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        ck_assert_msg(parse_duration(good[i].text, &us), "%s", good[i].text);
        ck_assert_int_eq(us, good[i].us);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        ck_assert_msg(!parse_duration(bad[i], &us), "%s", bad[i]);
    /* Nothing is written of what is too much. */
    us = 17;
    ck_assert(!parse_duration("106751992d", &us));
    ck_assert_int_eq(us, 17);
}
END_TEST

START_TEST(test_times)
{
    int64_t us;
    struct manual_clock manual = {INT64_C(1893553445000000)};
    struct clock clock = clock_manual(&manual);
    ck_assert(parse_time("2030-01-02T03:04:05Z", &clock, 1, &us));
    ck_assert_int_eq(us, INT64_C(1893553445000000));
    ck_assert(parse_instant("2030-01-02T03:04:05", &us));
    ck_assert_int_eq(us, INT64_C(1893553445000000));
    ck_assert(parse_time("2h", &clock, 1, &us));
    ck_assert_int_eq(us, INT64_C(1893553445000000) + INT64_C(7200000000));
    ck_assert(parse_time("2h", &clock, -1, &us));
    ck_assert_int_eq(us, INT64_C(1893553445000000) - INT64_C(7200000000));
    ck_assert(!parse_time("2030-13-02T03:04:05Z", &clock, 1, &us));
    ck_assert(!parse_time("2030-01-02T03:04:05+01:00", &clock, 1, &us));
    ck_assert(!parse_time("tomorrow", &clock, 1, &us));
    ck_assert(!parse_instant("2h", &us));
    /* What would be another day than it says. */
    ck_assert(!parse_instant("2030-02-31T03:04:05Z", &us));
    ck_assert(!parse_instant("2030-01-02T23:59:60Z", &us));
    ck_assert(!parse_instant(" 2030-1-2T3:4:5Z", &us));
    ck_assert(parse_instant("2028-02-29T00:00:00Z", &us));
    ck_assert(parse_instant("1900-01-01T00:00:00Z", &us));
    manual_clock_set(&manual, INT64_MAX);
    us = 17;
    ck_assert(!parse_time("2h", &clock, 1, &us));
    ck_assert_int_eq(us, 17);
}
END_TEST

START_TEST(test_sizes_and_numbers)
{
    int64_t bytes;
    uint64_t number;
    ck_assert(parse_size("512MiB", &bytes));
    ck_assert_int_eq(bytes, INT64_C(536870912));
    ck_assert(parse_size("7", &bytes));
    ck_assert_int_eq(bytes, 7);
    ck_assert(parse_size("3GiB", &bytes));
    ck_assert_int_eq(bytes, INT64_C(3221225472));
    static const char *const bad[] = {"", "MiB", "1MB", "-1", "1 MiB", "99999999999GiB"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        ck_assert_msg(!parse_size(bad[i], &bytes), "%s", bad[i]);
    ck_assert(parse_number("18446744073709551615", &number));
    ck_assert_uint_eq(number, UINT64_MAX);
    ck_assert(!parse_number("18446744073709551616", &number));
    ck_assert(!parse_number("-1", &number));
    ck_assert(!parse_number("1x", &number));
}
END_TEST

START_TEST(test_words_of_enums)
{
    const ProtobufCEnumDescriptor *statuses = &maskline__v1__session_status__descriptor;
    int value = 0;
    ck_assert(parse_enum(statuses, "in-progress", &value));
    ck_assert_int_eq(value, 2);
    ck_assert(!parse_enum(statuses, "unspecified", &value));
    ck_assert(!parse_enum(statuses, "-", &value));
    ck_assert(!parse_enum(statuses, "IN_PROGRESS", &value));
}
END_TEST

SUITE_MAIN("value", test_durations, test_times, test_sizes_and_numbers, test_words_of_enums)
