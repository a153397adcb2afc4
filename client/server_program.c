#include "client/server_program.h"

#include "client/cli.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *const places[] = {"maskline-server", "../server/maskline-server"};

static bool own_folder(char *ret_folder, size_t room)
{
    ssize_t size = readlink("/proc/self/exe", ret_folder, room - 1);
    if (size <= 0)
        return false;
    ret_folder[size] = '\0';
    char *slash = strrchr(ret_folder, '/');
    if (!slash)
        return false;
    *slash = '\0';
    return true;
}

/* False when there is none; `ret_path` is then where the last one was looked for. */
static bool find(char ret_path[PATH_MAX + 64])
{
    char folder[PATH_MAX];
    *ret_path = '\0';
    bool found = false;
    if (!own_folder(folder, sizeof folder))
        return false;
    for (size_t i = 0; i < sizeof places / sizeof *places && !found; i++) {
        snprintf(ret_path, PATH_MAX + 64, "%s/%s", folder, places[i]);
        found = access(ret_path, X_OK) == 0;
    }
    return found;
}

int server_program_become(struct words arguments)
{
    char program[PATH_MAX + 64];
    char **passed = calloc((size_t)arguments.count + 2, sizeof *passed);
    if (!passed)
        return cli_no_memory();
    bool found = find(program);
    passed[0] = program;
    for (int i = 0; i < arguments.count; i++)
        passed[i + 1] = arguments.words[i];
    if (found)
        execv(program, passed);
    fprintf(stderr,
            "maskline: cannot start the server program %s: %s\n  Put maskline-server beside "
            "maskline.\n",
            program, strerror(found ? errno : ENOENT));
    free(passed);
    return EXIT_REFUSED;
}

/* Starts it with its output into a pipe; the end to read, or -1. */
static int start(char *program, const char *argument, pid_t *ret_pid)
{
    extern char **environ;
    int ends[2];
    char *arguments[] = {program, (char *)argument, NULL};
    posix_spawn_file_actions_t actions;
    if (pipe2(ends, O_CLOEXEC) != 0)
        return -1;
    int failure = posix_spawn_file_actions_init(&actions);
    if (!failure) {
        posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
        failure = posix_spawn(ret_pid, program, &actions, NULL, arguments, environ);
        posix_spawn_file_actions_destroy(&actions);
    }
    close(ends[1]);
    if (!failure)
        return ends[0];
    close(ends[0]);
    return -1;
}

bool server_program_says(const char *argument, char *ret_text, size_t room)
{
    char program[PATH_MAX + 64];
    pid_t pid;
    int from = find(program) ? start(program, argument, &pid) : -1;
    if (from < 0)
        return false;
    size_t size = 0;
    ssize_t got;
    char rest[4096];
    do {
        bool full = size + 1 >= room;
        got = full ? read(from, rest, sizeof rest) : read(from, ret_text + size, room - 1 - size);
        if (got > 0 && !full)
            size += (size_t)got;
    } while (got > 0 || (got < 0 && errno == EINTR));
    ret_text[size] = '\0';
    close(from);
    int status;
    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            return false;
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}
