#include "server/masking/services/rates_internal.h"
#include "server/masking/internal.h"
#include "tests/unit/server/masking/calls.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* How many calls pass, over time. */

#define CREATE "/maskline.v1.Sessions/CreateSession"
#define GET    "/maskline.v1.Sessions/GetSession"

static void limit(struct world *world, int64_t rate)
{
    struct service_change change = {.service = world->service,
                                    .settings = service_settings_unset()};
    change.settings.requests_per_second = rate;
    ck_done(call_service_update(world, &change));
}

static bool call(struct world *world, const char *method)
{
    error_clear(&call_error);
    return rates_take(world->masking, world->service, method, &call_error);
}

/* How many of so many calls pass now. */
static unsigned passing(struct world *world, const char *method, unsigned count)
{
    unsigned passed = 0;
    for (unsigned i = 0; i < count; i++)
        passed += call(world, method);
    return passed;
}

/* holds: ERR-80621 LIM-04 LIM-05 */
START_TEST(thirty_a_second_over_five_seconds)
{
    struct world *world = world_open(NULL);
    world_service(world, NULL);
    ck_assert_uint_eq(passing(world, CREATE, 5000), 5000); /* off by default */
    limit(world, 30);
    /* A burst of 150 passes, and no more; what is refused says when to come again, and does not count. */
    ck_assert_uint_eq(passing(world, CREATE, 400), 150);
    ck_assert_str_eq(call_error.reason, "RATE_LIMITED");
    ck_assert_int_eq(call_error.code, STATUS_RESOURCE_EXHAUSTED);
    ck_assert_int_eq(call_error.original, 80621);
    ck_assert_int_eq(call_error.retry_ms, 5000);
    world_move(world, 5 * SECOND - 1);
    ck_assert(!call(world, CREATE));
    ck_assert_int_eq(call_error.retry_ms, 1);
    world_move(world, 1);
    ck_assert_uint_eq(passing(world, CREATE, 400), 150);
    /* 30 a second pass for ever. */
    world_move(world, 10 * SECOND);
    for (int i = 0; i < 60; i++) {
        ck_assert_uint_eq(passing(world, CREATE, 30), 30);
        world_move(world, SECOND);
    }
    /* In any 5 s: the window slides. */
    ck_assert_uint_eq(passing(world, CREATE, 400), 30);
    world_move(world, SECOND);
    ck_assert_uint_eq(passing(world, CREATE, 400), 30);
    world_move(world, 500 * 1000);
    ck_assert_uint_eq(passing(world, CREATE, 400), 0);
    ck_assert_int_eq(call_error.retry_ms, 500);
    world_move(world, 4 * SECOND);
    ck_assert_uint_eq(passing(world, CREATE, 400), 120);
    limit(world, 0);
    ck_assert_uint_eq(passing(world, CREATE, 5000), 5000);
    world_close(world);
}
END_TEST

/* holds: LIM-06 SVC-19 */
START_TEST(each_method_and_each_service_by_itself)
{
    struct world *world = world_open(NULL);
    world_service(world, NULL);
    limit(world, 1);
    char home[40];
    snprintf(home, sizeof home, "%s", world->service);
    ck_assert_uint_eq(passing(world, CREATE, 10), 5);
    ck_assert_uint_eq(passing(world, GET, 10), 5);
    world_service(world, NULL); /* without a limit */
    ck_assert_uint_eq(passing(world, CREATE, 100), 100);
    limit(world, 2);
    ck_assert_uint_eq(passing(world, CREATE, 100), 10);
    snprintf(world->service, sizeof world->service, "%s", home);
    ck_assert_uint_eq(passing(world, CREATE, 10), 0);
    /* By name and by SID it is the same Service; and what is none has no limit. */
    const char *name = call_service_get(world, home)->unique_name;
    ck_assert(!rates_take(world->masking, name, CREATE, &call_error));
    ck_assert(rates_take(world->masking, "nobody", CREATE, &call_error));
    ck_assert(rates_take(world->masking, "", CREATE, &call_error));
    world_close(world);
}
END_TEST

START_TEST(a_new_rate_counts_what_passed_under_the_old)
{
    struct world *world = world_open(NULL);
    world_service(world, NULL);
    limit(world, 4);
    ck_assert_uint_eq(passing(world, CREATE, 15), 15);
    world_move(world, SECOND);
    ck_assert_uint_eq(passing(world, CREATE, 15), 5);
    limit(world, 6);
    ck_assert_uint_eq(passing(world, CREATE, 100), 10);
    limit(world, 1);
    ck_assert_uint_eq(passing(world, CREATE, 100), 0);
    world_move(world, 4 * SECOND);
    ck_assert_uint_eq(passing(world, CREATE, 100),
                      0); /* the newest 5 of those are of the second second */
    world_move(world, SECOND);
    ck_assert_uint_eq(passing(world, CREATE, 100), 5);
    world_close(world);
}
END_TEST

/* holds: LIM-07 */
START_TEST(traffic_is_not_counted)
{
    struct world *world = world_open(NULL);
    world_service(world, NULL);
    world_number(world, "+15559990001", NULL);
    world_number(world, "+15559990002", NULL);
    struct talk talk = world_talk(world, "+15551230001", "+15551230002", 0);
    limit(world, 1);
    ck_assert_uint_eq(passing(world, CREATE, 10), 5);
    for (int i = 0; i < 50; i++)
        ck_accepted(world_text(world, "+15551230001", talk.proxy_a, "hello"));
    world_run(world);
    ck_assert_uint_eq(world_sent(world, 0, 0) != NULL, 1);
    ck_assert_uint_eq(world->carriers[0].count, 50);
    world_close(world);
}
END_TEST

START_TEST(what_is_idle_is_forgotten)
{
    struct world *world = world_open(NULL);
    world_service(world, NULL);
    limit(world, 1);
    static char methods[500][16];
    for (int i = 0; i < 500; i++) {
        snprintf(methods[i], sizeof methods[i], "/m/%d", i);
        ck_assert(call(world, methods[i]));
    }
    ck_assert_uint_eq(rates_kept(world->masking->rates), 500);
    world_move(world, 3 * SECOND);
    for (int i = 0; i < 10; i++)
        ck_assert(call(world, methods[i]));
    world_move(world, 2 * SECOND);
    ck_assert(call(world, methods[499]));
    ck_assert_uint_eq(rates_kept(world->masking->rates), 11);
    world_close(world);
}
END_TEST

START_TEST(a_limit_holds_after_a_restart)
{
    char path[] = "/tmp/maskline-rates-XXXXXX";
    ck_assert_ptr_nonnull(mkdtemp(path));
    struct world *world = world_open(path);
    world_service(world, NULL);
    limit(world, 1);
    world_restart(world);
    ck_assert_uint_eq(passing(world, CREATE, 10), 5);
    world_close(world);
    folder_remove(path);
}
END_TEST

SUITE_MAIN("rates", thirty_a_second_over_five_seconds, each_method_and_each_service_by_itself,
           a_new_rate_counts_what_passed_under_the_old, traffic_is_not_counted,
           what_is_idle_is_forgotten, a_limit_holds_after_a_restart)
