#include "client/doctor.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

enum { ROUNDS = 9, BLOCK = 4096 };

static int disk_room(const char *folder, struct disk_room *ret_room)
{
    struct statvfs system;
    if (statvfs(folder, &system) != 0)
        return errno;
    *ret_room = (struct disk_room){(uint64_t)system.f_bavail * system.f_frsize, system.f_files,
                                   system.f_favail};
    return 0;
}

static long file_system(const char *folder)
{
    struct statfs system;
    return statfs(folder, &system) == 0 ? (long)system.f_type : 0;
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

/* Writes to a file without a name: nobody sees it, and it is gone with us. */
static int median_write(const char *folder, int64_t *ret_us)
{
    static const char block[BLOCK];
    int file = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (file < 0)
        return errno;
    int64_t times[ROUNDS];
    for (size_t i = 0; i < ROUNDS; i++) {
        int64_t before = steady_us();
        errno = ENOSPC; /* that a write was short tells nothing else */
        if (write(file, block, sizeof block) != (ssize_t)sizeof block || fdatasync(file) != 0) {
            int failure = errno;
            close(file);
            return failure;
        }
        times[i] = steady_us() - before;
    }
    close(file);
    qsort(times, ROUNDS, sizeof *times, by_size);
    *ret_us = times[ROUNDS / 2];
    return 0;
}

/* "MemAvailable:   123 kB". */
static uint64_t machine_memory(void)
{
    static const char name[] = "MemAvailable:";
    char line[256];
    uint64_t bytes = UINT64_MAX;
    FILE *file = fopen("/proc/meminfo", "re");
    while (file && bytes == UINT64_MAX && fgets(line, sizeof line, file))
        if (strncmp(line, name, sizeof name - 1) == 0)
            bytes = strtoull(line + sizeof name - 1, NULL, 10) * 1024;
    if (file)
        fclose(file);
    return bytes;
}

static uint64_t read_number(const char *path)
{
    char line[64] = "";
    FILE *file = fopen(path, "re");
    bool read = file && fgets(line, sizeof line, file);
    if (file)
        fclose(file);
    return read && line[0] >= '0' && line[0] <= '9' ? strtoull(line, NULL, 10) : UINT64_MAX;
}

static uint64_t container_memory(void)
{
    uint64_t most = read_number("/sys/fs/cgroup/memory.max");
    uint64_t used = read_number("/sys/fs/cgroup/memory.current");
    if (most == UINT64_MAX || used == UINT64_MAX)
        return UINT64_MAX;
    return most > used ? most - used : 0;
}

const struct doctor_probes doctor_machine = {
    .room = disk_room,
    .file_system = file_system,
    .write = median_write,
    .machine_memory = machine_memory,
    .container_memory = container_memory,
};
