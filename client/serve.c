#include "client/cli.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The server is a program of its own, so that the command does not link it: beside this one when installed, in the server's
 * folder in a build tree. */
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

int serve(struct words arguments)
{
    char folder[PATH_MAX];
    char program[PATH_MAX + 64];
    char **passed = calloc((size_t)arguments.count + 2, sizeof *passed);
    if (!passed || !own_folder(folder, sizeof folder)) {
        free(passed);
        fputs("maskline: cannot tell where this program lies\n", stderr);
        return EXIT_REFUSED;
    }
    for (int i = 0; i < arguments.count; i++)
        passed[i + 1] = arguments.words[i];
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        snprintf(program, sizeof program, "%s/%s", folder, places[i]);
        passed[0] = program;
        execv(program, passed);
        if (errno != ENOENT)
            break;
    }
    fprintf(stderr, "maskline: cannot start the server program %s: %s\n", program, strerror(errno));
    free(passed);
    return EXIT_REFUSED;
}
