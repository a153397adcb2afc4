#include "tests/unit/server/masking/calls.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* The log is the database: rows that are made again from it after a crash are the rows that were there before. */

enum { NUMBERS = 3, PEOPLE = 6, SESSIONS = 40, STEPS = 400, SEEDS = 6 };

struct play {
    struct world *world;
    uint64_t random;
    const char *sessions[SESSIONS];
    unsigned session_count;
    unsigned replaced;
    bool timers;
    bool flushes;
};

static unsigned pick(struct play *play, unsigned of)
{
    play->random = play->random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (unsigned)(play->random >> 33) % of;
}

static const char *number_text(struct play *play, unsigned index)
{
    return arena_printf(play->world->arena, "+1555999000%u", index);
}

static const char *who_text(struct play *play, unsigned index)
{
    return arena_printf(play->world->arena, "+1555123000%u", index);
}

static void make_session(struct play *play)
{
    struct participant_draft people[2];
    unsigned count = pick(play, 3);
    for (unsigned i = 0; i < count; i++) {
        people[i] = person(play->world, who_text(play, pick(play, PEOPLE)));
        if (!pick(play, 4))
            people[i].proxy_identifier = number_text(play, pick(play, NUMBERS));
    }
    char id[8];
    snprintf(id, sizeof id, "%u", pick(play, 30));
    const struct session_draft draft = {
        .unique_name = pick(play, 3) ? "" : who_text(play, pick(play, 9)),
        .ttl_given = pick(play, 2),
        .ttl = (1 + pick(play, 5)) * MINUTE,
        .status = pick(play, 8) ? 0 : SESSION_STATUS(CLOSED),
        .participants = people,
        .participant_count = count,
        .request = {.id = pick(play, 3) ? NULL : id, .method = "CreateSession"},
    };
    const Maskline__Store__V1__Session *session = call_session_create(play->world, draft);
    if (session && play->session_count < SESSIONS)
        play->sessions[play->session_count++] = sid_of(play->world, session);
}

static void change_session(struct play *play)
{
    static const Maskline__Store__V1__SessionStatus STATUSES[] = {0, SESSION_STATUS(CLOSED),
                                                                  SESSION_STATUS(IN_PROGRESS)};
    struct session_change change = {
        .session = play->sessions[pick(play, play->session_count)],
        .status = STATUSES[pick(play, 3)],
        .set_ttl = pick(play, 2),
        .ttl_given = pick(play, 2),
        .ttl = (1 + pick(play, 5)) * MINUTE,
        .set_expire_time = !pick(play, 4),
        .expire_time = world_now(play->world) + (int64_t)pick(play, 10) * MINUTE,
    };
    (void)call_session_update(play->world, change);
}

static void come_or_go(struct play *play)
{
    const char *sid = play->sessions[pick(play, play->session_count)];
    if (pick(play, 2)) {
        (void)call_join(play->world, sid, person(play->world, who_text(play, pick(play, PEOPLE))),
                        NULL);
        return;
    }
    const Maskline__Store__V1__Session *session = call_session_get(play->world, sid);
    if (session && session->n_participants)
        (void)call_leave(
            play->world, sid,
            participant_sid(play->world, session, pick(play, (unsigned)session->n_participants)));
}

/* Another person, another number, or both; also of one that has left. */
static void replace(struct play *play)
{
    const char *sid = NULL;
    const Maskline__Store__V1__Session *session = NULL;
    /* Of one that lives, if there is one. */
    for (unsigned i = 0; i < 8 && (!session || session->end_time); i++) {
        sid = play->sessions[pick(play, play->session_count)];
        session = call_session_get(play->world, sid);
    }
    if (!session || !session->n_participants)
        return;
    struct talk talk = {0};
    snprintf(talk.session, sizeof talk.session, "%s", sid);
    struct participant_change change = {
        .participant =
            participant_sid(play->world, session, pick(play, (unsigned)session->n_participants)),
        .set_identifiers = pick(play, 2),
        .set_proxy = pick(play, 2),
        .life_given = true,
        .old_number_life = (int64_t)pick(play, 6) * 10 * MINUTE,
    };
    if (change.set_identifiers)
        change.draft = person(play->world, who_text(play, pick(play, PEOPLE)));
    if (change.set_proxy && pick(play, 2))
        change.draft.proxy_identifier = number_text(play, pick(play, NUMBERS));
    play->replaced += call_change(play->world, &talk, change) != NULL;
}

static void change_number(struct play *play)
{
    const char *number = number_text(play, pick(play, NUMBERS));
    const struct number_draft draft = number_draft(play->world, number);
    const struct number_change change = {.service = play->world->service,
                                         .number = number,
                                         .set_reserved = pick(play, 2),
                                         .reserved = pick(play, 2),
                                         .state = (Maskline__Store__V1__NumberState)pick(play, 3)};
    switch (pick(play, 4)) {
    case 0:
        (void)call_number_remove(play->world, number, pick(play, 2));
        return;
    case 1:
        (void)call_number_update(play->world, &change);
        return;
    default:
        (void)call_number_add(play->world, &draft);
    }
}

static void step(struct play *play)
{
    struct world *world = play->world;
    unsigned what = pick(play, 23);
    if (what < 5 || !play->session_count)
        make_session(play);
    else if (what < 8)
        change_session(play);
    else if (what < 10)
        come_or_go(play);
    else if (what < 11)
        change_number(play);
    else if (what < 12)
        (void)call_session_delete(world, play->sessions[pick(play, play->session_count)]);
    else if (what < 16)
        (void)world_text(world, who_text(play, pick(play, PEOPLE)),
                         number_text(play, pick(play, NUMBERS)), "hello");
    else if (what < 18)
        world_move(world, (int64_t)pick(play, 40) * MINUTE);
    else if (what < 21)
        replace(play);
    else if (what < 22 && play->timers)
        world_run(world);
    else if (play->flushes)
        ck_assert(pipeline_flush(masking_pipeline(world->masking), &call_error));
}

/* ---- what is in the store ---- */

static void write_bytes(FILE *file, struct bytes bytes)
{
    const uint8_t *data = bytes.data;
    for (size_t i = 0; i < bytes.size; i++)
        fprintf(file, "%02x", data[i]);
}

/* Hints of timers are taken away by whoever finds that they have served, and may come back: they say nothing. */
static bool is_hint(enum kv_family family, struct bytes key)
{
    const uint8_t *data = key.data;
    return family == KV_IDX && key.size > 20 && (data[20] == 'e' || data[20] == 'x');
}

static void dump(struct world *world, const char *path)
{
    FILE *file = fopen(path, "w");
    ck_assert_ptr_nonnull(file);
    struct view *view = view_open(world->store);
    ck_assert_ptr_nonnull(view);
    static const enum kv_family FAMILIES[] = {KV_LIVE, KV_IDX, KV_META};
    for (size_t i = 0; i < 3; i++) {
        struct scan *scan =
            view_scan(view, FAMILIES[i], (struct bytes){"\1", FAMILIES[i] == KV_META},
                      (struct bytes){"", 0}, false);
        for (; scan_valid(scan); scan_next(scan)) {
            if (is_hint(FAMILIES[i], scan_key(scan)))
                continue;
            struct kv_value value = scan_value(scan);
            fprintf(file, "%d ", (int)FAMILIES[i]);
            write_bytes(file, scan_key(scan));
            fprintf(file, " %lld ", (long long)value.purge_after);
            write_bytes(file, value.bytes);
            fprintf(file, "\n");
        }
        scan_free(scan);
    }
    view_close(view);
    fclose(file);
}

static void dump_name(const char *folder, const char *which, char ret_path[128])
{
    snprintf(ret_path, 128, "%s-%s", folder, which);
}

/* The child plays and dies without a word. */
static void play_and_die(const char *folder, uint64_t seed, bool timers, bool flushes)
{
    char path[128];
    struct world *world = world_open(folder);
    world_service(world, NULL);
    for (unsigned i = 0; i < NUMBERS; i++)
        world_number(world, arena_printf(world->arena, "+1555999000%u", i), "one");
    struct play play = {.world = world, .random = seed, .timers = timers, .flushes = flushes};
    for (unsigned i = 0; i < STEPS; i++)
        step(&play);
    if (!play.replaced)
        _exit(2);
    dump_name(folder, "before", path);
    dump(world, path);
    /* The time at which the parent looks. */
    dump_name(folder, "time", path);
    FILE *file = fopen(path, "w");
    ck_assert_ptr_nonnull(file);
    fprintf(file, "%lld", (long long)world_now(world));
    fclose(file);
    _exit(0);
}

static int64_t read_time(const char *folder)
{
    char path[128];
    long long time;
    dump_name(folder, "time", path);
    FILE *file = fopen(path, "r");
    ck_assert_ptr_nonnull(file);
    ck_assert_int_eq(fscanf(file, "%lld", &time), 1);
    fclose(file);
    unlink(path);
    return time;
}

static void compare(const char *folder)
{
    char before[128], after[128], a[8192], b[8192];
    dump_name(folder, "before", before);
    dump_name(folder, "after", after);
    FILE *first = fopen(before, "r"), *second = fopen(after, "r");
    ck_assert(first && second);
    unsigned lines = 0;
    for (;; lines++) {
        char *x = fgets(a, sizeof a, first), *y = fgets(b, sizeof b, second);
        if (!x && !y)
            break;
        ck_assert_msg(x && y && !strcmp(a, b), "row %u\n%s%s", lines, x ? a : "-", y ? b : "-");
    }
    ck_assert_uint_gt(lines, 20);
    fclose(first);
    fclose(second);
    unlink(before);
    unlink(after);
}

static void try(uint64_t seed, bool timers, bool flushes)
{
    char folder[] = "/tmp/maskline-replay-XXXXXX", path[128];
    ck_assert_ptr_nonnull(mkdtemp(folder));
    pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (!child)
        play_and_die(folder, seed, timers, flushes);
    int status;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_msg(WIFEXITED(status) && !WEXITSTATUS(status), "the child ended with %d", status);
    struct world *world = world_open(folder);
    manual_clock_set(&world->clock, read_time(folder));
    dump_name(folder, "after", path);
    dump(world, path);
    world_close(world);
    compare(folder);
    folder_remove(folder);
}

/* holds: STO-03 */
START_TEST(rows_come_out_the_same)
{
    try((uint64_t)_i + 1, false, false);
}
END_TEST

/* holds: STO-03 */
START_TEST(also_when_some_were_written_out)
{
    try((uint64_t)_i + 1, false, true);
}
END_TEST

/* holds: STO-03 */
START_TEST(also_when_timers_and_the_outbox_ran)
{
    try((uint64_t)_i + 1, true, true);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("replay");
    TCase *cases = tcase_create("replay");
    tcase_set_timeout(cases, 120);
    tcase_add_loop_test(cases, rows_come_out_the_same, 0, SEEDS);
    tcase_add_loop_test(cases, also_when_some_were_written_out, 0, SEEDS);
    tcase_add_loop_test(cases, also_when_timers_and_the_outbox_ran, 0, SEEDS);
    suite_add_tcase(suite, cases);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_VERBOSE);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
