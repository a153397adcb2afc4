#include "client/doctor.h"

#include <errno.h>
#include <linux/magic.h>
#include <string.h>
#include <unistd.h>

enum { SLOW_US = 50000, INODES_LOW = 1000 };

static void check_space(struct doctor *doctor, const char *folder)
{
    struct arena *arena = doctor->cli->arena;
    struct disk_room room = {0};
    int failure = doctor->probes->room(folder, &room);
    if (failure)
        return doctor_say(doctor, VERDICT_FAIL, "space", "the disk of %s cannot be asked: %s",
                          folder, strerror(failure));
    uint64_t free_bytes = room.free_bytes;
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
    else if (room.files > 0 && room.free_files < INODES_LOW)
        doctor_say(doctor, VERDICT_WARN, "space",
                   "the disk has room for %llu files more only: delete some",
                   (unsigned long long)room.free_files);
    else
        doctor_say(doctor, VERDICT_OK, "space", "%s are free; the server refuses to write below %s",
                   have, limit);
}

static void check_speed(struct doctor *doctor, const char *folder)
{
    int64_t us = 0;
    int failure = doctor->probes->write(folder, &us);
    if (failure == EOPNOTSUPP || failure == EISDIR)
        doctor_say(doctor, VERDICT_WARN, "disk",
                   "this file system has no files without names, so nothing was measured: %s",
                   folder);
    else if (failure)
        doctor_say(doctor, VERDICT_FAIL, "disk", "%s cannot be written to: %s", folder,
                   strerror(failure));
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
    long kind = doctor->probes->file_system(folder);
    if (kind == TMPFS_MAGIC)
        doctor_say(doctor, VERDICT_WARN, "disk",
                   "%s lies in memory: what is in it is gone when the machine stops; use a disk",
                   folder);
    else if (kind == NFS_SUPER_MAGIC || kind == CIFS_SUPER_MAGIC || kind == SMB2_SUPER_MAGIC)
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
