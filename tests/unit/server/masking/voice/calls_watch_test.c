#include "server/masking/bars/blocks.h"
#include "server/masking/bars/opt_outs.h"
#include "tests/unit/server/masking/calls.h"
#include "tests/unit/server/masking/phones.h"

#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* Calls that may not live on: what ends them, and that their carriers are told so. */

#define N1  "+15559990001"
#define N2  "+15559990002"
#define N3  "+15559990003"
#define ANN "+15551230001"
#define BOB "+15551230002"
#define CAT "+15551230003"

/* A world with a call in it. */
struct stage {
    struct world *world;
    struct talk talk;
    char key[CALL_KEY_SIZE];
};

static struct stage stage_open(const char *path, const struct service_settings *settings)
{
    struct stage stage = {.world = world_with_two(path, NULL, settings)};
    world_number(stage.world, N3, NULL);
    stage.talk = world_talk(stage.world, ANN, BOB, 0);
    struct call_seen seen = world_ring(stage.world, &stage.talk);
    memcpy(stage.key, seen.plan.key, sizeof stage.key);
    return stage;
}

static const char *folder_new(char path[64])
{
    snprintf(path, 64, "/tmp/maskline-calls-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(path));
    return path;
}

static const Maskline__Store__V1__Interaction *the_call(const struct stage *stage)
{
    return world_call_at(stage->world, &stage->talk, 0);
}

static void ck_hung_up(struct stage *stage, const char *reason)
{
    world_run(stage->world);
    ck_assert_uint_ge(world_hang_ups(stage->world, stage->key), 1);
    ck_assert_str_eq(the_call(stage)->call->hang_up_reason, reason);
    ck_assert_int_eq(the_call(stage)->call->end_time, 0);
    /* What the carrier was about to do it may not do. */
    ck_assert(world_progress(stage->world, stage->key, CALL_SECOND, CALL_PICKED_UP).hang_up);
    ck_assert(world_progress(stage->world, stage->key, CALL_SECOND, CALL_CANCELED).hang_up);
    const Maskline__Store__V1__Interaction *call = the_call(stage);
    ck_call(call, COMPLETED, CANCELED);
    ck_assert_str_eq(call->outbound[0]->reason, reason);
    world_close(stage->world);
}

/* A block or an opt-out that a Service makes itself. */
static void block_ready(void *data, const Maskline__Store__V1__Block *block,
                        const struct error *error)
{
    (void)block;
    waiter_finish(data, error);
}

static void block(struct world *world, const char *who, const char *from)
{
    struct waiter waiter;
    waiter_init(&waiter);
    blocks_create(
        world->masking,
        &(struct block_name){.service = world->service, .identifier = who, .to_identifier = from},
        block_ready, &waiter);
    waiter_wait(&waiter);
    ck_assert_int_eq(waiter.error.code, STATUS_OK);
}

/* holds: VOI-13 */
START_TEST(closing_hangs_up)
{
    struct stage stage = stage_open(NULL, NULL);
    world_end_talk(stage.world, &stage.talk);
    ck_hung_up(&stage, "SESSION_CLOSED");
}
END_TEST

/* holds: VOI-13 */
START_TEST(expiring_hangs_up)
{
    struct stage stage = stage_open(NULL, NULL);
    struct session_change change = {
        .session = stage.talk.session, .set_ttl = true, .ttl_given = true, .ttl = 10 * SECOND};
    ck_done(call_session_update(stage.world, change));
    world_move(stage.world, 10 * SECOND);
    ck_hung_up(&stage, "SESSION_CLOSED");
    /* Before anybody has noticed that its time is over, a carrier that asks is told. */
    stage = stage_open(NULL, NULL);
    change.session = stage.talk.session;
    ck_done(call_session_update(stage.world, change));
    world_progress(stage.world, stage.key, CALL_SECOND, CALL_RINGING);
    world_move(stage.world, 10 * SECOND);
    struct progress_seen answer =
        world_progress(stage.world, stage.key, CALL_SECOND, CALL_PICKED_UP);
    ck_assert(answer.hang_up);
    ck_assert_str_eq(the_call(&stage)->call->hang_up_reason, "SESSION_CLOSED");
    world_close(stage.world);
}
END_TEST

START_TEST(who_leaves_is_hung_up)
{
    for (int caller = 0; caller < 2; caller++) {
        struct stage stage = stage_open(NULL, NULL);
        world_leave(stage.world, &stage.talk, caller ? stage.talk.a : stage.talk.b);
        ck_hung_up(&stage, "PARTICIPANT_REMOVED");
    }
}
END_TEST

/* holds: PAR-18 */
START_TEST(who_is_replaced_is_hung_up_and_the_new_one_is_called)
{
    for (int caller = 0; caller < 2; caller++) {
        struct stage stage = stage_open(NULL, NULL);
        struct participant_change change = {.participant = caller ? stage.talk.a : stage.talk.b,
                                            .set_identifiers = true,
                                            .draft = person(stage.world, CAT)};
        ck_done(call_change(stage.world, &stage.talk, change));
        struct call_seen seen = caller ? world_call(stage.world, CAT, stage.talk.proxy_a)
                                       : world_call(stage.world, ANN, stage.talk.proxy_a);
        ck_assert_int_eq(seen.outcome, CALL_ACCEPTED);
        ck_assert_str_eq(seen.plan.second.number[0], caller ? BOB : CAT);
        if (caller)
            ck_assert_int_eq(world_call(stage.world, ANN, stage.talk.proxy_a).outcome,
                             CALL_REJECTED);
        ck_hung_up(&stage, "ROUTE_CHANGED");
    }
}
END_TEST

START_TEST(a_new_number_ends_the_call_of_the_old_one)
{
    struct stage stage = stage_open(NULL, NULL);
    struct participant_change change = {
        .participant = stage.talk.b, .set_proxy = true, .draft = {.proxy_identifier = N3}};
    ck_done(call_change(stage.world, &stage.talk, change));
    struct call_seen seen = world_call(stage.world, ANN, stage.talk.proxy_a);
    ck_assert_str_eq(seen.plan.second.caller_id[0], N3);
    ck_hung_up(&stage, "ROUTE_CHANGED");
}
END_TEST

START_TEST(a_new_name_ends_nothing)
{
    struct stage stage = stage_open(NULL, NULL);
    struct participant_change change = {.participant = stage.talk.b,
                                        .set_friendly_name = true,
                                        .draft = {.friendly_name = "other"}};
    ck_done(call_change(stage.world, &stage.talk, change));
    world_run(stage.world);
    ck_assert_uint_eq(world_all_hang_ups(stage.world), 0);
    ck_assert(!world_progress(stage.world, stage.key, CALL_SECOND, CALL_PICKED_UP).hang_up);
    world_close(stage.world);
}
END_TEST

/* holds: GRD-02 */
START_TEST(a_block_hangs_up)
{
    static const char *const SIDES[][2] = {{ANN, BOB}, {ANN, ""}};
    for (int i = 0; i < 2; i++) {
        struct stage stage = stage_open(NULL, NULL);
        block(stage.world, SIDES[i][0], SIDES[i][1]);
        ck_hung_up(&stage, "BLOCKED");
    }
    struct stage stage = stage_open(NULL, NULL);
    block(stage.world, BOB, ANN);
    world_run(stage.world);
    ck_assert_uint_eq(world_all_hang_ups(stage.world), 0);
    world_close(stage.world);
}
END_TEST

/* holds: KEY-10 */
START_TEST(stop_hangs_up_where_it_counts_for_calls)
{
    for (int too = 0; too < 2; too++) {
        struct service_settings settings = service_settings_unset();
        settings.opt_out_of_calls = too;
        struct stage stage = stage_open(NULL, &settings);
        ck_accepted(world_text(stage.world, BOB, stage.talk.proxy_b, "STOP"));
        if (too) {
            ck_hung_up(&stage, "OPTED_OUT");
            continue;
        }
        world_run(stage.world);
        ck_assert_uint_eq(world_all_hang_ups(stage.world), 0);
        ck_assert(!world_progress(stage.world, stage.key, CALL_SECOND, CALL_PICKED_UP).hang_up);
        world_close(stage.world);
    }
}
END_TEST

/* Of most sessions of a person nobody looks what is in them; but of who talks. holds: KEY-10 GRD-02 */
START_TEST(a_bar_hangs_up_in_however_many_sessions)
{
    enum { LATER = 300 };
    struct stage stage = stage_open(NULL, NULL);
    struct world *world = stage.world;
    world_connect(world, stage.key);
    for (int i = 0; i < LATER; i++) {
        struct talk later = world_talk(world, CAT, BOB, 0);
        world_end_talk(world, &later);
    }
    world_run(world);
    ck_assert_uint_eq(world_all_hang_ups(world), 0);
    block(world, ANN, BOB);
    world_run(world);
    ck_assert_uint_ge(world_hang_ups(world, stage.key), 1);
    ck_assert_str_eq(the_call(&stage)->call->hang_up_reason, "BLOCKED");
    world_close(world);
}
END_TEST

/* Who asked for it is told that nobody knows; what was written counts, for those who talk, too. holds: GRD-02 KEY-10 */
START_TEST(a_bar_hangs_up_though_its_write_was_said_to_have_failed)
{
    struct service_settings settings = service_settings_unset();
    settings.opt_out_of_calls = true;
    for (int i = 0; i < 3; i++) {
        char path[64];
        struct stage stage = stage_open(folder_new(path), &settings);
        struct world *world = stage.world;
        world_connect(world, stage.key);
        world_run(world);
        ck_assert_uint_eq(world_all_hang_ups(world), 0);
        atomic_store(&world->denies, true);
        if (i == 0)
            ck_assert(!call_block(world, blocks_create, ANN, BOB));
        else if (i == 1)
            ck_assert(!call_opt_out(world, opt_outs_create, BOB, ""));
        else
            ck_assert_int_eq(world_text(world, BOB, stage.talk.proxy_b, "STOP").outcome,
                             INBOUND_FAILED);
        ck_assert(!atomic_load(&world->denies));
        struct error why;
        time_t begin = time(NULL);
        while (pipeline_refuses(masking_pipeline(world->masking), &why)) {
            ck_assert_int_lt(time(NULL) - begin, 30);
            sched_yield();
        }
        world_run(world);
        ck_assert_uint_ge(world_hang_ups(world, stage.key), 1);
        ck_assert_str_eq(the_call(&stage)->call->hang_up_reason, i ? "OPTED_OUT" : "BLOCKED");
        world_close(world);
        folder_remove(path);
    }
}
END_TEST

START_TEST(a_locked_number_is_not_shown_any_more)
{
    struct stage stage = stage_open(NULL, NULL);
    world_number_state(stage.world, stage.talk.proxy_b, NUMBER_STATE(LOCKED));
    ck_assert(world_progress(stage.world, stage.key, CALL_SECOND, CALL_RINGING).hang_up);
    ck_hung_up(&stage, "NUMBER_LOCKED");
    /* Those who talk go on. */
    stage = stage_open(NULL, NULL);
    world_connect(stage.world, stage.key);
    world_number_state(stage.world, stage.talk.proxy_b, NUMBER_STATE(LOCKED));
    ck_assert(!world_progress(stage.world, stage.key, CALL_SECOND, CALL_CONNECTED).hang_up);
    world_close(stage.world);
}
END_TEST

/* ---- what cannot be found out now ---- */

static struct swap unreadable(struct world *world, const struct talk *talk, unsigned which)
{
    const Maskline__Store__V1__Interaction *call = world_call_at(world, talk, which);
    struct log_id log = world_log(world);
    return (struct swap){.key = key_interaction(TENANT_DEFAULT, log_service(&log),
                                                call->session.data, call->sid.data),
                         .row = {0xff},
                         .size = 1};
}

/* And the others of its session need not wait for it, whichever it is. holds: VOI-13 */
START_TEST(what_could_not_be_looked_at_is_looked_at_again)
{
    for (unsigned which = 0; which < 2; which++) {
        struct stage stage = stage_open(NULL, NULL);
        struct world *world = stage.world;
        world_connect(world, stage.key);
        struct call_seen second = world_ring(world, &stage.talk);
        const char *const keys[] = {stage.key, second.plan.key};
        struct swap swap = unreadable(world, &stage.talk, which);
        world_swap(world, &swap);
        world_end_talk(world, &stage.talk);
        world_run(world);
        ck_assert_uint_ge(world_hang_ups(world, keys[!which]), 1);
        ck_assert_uint_eq(world_hang_ups(world, keys[which]), 0);
        world_swap(world, &swap);
        world_run(world);
        ck_assert_uint_ge(world_hang_ups(world, keys[which]), 1);
        for (unsigned i = 0; i < 2; i++)
            ck_assert_str_eq(world_call_at(world, &stage.talk, i)->call->hang_up_reason,
                             "SESSION_CLOSED");
        world_close(world);
    }
}
END_TEST

/* A call or a session of which nothing can be found out when its time has come: all else whose time has come is done. holds: EXP-08 VOI-13 */
START_TEST(what_cannot_be_read_holds_up_nothing_else)
{
    struct service_settings settings = service_settings_unset();
    settings.longest_call = 10 * MINUTE;
    for (unsigned of_session = 0; of_session < 2; of_session++) {
        struct stage stage = stage_open(NULL, &settings);
        struct world *world = stage.world;
        world_connect(world, stage.key);
        struct talk first = world_talk(world, BOB, CAT, 20 * MINUTE);
        struct talk last = world_talk(world, ANN, CAT, HOUR);
        struct call_seen other = world_ring(world, &last);
        world_connect(world, other.plan.key);
        struct swap swap = unreadable(world, &stage.talk, 0);
        if (of_session) {
            struct log_id log = world_log(world);
            sid_bytes sid;
            ck_assert(sid_parse("KC", first.session, sid));
            swap.key = key_session(TENANT_DEFAULT, log_service(&log), sid);
        }
        world_swap(world, &swap);
        world_move(world, 2 * HOUR);
        world_run(world);
        ck_assert_uint_ge(world_hang_ups(world, other.plan.key), 1);
        ck_assert(world_session(world, &last)->end_time);
        if (of_session)
            ck_assert_uint_ge(world_hang_ups(world, stage.key), 1);
        else
            ck_assert(world_session(world, &first)->end_time);
        /* When it can be read again, its turn comes again. */
        world_swap(world, &swap);
        world_move(world, 10 * SECOND);
        world_run(world);
        ck_assert_uint_ge(world_hang_ups(world, stage.key), 1);
        ck_assert(world_session(world, &first)->end_time);
        world_close(world);
    }
}
END_TEST

/* ---- what is gone altogether ---- */

static void ck_told_until_gone(struct stage *stage)
{
    struct world *world = stage->world;
    world_run(world);
    ck_assert_uint_eq(world_hang_ups(world, stage->key), 1);
    for (unsigned i = 2; i < 5; i++) {
        world_move(world, MINUTE);
        world_run(world);
        ck_assert_uint_eq(world_hang_ups(world, stage->key), i);
    }
    ck_assert(world_progress(world, stage->key, CALL_FIRST, CALL_GONE).hang_up);
    world_move(world, HOUR);
    world_run(world);
    ck_assert_uint_eq(world_hang_ups(world, stage->key), 4);
    struct log_id log = world_log(world);
    ck_assert_uint_eq(world_rows(world, KV_IDX, key_calls(TENANT_DEFAULT, log_service(&log))), 0);
}

/* holds: VOI-13 */
START_TEST(a_deleted_session_hangs_up_until_the_carrier_is_done)
{
    struct stage stage = stage_open(NULL, NULL);
    world_connect(stage.world, stage.key);
    world_delete_talk(stage.world, &stage.talk);
    ck_told_until_gone(&stage);
    world_close(stage.world);
}
END_TEST

/* holds: VOI-13 */
START_TEST(a_deleted_service_hangs_up_too)
{
    struct stage stage = stage_open(NULL, NULL);
    world_connect(stage.world, stage.key);
    ck_done(call_service_delete(stage.world, stage.world->service));
    ck_assert(world_progress(stage.world, stage.key, CALL_SECOND, CALL_CONNECTED).hang_up);
    world_run(stage.world);
    ck_assert_uint_ge(world_hang_ups(stage.world, stage.key), 1);
    unsigned told = world_hang_ups(stage.world, stage.key);
    world_move(stage.world, MINUTE);
    world_run(stage.world);
    ck_assert_uint_eq(world_hang_ups(stage.world, stage.key), told + 1);
    world_close(stage.world);
}
END_TEST

START_TEST(a_live_call_is_not_deleted)
{
    struct stage stage = stage_open(NULL, NULL);
    ck_assert_str_eq(world_delete_call(stage.world, &stage.talk, 0, false), "");
    ck_assert_str_eq(world_delete_call(stage.world, &stage.talk, 0, true), "CALL_LIVE");
    ck_assert(the_call(&stage)->redact_time);
    ck_assert(!world_progress(stage.world, stage.key, CALL_SECOND, CALL_PICKED_UP).hang_up);
    world_progress(stage.world, stage.key, CALL_SECOND, CALL_NO_ANSWER);
    ck_assert_str_eq(world_delete_call(stage.world, &stage.talk, 0, true), "");
    ck_assert_uint_eq(world_interactions(stage.world, &stage.talk), 0);
    ck_assert_uint_eq(world_session(stage.world, &stage.talk)->call_count, 1);
    world_close(stage.world);
}
END_TEST

/* ---- restarts ---- */

START_TEST(a_restart_forgets_no_hang_up)
{
    char path[64];
    struct stage stage = stage_open(folder_new(path), NULL);
    world_connect(stage.world, stage.key);
    world_end_talk(stage.world, &stage.talk);
    world_restart(stage.world);
    world_run(stage.world);
    ck_assert_uint_ge(world_hang_ups(stage.world, stage.key), 1);
    ck_assert_str_eq(the_call(&stage)->call->hang_up_reason, "SESSION_CLOSED");
    world_delete_talk(stage.world, &stage.talk);
    unsigned told = world_hang_ups(stage.world, stage.key);
    world_restart(stage.world);
    world_run(stage.world);
    ck_assert_uint_gt(world_hang_ups(stage.world, stage.key), told);
    world_close(stage.world);
    folder_remove(path);
}
END_TEST

START_TEST(calls_end_with_the_process_that_carried_them)
{
    for (int forgets = 0; forgets < 2; forgets++) {
        char path[64];
        struct stage stage = stage_open(folder_new(path), NULL);
        world_connect(stage.world, stage.key);
        world_move(stage.world, 7 * SECOND);
        stage.world->carriers[0].port.forgets = forgets;
        world_restart(stage.world);
        world_run(stage.world);
        if (forgets) {
            const Maskline__Store__V1__Interaction *call = the_call(&stage);
            ck_call(call, COMPLETED, COMPLETED);
            ck_assert_str_eq(call->outbound[0]->reason, "CALL_LOST");
            ck_assert_str_eq(call->call->hang_up_reason, "CALL_LOST");
            ck_assert_uint_eq(call->call->seconds, 7);
        } else {
            ck_call(the_call(&stage), IN_PROGRESS, IN_PROGRESS);
            ck_assert_uint_eq(world_all_hang_ups(stage.world), 0);
            ck_assert(world_progress(stage.world, stage.key, CALL_FIRST, CALL_COMPLETED).hang_up);
            ck_call(the_call(&stage), COMPLETED, COMPLETED);
        }
        ck_assert_uint_eq(world_session(stage.world, &stage.talk)->n_live_calls, 0);
        world_close(stage.world);
        folder_remove(path);
    }
}
END_TEST

/* How many entries of the log tell of a call that has ended: each is an event with its end. */
static unsigned ends_told(struct world *world)
{
    unsigned count = 0;
    for (uint64_t i = 1; i <= world_entries(world); i++) {
        const Maskline__Store__V1__Entry *entry = world_entry(world, i);
        count += entry->change_case == CHANGE(CALL_CHANGED) && entry->call_changed->call->end_time;
    }
    return count;
}

/* holds: VOI-02 */
START_TEST(calls_of_other_tenants_end_with_it_too)
{
    char path[64];
    struct world *world = world_open(folder_new(path));
    world_tenant(world, 2);
    world_service(world, NULL);
    world_number(world, N1, NULL);
    world_number(world, N2, NULL);
    struct talk talk = world_talk(world, ANN, BOB, 0);
    struct call_seen seen = world_ring(world, &talk);
    world_connect(world, seen.plan.key);
    world->carriers[0].port.forgets = true;
    world_restart(world);
    world_run(world);
    ck_call(world_call_at(world, &talk, 0), COMPLETED, COMPLETED);
    ck_assert_str_eq(world_call_at(world, &talk, 0)->call->hang_up_reason, "CALL_LOST");
    world_close(world);
    folder_remove(path);
}
END_TEST

/* holds: VOI-02 */
START_TEST(a_lost_call_ends_once)
{
    /* Its carrier says so at once, or when it is told again. */
    for (int later = 0; later < 2; later++) {
        char path[64];
        struct stage stage = stage_open(folder_new(path), NULL);
        struct world *world = stage.world;
        world_connect(world, stage.key);
        world->carriers[0].port.forgets = true;
        world_restart(world);
        world_run(world);
        if (later) {
            world_move(world, MINUTE);
            world_run(world);
        }
        unsigned told = world_hang_ups(world, stage.key);
        ck_assert_uint_eq(told, 1 + (unsigned)later);
        uint64_t entries = world_entries(world);
        for (int side = CALL_FIRST; side <= CALL_SECOND; side++)
            ck_assert(world_progress(world, stage.key, (enum call_side)side, CALL_GONE).hang_up);
        ck_assert_uint_eq(world_entries(world), entries);
        ck_assert_uint_eq(ends_told(world), 1);
        struct log_id log = world_log(world);
        ck_assert_uint_eq(world_rows(world, KV_IDX, key_calls(TENANT_DEFAULT, log_service(&log))),
                          0);
        /* Nobody is told anything more, by time or by another start. */
        world_move(world, HOUR);
        world_run(world);
        world_restart(world);
        world_run(world);
        ck_assert_uint_eq(world_hang_ups(world, stage.key), told);
        ck_assert_uint_eq(ends_told(world), 1);
        world_close(world);
        folder_remove(path);
    }
}
END_TEST

START_TEST(a_placed_call_that_has_not_begun_ends_with_the_process)
{
    char path[64];
    struct world *world = world_with_two(folder_new(path), NULL, NULL);
    struct talk talk = world_talk(world, ANN, BOB, 0);
    ck_assert_int_eq(world_place(world, &talk, talk.a, NULL), STATUS_OK);
    ck_assert_int_eq(world_place(world, &talk, talk.b, NULL), STATUS_OK);
    const char *begun = world_plan(world, 0, 0)->key, *not_begun = world_plan(world, 0, 1)->key;
    world_progress(world, begun, CALL_FIRST, CALL_RINGING);
    world_restart(world);
    world_run(world);
    const Maskline__Store__V1__Interaction *call = world_call_at(world, &talk, 0);
    ck_call(call, FAILED, CANCELED);
    ck_assert_str_eq(call->outbound[0]->reason, "CALL_LOST");
    ck_assert_str_eq(call->call->hang_up_reason, "CALL_LOST");
    ck_call(world_call_at(world, &talk, 1), RINGING, QUEUED);
    ck_assert_uint_ge(world_hang_ups(world, not_begun), 1);
    ck_assert_uint_eq(world_hang_ups(world, begun), 0);
    ck_assert_uint_eq(world_placed(world, 0), 2);
    world_close(world);
    folder_remove(path);
}
END_TEST

SUITE_MAIN("calls watch", closing_hangs_up, expiring_hangs_up, who_leaves_is_hung_up,
           who_is_replaced_is_hung_up_and_the_new_one_is_called,
           a_new_number_ends_the_call_of_the_old_one, a_new_name_ends_nothing, a_block_hangs_up,
           stop_hangs_up_where_it_counts_for_calls, a_bar_hangs_up_in_however_many_sessions,
           a_bar_hangs_up_though_its_write_was_said_to_have_failed,
           a_locked_number_is_not_shown_any_more, what_could_not_be_looked_at_is_looked_at_again,
           what_cannot_be_read_holds_up_nothing_else,
           a_deleted_session_hangs_up_until_the_carrier_is_done, a_deleted_service_hangs_up_too,
           a_live_call_is_not_deleted, a_restart_forgets_no_hang_up,
           calls_end_with_the_process_that_carried_them, calls_of_other_tenants_end_with_it_too,
           a_lost_call_ends_once, a_placed_call_that_has_not_begun_ends_with_the_process)
