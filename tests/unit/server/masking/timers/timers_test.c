#include "tests/unit/server/masking/world.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What happens by itself. */

#define ANN "+15551230001"
#define BOB "+15551230002"

#define SESSION_STATUS(name) MASKLINE__STORE__V1__SESSION_STATUS__SESSION_STATUS_##name
#define CLOSED_REASON(name)  MASKLINE__STORE__V1__CLOSED_REASON__CLOSED_REASON_##name

static struct world *world_with(const char *path, const struct service_settings *settings)
{
    struct world *world = world_with_two(path, NULL, settings);
    world_move(world, 1); /* what the Service says is older than its sessions */
    return world;
}

static unsigned hints(struct world *world, bool of_purge)
{
    struct log_id log = world_log(world);
    return world_rows(world, KV_IDX,
                      of_purge ? key_purges(TENANT_DEFAULT, log_service(&log))
                               : key_expiries(TENANT_DEFAULT, log_service(&log)));
}

static const Maskline__Store__V1__SessionClosed *last_closed(struct world *world)
{
    const Maskline__Store__V1__Entry *entry =
        world_last(world, MASKLINE__STORE__V1__ENTRY__CHANGE_SESSION_CLOSED);
    return entry ? entry->session_closed : NULL;
}

/* holds: EXP-08 EXP-09 */
START_TEST(expires_without_traffic)
{
    struct world *world = world_with(NULL, NULL);
    struct talk talk = world_talk(world, ANN, BOB, MINUTE);
    int64_t end = world_now(world) + MINUTE;
    world_move(world, MINUTE - 1);
    ck_assert_uint_eq(world_run(world), 0);
    world_move(world, 1);
    ck_assert_int_eq(world_session(world, &talk)->status,
                     SESSION_STATUS(CLOSED)); /* already so to readers */
    ck_assert_ptr_null(last_closed(world));
    world_move(world, 9 * SECOND);
    ck_assert_uint_ge(world_run(world), 1);
    ck_assert_int_eq(last_closed(world)->end_time, end);
    ck_assert_int_eq(last_closed(world)->reason, CLOSED_REASON(TTL_EXPIRED));
    ck_assert_int_eq(world_session(world, &talk)->end_time, end);
    ck_assert_uint_eq(hints(world, false), 0);
    ck_assert_uint_eq(world_run(world), 0);
    world_close(world);
}
END_TEST

/* holds: EXP-01 */
START_TEST(traffic_puts_it_off)
{
    struct world *world = world_with(NULL, NULL);
    struct talk talk = world_talk(world, ANN, BOB, MINUTE);
    for (int i = 0; i < 10; i++) {
        world_move(world, MINUTE / 2);
        ck_accepted(world_text(world, ANN, talk.proxy_a, "x"));
        world_run(world);
        ck_assert_uint_eq(hints(world, false), 1); /* moved, not piled up */
    }
    int64_t end = world_now(world) + MINUTE;
    world_move(world, MINUTE - 1);
    world_run(world);
    ck_assert_ptr_null(last_closed(world));
    world_move(world, 1);
    world_run(world);
    ck_assert_int_eq(last_closed(world)->end_time, end);
    world_close(world);
}
END_TEST

/* holds: EXP-06 */
START_TEST(idle_cap)
{
    struct service_settings settings = service_settings_unset();
    settings.idle_cap = HOUR;
    struct world *world = world_with(NULL, &settings);
    struct talk talk = world_talk(world, ANN, BOB, 0);
    world_move(world, HOUR / 2);
    ck_accepted(world_text(world, ANN, talk.proxy_a, "x"));
    int64_t end = world_now(world) + HOUR;
    world_move(world, HOUR);
    world_run(world);
    ck_assert_int_eq(last_closed(world)->reason, CLOSED_REASON(IDLE_CAP));
    ck_assert_int_eq(last_closed(world)->end_time, end);
    world_close(world);
}
END_TEST

/* holds: EXP-10 */
START_TEST(expired_while_down)
{
    char path[] = "/tmp/maskline-timers-XXXXXX";
    ck_assert_ptr_nonnull(mkdtemp(path));
    struct world *world = world_with(path, NULL);
    struct talk talk = world_talk(world, ANN, BOB, MINUTE);
    struct talk other = world_talk(world, "+15551230003", "+15551230004", HOUR);
    int64_t end = world_now(world) + MINUTE;
    manual_clock_move(&world->clock, 10 * MINUTE);
    world_restart(world);
    world_run(world);
    ck_assert_int_eq(last_closed(world)->end_time, end);
    ck_assert_int_eq(world_session(world, &talk)->status, SESSION_STATUS(CLOSED));
    ck_assert_int_eq(world_session(world, &other)->status, SESSION_STATUS(OPEN));
    world_move(world, HOUR);
    world_run(world);
    ck_assert_int_eq(world_session(world, &other)->status, SESSION_STATUS(CLOSED));
    world_close(world);
    folder_remove(path);
}
END_TEST

/* More than one piece, at different times. */
/* holds: SES-23 */
START_TEST(many_sessions)
{
    struct world *world = world_open(NULL);
    world_service(world, NULL);
    world_number(world, "+15559990001", NULL);
    enum { COUNT = 300 };
    static struct talk talks[COUNT];
    int64_t start = world_now(world);
    for (int i = 0; i < COUNT; i++) {
        char a[24], b[24];
        snprintf(a, sizeof a, "+1555200%04d", i);
        snprintf(b, sizeof b, "+1555300%04d", i);
        talks[i] = world_talk(world, a, b, (i % 7 + 1) * MINUTE);
    }
    for (int minute = 1; minute <= 7; minute++) {
        manual_clock_set(&world->clock, start + minute * MINUTE);
        masking_kick(world->masking);
        world_run(world);
        for (int i = 0; i < COUNT; i += 11)
            ck_assert_int_eq(world_session(world, &talks[i])->status,
                             i % 7 + 1 <= minute ? SESSION_STATUS(CLOSED) : SESSION_STATUS(OPEN));
    }
    ck_assert_uint_eq(hints(world, false), 0);
    ck_assert_uint_eq(hints(world, true), COUNT);
    world_move(world, 90 * DAY);
    world_run(world);
    ck_assert_uint_eq(hints(world, true), 0);
    for (int i = 0; i < COUNT; i += 11)
        ck_assert(!world_has_session(world, &talks[i]));
    world_close(world);
}
END_TEST

/* holds: SES-23 */
START_TEST(purged_in_time)
{
    struct service_settings settings = service_settings_unset();
    settings.closed_session_retention = DAY;
    settings.event_retention = 300 * DAY;
    struct world *world = world_with(NULL, &settings);
    struct talk talk = world_talk(world, ANN, BOB, 0);
    ck_accepted(world_text(world, ANN, talk.proxy_a, "x"));
    world_run(world);
    world_end_talk(world, &talk);
    world_move(world, DAY / 2);
    world_reopen_talk(world, &talk);
    world_move(world, DAY);
    world_run(world);
    ck_assert(world_has_session(world, &talk)); /* opened again: not purged */
    world_end_talk(world, &talk);
    world_move(world, DAY - 1);
    world_run(world);
    ck_assert(world_has_session(world, &talk));
    world_move(world, 1);
    world_run(world);
    ck_assert(!world_has_session(world, &talk));
    const Maskline__Store__V1__Entry *entry =
        world_last(world, MASKLINE__STORE__V1__ENTRY__CHANGE_SESSION_DELETED);
    ck_assert(entry->session_deleted->purged);
    ck_assert_uint_eq(hints(world, true), 0);
    world_close(world);
}
END_TEST

/* holds: INV-08 */
START_TEST(old_events_go)
{
    struct service_settings settings = service_settings_unset();
    settings.event_retention = 2 * DAY;
    struct world *world = world_with(NULL, &settings);
    struct talk talk = world_talk(world, ANN, BOB, 0);
    struct error error;
    struct log_id log = world_log(world);
    for (int hour = 0; hour < 100; hour++) {
        ck_accepted(world_text(world, ANN, talk.proxy_a, "x"));
        world_run(world);
        ck_assert(pipeline_flush(masking_pipeline(world->masking), &error));
        world_move(world, HOUR);
        uint64_t oldest = pipeline_oldest(masking_pipeline(world->masking), &log);
        if (hour < 40)
            ck_assert_uint_eq(oldest, 1);
        ck_assert_int_ge(world_entry(world, oldest)->time, world_now(world) - 2 * DAY - 4 * HOUR);
    }
    uint64_t oldest = pipeline_oldest(masking_pipeline(world->masking), &log);
    ck_assert_uint_gt(oldest, 1);
    ck_assert_int_le(world_entry(world, oldest)->time, world_now(world) - 2 * DAY + 2 * HOUR);
    /* What was said stays readable. */
    ck_assert_uint_eq(world_interactions(world, &talk), 100);
    world_close(world);
}
END_TEST

/* holds: EXP-12 */
START_TEST(no_age_is_too_great)
{
    struct world *world = world_with(NULL, NULL);
    struct talk talk = world_talk(world, ANN, BOB, 2 * DAY);
    for (int day = 0; day < 400; day++) {
        world_move(world, DAY);
        world_run(world);
        ck_accepted(world_text(world, ANN, talk.proxy_a, "still here"));
    }
    world_run(world);
    ck_assert_int_eq(world_session(world, &talk)->status, SESSION_STATUS(IN_PROGRESS));
    ck_assert_ptr_null(last_closed(world));
    world_close(world);
}
END_TEST

static void deleted(void *data, const Maskline__Store__V1__Service *service,
                    const struct error *error)
{
    ck_assert_ptr_nonnull(service);
    ck_assert_ptr_null(error);
    *(_Atomic int *)data = 1;
}

/* holds: SVC-12 SVC-13 SVC-17 */
START_TEST(a_deleted_service_goes_in_pieces)
{
    struct world *world = world_with(NULL, NULL);
    enum { COUNT = 30 };
    struct talk talks[COUNT];
    for (int i = 0; i < COUNT; i++) {
        char a[24], b[24];
        snprintf(a, sizeof a, "+1555200%04d", i);
        snprintf(b, sizeof b, "+1555300%04d", i);
        talks[i] = world_talk(world, a, b, 0);
        ck_accepted(world_text(world, a, talks[i].proxy_a, "x"));
    }
    _Atomic int is_deleted = 0;
    services_delete(world->masking, world->service, deleted, (void *)&is_deleted);
    while (!is_deleted)
        sched_yield();
    ck_assert_int_ne(world_text(world, "+15552000000", talks[0].proxy_a, "x").outcome,
                     INBOUND_ACCEPTED);
    world_run(world);
    ck_assert_uint_eq(world->carriers[0].count, 0); /* what was queued is not sent */
    struct log_id log = world_log(world);
    const Maskline__Store__V1__Entry *last = world_entry(world, world_entries(world));
    ck_assert_int_eq(last->change_case, MASKLINE__STORE__V1__ENTRY__CHANGE_SERVICE_DELETED);
    ck_assert_uint_eq(world_rows(world, KV_LIVE, key_sessions(TENANT_DEFAULT, log_service(&log))),
                      0);
    ck_assert_uint_eq(world_rows(world, KV_IDX, key_outboxes(TENANT_DEFAULT, log_service(&log))),
                      0);
    /* Its log can be read for seven days. */
    struct error error;
    ck_assert(pipeline_flush(masking_pipeline(world->masking), &error));
    world_move(world, 7 * DAY - SECOND);
    world_run(world);
    ck_assert_uint_eq(pipeline_oldest(masking_pipeline(world->masking), &log), 1);
    world_move(world, 2 * SECOND);
    world_run(world);
    ck_assert_uint_gt(pipeline_oldest(masking_pipeline(world->masking), &log), 1);
    ck_assert_uint_eq(world_rows(world, KV_META, key_service(TENANT_DEFAULT, log_service(&log))),
                      0);
    world_close(world);
}
END_TEST

SUITE_MAIN("timers", no_age_is_too_great, expires_without_traffic, traffic_puts_it_off, idle_cap,
           expired_while_down, many_sessions, purged_in_time, old_events_go,
           a_deleted_service_goes_in_pieces)
