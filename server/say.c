#include "server/say.h"

#include <stdarg.h>
#include <stdio.h>
#include <time.h>

enum { LINE_SIZE = 2048 };

void say(const char *format, ...)
{
    char line[LINE_SIZE];
    struct timespec now;
    struct tm utc;
    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &utc);
    size_t size = strftime(line, sizeof line, "%Y-%m-%dT%H:%M:%S", &utc);
    size += (size_t)snprintf(line + size, sizeof line - size,
                             ".%03ldZ maskline: ", now.tv_nsec / 1000000);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(line + size, sizeof line - size, format, arguments);
    va_end(arguments);
    /* One call, so that lines of several threads do not mix. */
    fprintf(stderr, "%s\n", line);
}
