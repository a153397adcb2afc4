/*
 * The store's part of tests/fault/failpoints.tsv: a process dies at each of its places, and nothing acknowledged is lost. It is built
 * with failpoints.
 */
#include "tests/unit/storage/rig.h"
#include "tests/unit/storage/victim.h"

#include <stdio.h>
#include <string.h>

enum {
    POINTS_MOST = 64,
    LARGE = 100000,
    SMALL = 10,
    FIRST_APPENDS = 60,
    APPENDS = 80,
    LATER = 60 * 1000000
};

static const char LIST[] = "tests/fault/failpoints.tsv";

/* The storage's own; to trim is the domain's affair, and tried with a server. */
static const char *const PARTS[] = {"create_", "recover_", "replay_", "pipeline_",
                                    "layers_", "flush_",   "reopen_", "close_"};

static bool is_of(const char *point, const char *part)
{
    return !strncmp(point, part, strlen(part));
}

static bool is_ours(const char *name)
{
    for (size_t i = 0; i < sizeof PARTS / sizeof *PARTS; i++) {
        if (is_of(name, PARTS[i]))
            return true;
    }
    return false;
}

static unsigned read_points(char ret_points[POINTS_MOST][64])
{
    FILE *file = fopen(LIST, "re");
    ck_assert_msg(file, "%s cannot be read", LIST);
    char line[512];
    unsigned count = 0;
    while (fgets(line, sizeof line, file)) {
        size_t size = strcspn(line, "\t\n");
        ck_assert_uint_lt(count, POINTS_MOST);
        if (*line == '#' || size >= 64)
            continue;
        memcpy(ret_points[count], line, size);
        ret_points[count][size] = 0;
        count += is_ours(ret_points[count]);
    }
    fclose(file);
    return count;
}

/* One life that leaves much to replay, and one that dies at the point; then all is checked. Says whether it died there. */
static bool die_at(const char *point, unsigned pass)
{
    static struct outcomes outcomes;
    char failpoint[96];
    snprintf(failpoint, sizeof failpoint, "%s:%u", point, pass);
    struct folder folder = folder_make();
    outcomes.count = 0;
    struct victim first = {.path = folder.path, .flush_rows = LARGE, .flush_after_us = LATER};
    struct victim second = {.path = folder.path,
                            .life = 1,
                            .flush_rows = SMALL,
                            .appends = APPENDS,
                            .failpoint = failpoint};
    if (is_of(point, "reopen_"))
        second.fails_one_in = 20;
    if (is_of(point, "close_")) {
        second.flush_rows = LARGE;
        second.flush_after_us = LATER;
    }
    /* A store is made but once. */
    if (!is_of(point, "create_"))
        ck_assert_int_eq(victim_run(&first, &outcomes, FIRST_APPENDS), VICTIM_KILLED);
    bool died = victim_run(&second, &outcomes, 0) == VICTIM_KILLED;
    victim_check(folder.path, &outcomes);
    folder_remove(&folder);
    return died;
}

START_TEST(each_is_reached_and_nothing_lost)
{
    static char points[POINTS_MOST][64];
    unsigned count = read_points(points);
    ck_assert_uint_gt(count, 25);
    for (unsigned i = 0; i < count; i++)
        ck_assert_msg(die_at(points[i], 1), "%s was not reached", points[i]);
}
END_TEST

START_TEST(nor_at_any_later_pass)
{
    static char points[POINTS_MOST][64];
    unsigned count = read_points(points), died = 0;
    bool all = getenv("MASKLINE_LONG");
    struct dice dice = {5};
    for (unsigned i = 0; i < (all ? 8 * count : 6); i++)
        died += die_at(points[all ? i % count : dice_roll(&dice, count)], 2 + dice_roll(&dice, 30));
    /* Some are passed once only. */
    ck_assert_uint_ge(died, all ? 2 * count : 1);
}
END_TEST

SUITE_MAIN("failpoints", each_is_reached_and_nothing_lost, nor_at_any_later_pass)
