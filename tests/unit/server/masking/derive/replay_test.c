#include "server/masking/bars/blocks.h"
#include "server/masking/bars/opt_outs.h"
#include "server/masking/calls/call_watch.h"
#include "server/masking/messages/notices.h"
#include "tests/unit/server/masking/calls.h"
#include "tests/unit/server/masking/phones.h"

#include <sched.h>
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
    unsigned replaced, taken_out, barred, rang;
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

static void write_text(struct play *play)
{
    static const char *const WORDS[] = {"hello", "hello", "hello", "hello", "hello",
                                        "STOP",  "START", "START", "HELP"};
    const char *body = WORDS[pick(play, 9)];
    const Maskline__Store__V1__Session *session =
        pick(play, 2)
            ? call_session_get(play->world, play->sessions[pick(play, play->session_count)])
            : NULL;
    if (session && session->n_participants)
        (void)world_text(play->world, session->participants[0]->identifiers[0],
                         proxy_of(session, 0), body);
    else
        (void)world_text(play->world, who_text(play, pick(play, PEOPLE)),
                         number_text(play, pick(play, NUMBERS)), body);
}

static void blocked(void *data, const Maskline__Store__V1__Block *block, const struct error *error)
{
    (void)block;
    *(_Atomic int *)data = error ? 1 : 2;
}

static void opted(void *data, const Maskline__Store__V1__Service *service,
                  const Maskline__Store__V1__OptOut *opt_out, const struct error *error)
{
    (void)service;
    (void)opt_out;
    *(_Atomic int *)data = error ? 1 : 2;
}

static void taken_out(void *data, const Maskline__Store__V1__Service *service,
                      const Maskline__Store__V1__Interaction *interaction,
                      const struct error *error)
{
    (void)service;
    (void)interaction;
    *(_Atomic int *)data = error ? 1 : 2;
}

/* 1 when it is done, 0 when it was refused. */
static unsigned await(_Atomic int *done)
{
    while (!*done)
        sched_yield();
    return *done == 2;
}

static void change_bars(struct play *play)
{
    struct world *world = play->world;
    _Atomic int done = 0;
    const char *who = who_text(play, pick(play, PEOPLE)), *to = who_text(play, pick(play, PEOPLE));
    const struct block_name block = {
        .service = world->service, .identifier = who, .to_identifier = pick(play, 3) ? to : ""};
    const struct opt_out_name opt_out = {
        .service = world->service,
        .identifier = who,
        .proxy_identifier = pick(play, 2) ? number_text(play, pick(play, NUMBERS)) : ""};
    switch (pick(play, 6)) {
    case 0:
        blocks_create(world->masking, &block, blocked, &done);
        break;
    case 1:
    case 2:
        blocks_delete(world->masking, &block, blocked, &done);
        break;
    case 3:
        opt_outs_create(world->masking, &opt_out, opted, &done);
        break;
    default:
        opt_outs_delete(world->masking, &opt_out, opted, &done);
    }
    play->barred += await(&done);
}

/* Of the newest message. */
static void take_out(struct play *play)
{
    struct world *world = play->world;
    const Maskline__Store__V1__Entry *entry = world_last(world, CHANGE(INTERACTION_CREATED));
    if (!entry)
        return;
    const Maskline__Store__V1__Interaction *newest = entry->interaction_created->interaction;
    struct sid_text session = sid_format("KC", newest->session.data),
                    sid = sid_format("KI", newest->sid.data);
    const struct interaction_name name = {world->service, session.text, sid.text};
    _Atomic int done = 0;
    (pick(play, 2) ? interactions_redact : interactions_delete)(world->masking, &name, taken_out,
                                                                &done);
    play->taken_out += await(&done);
}

/* ---- calls ---- */

/* One comes in or is placed, and goes on for a while. */
static void ring(struct play *play)
{
    struct world *world = play->world;
    const Maskline__Store__V1__Session *session =
        call_session_get(world, play->sessions[pick(play, play->session_count)]);
    if (!session || !session->n_participants)
        return;
    unsigned who = pick(play, (unsigned)session->n_participants);
    const Maskline__Store__V1__Participant *one = session->participants[who];
    char key[CALL_KEY_SIZE] = "";
    bool placed = !pick(play, 3);
    if (placed) {
        struct call_draft draft = {.service = world->service,
                                   .session = sid_of(world, session),
                                   .participant = participant_sid(world, session, who)};
        if (world_place_draft(world, &draft, NULL, NULL) != STATUS_OK)
            return;
        snprintf(key, sizeof key, "%s", world_plan(world, 0, 0)->key);
        world->carriers[0].plan_count = 0;
        /* A start ends those that have not begun. */
        (void)world_progress(world, key, CALL_FIRST, CALL_RINGING);
    } else {
        struct call_seen seen = world_call(world, one->identifiers[0], proxy_of(session, who));
        snprintf(key, sizeof key, "%s", seen.plan.key);
    }
    play->rang += *key != '\0';
    for (unsigned i = 0; *key && i < pick(play, 4); i++) {
        world_move(world, (int64_t)pick(play, 20) * SECOND);
        (void)world_progress(world, key, pick(play, 4) ? CALL_SECOND : CALL_FIRST,
                             (enum call_status)pick(play, 9));
    }
}

/* A start looks at all calls that live: that has to have been done before. */
static void look_at_calls(struct world *world)
{
    for (unsigned i = 0; i < 3; i++) {
        calls_look_at_all(world->masking->calls);
        (void)calls_run_due(world->masking->calls);
        world_settle(world);
    }
}

static void step(struct play *play)
{
    struct world *world = play->world;
    unsigned what = pick(play, 32);
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
        write_text(play);
    else if (what < 18)
        world_move(world, (int64_t)pick(play, 40) * MINUTE);
    else if (what < 21)
        replace(play);
    else if (what < 25)
        write_text(play);
    else if (what < 26)
        change_bars(play);
    else if (what < 27)
        take_out(play);
    else if (what < 30)
        ring(play);
    else if (what < 31 && play->timers)
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
    return family == KV_IDX && key.size > 20 && strchr("exc", data[20]);
}

/* A place in the outbox of a message that is no more; its taking away may be undone by a crash, and is done again. */
static bool is_left(struct world *world, struct view *view, enum kv_family family,
                    struct bytes value, struct bytes key)
{
    const uint8_t *data = key.data;
    if (family != KV_IDX || key.size <= 20 || data[20] != 'o')
        return false;
    Maskline__Store__V1__OutboxRow *row =
        maskline__store__v1__outbox_row__unpack(NULL, value.size, value.data);
    ck_assert_ptr_nonnull(row);
    struct key its =
        key_interaction(TENANT_DEFAULT, data + 4, row->session.data, row->interaction.data);
    maskline__store__v1__outbox_row__free_unpacked(row, NULL);
    struct kv_value ignored;
    struct error error;
    return view_get(view, KV_LIVE, key_bytes(&its), world->arena, &ignored, &error) == KV_ABSENT;
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
            if (is_left(world, view, FAMILIES[i], value.bytes, scan_key(scan)))
                continue;
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

/* Chance may have left something out: between two who have met nobody else, on a number of their own, all of it is possible. */
static void make_sure(struct play *play)
{
    struct world *world = play->world;
    world_number(world, "+15559990009", "one");
    const struct participant_draft people[] = {
        person_on(world, "+15551239001", "+15559990009"),
        person_on(world, "+15551239002", "+15559990009"),
    };
    const Maskline__Store__V1__Session *session = call_session_create(
        world, (struct session_draft){.participants = people, .participant_count = 2});
    ck_done(session);
    play->sessions[0] = sid_of(world, session);
    play->session_count = 1;
    for (unsigned i = 0; i < STEPS && !(play->taken_out && play->barred && play->rang); i++) {
        world_move(world, HOUR); /* for who has used up the cap */
        (void)world_text(world, "+15551239001", "+15559990009", "hello");
        take_out(play);
        change_bars(play);
        ring(play);
    }
    for (unsigned i = 0; i < STEPS && !play->replaced; i++)
        replace(play);
}

/* The child plays and dies without a word. */
static void play_and_die(const char *folder, uint64_t seed, bool timers, bool flushes)
{
    char path[128];
    struct world *world = world_open(folder);
    static const struct notice_setting NOTICES[] = {{NOTICE(OUT_OF_SESSION), "", "Nobody."}};
    static const struct notice_list TOLD = {NOTICES, 1};
    struct service_settings settings = service_settings_unset();
    settings.person_cap = 5;
    settings.person_cap_period = HOUR;
    settings.notices = &TOLD;
    settings.reuse_names = seed % 2;
    if (seed % 3 == 0)
        settings.opt_out_scope = MASKLINE__STORE__V1__OPT_OUT_SCOPE__OPT_OUT_SCOPE_NUMBER;
    world_service(world, &settings);
    for (unsigned i = 0; i < NUMBERS; i++)
        world_number(world, arena_printf(world->arena, "+1555999000%u", i), "one");
    struct play play = {.world = world, .random = seed, .timers = timers, .flushes = flushes};
    for (unsigned i = 0; i < STEPS; i++)
        step(&play);
    make_sure(&play);
    if (!play.replaced || !play.taken_out || !play.barred || !play.rang)
        _exit(2);
    look_at_calls(world);
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
