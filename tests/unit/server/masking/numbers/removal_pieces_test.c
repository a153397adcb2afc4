#include "server/masking/internal.h"
#include "tests/unit/server/masking/calls.h"

#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Numbers that many sessions use leave the pool in pieces, whatever comes between. */

#define ONE   "+15559990001"
#define TWO   "+15559990002"
#define THREE "+15559990003"
#define ANN   "+15551230001"
#define BOB   "+15551230002"

enum { SESSIONS = 100 };

static struct world *world_at(const char *path)
{
    struct world *world = world_open(path);
    world_service(world, NULL);
    world_number(world, ONE, NULL);
    return world;
}

/* All on the first number; then there are others. */
static void make_talks(struct world *world, struct talk talks[SESSIONS])
{
    for (int i = 0; i < SESSIONS; i++) {
        char a[32], b[32];
        snprintf(a, sizeof a, "+1555100%04d", i);
        snprintf(b, sizeof b, "+1555200%04d", i);
        talks[i] = world_talk(world, a, b, 0);
        ck_assert_str_eq(talks[i].proxy_a, ONE);
    }
    ck_assert_int_eq(call_number_get(world, ONE).in_use, SESSIONS);
}

static void add_others(struct world *world)
{
    world_number(world, TWO, NULL);
    world_number(world, THREE, NULL);
}

static unsigned users(struct world *world, const char *number)
{
    return world_rows(world, KV_IDX,
                      key_number_sessions(TENANT_DEFAULT, world_log(world).bytes + 4, number));
}

static unsigned removals(struct world *world)
{
    return world_rows(world, KV_IDX, key_removals(TENANT_DEFAULT, world_log(world).bytes + 4));
}

/* How many have other numbers. */
static int moved(struct world *world, const struct talk talks[SESSIONS])
{
    int count = 0;
    for (int i = 0; i < SESSIONS; i++) {
        const Maskline__Store__V1__Session *session = call_session_get(world, talks[i].session);
        ck_assert_int_eq(session->status, SESSION_STATUS(OPEN));
        bool has_other = strcmp(proxy_of(session, 0), ONE) != 0;
        ck_assert_int_eq(has_other, strcmp(proxy_of(session, 1), ONE) != 0);
        count += has_other;
    }
    return count;
}

static void ck_all_moved(struct world *world, const struct talk talks[SESSIONS])
{
    ck_assert_int_eq(moved(world, talks), SESSIONS);
    ck_refused(call_number_get(world, ONE).number, "PHONE_NUMBER_NOT_FOUND", 80301);
    ck_assert_uint_eq(users(world, ONE), 0);
    ck_assert_uint_eq(users(world, TWO), SESSIONS);
    ck_assert_uint_eq(users(world, THREE), SESSIONS);
    ck_assert_uint_eq(removals(world), 0);
    const Maskline__Store__V1__Entry *last = world_last(world, CHANGE(NUMBER_REMOVED));
    ck_assert(last && last->number_removed->forced);
    /* They talk by the new numbers. */
    const struct talk *talk = &talks[SESSIONS - 1];
    const Maskline__Store__V1__Session *session = call_session_get(world, talk->session);
    ck_accepted(world_text(world, talk->person_a, proxy_of(session, 0), "x"));
    world_run(world);
    ck_assert_str_eq(world_sent(world, 0, 0)->from, proxy_of(session, 1));
}

/* holds: NUM-07 */
START_TEST(who_uses_a_number_is_listed)
{
    struct world *world = world_at(NULL);
    add_others(world);
    struct talk talk = world_talk(world, ANN, BOB, 0);
    ck_assert_str_eq(talk.proxy_a, ONE);
    ck_assert_str_eq(talk.proxy_b, TWO);
    ck_assert_uint_eq(users(world, ONE), 1);
    ck_assert_uint_eq(users(world, TWO), 1);
    ck_assert_uint_eq(users(world, THREE), 0);
    ck_done(call_change(world, &talk,
                        (struct participant_change){.participant = talk.b,
                                                    .set_proxy = true,
                                                    .life_given = true,
                                                    .old_number_life = MINUTE}));
    ck_assert_uint_eq(users(world, TWO), 1); /* it is honoured still */
    ck_assert_uint_eq(users(world, THREE), 1);
    world_move(world, MINUTE);
    world_run(world);
    ck_assert_uint_eq(users(world, TWO), 0);
    world_end_talk(world, &talk);
    ck_assert_uint_eq(users(world, ONE) + users(world, THREE), 0);
    world_reopen_talk(world, &talk);
    ck_assert_uint_eq(users(world, ONE) + users(world, THREE), 2);
    world_leave(world, &talk, talk.a);
    ck_assert_uint_eq(users(world, ONE), 0);
    world_delete_talk(world, &talk);
    ck_assert_uint_eq(users(world, THREE), 0);
    world_close(world);
}
END_TEST

/* "123" and "1234" are two. */
START_TEST(numbers_that_begin_alike_are_told_apart)
{
    static const sid_bytes lowest, pool;
    struct key shorter = key_number_sessions(TENANT_DEFAULT, pool, "123");
    struct key row = key_number_session(TENANT_DEFAULT, pool, "1234", lowest);
    ck_assert_int_ne(memcmp(row.data, shorter.data, shorter.size), 0);
}
END_TEST

static void remove_all(bool others_fit)
{
    struct world *world = world_at(NULL);
    struct talk talks[SESSIONS];
    make_talks(world, talks);
    if (others_fit)
        add_others(world);
    uint64_t before = world_entries(world);
    ck_done(call_number_remove(world, ONE, true).number);
    /* It was locked before the first of them changed, and is told of once. */
    const Maskline__Store__V1__Entry *first = world_entry(world, before + 1);
    ck_assert_int_eq(first->change_case, CHANGE(NUMBER_UPDATED));
    ck_assert_int_eq(first->number_updated->number->state, NUMBER_STATE(LOCKED));
    ck_assert_uint_eq(world_entries(world), before + 2 + (others_fit ? 2U : 1U) * SESSIONS);
    ck_assert_int_eq(world_entry(world, world_entries(world))->change_case, CHANGE(NUMBER_REMOVED));
    if (others_fit)
        ck_all_moved(world, talks);
    for (int i = 0; i < SESSIONS && !others_fit; i++)
        ck_assert_int_eq(call_session_get(world, talks[i].session)->status, SESSION_STATUS(FAILED));
    world_close(world);
}

/* holds: CON-01 */
START_TEST(many_fail)
{
    remove_all(false);
}
END_TEST

/* holds: CON-01 SES-28 */
START_TEST(many_get_others)
{
    remove_all(true);
}
END_TEST

/* ---- cut off ---- */

static void die(struct world *world)
{
    (void)world;
    _exit(7);
}

static void die_after_the_next(struct world *world)
{
    atomic_store(&world->during, die);
}

static void play_and_die(const char *folder, struct talk *talks)
{
    struct world *world = world_at(folder);
    make_talks(world, talks);
    add_others(world);
    FILE *file = fopen(arena_printf(world->arena, "%s-talks", folder), "w");
    ck_assert(file && fwrite(talks, sizeof *talks, SESSIONS, file) == SESSIONS);
    ck_assert(fwrite(world->service, sizeof world->service, 1, file) == 1);
    fclose(file);
    atomic_store(&world->during, die_after_the_next); /* when two pieces are durable */
    (void)call_number_remove(world, ONE, true);
    _exit(1);
}

/* holds: NUM-10 */
START_TEST(it_goes_on_after_a_crash)
{
    char folder[] = "/tmp/maskline-removal-XXXXXX", path[64];
    struct talk talks[SESSIONS];
    ck_assert_ptr_nonnull(mkdtemp(folder));
    pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (!child)
        play_and_die(folder, talks);
    int status;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 7);
    struct world *world = world_open(folder);
    snprintf(path, sizeof path, "%s-talks", folder);
    FILE *file = fopen(path, "r");
    ck_assert(file && fread(talks, sizeof *talks, SESSIONS, file) == SESSIONS);
    ck_assert(fread(world->service, sizeof world->service, 1, file) == 1);
    fclose(file);
    unlink(path);
    int before = moved(world, talks);
    ck_assert(before > 0 && before < SESSIONS);
    ck_assert_int_eq(call_number_get(world, ONE).number->state, NUMBER_STATE(LOCKED));
    ck_assert_uint_eq(removals(world), 1);
    world_run(world); /* nobody asks again */
    ck_all_moved(world, talks);
    world_close(world);
    folder_remove(folder);
}
END_TEST

static void deny_the_next(struct world *world)
{
    atomic_store(&world->denies, true);
}

/* A world in which a removal is half done, and nobody goes on with it before the timers run. */
static struct world *half_done(const char *folder, struct talk talks[SESSIONS])
{
    struct world *world = world_at(folder);
    make_talks(world, talks);
    add_others(world);
    atomic_store(&world->during, deny_the_next);
    ck_assert_ptr_null(call_number_remove(world, ONE, true).number);
    ck_assert_int_eq(call_error.code, STATUS_UNKNOWN);
    struct error why;
    time_t begin = time(NULL);
    while (pipeline_refuses(masking_pipeline(world->masking), &why)) {
        ck_assert_int_lt(time(NULL) - begin, 30);
        sched_yield();
    }
    int before = moved(world, talks);
    ck_assert(before > 0 && before < SESSIONS);
    return world;
}

/* holds: NUM-10 */
START_TEST(it_goes_on_after_a_failed_write)
{
    char folder[] = "/tmp/maskline-removal-XXXXXX";
    struct talk talks[SESSIONS];
    ck_assert_ptr_nonnull(mkdtemp(folder));
    struct world *world = half_done(folder, talks);
    world_run(world);
    ck_all_moved(world, talks);
    world_close(world);
    folder_remove(folder);
}
END_TEST

/* holds: NUM-10 NUM-13 */
START_TEST(so_long_it_is_nobodys)
{
    char folder[] = "/tmp/maskline-removal-XXXXXX";
    struct talk talks[SESSIONS];
    ck_assert_ptr_nonnull(mkdtemp(folder));
    struct world *world = half_done(folder, talks);
    struct number_change change = {
        .service = world->service, .number = ONE, .state = NUMBER_STATE(ACTIVE)};
    ck_refused(call_number_update(world, &change).number, "NUMBER_IS_BEING_REMOVED", 0);
    change.state = NUMBER_STATE(LOCKED);
    change.friendly_name = "going";
    ck_done(call_number_update(world, &change).number);
    /* Of the last ones, which have it still, one is closed: it does not open with it again. */
    const struct talk *talk = &talks[SESSIONS - 1];
    const Maskline__Store__V1__Session *session = call_session_get(world, talk->session);
    ck_assert_str_eq(proxy_of(session, 0), ONE);
    ck_rejected(world_text(world, talk->person_a, ONE, "x"), "NUMBER_LOCKED");
    ck_done(call_close(world, session));
    ck_refused(call_reopen(world, session), "NUMBER_GONE", 80605);
    ck_assert_int_eq(users(world, ONE), call_number_get(world, ONE).in_use);
    /* Who asks again, also without force, waits for the rest of it. */
    ck_done(call_number_remove(world, ONE, false).number);
    ck_refused(call_number_get(world, ONE).number, "PHONE_NUMBER_NOT_FOUND", 80301);
    ck_assert_uint_eq(removals(world), 0);
    ck_refused(call_reopen(world, session), "NUMBER_GONE", 80605);
    ck_assert_uint_eq(world_run(world), 0);
    world_close(world);
    folder_remove(folder);
}
END_TEST

/* Nothing is left of a removal whose Service is deleted meanwhile. */
START_TEST(its_service_may_go_first)
{
    char folder[] = "/tmp/maskline-removal-XXXXXX";
    struct talk talks[SESSIONS];
    ck_assert_ptr_nonnull(mkdtemp(folder));
    struct world *world = half_done(folder, talks);
    ck_done(call_service_delete(world, world->service));
    world_run(world);
    ck_assert_int_eq(call_service_get(world, world->service)->state, SERVICE_STATE(DELETED));
    ck_assert_uint_eq(removals(world), 0);
    ck_assert_uint_eq(users(world, ONE) + users(world, TWO) + users(world, THREE), 0);
    world_close(world);
    folder_remove(folder);
}
END_TEST

/* ---- at once ---- */

static void told(void *data, const struct number_result *result, const struct error *error)
{
    ck_assert_ptr_null(error);
    ck_assert(result && result->number);
    atomic_fetch_add((atomic_int *)data, 1);
}

START_TEST(two_may_ask_for_it)
{
    struct world *world = world_at(NULL);
    struct talk talks[SESSIONS];
    make_talks(world, talks);
    add_others(world);
    atomic_int done = 0;
    numbers_remove(world->masking, world->service, ONE, true, told, &done);
    numbers_remove(world->masking, world->service, ONE, true, told, &done);
    while (atomic_load(&done) < 2)
        sched_yield();
    ck_all_moved(world, talks);
    world_close(world);
}
END_TEST

/* ---- sessions that are older than the index ---- */

struct forgetting {
    struct command command;
    struct world *world;
    atomic_bool done;
};

static bool forget_users(struct command *command, struct txn *txn)
{
    struct forgetting *f = (struct forgetting *)command;
    struct log_id log = world_log(f->world);
    struct key prefix = key_number_sessions(TENANT_DEFAULT, log_service(&log), ONE);
    struct bytes after = bytes_after(key_bytes(&prefix), txn_arena(txn));
    struct scan *scan = txn_scan(txn, KV_IDX, key_bytes(&prefix), after, false);
    struct key rows[SESSIONS];
    size_t count = 0;
    for (; scan_valid(scan); scan_next(scan), count++) {
        rows[count].size = scan_key(scan).size;
        memcpy(rows[count].data, scan_key(scan).data, rows[count].size);
    }
    scan_free(scan);
    /* One of them is told of: it has been opened again since, perhaps. */
    for (size_t i = 1; i < count; i++) {
        if (!txn_delete(txn, KV_IDX, key_bytes(&rows[i])))
            return false;
    }
    return true;
}

static void forgotten(struct command *command, enum command_outcome outcome,
                      const struct error *error)
{
    (void)error;
    ck_assert_int_eq(outcome, COMMAND_DURABLE);
    atomic_store(&((struct forgetting *)command)->done, true);
}

/* holds: NUM-10 */
START_TEST(older_sessions_are_found)
{
    struct world *world = world_at(NULL);
    struct talk talks[SESSIONS];
    make_talks(world, talks);
    add_others(world);
    struct forgetting forgetting = {.command = {.decide = forget_users, .done = forgotten},
                                    .world = world};
    pipeline_submit(masking_pipeline(world->masking), &forgetting.command);
    while (!atomic_load(&forgetting.done))
        sched_yield();
    ck_assert_uint_eq(users(world, ONE), 1);
    ck_done(call_number_remove(world, ONE, true).number);
    ck_all_moved(world, talks);
    ck_assert_uint_eq(world_rows(world, KV_IDX,
                                 key_removal_place(TENANT_DEFAULT, world_log(world).bytes + 4,
                                                   world_last(world, CHANGE(NUMBER_REMOVED))
                                                       ->number_removed->number->sid.data)),
                      0);
    world_close(world);
}
END_TEST

SUITE_MAIN("removal in pieces", who_uses_a_number_is_listed,
           numbers_that_begin_alike_are_told_apart, many_fail, many_get_others,
           it_goes_on_after_a_crash, it_goes_on_after_a_failed_write, so_long_it_is_nobodys,
           its_service_may_go_first, two_may_ask_for_it, older_sessions_are_found)
