#include "client/progress.h"

#include <stdio.h>
#include <time.h>
#include <unistd.h>

enum { PERIOD_US = 100000 };

struct progress progress_begin(const char *doing, uint64_t whole)
{
    return (struct progress){.doing = doing, .whole = whole, .shown = isatty(STDERR_FILENO)};
}

/* Time that nobody sets back. */
static int64_t steady_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

void progress_show(struct progress *progress, uint64_t done)
{
    if (!progress->shown)
        return;
    int64_t now = steady_us();
    if (progress->drawn_us != 0 && now - progress->drawn_us < PERIOD_US)
        return;
    progress->drawn_us = now;
    if (progress->whole > 0)
        fprintf(stderr, "\r%s: %llu of %llu (%llu %%)\x1b[K", progress->doing,
                (unsigned long long)done, (unsigned long long)progress->whole,
                (unsigned long long)(done * 100 / progress->whole));
    else
        fprintf(stderr, "\r%s: %llu\x1b[K", progress->doing, (unsigned long long)done);
    fflush(stderr);
}

void progress_clear(struct progress *progress)
{
    if (progress->drawn_us == 0)
        return;
    fputs("\r\x1b[K", stderr);
    fflush(stderr);
    progress->drawn_us = 0;
}
