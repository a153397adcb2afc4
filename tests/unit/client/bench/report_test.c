#include "client/bench/json.h"
#include "client/bench/report.h"
#include "tests/unit/suite.h"

#include <string.h>

static const struct subject subject = {
    .workload = "message", .services = 1, .connections = 8, .in_flight = 64};

static void add(struct report *report, const struct subject *of, const char *peer, unsigned round,
                double answered, double sustained)
{
    struct sample sample = {
        .subject = *of, .round = round, .answered = answered, .sustained = sustained};
    snprintf(sample.peer, PEER_NAME, "%s", peer);
    ck_assert(report_add(report, &sample));
}

/* Rounds in which the machine was slow for all. */
static struct report *three_rounds(void)
{
    struct report *report = report_new();
    ck_assert_ptr_nonnull(report);
    add(report, &subject, "echo-1", 1, 1000, 0);
    add(report, &subject, "maskline", 1, 800, 500);
    add(report, &subject, "postgres", 1, 0, 50);
    add(report, &subject, "echo-1", 2, 100, 0);
    add(report, &subject, "maskline", 2, 60, 40);
    add(report, &subject, "postgres", 2, 0, 2);
    add(report, &subject, "echo-1", 3, 500, 0);
    add(report, &subject, "maskline", 3, 350, 300);
    return report;
}

static void expect(struct ratio ratio, unsigned rounds, double least, double median, double most)
{
    ck_assert_uint_eq(ratio.rounds, rounds);
    ck_assert_double_eq_tol(ratio.least, least, 1e-9);
    ck_assert_double_eq_tol(ratio.median, median, 1e-9);
    ck_assert_double_eq_tol(ratio.most, most, 1e-9);
}

START_TEST(ratios_are_within_rounds)
{
    struct report *report = three_rounds();
    expect(report_ratio(report, &subject, MEASURE_ANSWERED, "maskline", "echo-1"), 3, 0.6, 0.7,
           0.8);
    expect(report_ratio(report, &subject, MEASURE_SUSTAINED, "maskline", "echo-1"), 3, 0.4, 0.5,
           0.6);
    report_free(report);
}
END_TEST

/* An echo has answered when it has answered, unless something follows from that with it, too. */
START_TEST(an_echo_is_compared_by_what_it_sustains)
{
    struct report *report = report_new();
    ck_assert_ptr_nonnull(report);
    add(report, &subject, "durable-5", 1, 1000, 0);
    add(report, &subject, "durable-message", 1, 1000, 600);
    add(report, &subject, "maskline", 1, 800, 300);
    expect(report_ratio(report, &subject, MEASURE_SUSTAINED, "maskline", "durable-5"), 1, 0.3, 0.3,
           0.3);
    expect(report_ratio(report, &subject, MEASURE_SUSTAINED, "maskline", "durable-message"), 1, 0.5,
           0.5, 0.5);
    expect(report_ratio(report, &subject, MEASURE_ANSWERED, "maskline", "durable-message"), 1, 0.8,
           0.8, 0.8);
    report_free(report);
}
END_TEST

START_TEST(even_rounds_have_a_middle)
{
    struct report *report = three_rounds();
    expect(report_ratio(report, &subject, MEASURE_SUSTAINED, "maskline", "postgres"), 2, 10, 15,
           20);
    report_free(report);
}
END_TEST

START_TEST(what_was_not_measured_has_no_ratio)
{
    struct report *report = three_rounds();
    struct subject other = subject;
    other.services = 1000;
    ck_assert_uint_eq(
        report_ratio(report, &subject, MEASURE_ANSWERED, "maskline", "postgres").rounds, 0);
    ck_assert_uint_eq(report_ratio(report, &subject, MEASURE_ANSWERED, "maskline", "echo-2").rounds,
                      0);
    ck_assert_uint_eq(report_ratio(report, &other, MEASURE_ANSWERED, "maskline", "echo-1").rounds,
                      0);
    report_free(report);
}
END_TEST

START_TEST(a_percentile_is_in_microseconds)
{
    struct load_result *result = calloc(1, sizeof *result);
    ck_assert_ptr_nonnull(result);
    struct sample sample = {0};
    histogram_add(&result->kinds[KIND_MESSAGE].times, 3000);
    histogram_add(&result->kinds[KIND_GET_SESSION].times, 9000);
    sample_latency(&sample, result, true);
    ck_assert_double_eq_tol(sample.latency_us[0], 3, 0.03);
    ck_assert_double_eq(sample.latency_us[PERCENTILES - 1], 9);
    ck_assert_double_eq(sample.kind_us[KIND_MESSAGE][PERCENTILES - 1], 3);
    ck_assert_double_eq(sample.kind_us[KIND_SEND][PERCENTILES - 1], 0);
    free(result);
}
END_TEST

static char *printed(struct report *report, bool *ret_missed)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    ck_assert_ptr_nonnull(out);
    *ret_missed = report_print_summary(out, report);
    ck_assert_int_eq(fclose(out), 0);
    return text;
}

START_TEST(bars_are_judged_by_the_median)
{
    struct report *report = three_rounds();
    bool missed;
    char *text = printed(report, &missed);
    ck_assert(missed);
    ck_assert_ptr_nonnull(strstr(text, "echo-1 0.70 (0.60 to 0.80) MISSED 0.75"));
    ck_assert_ptr_nonnull(strstr(text, "echo-1 0.50 (0.40 to 0.60) met 0.45"));
    ck_assert_ptr_nonnull(strstr(text, "postgres 15.00 (10.00 to 20.00) met 10.00"));
    free(text);
    report_free(report);
}
END_TEST

START_TEST(the_least_is_held_to_the_bars_too)
{
    struct report *report = report_new();
    bool missed;
    ck_assert_ptr_nonnull(report);
    add(report, &subject, "echo-1", 1, 1000, 0);
    add(report, &subject, "durable-1", 1, 900, 0);
    add(report, &subject, "durable-message", 1, 700, 440);
    add(report, &subject, "maskline", 1, 800, 460);
    add(report, &subject, "postgres", 1, 0, 40);
    char *text = printed(report, &missed);
    ck_assert(!missed);
    ck_assert_ptr_nonnull(
        strstr(text, "answered    durable-message:   echo-1 0.70 (0.70 to 0.70) below 0.75\n"));
    ck_assert_ptr_nonnull(
        strstr(text, "sustained   durable-message:   echo-1 0.44 (0.44 to 0.44) below 0.45"
                     "   postgres 11.00 (11.00 to 11.00) above 10.00\n"));
    free(text);
    report_free(report);
}
END_TEST

START_TEST(a_given_rate_is_not_compared)
{
    struct report *report = report_new();
    struct subject open = subject;
    bool missed;
    open.rate = 100;
    add(report, &open, "echo-1", 1, 100, 0);
    add(report, &open, "maskline", 1, 50, 50);
    char *text = printed(report, &missed);
    ck_assert(!missed);
    ck_assert_str_eq(text, "");
    free(text);
    report_free(report);
}
END_TEST

START_TEST(figures_have_bars_too)
{
    struct report *report = report_new();
    bool missed;
    ck_assert(report_figure(report, &(struct figure){"memory", 41, "MiB", 40}));
    char *text = printed(report, &missed);
    ck_assert(missed);
    ck_assert_ptr_nonnull(strstr(text, "MISSED 40"));
    free(text);
    report_free(report);
}
END_TEST

START_TEST(scripts_get_the_same)
{
    struct report *report = three_rounds();
    char *text = NULL;
    size_t size;
    struct json json = {.out = open_memstream(&text, &size)};
    ck_assert_ptr_nonnull(json.out);
    ck_assert(report_figure(report, &(struct figure){"memory", 25, "MiB", 40}));
    json_object(&json, NULL);
    report_write(&json, report);
    json_end(&json);
    ck_assert_int_eq(fclose(json.out), 0);
    ck_assert_ptr_nonnull(
        strstr(text, "{\"workload\":\"message\",\"services\":1,\"connections\":8,\"in_flight\":64,"
                     "\"round\":1,\"peer\":\"echo-1\",\"calls\":0,\"failed\":0,\"seconds\":0,"
                     "\"answered_per_second\":1000,"));
    ck_assert_ptr_nonnull(strstr(text, "\"measure\":\"sustained\",\"of\":\"maskline\",\"peer\":"
                                       "\"echo-1\",\"rounds\":3,\"median\":0.5,"
                                       "\"least\":0.4,\"most\":0.6,\"bar\":0.45,\"met\":true}"));
    ck_assert_ptr_nonnull(strstr(text, "{\"name\":\"memory\",\"value\":25,\"unit\":\"MiB\","
                                       "\"bar\":40,\"met\":true}"));
    free(text);
    report_free(report);
}
END_TEST

SUITE_MAIN("client/bench report", ratios_are_within_rounds, an_echo_is_compared_by_what_it_sustains,
           even_rounds_have_a_middle, what_was_not_measured_has_no_ratio,
           a_percentile_is_in_microseconds, bars_are_judged_by_the_median,
           the_least_is_held_to_the_bars_too, a_given_rate_is_not_compared, figures_have_bars_too,
           scripts_get_the_same)
