#include "client/doctor.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

/* A connection takes a file, and the engine takes a few hundred. */
enum { FILES_LEAST = 256, FILES_FEW = 4096 };
#define MEMORY_LOW (UINT64_C(256) * 1024 * 1024)

/* ---- files ---- */

/* "Max open files            1024                 1048576              files": the first number. */
static uint64_t files_of(pid_t pid)
{
    static const char name[] = "Max open files";
    char path[64], line[256];
    uint64_t most = 0;
    snprintf(path, sizeof path, "/proc/%d/limits", (int)pid);
    FILE *file = fopen(path, "re");
    while (file && most == 0 && fgets(line, sizeof line, file))
        if (strncmp(line, name, sizeof name - 1) == 0)
            most = strtoull(line + sizeof name - 1, NULL, 10);
    if (file)
        fclose(file);
    return most;
}

static uint64_t files_open(pid_t pid)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/fd", (int)pid);
    DIR *folder = opendir(path);
    uint64_t count = 0;
    for (struct dirent *entry; folder && (entry = readdir(folder));)
        count += entry->d_name[0] != '.';
    if (folder)
        closedir(folder);
    return count;
}

static void check_files(struct doctor *doctor)
{
    static const char remedy[] = "raise it (LimitNOFILE= in its unit, ulimit -Hn in a shell)";
    uint64_t most = 0, used = 0;
    struct rlimit limit;
    if (doctor->holder > 0) {
        most = files_of(doctor->holder);
        used = files_open(doctor->holder);
    }
    const char *whose = most > 0 ? "the server" : "a server started from here";
    /* A server takes all that it may have. */
    if (most == 0 && getrlimit(RLIMIT_NOFILE, &limit) == 0)
        most = limit.rlim_max;
    if (most < FILES_LEAST)
        doctor_say(doctor, VERDICT_FAIL, "files", "%s may open %llu files, too few to work: %s",
                   whose, (unsigned long long)most, remedy);
    else if (used > most / 5 * 4)
        doctor_say(doctor, VERDICT_WARN, "files", "%s has %llu files of %llu open: %s", whose,
                   (unsigned long long)used, (unsigned long long)most, remedy);
    else if (most < FILES_FEW)
        doctor_say(doctor, VERDICT_WARN, "files",
                   "%s may open %llu files, so that about %llu clients can connect: %s", whose,
                   (unsigned long long)most, (unsigned long long)(most - FILES_LEAST), remedy);
    else if (used > 0)
        doctor_say(doctor, VERDICT_OK, "files", "%s has %llu files of %llu open", whose,
                   (unsigned long long)used, (unsigned long long)most);
    else
        doctor_say(doctor, VERDICT_OK, "files", "%s may open %llu files", whose,
                   (unsigned long long)most);
}

/* ---- memory ---- */

static void check_memory(struct doctor *doctor)
{
    uint64_t machine = doctor->probes->machine_memory();
    uint64_t container = doctor->probes->container_memory();
    uint64_t left = machine < container ? machine : container;
    const char *text = show_size(doctor->cli->arena, left);
    if (left == UINT64_MAX)
        doctor_say(doctor, VERDICT_WARN, "memory", "how much is left cannot be told here");
    else if (left < MEMORY_LOW)
        doctor_say(doctor, VERDICT_WARN, "memory",
                   "%s are left%s: give it more, or start the server with a smaller --cache", text,
                   left == container ? " by the container's limit" : "");
    else
        doctor_say(doctor, VERDICT_OK, "memory", "%s are left", text);
}

void doctor_limits(struct doctor *doctor)
{
    check_files(doctor);
    check_memory(doctor);
}
