/*
 * What the doctor says of machines that a test cannot have: a disk elsewhere, a slow one, one without names left, little memory.
 */
#include "client/doctor.h"
#include "tests/unit/suite.h"

#include <errno.h>
#include <linux/magic.h>
#include <string.h>

enum { FINDINGS = 16, TEXT = 512 };

/* ---- a machine that is made up ---- */

static struct {
    int room_failure;
    struct disk_room room;
    long file_system;
    int write_failure;
    int64_t write_us;
    uint64_t machine_memory;
    uint64_t container_memory;
} machine;

static int room(const char *folder, struct disk_room *ret_room)
{
    (void)folder;
    *ret_room = machine.room;
    return machine.room_failure;
}

static long file_system(const char *folder)
{
    (void)folder;
    return machine.file_system;
}

static int write_time(const char *folder, int64_t *ret_us)
{
    (void)folder;
    *ret_us = machine.write_us;
    return machine.write_failure;
}

static uint64_t machine_memory(void)
{
    return machine.machine_memory;
}

static uint64_t container_memory(void)
{
    return machine.container_memory;
}

static const struct doctor_probes probes = {room, file_system, write_time, machine_memory,
                                            container_memory};

/* ---- what was found ---- */

static struct {
    enum verdict verdict;
    char about[16];
    char text[TEXT];
} findings[FINDINGS];
static unsigned found;

static void note(struct doctor *doctor, enum verdict verdict, const char *about, const char *text)
{
    (void)doctor;
    ck_assert_uint_lt(found, FINDINGS);
    findings[found].verdict = verdict;
    snprintf(findings[found].about, sizeof findings[found].about, "%s", about);
    snprintf(findings[found].text, sizeof findings[found].text, "%s", text);
    found++;
}

static const uint64_t MIB = 1024 * 1024;

/* A machine that is well. */
static void begin(void)
{
    memset(&machine, 0, sizeof machine);
    machine.room = (struct disk_room){10000 * MIB, 100000, 90000};
    machine.file_system = EXT4_SUPER_MAGIC;
    machine.write_us = 900;
    machine.machine_memory = 4000 * MIB;
    machine.container_memory = UINT64_MAX;
}

static void look(void)
{
    struct cli cli = {.arena = arena_new((size_t)MIB)};
    struct doctor doctor = {.cli = &cli,
                            .probes = &probes,
                            .found = note,
                            .data = "/",
                            .has_store = true,
                            .min_free = (int64_t)(512 * MIB)};
    ck_assert_ptr_nonnull(cli.arena);
    found = 0;
    doctor_disk(&doctor);
    doctor_limits(&doctor);
    unsigned counts[3] = {0};
    for (unsigned i = 0; i < found; i++)
        counts[findings[i].verdict]++;
    ck_assert_uint_eq(doctor.warned, counts[VERDICT_WARN]);
    ck_assert_uint_eq(doctor.failed, counts[VERDICT_FAIL]);
    arena_free(cli.arena);
}

/* Looks, and finds this of that. */
static void finds(const char *about, enum verdict verdict, const char *words)
{
    look();
    for (unsigned i = 0; i < found; i++)
        if (strcmp(findings[i].about, about) == 0 && findings[i].verdict == verdict &&
            strstr(findings[i].text, words))
            return;
    ck_abort_msg("%s %d '%s' is not among %u findings", about, (int)verdict, words, found);
}

static bool finds_bad(const char *about)
{
    look();
    for (unsigned i = 0; i < found; i++)
        if (strcmp(findings[i].about, about) == 0 && findings[i].verdict != VERDICT_OK)
            return true;
    return false;
}

START_TEST(a_machine_that_is_well)
{
    begin();
    ck_assert(!finds_bad("space"));
    ck_assert(!finds_bad("disk"));
    ck_assert(!finds_bad("memory"));
    finds("disk", VERDICT_OK, "a write is durable after 0.9 ms");
    finds("memory", VERDICT_OK, "3.9 GiB are left");
    finds("space", VERDICT_OK, "9.8 GiB are free; the server refuses to write below 512 MiB");
}
END_TEST

START_TEST(a_disk_of_another_machine)
{
    static const long kinds[] = {NFS_SUPER_MAGIC, CIFS_SUPER_MAGIC, SMB2_SUPER_MAGIC};
    begin();
    for (unsigned i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        machine.file_system = kinds[i];
        finds("disk", VERDICT_WARN, "/ lies on another machine");
    }
    machine.file_system = 0; /* it was not told */
    ck_assert(!finds_bad("disk"));
}
END_TEST

START_TEST(a_disk_in_memory)
{
    begin();
    machine.file_system = TMPFS_MAGIC;
    finds("disk", VERDICT_WARN, "/ lies in memory");
}
END_TEST

START_TEST(a_slow_disk)
{
    begin();
    machine.write_us = 50000;
    ck_assert(!finds_bad("disk"));
    machine.write_us = 50001;
    finds("disk", VERDICT_WARN, "a write takes 50.0 ms to be durable");
    machine.write_us = 1234500;
    finds("disk", VERDICT_WARN, "a write takes 1234.5 ms");
}
END_TEST

START_TEST(a_disk_that_cannot_be_written)
{
    begin();
    machine.write_failure = EROFS;
    finds("disk", VERDICT_FAIL, "/ cannot be written to: Read-only file system");
    machine.write_failure = EOPNOTSUPP;
    finds("disk", VERDICT_WARN, "no files without names");
    machine.room_failure = EIO;
    finds("space", VERDICT_FAIL, "cannot be asked: Input/output error");
}
END_TEST

START_TEST(little_room)
{
    begin();
    machine.room.free_bytes = 2048 * MIB;
    ck_assert(!finds_bad("space"));
    machine.room.free_bytes = 2047 * MIB;
    finds("space", VERDICT_WARN, "make room soon");
    machine.room.free_bytes = 512 * MIB;
    finds("space", VERDICT_WARN, "make room soon");
    machine.room.free_bytes = 511 * MIB;
    finds("space", VERDICT_FAIL, "511 MiB are free");
}
END_TEST

START_TEST(few_files_left)
{
    begin();
    machine.room.free_files = 999;
    finds("space", VERDICT_WARN, "room for 999 files more only");
    machine.room.files = machine.room.free_files = 0; /* they are not counted */
    ck_assert(!finds_bad("space"));
}
END_TEST

START_TEST(little_memory)
{
    begin();
    machine.machine_memory = 256 * MIB;
    ck_assert(!finds_bad("memory"));
    machine.machine_memory = 255 * MIB;
    finds("memory", VERDICT_WARN, "255 MiB are left: give it more");
    machine.container_memory = 100 * MIB;
    finds("memory", VERDICT_WARN, "100 MiB are left by the container's limit");
    machine.machine_memory = 4000 * MIB;
    finds("memory", VERDICT_WARN, "100 MiB are left by the container's limit");
    machine.container_memory = 300 * MIB;
    finds("memory", VERDICT_OK, "300 MiB are left");
    machine.container_memory = machine.machine_memory = UINT64_MAX;
    finds("memory", VERDICT_WARN, "cannot be told here");
}
END_TEST

SUITE_MAIN("doctor", a_machine_that_is_well, a_disk_of_another_machine, a_disk_in_memory,
           a_slow_disk, a_disk_that_cannot_be_written, little_room, few_files_left, little_memory)
