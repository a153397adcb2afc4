/*
 * The domain against the model, at random.
 *
 * MASKLINE_LONG=1 does some fifty times as much; MASKLINE_SEED=n does the runs that begin with seed n, and no others. The stores are
 * shared out among the shards.
 */
#include "tests/model/folder.h"
#include "tests/model/run.h"
#include "tests/model/shrink.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    STEPS = 120, /* of one run */
    WORLDS = 40, /* runs in one store, one after another */
    /* Stores in memory with fixed seeds, with a seed of their own each time, and on the disk. */
    FIXED_STORES = 36,
    OTHER_STORES = 10,
    FOLDER_STORES = 4,
    LONG_FIXED_STORES = 1800,
    LONG_OTHER_STORES = 300,
    LONG_FOLDER_STORES = 20,
    ACCEPTED_LEAST = 10, /* of each kind, by a shard */
    SHRINK_TRIES = 600,
};
_Static_assert((FIXED_STORES + OTHER_STORES + FOLDER_STORES) * WORLDS * STEPS >= 200000,
               "too few steps");
_Static_assert((LONG_FIXED_STORES + LONG_OTHER_STORES + LONG_FOLDER_STORES) * WORLDS * STEPS >=
                   10000000,
               "too few steps in the long form");

static bool is_long(void)
{
    const char *longer = getenv("MASKLINE_LONG");
    return longer && strcmp(longer, "1") == 0;
}

static int number_in(const char *name, int otherwise)
{
    const char *text = getenv(name);
    return text && *text ? (int)strtol(text, NULL, 10) : otherwise;
}

static int shards(void)
{
    int total = number_in("TEST_TOTAL_SHARDS", 1);
    return total > 0 ? total : 1;
}

static int shard(void)
{
    return number_in("TEST_SHARD_INDEX", 0);
}

/* Tells who runs the shards that this program knows of them. */
static void say_that_shards_are_known(void)
{
    const char *path = getenv("TEST_SHARD_STATUS_FILE");
    FILE *file = path && *path ? fopen(path, "w") : NULL;
    if (file)
        fclose(file);
}

static bool script_wrong(void *data, const struct script *script, struct finding *ret_finding)
{
    return !run_script(script, data, ret_finding);
}

static void report(struct script *script, struct finding *finding, const char *folder,
                   uint64_t seed)
{
    char *again = folder ? strdup(folder) : NULL;
    printf("seed %llu: after %d operations: %s\n", (unsigned long long)seed, finding->at + 1,
           finding->wrong);
    if (shrink(script, script_wrong, again, SHRINK_TRIES, finding))
        printf("it takes %d operations:\n", script->count);
    else
        printf("it does not go wrong in a store of its own:\n");
    run_trace(true);
    run_script(script, again, finding);
    run_trace(false);
    printf("  %s\n", finding->wrong);
    free(again);
    fflush(stdout);
}

/* Many worlds in one store. */
static void run_store(uint64_t seed, const char *folder)
{
    struct script *script = calloc(1, sizeof(*script));
    struct finding finding;
    ck_assert_ptr_nonnull(script);
    struct subject *subject = subject_new(folder, seed);
    bool ok = true;
    for (unsigned i = 0; ok && i < WORLDS; i++) {
        const struct world world = {.tag = i};
        ok = run_random(subject, &world, seed * 1000 + i, STEPS, script, &finding);
    }
    subject_free(subject);
    if (!ok)
        report(script, &finding, folder, seed);
    free(script);
    ck_assert_msg(ok, "%s", finding.wrong);
}

static void print_counts(void)
{
    const struct run_counts *counts = run_counted();
    printf("%llu steps\n", (unsigned long long)counts->steps);
    for (int i = 0; i < OP_KINDS; i++)
        printf("%20s %8llu done, %8llu accepted\n", op_kind_name((enum op_kind)i),
               (unsigned long long)counts->done[i], (unsigned long long)counts->accepted[i]);
    fflush(stdout);
}

/* What was to run did, and each kind of operation did something. */
static void check_counts(int stores, bool kinds_too)
{
    const struct run_counts *counts = run_counted();
    print_counts();
    ck_assert_uint_eq(counts->steps, (uint64_t)stores * WORLDS * STEPS);
    for (int i = 0; i < OP_KINDS && stores && kinds_too; i++)
        ck_assert_msg(counts->accepted[i] >= ACCEPTED_LEAST, "%s was accepted %llu times",
                      op_kind_name((enum op_kind)i), (unsigned long long)counts->accepted[i]);
}

/* Those of this shard; `folder` NULL: in memory. */
static void run_stores(uint64_t first, int count, const char *folder, bool kinds_too)
{
    int stores = 0;
    for (int i = 0; i < count; i++) {
        if (i % shards() != shard())
            continue;
        run_store(first + (uint64_t)i, folder);
        stores++;
        if (folder)
            folder_remove(folder);
    }
    check_counts(stores, kinds_too);
}

/* holds: API-18 CON-07 EVT-02 INV-02 INV-05 INV-06 INV-07 INV-08 */
START_TEST(fixed_seeds)
{
    const char *asked = getenv("MASKLINE_SEED");
    if (asked) {
        run_store(strtoull(asked, NULL, 10), NULL);
        print_counts();
        return;
    }
    run_stores(1, is_long() ? LONG_FIXED_STORES : FIXED_STORES, NULL, true);
}
END_TEST

/* holds: API-18 CON-07 EVT-02 INV-02 INV-05 INV-06 INV-07 INV-08 */
START_TEST(other_seeds_each_time)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    uint64_t first = (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
    printf("seeds from %llu\n", (unsigned long long)first);
    fflush(stdout);
    run_stores(first, is_long() ? LONG_OTHER_STORES : OTHER_STORES, NULL, false);
}
END_TEST

/* holds: API-18 CON-07 EVT-02 INV-02 INV-05 INV-06 INV-07 INV-08 */
START_TEST(on_disk)
{
    const char *place = getenv("TEST_TMPDIR");
    char top[200];
    snprintf(top, sizeof(top), "%s/model-XXXXXX", place ? place : "/tmp");
    ck_assert_ptr_nonnull(mkdtemp(top));
    char folder[220];
    snprintf(folder, sizeof(folder), "%s/store", top);
    run_stores(1000000, is_long() ? LONG_FOLDER_STORES : FOLDER_STORES, folder, false);
    folder_remove(top);
}
END_TEST

/* Goes wrong when there is a restart after a clock, and not otherwise. */
static bool restart_after_clock(void *data, const struct script *script,
                                struct finding *ret_finding)
{
    (void)data;
    bool clock = false;
    for (int i = 0; i < script->count; i++) {
        clock = clock || script->ops[i].kind == OP_CLOCK;
        ret_finding->at = i;
        if (clock && script->ops[i].kind == OP_RESTART)
            return true;
    }
    return false;
}

START_TEST(scripts_shrink)
{
    struct script *script = calloc(1, sizeof(*script));
    struct finding finding;
    ck_assert_ptr_nonnull(script);
    for (int i = 0; i < 100; i++)
        script->ops[script->count++] = op_of(i == 37 ? OP_CLOCK : i == 61 ? OP_RESTART : OP_RUN);
    ck_assert(shrink(script, restart_after_clock, NULL, 1000, &finding));
    ck_assert_int_eq(script->count, 2);
    ck_assert_int_eq(script->ops[0].kind, OP_CLOCK);
    ck_assert_int_eq(script->ops[1].kind, OP_RESTART);
    ck_assert_int_eq(finding.at, 1);
    script->count = 1;
    ck_assert(!shrink(script, restart_after_clock, NULL, 1000, &finding));
    free(script);
}
END_TEST

static void add(struct script *script, struct op op)
{
    script->ops[script->count++] = op;
}

/* m1 was handed to c2, and its number went to c1. */
static void begin_with_c2(struct script *script)
{
    struct op op = op_of(OP_SERVICE_CREATE);
    op.label = 1;
    op.name = 1;
    add(script, op);
    op = op_of(OP_NUMBER_ADD);
    op.service.label = 1;
    op.carriers = BY_C2;
    add(script, op);
    op = op_of(OP_SESSION_CREATE);
    op.label = 1;
    op.service.label = 1;
    op.people_count = 2;
    op.people[0] = (struct op_person){.who = {WHO_A}, .who_count = 1};
    op.people[1] = (struct op_person){.who = {WHO_B}, .who_count = 1};
    add(script, op);
    op = op_of(OP_SEND);
    op.service.label = 1;
    op.session.label = 1;
    op.participant = 1;
    op.message = 1;
    add(script, op);
    add(script, op_of(OP_RUN));
    op = op_of(OP_NUMBER_UPDATE);
    op.service.label = 1;
    op.set_carriers = true;
    add(script, op);
}

/* The partner's m2 comes after m1 is known to wait; then perhaps a carrier says that it can send again; then time goes on. */
static void answer_and_go_on(struct script *script, enum attempt_mode outcome, int ready)
{
    struct op op = op_of(OP_ANSWER);
    op.message = 1;
    op.outcome = outcome;
    add(script, op);
    add(script, op_of(OP_RUN));
    op = op_of(OP_INBOUND);
    op.from = WHO_A;
    op.message = 2;
    add(script, op);
    add(script, op_of(OP_RUN));
    if (ready < CARRIERS) {
        op = op_of(OP_CARRIER_READY);
        op.carrier = ready;
        add(script, op);
        add(script, op_of(OP_RUN));
    }
    op = op_of(OP_CLOCK);
    op.time = WORLD_BEGIN + 2 * SECOND;
    add(script, op);
    add(script, op_of(OP_RUN));
}

/* Nobody but c2 may have what it has perhaps sent: m1 is given up when its time comes, and m2 goes after that. What c2 has surely not
 * sent goes first. */
START_TEST(waits_for_the_carrier_before)
{
    static const enum attempt_mode outcomes[] = {MODE_LOST, MODE_RETRY};
    struct script *script = calloc(1, sizeof(*script));
    struct finding finding;
    ck_assert_ptr_nonnull(script);
    begin_with_c2(script);
    answer_and_go_on(script, outcomes[_i % 2], _i / 2);
    ck_assert_msg(run_script(script, NULL, &finding), "%s", finding.wrong);
    free(script);
}
END_TEST

/* Whoever says STOP gets nothing that waits, and does not have to wait for that: the model sees to it when everything that is due is done. */
START_TEST(stop_is_heard_at_once)
{
    struct script *script = calloc(1, sizeof(*script));
    struct finding finding;
    ck_assert_ptr_nonnull(script);
    begin_with_c2(script);
    struct op op = op_of(OP_ANSWER);
    op.message = 1;
    op.outcome = MODE_RETRY;
    add(script, op);
    add(script, op_of(OP_RUN));
    op = op_of(OP_INBOUND);
    op.from = WHO_B;
    op.message = WORD_STOP;
    add(script, op);
    add(script, op_of(OP_RUN));
    ck_assert_msg(run_script(script, NULL, &finding), "%s", finding.wrong);
    free(script);
}
END_TEST

/* Who wrote what waits has been replaced, and is kept from its reader after that. */
START_TEST(blocked_with_what_it_wrote)
{
    struct script *script = calloc(1, sizeof(*script));
    struct finding finding;
    ck_assert_ptr_nonnull(script);
    begin_with_c2(script);
    script->count = 3; /* the session is there */
    struct op op = op_of(OP_INBOUND);
    op.from = WHO_A;
    op.carrier = 1;
    op.message = 1;
    add(script, op);
    add(script, op_of(OP_RUN));
    op = op_of(OP_ANSWER);
    op.message = 1;
    op.outcome = MODE_RETRY;
    add(script, op);
    add(script, op_of(OP_RUN));
    op = op_of(OP_PARTICIPANT_UPDATE);
    op.service.label = op.session.label = 1;
    op.set_people = true;
    op.people[0] = (struct op_person){.who = {WHO_C}, .who_count = 1, .number = -1};
    add(script, op);
    op = op_of(OP_BLOCK_CREATE);
    op.service.label = 1;
    op.from = WHO_A;
    op.to = WHO_B;
    op.number = -1;
    add(script, op);
    op = op_of(OP_CLOCK);
    op.time = WORLD_BEGIN + 2 * SECOND;
    add(script, op);
    add(script, op_of(OP_RUN));
    ck_assert_msg(run_script(script, NULL, &finding), "%s", finding.wrong);
    free(script);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("model");
    TCase *cases = tcase_create("model");
    say_that_shards_are_known();
    if (shard() == 0) {
        tcase_add_test(cases, scripts_shrink);
        tcase_add_test(cases, stop_is_heard_at_once);
        tcase_add_test(cases, blocked_with_what_it_wrote);
        tcase_add_loop_test(cases, waits_for_the_carrier_before, 0, 2 * (CARRIERS + 1));
    }
    tcase_add_test(cases, fixed_seeds);
    if (!getenv("MASKLINE_SEED")) {
        tcase_add_test(cases, other_seeds_each_time);
        tcase_add_test(cases, on_disk);
    }
    tcase_set_timeout(cases, is_long() ? 7200 : 1200);
    suite_add_tcase(suite, cases);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_VERBOSE);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? 1 : 0;
}
