#include "client/bench/options.h"
#include "tests/unit/suite.h"

#include <string.h>

enum { WORDS = 12 };

static struct options options;

/* Reads what stands between blanks. */
static enum options_result read_line(const char *line)
{
    static char text[256];
    static char *words[WORDS + 1];
    size_t count = 0;
    ck_assert_uint_lt(strlen(line), sizeof text);
    memcpy(text, line, strlen(line) + 1);
    for (char *at = text, *word; (word = strsep(&at, " ")) != NULL && count < WORDS;)
        if (*word)
            words[count++] = word;
    words[count] = NULL;
    return options_read(words, &options);
}

START_TEST(nothing_means_the_bars)
{
    ck_assert_int_eq(read_line(""), OPTIONS_OK);
    ck_assert(options.bars);
    ck_assert_uint_eq(options.services_count, 2);
    ck_assert_uint_eq(options.services[0], 1);
    ck_assert_uint_eq(options.services[1], 1000);
    ck_assert_uint_eq(options.echo_count, 2);
    ck_assert_uint_eq(options.sessions, 100000);
    ck_assert_ptr_null(options.server_arguments);
}
END_TEST

START_TEST(a_mix_is_measured_alone)
{
    ck_assert_int_eq(read_line("--mix message --mix send:1,message:2 --load 1x1,64x32"),
                     OPTIONS_OK);
    ck_assert(!options.bars);
    ck_assert_uint_eq(options.mix_count, 2);
    ck_assert_uint_eq(options.services_count, 1);
    ck_assert_uint_eq(options.load_count, 2);
    ck_assert_uint_eq(options.loads[0].connections, 1);
    ck_assert_uint_eq(options.loads[1].connections, 64);
    ck_assert_uint_eq(options.loads[1].in_flight, 32);
}
END_TEST

START_TEST(quick_can_be_corrected)
{
    ck_assert_int_eq(read_line("--quick --rounds 9"), OPTIONS_OK);
    ck_assert_uint_eq(options.rounds, 9);
    ck_assert_double_eq(options.seconds, 0.5);
    ck_assert_uint_eq(options.sessions, 20000);
}
END_TEST

START_TEST(all_others_are_taken)
{
    ck_assert_int_eq(read_line("--rate 2500.5 --arrivals constant --services 1,10,1000 "
                               "--echo-threads 0 --json - --seed 77"),
                     OPTIONS_OK);
    ck_assert_double_eq(options.rate, 2500.5);
    ck_assert_int_eq(options.arrivals, ARRIVALS_CONSTANT);
    ck_assert_uint_eq(options.services_count, 3);
    ck_assert_uint_eq(options.echo_count, 0);
    ck_assert_str_eq(options.json, "-");
    ck_assert_uint_eq(options.seed, 77);
}
END_TEST

START_TEST(the_rest_is_the_servers)
{
    ck_assert_int_eq(read_line("--rounds 1 -- --threads 2 --mix"), OPTIONS_OK);
    ck_assert_uint_eq(options.rounds, 1);
    ck_assert_str_eq(options.server_arguments[0], "--threads");
    ck_assert_str_eq(options.server_arguments[2], "--mix");
    ck_assert_ptr_null(options.server_arguments[3]);
}
END_TEST

START_TEST(what_is_wrong_is_refused)
{
    static const char *const lines[] = {
        "--rounds",         "--rounds 0",        "--rounds x",         "--rounds 101",
        "rounds 5",         "--round 5",         "--load 8",           "--load 8x",
        "--load 8x64,",     "--load 0x1",        "--load 1x0",         "--load 1025x1",
        "--load 1024x1024", "--load 1x1,1x1x",   "--services 0",       "--services 1,2,3,4,5",
        "--services ,",     "--echo-threads 65", "--seconds 0",        "--seconds nan",
        "--rate 0",         "--rate inf",        "--arrivals regular", "--mix message:x",
        "--numbers 1",      "--sessions 0",      "--seed -1",          "--seconds 1s",
    };
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        ck_assert_msg(read_line(lines[i]) == OPTIONS_BAD, "%s", lines[i]);
}
END_TEST

START_TEST(help_helps)
{
    ck_assert_int_eq(read_line("--rounds 3 --help"), OPTIONS_HELP);
}
END_TEST

SUITE_MAIN("client/bench options", nothing_means_the_bars, a_mix_is_measured_alone,
           quick_can_be_corrected, all_others_are_taken, the_rest_is_the_servers,
           what_is_wrong_is_refused, help_helps)
