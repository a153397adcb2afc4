#include "client/bench/pgbench.h"
#include "tests/unit/suite.h"

#include <string.h>

/* As pgbench of PostgreSQL 15 prints it. */
static const char sample[] = "pgbench (15.18 (Debian 15.18-0+deb12u1))\n"
                             "transaction type: message.sql\n"
                             "scaling factor: 1\n"
                             "query mode: prepared\n"
                             "number of clients: 16\n"
                             "number of threads: 2\n"
                             "maximum number of tries: 1\n"
                             "duration: 1 s\n"
                             "number of transactions actually processed: 561\n"
                             "number of failed transactions: 3 (0.532%)\n"
                             "latency average = 27.693 ms\n"
                             "initial connection time = 83.779 ms\n"
                             "tps = 577.764412 (without initial connection time)\n";

START_TEST(a_summary_is_read)
{
    struct pgbench_result result;
    ck_assert(pgbench_read(sample, &result));
    ck_assert_uint_eq(result.transactions, 561);
    ck_assert_uint_eq(result.failed, 3);
    ck_assert_double_eq_tol(result.per_second, 577.764412, 1e-6);
    ck_assert_double_eq_tol(result.latency_ms, 27.693, 1e-6);
}
END_TEST

/* With any line missing there is no result, and what was there stays. */
START_TEST(a_part_of_one_is_refused)
{
    static const char *const needed[] = {"number of transactions actually", "number of failed",
                                         "latency average", "tps ="};
    for (size_t i = 0; i < sizeof needed / sizeof *needed; i++) {
        char text[sizeof sample];
        struct pgbench_result result = {.transactions = 7};
        memcpy(text, sample, sizeof sample);
        char *line = strstr(text, needed[i]);
        ck_assert_ptr_nonnull(line);
        line[0] = '#';
        ck_assert_msg(!pgbench_read(text, &result), "%s", needed[i]);
        ck_assert_uint_eq(result.transactions, 7);
    }
}
END_TEST

START_TEST(none_in_time_is_a_result)
{
    struct pgbench_result result;
    ck_assert(pgbench_read("duration: 1 s\n"
                           "number of transactions actually processed: 0\n"
                           "number of failed transactions: 0 (NaN%)\n",
                           &result));
    ck_assert_uint_eq(result.transactions, 0);
    ck_assert_double_eq(result.per_second, 0);
}
END_TEST

START_TEST(errors_are_refused)
{
    struct pgbench_result result;
    ck_assert(!pgbench_read("", &result));
    ck_assert(!pgbench_read("pgbench: error: connection to server failed\n", &result));
    ck_assert(!pgbench_read("a tps = 5\nlatency average = x ms\n", &result));
}
END_TEST

SUITE_MAIN("client/bench pgbench", a_summary_is_read, a_part_of_one_is_refused,
           none_in_time_is_a_result, errors_are_refused)
