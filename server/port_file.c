#include "server/port_file.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH_SIZE = 512 };

static bool write_ports(const char *path, const int *ports, size_t count)
{
    FILE *file = fopen(path, "we");
    if (!file)
        return false;
    for (size_t i = 0; i < count; i++)
        fprintf(file, "%d\n", ports[i]);
    /* Ports are no secret, and others may have to find the server, whatever the process keeps for itself. */
    bool ok = fflush(file) == 0 && !ferror(file) && fchmod(fileno(file), 0644) == 0;
    return fclose(file) == 0 && ok;
}

bool port_file_write(const char *path, const int *ports, size_t count, struct error *error)
{
    char temporary[PATH_SIZE];
    int size = snprintf(temporary, sizeof temporary, "%s.%ld", path, (long)getpid());
    if (size < 0 || size >= PATH_SIZE)
        return error_set(error, STATUS_INVALID_ARGUMENT, "BAD_SETTING", 0,
                         "port-file: the path is too long.");
    if (write_ports(temporary, ports, count) && rename(temporary, path) == 0)
        return true;
    int why = errno;
    unlink(temporary);
    return error_set(error, STATUS_FAILED_PRECONDITION, "PORT_FILE", 0,
                     "The port file %s cannot be written: %s.", path, strerror(why));
}
