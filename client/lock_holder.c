#include "client/lock_holder.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

/* File systems over others tell another device in /proc/locks than stat does: then it counts whether the process has the file
 * open. */
static bool has_open(pid_t pid, const struct stat *file)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/fd", (int)pid);
    DIR *folder = opendir(path);
    bool found = false;
    for (struct dirent *entry; folder && !found && (entry = readdir(folder));) {
        char name[512];
        struct stat open_file;
        snprintf(name, sizeof name, "%s/%s", path, entry->d_name);
        found = stat(name, &open_file) == 0 && open_file.st_ino == file->st_ino &&
                open_file.st_dev == file->st_dev;
    }
    if (folder)
        closedir(folder);
    return found;
}

/* A lock, as /proc/locks has it. */
struct lock {
    pid_t pid;
    dev_t device;
    ino_t inode;
};

/* "1: FLOCK  ADVISORY  WRITE 4711 08:01:1234 0 EOF" */
static bool read_line(char *line, struct lock *ret_lock)
{
    char *rest = line, *fields[6];
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        do {
            fields[i] = strsep(&rest, " ");
        } while (fields[i] && *fields[i] == '\0');
        if (!fields[i])
            return false;
    }
    unsigned device[2];
    unsigned long long inode;
    char *end;
    device[0] = (unsigned)strtoul(fields[5], &end, 16);
    if (strcmp(fields[1], "FLOCK") != 0 || *end != ':')
        return false;
    device[1] = (unsigned)strtoul(end + 1, &end, 16);
    if (*end != ':')
        return false;
    inode = strtoull(end + 1, &end, 10);
    *ret_lock = (struct lock){(pid_t)strtol(fields[4], NULL, 10), makedev(device[0], device[1]),
                              (ino_t)inode};
    return ret_lock->pid > 0;
}

static void describe(pid_t pid, struct lock_holder *ret_holder)
{
    static const char deleted[] = " (deleted)";
    char path[64], program[4096];
    *ret_holder = (struct lock_holder){.pid = pid, .name = "unknown"};
    snprintf(path, sizeof path, "/proc/%d/comm", (int)pid);
    FILE *file = fopen(path, "re");
    if (file && fgets(ret_holder->name, sizeof ret_holder->name, file))
        ret_holder->name[strcspn(ret_holder->name, "\n")] = '\0';
    if (file)
        fclose(file);
    snprintf(path, sizeof path, "/proc/%d/exe", (int)pid);
    ssize_t size = readlink(path, program, sizeof program);
    size_t tail = sizeof deleted - 1;
    ret_holder->replaced =
        size > (ssize_t)tail && memcmp(program + size - (ssize_t)tail, deleted, tail) == 0;
}

bool lock_holder_find(const char *path, struct lock_holder *ret_holder)
{
    struct stat file;
    FILE *locks = stat(path, &file) == 0 ? fopen("/proc/locks", "re") : NULL;
    char line[256];
    bool found = false;
    while (locks && !found && fgets(line, sizeof line, locks)) {
        struct lock lock;
        if (!read_line(line, &lock) || lock.inode != file.st_ino ||
            (lock.device != file.st_dev && !has_open(lock.pid, &file)))
            continue;
        describe(lock.pid, ret_holder);
        found = true;
    }
    if (locks)
        fclose(locks);
    return found;
}
