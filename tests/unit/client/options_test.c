#include "client/cli.h"
#include "tests/unit/suite.h"

#include "proto/c/clock.h"

#include <stdlib.h>
#include <string.h>

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
}
END_TEST

START_TEST(test_times)
{
    int64_t us;
    ck_assert(parse_time("2030-01-02T03:04:05Z", &us));
    ck_assert_int_eq(us, INT64_C(1893553445000000));
    ck_assert(parse_time("2030-01-02T03:04:05", &us));
    ck_assert_int_eq(us, INT64_C(1893553445000000));
    struct clock clock = clock_real();
    int64_t before = clock_now(&clock);
    ck_assert(parse_time("2h", &us));
    ck_assert_int_ge(us, before + INT64_C(7200000000));
    ck_assert_int_le(us, clock_now(&clock) + INT64_C(7200000000));
    ck_assert(!parse_time("2030-13-02T03:04:05Z", &us));
    ck_assert(!parse_time("2030-01-02T03:04:05+01:00", &us));
    ck_assert(!parse_time("tomorrow", &us));
}
END_TEST

struct values {
    const char *name;
    struct texts people;
    bool force;
    uint64_t after;
    Google__Protobuf__Duration *ttl;
    Google__Protobuf__Timestamp *expire;
};

/* Parses a command line, given as words parted by single blanks. */
static bool parse(struct cli *cli, struct values *values, const char *line, struct words *ret_words,
                  int least, int most)
{
    char **words = arena_array(cli->arena, 32, sizeof *words);
    int count = 0;
    char *rest = arena_string(cli->arena, line);
    for (char *word = strsep(&rest, " "); word; word = strsep(&rest, " "))
        if (*word)
            words[count++] = word;
    const struct option options[] = {
        {"name", OPTION_TEXT, &values->name},   {"person", OPTION_TEXTS, &values->people},
        {"force", OPTION_FLAG, &values->force}, {"after", OPTION_NUMBER, &values->after},
        {"ttl", OPTION_DURATION, &values->ttl}, {"expire", OPTION_TIME, &values->expire},
    };
    *ret_words = (struct words){words, count};
    return cli_options(cli, ret_words, options, sizeof options / sizeof *options, least, most);
}

START_TEST(test_options_stand_anywhere)
{
    struct cli cli = {.server = "a:1", .timeout_ms = 1, .arena = arena_new(1 << 20)};
    struct values values = {0};
    struct words words;
    ck_assert(parse(&cli, &values,
                    "rides --name n1 --person=+1 trip --person +2 --force --after 17 --ttl 5m "
                    "--expire 2030-01-02T03:04:05Z "
                    "--server b:2 --json --timeout 3s -- --last",
                    &words, 3, 3));
    ck_assert_int_eq(words.count, 3);
    ck_assert_str_eq(words.words[0], "rides");
    ck_assert_str_eq(words.words[1], "trip");
    ck_assert_str_eq(words.words[2], "--last");
    ck_assert_str_eq(values.name, "n1");
    ck_assert_uint_eq(values.people.count, 2);
    ck_assert_str_eq(values.people.texts[0], "+1");
    ck_assert_str_eq(values.people.texts[1], "+2");
    ck_assert(values.force);
    ck_assert_uint_eq(values.after, 17);
    ck_assert_int_eq(values.ttl->seconds, 300);
    ck_assert_int_eq(values.expire->seconds, 1893553445);
    ck_assert_str_eq(cli.server, "b:2");
    ck_assert(cli.json);
    ck_assert_int_eq(cli.timeout_ms, 3000);
    arena_free(cli.arena);
}
END_TEST

START_TEST(test_bad_command_lines)
{
    static const char *const bad[] = {
        "",
        "a b c",
        "a --nosuch",
        "a -n",
        "a --name",
        "a --force=yes",
        "a --after x",
        "a --ttl 5w",
        "a --expire now",
        "a --after -1",
        "a --timeout 0s",
        "a --timeout",
        "a --person 1 --person 1 --person 1 --person 1 --person 1 --person 1 --person 1 --person 1 "
        "--person 1 "
        "--person 1 --person 1 --person 1 --person 1 --person 1 --person 1 --person 1 --person 1",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        static const struct command command = {.noun = "go", .arguments = "PLACE"};
        struct cli cli = {.arena = arena_new(1 << 20), .command = &command};
        struct values values = {0};
        struct words words;
        char *line = arena_string(cli.arena, bad[i]);
        /* More words than parse has room for are not needed: the last line has 35. */
        char **room = arena_array(cli.arena, 64, sizeof *room);
        int count = 0;
        for (char *word = strsep(&line, " "); word; word = strsep(&line, " "))
            if (*word)
                room[count++] = word;
        const struct option options[] = {
            {"name", OPTION_TEXT, &values.name},   {"person", OPTION_TEXTS, &values.people},
            {"force", OPTION_FLAG, &values.force}, {"after", OPTION_NUMBER, &values.after},
            {"ttl", OPTION_DURATION, &values.ttl}, {"expire", OPTION_TIME, &values.expire},
        };
        words = (struct words){room, count};
        ck_assert_msg(!cli_options(&cli, &words, options, sizeof options / sizeof *options, 1, 2),
                      "%s", bad[i]);
        arena_free(cli.arena);
    }
}
END_TEST

SUITE_MAIN("options", test_durations, test_times, test_options_stand_anywhere,
           test_bad_command_lines)
