/*
 * Whose folder it is: makes, locks, refuses; keeps its identity.
 */
#include "tests/unit/storage/rig.h"

#include <fcntl.h>
#include <ftw.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static struct rig rig;
static struct error error;

static struct store_options options_at(const char *path)
{
    return (struct store_options){.path = path, .clock = clock_manual(&rig.clock)};
}

static void check_refused(const char *path, enum status_code code, const char *reason)
{
    struct store_options options = options_at(path);
    struct store *store = NULL;
    error_clear(&error);
    ck_assert(!store_open(&options, &store, &error));
    ck_assert_str_eq(error.reason, reason);
    ck_assert_int_eq(error.code, code);
    ck_assert_ptr_null(store);
}

static void write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    ck_assert_ptr_nonnull(file);
    ck_assert_int_ge(fputs(text, file), 0);
    ck_assert_int_eq(fclose(file), 0);
}

/* Makes a store with some rows, and closes it. */
static void make_store(const char *path, unsigned appends)
{
    struct store_options options = options_at(path);
    rig_open(&rig, &options, NULL);
    for (unsigned i = 0; i < appends; i++) {
        struct append append = rig_append(i % WORLD_LOGS);
        ck_assert(append_run(rig.pipeline, &append));
    }
    rig_close(&rig);
}

/* Opens it again: it has so many, and all that belongs to them. */
static void check_appends(const struct folder *folder, uint64_t appends)
{
    uint64_t last[WORLD_LOGS];
    struct store_options options = options_at(folder->path);
    rig_open(&rig, &options, NULL);
    rig_check(&rig, last);
    ck_assert_uint_eq(last[0] + last[1] + last[2], appends);
    rig_close(&rig);
}

/* The only file that fits a pattern. */
static const char *find_file(const struct folder *folder, const char *pattern)
{
    static char found[512];
    glob_t list;
    ck_assert_int_eq(glob(folder_file(folder, pattern), 0, NULL, &list), 0);
    snprintf(found, sizeof found, "%s", list.gl_pathv[0]);
    globfree(&list);
    return found;
}

START_TEST(a_store_keeps_what_it_is)
{
    struct folder folder = folder_make();
    const char *path = folder_file(&folder, "new");
    struct store_options options = options_at(path);
    struct store *store;
    uint8_t identity[16], key[STORE_KEY_BYTES];
    ck_assert_msg(store_open(&options, &store, &error), "%s", error.message);
    memcpy(identity, store_identity(store), sizeof identity);
    memcpy(key, store_hash_key(store), sizeof key);
    ck_assert_uint_eq(store_incarnation(store), 1);
    store_close(store);
    ck_assert_msg(store_open(&options, &store, &error), "%s", error.message);
    ck_assert_mem_eq(identity, store_identity(store), sizeof identity);
    ck_assert_mem_eq(key, store_hash_key(store), sizeof key);
    store_close(store);
    struct stat stat_of;
    ck_assert_int_eq(stat(folder_file(&folder, "new"), &stat_of), 0);
    ck_assert_int_eq(stat_of.st_mode & 0777, 0700);
    folder_remove(&folder);
}
END_TEST

START_TEST(two_stores_differ)
{
    struct store_options options = options_at(":memory:");
    struct store *one, *other;
    ck_assert(store_open(&options, &one, &error));
    ck_assert(store_open(&options, &other, &error));
    ck_assert_mem_ne(store_identity(one), store_identity(other), 16);
    ck_assert_mem_ne(store_hash_key(one), store_hash_key(other), STORE_KEY_BYTES);
    store_close(one);
    store_close(other);
}
END_TEST

START_TEST(rows_survive_closing)
{
    struct folder folder = folder_make();
    uint64_t last[WORLD_LOGS];
    make_store(folder.path, 20);
    struct store_options options = options_at(folder.path);
    atomic_store(&rig.world.replayed, 0);
    rig_open(&rig, &options, NULL);
    ck_assert_uint_eq(atomic_load(&rig.world.replayed), 0);
    rig_check(&rig, last);
    ck_assert_uint_eq(last[0] + last[1] + last[2], 20);
    rig_close(&rig);
    folder_remove(&folder);
}
END_TEST

START_TEST(a_store_in_use_is_refused)
{
    struct folder folder = folder_make();
    struct store_options options = options_at(folder.path);
    rig_open(&rig, &options, NULL);
    check_refused(folder.path, STATUS_FAILED_PRECONDITION, "STORE_LOCKED");
    struct append append = rig_append(0);
    ck_assert(append_run(rig.pipeline, &append));
    rig_close(&rig);
    folder_remove(&folder);
}
END_TEST

/* Before the engine is touched: the folder holds more than what the engine looks after. */
START_TEST(a_folder_that_is_locked_is_refused)
{
    struct folder folder = folder_make();
    make_store(folder.path, 1);
    int lock = open(folder_file(&folder, "lock"), O_RDWR | O_CLOEXEC);
    ck_assert_int_ge(lock, 0);
    ck_assert_int_eq(flock(lock, LOCK_EX | LOCK_NB), 0);
    check_refused(folder.path, STATUS_FAILED_PRECONDITION, "STORE_LOCKED");
    close(lock);
    make_store(folder.path, 1);
    folder_remove(&folder);
}
END_TEST

START_TEST(a_folder_of_others_is_refused_and_not_touched)
{
    struct folder folder = folder_make();
    write_file(folder_file(&folder, "letter.txt"), "dear");
    check_refused(folder.path, STATUS_FAILED_PRECONDITION, "STORE_FOREIGN");
    ck_assert_int_ne(access(folder_file(&folder, "lock"), F_OK), 0);
    ck_assert_int_ne(access(folder_file(&folder, "data"), F_OK), 0);
    write_file(folder_file(&folder, "version"), "7.2\n");
    check_refused(folder.path, STATUS_FAILED_PRECONDITION, "STORE_FOREIGN");
    check_refused(folder_file(&folder, "letter.txt"), STATUS_UNAVAILABLE, "STORE_FAILED");
    folder_remove(&folder);
}
END_TEST

START_TEST(a_newer_store_is_refused)
{
    struct folder folder = folder_make();
    make_store(folder.path, 3);
    write_file(folder_file(&folder, "version"), "maskline store 2\n");
    check_refused(folder.path, STATUS_FAILED_PRECONDITION, "STORE_TOO_NEW");
    write_file(folder_file(&folder, "version"), "maskline store 1\n");
    make_store(folder.path, 1);
    folder_remove(&folder);
}
END_TEST

START_TEST(an_unreadable_version_is_refused)
{
    struct folder folder = folder_make();
    make_store(folder.path, 3);
    static const char *const BAD[] = {"",
                                      "maskline store\n",
                                      "maskline store 0\n",
                                      "maskline store 1",
                                      "maskline store 1x\n",
                                      "other 1\n"};
    for (size_t i = 0; i < sizeof BAD / sizeof BAD[0]; i++) {
        write_file(folder_file(&folder, "version"), BAD[i]);
        check_refused(folder.path, STATUS_DATA_LOSS, "STORE_CORRUPT");
    }
    folder_remove(&folder);
}
END_TEST

START_TEST(missing_data_are_refused_not_made_anew)
{
    struct folder folder = folder_make();
    make_store(folder.path, 3);
    char aside[512];
    snprintf(aside, sizeof aside, "%s", folder_file(&folder, "aside"));
    ck_assert_int_eq(rename(folder_file(&folder, "data"), aside), 0);
    check_refused(folder.path, STATUS_DATA_LOSS, "STORE_CORRUPT");
    ck_assert_int_ne(access(folder_file(&folder, "data"), F_OK), 0);
    /* An empty one is no better. */
    ck_assert_int_eq(mkdir(folder_file(&folder, "data"), 0700), 0);
    check_refused(folder.path, STATUS_DATA_LOSS, "STORE_CORRUPT");
    folder_remove(&folder);
}
END_TEST

START_TEST(a_lost_current_file_is_refused)
{
    struct folder folder = folder_make();
    make_store(folder.path, 3);
    ck_assert_int_eq(unlink(folder_file(&folder, "data/CURRENT")), 0);
    check_refused(folder.path, STATUS_DATA_LOSS, "STORE_CORRUPT");
    folder_remove(&folder);
}
END_TEST

START_TEST(a_damaged_manifest_is_refused)
{
    struct folder folder = folder_make();
    make_store(folder.path, 3);
    const char *manifest = find_file(&folder, "data/MANIFEST-*");
    int file = open(manifest, O_RDWR);
    ck_assert_int_eq(pwrite(file, "garbage", 7, 9), 7);
    close(file);
    check_refused(folder.path, STATUS_DATA_LOSS, "STORE_CORRUPT");
    folder_remove(&folder);
}
END_TEST

/* ---- the engine's own log ---- */

static off_t size_of(const char *path)
{
    struct stat stat_of;
    ck_assert_int_eq(stat(path, &stat_of), 0);
    return stat_of.st_size;
}

static void check_not_started(const struct folder *folder)
{
    struct store_options options = options_at(folder->path);
    error_clear(&rig.error);
    ck_assert(!rig_try(&rig, &options, NULL));
    ck_assert_str_eq(rig.error.reason, "STORE_CORRUPT");
    ck_assert_int_eq(rig.error.code, STATUS_DATA_LOSS);
}

/* holds: INV-01 */
START_TEST(a_damage_in_the_middle_of_the_log_is_refused)
{
    struct folder folder = folder_make();
    make_store(folder.path, 30);
    const char *log = find_file(&folder, "data/*.log");
    int file = open(log, O_RDWR);
    ck_assert_int_eq(pwrite(file, "damage", 6, size_of(log) / 2), 6);
    close(file);
    off_t size = size_of(log);
    check_not_started(&folder);
    check_not_started(&folder);
    /* It is all still there. */
    ck_assert_int_eq(size_of(find_file(&folder, "data/*.log")), size);
    folder_remove(&folder);
}
END_TEST

START_TEST(a_damage_behind_what_was_acknowledged_is_mended)
{
    struct folder folder = folder_make();
    make_store(folder.path, 30);
    const char *log = find_file(&folder, "data/*.log");
    /* A whole record, but for its checksum. */
    static const uint8_t RECORD[] = {1, 2, 3, 4, 5, 0, 1, 'h', 'e', 'l', 'l', 'o'};
    int file = open(log, O_RDWR | O_APPEND);
    ck_assert_int_eq(write(file, RECORD, sizeof RECORD), sizeof RECORD);
    close(file);
    check_appends(&folder, 30);
    folder_remove(&folder);
}
END_TEST

/* holds: INV-01 */
START_TEST(a_log_that_was_cut_off_is_refused)
{
    struct folder folder = folder_make();
    make_store(folder.path, 30);
    const char *log = find_file(&folder, "data/*.log");
    ck_assert_int_eq(truncate(log, size_of(log) / 2), 0);
    check_not_started(&folder);
    folder_remove(&folder);
}
END_TEST

START_TEST(a_torn_end_of_the_log_is_no_damage)
{
    struct folder folder = folder_make();
    make_store(folder.path, 30);
    const char *log = find_file(&folder, "data/*.log");
    int file = open(log, O_RDWR | O_APPEND);
    ck_assert_int_eq(write(file, "half a record that nobody was told of", 37), 37);
    close(file);
    check_appends(&folder, 30);
    folder_remove(&folder);
}
END_TEST

START_TEST(what_was_reached_may_be_left_out)
{
    struct folder folder = folder_make();
    make_store(folder.path, 5);
    ck_assert_int_eq(unlink(folder_file(&folder, "reached")), 0);
    make_store(folder.path, 5);
    write_file(folder_file(&folder, "reached"), "");
    make_store(folder.path, 5);
    check_appends(&folder, 15);
    folder_remove(&folder);
}
END_TEST

static void finish_making(const struct folder *folder)
{
    uint64_t last[WORLD_LOGS];
    make_store(folder->path, 3);
    struct store_options options = options_at(folder->path);
    rig_open(&rig, &options, NULL);
    rig_check(&rig, last);
    ck_assert_uint_eq(last[0] + last[1] + last[2], 3);
    rig_close(&rig);
}

START_TEST(a_making_that_was_cut_short_is_finished)
{
    struct folder folder = folder_make();
    write_file(folder_file(&folder, "lock"), "");
    write_file(folder_file(&folder, "version.new"), "maskl");
    ck_assert_int_eq(mkdir(folder_file(&folder, "data"), 0700), 0);
    finish_making(&folder);
    folder_remove(&folder);
}
END_TEST

START_TEST(an_identity_made_before_the_cut_stays)
{
    struct folder folder = folder_make();
    struct store_options options = options_at(folder.path);
    struct store *store;
    uint8_t identity[16];
    ck_assert(store_open(&options, &store, &error));
    memcpy(identity, store_identity(store), sizeof identity);
    store_close(store);
    ck_assert_int_eq(unlink(folder_file(&folder, "version")), 0);
    ck_assert(store_open(&options, &store, &error));
    ck_assert_mem_eq(identity, store_identity(store), sizeof identity);
    store_close(store);
    ck_assert_int_eq(access(folder_file(&folder, "version"), F_OK), 0);
    folder_remove(&folder);
}
END_TEST

/* Takes one row away behind the store's back. */
static void remove_row(const char *path, enum kv_family family, struct bytes key)
{
    struct kv_options options = {.must_exist = true};
    struct kv *kv;
    ck_assert_msg(kv_open(path, &options, &kv, &error), "%s", error.message);
    struct kv_batch *batch = kv_batch_new();
    ck_assert(kv_batch_delete(batch, family, key));
    ck_assert(kv_write(kv, batch, true, &error));
    kv_batch_free(batch);
    kv_close(kv);
}

START_TEST(a_lost_identity_is_refused)
{
    struct folder folder = folder_make();
    make_store(folder.path, 3);
    remove_row(folder_file(&folder, "data"), KV_META, (struct bytes){"\0I", 2});
    check_refused(folder.path, STATUS_DATA_LOSS, "STORE_CORRUPT");
    folder_remove(&folder);
}
END_TEST

static struct bytes entry_key(unsigned log, uint64_t position, uint8_t ret_key[29])
{
    struct log_id id = world_log(log);
    memcpy(ret_key, id.bytes, sizeof id.bytes);
    ret_key[20] = 'L';
    for (unsigned i = 0; i < 8; i++)
        ret_key[21 + i] = (uint8_t)(position >> (56 - 8 * i));
    return (struct bytes){ret_key, 29};
}

/* holds: INV-01 */
START_TEST(a_log_that_ends_too_early_is_refused)
{
    struct folder folder = folder_make();
    uint8_t key[29];
    make_store(folder.path, 9);
    remove_row(folder_file(&folder, "data"), KV_LOG, entry_key(1, 3, key));
    struct store_options options = options_at(folder.path);
    ck_assert(!rig_try(&rig, &options, NULL));
    ck_assert_str_eq(rig.error.reason, "STORE_CORRUPT");
    folder_remove(&folder);
}
END_TEST

/* holds: INV-07 */
START_TEST(a_log_with_a_hole_is_refused)
{
    struct folder folder = folder_make();
    uint8_t key[29], row[22] = "\0L";
    make_store(folder.path, 9);
    /* As if nothing of the log had been applied: it is read from its first entry on. */
    struct log_id id = world_log(1);
    memcpy(row + 2, id.bytes, sizeof id.bytes);
    struct kv_options kv_options = {.must_exist = true};
    struct kv *kv;
    ck_assert(kv_open(folder_file(&folder, "data"), &kv_options, &kv, &error));
    struct kv_batch *batch = kv_batch_new();
    static const uint8_t fresh[16] = {[15] = 1};
    kv_batch_put(batch, KV_META, (struct bytes){row, sizeof row},
                 (struct kv_value){.bytes = {fresh, sizeof fresh}});
    kv_batch_delete(batch, KV_LOG, entry_key(1, 2, key));
    ck_assert(kv_write(kv, batch, true, &error));
    kv_batch_free(batch);
    kv_close(kv);
    struct store_options options = options_at(folder.path);
    ck_assert(!rig_try(&rig, &options, NULL));
    ck_assert_str_eq(rig.error.reason, "STORE_CORRUPT");
    folder_remove(&folder);
}
END_TEST

START_TEST(a_folder_that_cannot_be_made_is_refused)
{
    struct folder folder = folder_make();
    check_refused(folder_file(&folder, "no/such/parent"), STATUS_UNAVAILABLE, "STORE_FAILED");
    folder_remove(&folder);
}
END_TEST

SUITE_MAIN("store", a_store_keeps_what_it_is, two_stores_differ, rows_survive_closing,
           a_store_in_use_is_refused, a_folder_that_is_locked_is_refused,
           a_folder_of_others_is_refused_and_not_touched, a_newer_store_is_refused,
           an_unreadable_version_is_refused, missing_data_are_refused_not_made_anew,
           a_lost_current_file_is_refused, a_damaged_manifest_is_refused,
           a_damage_in_the_middle_of_the_log_is_refused,
           a_damage_behind_what_was_acknowledged_is_mended, a_log_that_was_cut_off_is_refused,
           a_torn_end_of_the_log_is_no_damage, what_was_reached_may_be_left_out,
           a_making_that_was_cut_short_is_finished, an_identity_made_before_the_cut_stays,
           a_lost_identity_is_refused, a_log_that_ends_too_early_is_refused,
           a_log_with_a_hole_is_refused, a_folder_that_cannot_be_made_is_refused)
