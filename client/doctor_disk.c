#include "client/doctor.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

enum { ROUNDS = 9, BLOCK = 4096, SLOW_US = 50000, INODES_LOW = 1000 };

static void check_space(struct doctor *doctor, const char *folder)
{
    struct arena *arena = doctor->cli->arena;
    struct statvfs system;
    if (statvfs(folder, &system) != 0)
        return doctor_say(doctor, VERDICT_FAIL, "space", "the disk of %s cannot be asked: %s",
                          folder, strerror(errno));
    uint64_t free_bytes = (uint64_t)system.f_bavail * system.f_frsize;
    uint64_t wanted = (uint64_t)doctor->min_free;
    const char *have = show_size(arena, free_bytes), *limit = show_size(arena, wanted);
    if (free_bytes < wanted)
        doctor_say(doctor, VERDICT_FAIL, "space",
                   "%s are free, and the server refuses to write below %s: make room, or lower "
                   "--min-free",
                   have, limit);
    else if (free_bytes / 4 < wanted)
        doctor_say(doctor, VERDICT_WARN, "space",
                   "%s are free, and the server refuses to write below %s: make room soon", have,
                   limit);
    else if (system.f_files > 0 && system.f_favail < INODES_LOW)
        doctor_say(doctor, VERDICT_WARN, "space",
                   "the disk has room for %llu files more only: delete some",
                   (unsigned long long)system.f_favail);
    else
        doctor_say(doctor, VERDICT_OK, "space", "%s are free; the server refuses to write below %s",
                   have, limit);
}

static int64_t steady_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static int by_size(const void *a, const void *b)
{
    int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;
    return (left > right) - (left < right);
}

/* Writes to a file without a name: nobody sees it, and it is gone with us. Negative: it cannot be done. */
static int64_t median_write_us(const char *folder)
{
    static const char block[BLOCK];
    int file = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (file < 0)
        return -1;
    int64_t times[ROUNDS];
    for (size_t i = 0; i < ROUNDS; i++) {
        int64_t before = steady_us();
        if (write(file, block, sizeof block) != (ssize_t)sizeof block || fdatasync(file) != 0) {
            close(file);
            return -1;
        }
        times[i] = steady_us() - before;
    }
    close(file);
    qsort(times, ROUNDS, sizeof *times, by_size);
    return times[ROUNDS / 2];
}

static void check_speed(struct doctor *doctor, const char *folder)
{
    int64_t us = median_write_us(folder);
    if (us < 0 && (errno == EOPNOTSUPP || errno == EISDIR))
        doctor_say(doctor, VERDICT_WARN, "disk",
                   "this file system has no files without names, so nothing was measured: %s",
                   folder);
    else if (us < 0)
        doctor_say(doctor, VERDICT_FAIL, "disk", "%s cannot be written to: %s", folder,
                   strerror(errno));
    else if (us > SLOW_US)
        doctor_say(
            doctor, VERDICT_WARN, "disk",
            "a write takes %.1f ms to be durable, and so long takes each group of commands: a "
            "faster disk answers sooner",
            (double)us / 1000);
    else
        doctor_say(doctor, VERDICT_OK, "disk", "a write is durable after %.1f ms",
                   (double)us / 1000);
}

static void check_kind(struct doctor *doctor, const char *folder)
{
    struct statfs system;
    if (statfs(folder, &system) != 0)
        return;
    if (system.f_type == TMPFS_MAGIC)
        doctor_say(doctor, VERDICT_WARN, "disk",
                   "%s lies in memory: what is in it is gone when the machine stops; use a disk",
                   folder);
    else if (system.f_type == NFS_SUPER_MAGIC)
        doctor_say(doctor, VERDICT_WARN, "disk",
                   "%s lies on another machine, whose locks and syncs may not hold; use a disk of "
                   "this one",
                   folder);
}

void doctor_disk(struct doctor *doctor)
{
    char *path = arena_string(doctor->cli->arena, doctor->data);
    char *slash = path ? strrchr(path, '/') : NULL;
    if (slash)
        slash[slash == path] = '\0';
    /* A folder that is not there will be made in its parent. */
    const char *folder = doctor->has_store ? doctor->data : slash ? path : ".";
    if (access(folder, F_OK) != 0)
        return;
    check_space(doctor, folder);
    check_kind(doctor, folder);
    check_speed(doctor, folder);
}
