#include "client/cli.h"
#include "maskline/v1/sessions.pb-c.h"
#include "tests/unit/suite.h"

#include <string.h>

static const char *const sizes[] = {"small", "large", NULL};

static const struct option options[] = {
    {.name = "name", .value = "TEXT"},
    {.name = "person", .value = "NUMBER", .many = true},
    {.name = "force", .kind = OPTION_FLAG},
    {.name = "after", .value = "N", .kind = OPTION_NUMBER},
    {.name = "ttl", .value = "TIME", .kind = OPTION_DURATION},
    {.name = "expire", .value = "TIME", .kind = OPTION_TIME},
    {.name = "since", .value = "TIME", .kind = OPTION_PAST},
    {.name = "room", .value = "SIZE", .kind = OPTION_SIZE},
    {.name = "file", .value = "FILE", .letter = 'f'},
    {.name = "size", .value = "SIZE", .kind = OPTION_CHOICE, .choices = sizes},
    {.name = "status",
     .value = "STATUS",
     .kind = OPTION_CHOICE,
     .values = &maskline__v1__session_status__descriptor},
    {0},
};

static const struct command command = {
    .noun = "go",
    .arguments = {{"PLACE", NULL, LIVE_NOTHING},
                  {"SIZE", NULL, LIVE_NOTHING, .optional = true, .choices = sizes},
                  {"MORE", NULL, LIVE_NOTHING, .optional = true}},
    .options = options,
};

/* Reads a command line, given as words parted by single blanks. */
static bool read_line(struct cli *cli, const char *line)
{
    char **words = arena_array(cli->arena, WORDS_MOST, sizeof *words);
    int count = 0;
    char *rest = arena_string(cli->arena, line);
    for (char *word = strsep(&rest, " "); word && count < WORDS_MOST; word = strsep(&rest, " "))
        if (*word)
            words[count++] = word;
    return input_read(cli, (struct words){words, count});
}

static struct cli begin(void)
{
    return (struct cli){
        .server = "a:1", .timeout_ms = 1, .arena = arena_new(1 << 20), .command = &command};
}

START_TEST(test_options_stand_anywhere)
{
    struct cli cli = begin();
    ck_assert(read_line(&cli,
                        "rides --name n1 --person=+1 small --person +2 --force --after 17 "
                        "--ttl 5m --expire 2030-01-02T03:04:05Z -f x --room 2KiB --size large "
                        "--status in-progress --server b:2 --json --timeout 3s --color always "
                        "-- --last"));
    ck_assert_str_eq(input_word(&cli, 0), "rides");
    ck_assert_str_eq(input_word(&cli, 1), "small");
    ck_assert_str_eq(input_word(&cli, 2), "--last");
    ck_assert_ptr_null(input_word(&cli, 3));
    ck_assert_str_eq(input_text(&cli, "name"), "n1");
    ck_assert_str_eq(input_text(&cli, "file"), "x");
    const struct given *people[MANY_MOST];
    ck_assert_uint_eq(input_many(&cli, "person", people), 2);
    ck_assert_str_eq(people[0]->text, "+1");
    ck_assert_str_eq(people[1]->text, "+2");
    ck_assert(input_flag(&cli, "force"));
    ck_assert_int_eq(input_given(&cli, "after")->value, 17);
    ck_assert_int_eq(input_given(&cli, "ttl")->value, 300 * INT64_C(1000000));
    ck_assert_int_eq(input_given(&cli, "expire")->value, INT64_C(1893553445000000));
    ck_assert(!input_given(&cli, "expire")->relative);
    ck_assert_int_eq(input_given(&cli, "room")->value, 2048);
    ck_assert_int_eq(input_given(&cli, "size")->value, 1);
    ck_assert_int_eq(input_given(&cli, "status")->value, 2);
    ck_assert_ptr_null(input_given(&cli, "since"));
    ck_assert_str_eq(cli.server, "b:2");
    ck_assert(cli.json);
    ck_assert(cli.color);
    ck_assert_int_eq(cli.timeout_ms, 3000);
    arena_free(cli.arena);
}
END_TEST

START_TEST(test_forms_of_options)
{
    struct cli cli = begin();
    ck_assert(read_line(&cli, "rides -fnumbers --since 10m --name first --name last --color auto"));
    ck_assert_str_eq(input_text(&cli, "file"), "numbers");
    ck_assert(input_given(&cli, "since")->relative);
    ck_assert_str_eq(input_text(&cli, "name"), "last");
    arena_free(cli.arena);
}
END_TEST

START_TEST(test_bad_command_lines)
{
    static const char *const bad[] = {
        "",
        "a small c d",
        "a middle",
        "a --nosuch",
        "a -n",
        "a --name",
        "a -f",
        "a --force=yes",
        "a --after x",
        "a --after -1",
        "a --ttl 5w",
        "a --expire now",
        "a --since later",
        "a --room 5MB",
        "a --size middle",
        "a --status loud",
        "a --color blue",
        "a --timeout 0s",
        "a --timeout",
        "a --person 1 --person 1 --person 1 --person 1 --person 1 --person 1 --person 1 --person 1 "
        "--person 1 --person 1 --person 1 --person 1 --person 1 --person 1 --person 1 --person 1 "
        "--person 1",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct cli cli = begin();
        ck_assert_msg(!read_line(&cli, bad[i]), "%s", bad[i]);
        arena_free(cli.arena);
    }
}
END_TEST

START_TEST(test_an_option_too_many)
{
    struct cli cli = begin();
    char *words[WORDS_MOST + 2] = {"a"};
    for (size_t i = 1; i < sizeof words / sizeof *words; i++)
        words[i] = "--force";
    ck_assert(!input_read(&cli, (struct words){words, WORDS_MOST + 2}));
    arena_free(cli.arena);
}
END_TEST

SUITE_MAIN("input", test_options_stand_anywhere, test_forms_of_options, test_bad_command_lines,
           test_an_option_too_many)
