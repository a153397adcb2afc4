#include "proto/c/clock.h"
#include "server/carriers/carrier.h"
#include "server/carriers/simulator/test_clock.h"
#include "tests/unit/suite.h"
#include "tests/unit/server/carriers/fake.h"

#include <string.h>

static struct carriers *make(void)
{
    const struct carrier_options options = {.clock = clock_real()};
    struct carriers *carriers = carriers_new(&options);
    ck_assert_ptr_nonnull(carriers);
    return carriers;
}

static void add(struct carriers *carriers, const char *what)
{
    struct error error;
    ck_assert_msg(carriers_add(carriers, what, &error), "%s", what);
}

START_TEST(test_carriers_are_what_the_configuration_says)
{
    struct carriers *carriers = make();
    struct error error;
    ck_assert(!carriers_all_simulated(carriers));
    add(carriers, "simulator");
    ck_assert(carriers_all_simulated(carriers));
    add(carriers, "simulator:b-2");
    ck_assert(carriers_all_simulated(carriers));
    add(carriers, "gateway:abcdefghijklmnopqrstuvwxyz-01234");
    ck_assert(!carriers_all_simulated(carriers));

    struct carrier_info info;
    ck_assert(carriers_info(carriers, 0, &info));
    ck_assert_str_eq(info.name, "simulator");
    ck_assert_str_eq(info.kind, "simulator");
    ck_assert_int_eq(info.health, CARRIER_READY);
    ck_assert(carriers_info(carriers, 2, &info));
    ck_assert_str_eq(info.kind, "gateway");
    ck_assert_int_eq(info.health, CARRIER_DETACHED);
    ck_assert(!carriers_info(carriers, 3, &info));

    struct simulator *first = carriers_simulator(carriers, "");
    ck_assert_ptr_nonnull(first);
    ck_assert_ptr_eq(carriers_simulator(carriers, "simulator"), first);
    ck_assert_ptr_nonnull(carriers_simulator(carriers, "b-2"));
    ck_assert_ptr_ne(carriers_simulator(carriers, "b-2"), first);
    ck_assert_ptr_null(carriers_simulator(carriers, "nobody"));
    ck_assert_ptr_null(carriers_simulator(carriers, "abcdefghijklmnopqrstuvwxyz-01234"));
    ck_assert_ptr_nonnull(carriers_gateway(carriers, "", &error));
    ck_assert_ptr_nonnull(carriers_gateway(carriers, "abcdefghijklmnopqrstuvwxyz-01234", &error));
    ck_assert_ptr_null(carriers_gateway(carriers, "nobody", &error));
    ck_assert_str_eq(error.reason, "CARRIER_NOT_FOUND");
    ck_assert_ptr_null(carriers_gateway(carriers, "b-2", &error));
    ck_assert_str_eq(error.reason, "CARRIER_NOT_GATEWAY");
    carriers_free(carriers);
    carriers_free(NULL);
}
END_TEST

START_TEST(test_what_is_no_carrier_is_refused)
{
    static const char *const bad[] = {
        "",          "gateway",          "gateway:",    "simulator:",
        "gateway:A", "gateway:a b",      "gateway:a:b", "gateway:abcdefghijklmnopqrstuvwxyz-012345",
        ":a",        "simulators",       "simulato:a",  "simulatorx:a",
        "kannel:a",  "gateway:\xc3\xa4",
    };
    struct carriers *carriers = make();
    struct error error;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        ck_assert_msg(!carriers_add(carriers, bad[i], &error), "%s", bad[i]);
        ck_assert_int_eq(error.code, STATUS_INVALID_ARGUMENT);
        ck_assert_str_eq(error.reason, "INVALID_CARRIER");
    }
    add(carriers, "gateway:a");
    ck_assert(!carriers_add(carriers, "simulator:a", &error));
    ck_assert_str_eq(error.reason, "CARRIER_EXISTS");
    carriers_free(carriers);
}
END_TEST

START_TEST(test_carriers_are_ports_in_their_order)
{
    struct carriers *carriers = make();
    struct masking *fake = fake_new();
    struct error error;
    add(carriers, "gateway:a");
    add(carriers, "simulator");
    ck_assert(carriers_attach(carriers, fake, &error));
    ck_assert_uint_eq(fake->port_count, 2);
    ck_assert_str_eq(fake->ports[0]->name, "a");
    ck_assert_str_eq(fake->ports[1]->name, "simulator");
    ck_assert_int_eq(fake_send(fake, fake->ports[0], "k", "+15551230001", "x")->outcome,
                     SEND_RETRY);
    ck_assert_int_eq(fake_send(fake, fake->ports[1], "k", "+15551230001", "x")->outcome,
                     SEND_REFUSED);
    carriers_kick(carriers);
    carriers_stop(carriers);
    carriers_stop(carriers);
    carriers_free(carriers);
    fake_free(fake);
}
END_TEST

static void count_move(void *data)
{
    ++*(unsigned *)data;
}

START_TEST(test_the_test_clock_goes_forward_only)
{
    struct manual_clock real = {0};
    manual_clock_set(&real, 1000);
    struct test_clock *test_clock = test_clock_new(clock_manual(&real));
    ck_assert_ptr_nonnull(test_clock);
    struct clock clock = test_clock_clock(test_clock);
    unsigned moves = 0;
    int64_t now = 0;
    struct error error;
    ck_assert_int_eq(clock_now(&clock), 1000);
    ck_assert(test_clock_move(test_clock, 5, &now, &error));
    ck_assert_int_eq(now, 1005);
    test_clock_on_move(test_clock, count_move, &moves);
    manual_clock_move(&real, 10);
    ck_assert_int_eq(clock_now(&clock), 1015);
    ck_assert(test_clock_move(test_clock, 3660 * 86400LL * MICROSECONDS, &now, &error));
    ck_assert_uint_eq(moves, 1);
    ck_assert_int_eq(clock_now(&clock), now);
    static const int64_t bad[] = {0, -1, INT64_MIN, INT64_MAX, 3660 * 86400LL * MICROSECONDS + 1};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        ck_assert(!test_clock_move(test_clock, bad[i], &now, &error));
        ck_assert_int_eq(error.code, STATUS_INVALID_ARGUMENT);
        ck_assert_str_eq(error.fields[0].name, "advance");
    }
    unsigned years = 0;
    while (test_clock_move(test_clock, 3660 * 86400LL * MICROSECONDS, &now, &error))
        years += 10;
    ck_assert_str_eq(error.reason, "CLOCK_TOO_FAR");
    ck_assert_uint_gt(years, 6900);
    ck_assert_int_lt(clock_now(&clock), TIMESTAMP_US_MAX);
    test_clock_free(test_clock);
    test_clock_free(NULL);
}
END_TEST

SUITE_MAIN("carriers", test_carriers_are_what_the_configuration_says,
           test_what_is_no_carrier_is_refused, test_carriers_are_ports_in_their_order,
           test_the_test_clock_goes_forward_only)
