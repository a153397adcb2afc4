/*
 * A wall clock that jumps: loaded before a program with LD_PRELOAD, it adds to CLOCK_REALTIME what the file says that MASKLINE_CLOCK_OFFSET
 * names, nanoseconds as eight bytes, from one read of the clock to the next. Other clocks stay as they are. Waits until a time of the
 * wall clock are told the machine's own time; nothing in the program is known to wait so.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

enum { NANOSECONDS = 1000000000 };

static pthread_once_t once = PTHREAD_ONCE_INIT;
static const _Atomic int64_t *offset;

static void begin(void)
{
    const char *path = getenv("MASKLINE_CLOCK_OFFSET");
    if (!path)
        return;
    int file = (int)syscall(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC);
    void *memory =
        file < 0 ? MAP_FAILED
                 : (void *)syscall(SYS_mmap, NULL, sizeof *offset, PROT_READ, MAP_SHARED, file, 0);
    if (memory == MAP_FAILED)
        abort();
    (void)syscall(SYS_close, file);
    offset = memory;
}

static struct timespec shifted(struct timespec now)
{
    pthread_once(&once, begin);
    int64_t by = offset ? atomic_load(offset) : 0;
    int64_t total = now.tv_sec * NANOSECONDS + now.tv_nsec + by;
    return (struct timespec){total / NANOSECONDS, total % NANOSECONDS};
}

static struct timespec wall(void)
{
    struct timespec now = {0};
    (void)syscall(SYS_clock_gettime, CLOCK_REALTIME, &now);
    return shifted(now);
}

int clock_gettime(clockid_t clock, struct timespec *ret_now)
{
    static int (*next)(clockid_t, struct timespec *);
    if (!next)
        next = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
    int done = next(clock, ret_now);
    if (done == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
        *ret_now = shifted(*ret_now);
    return done;
}

int gettimeofday(struct timeval *ret_now, void *zone)
{
    (void)zone;
    struct timespec now = wall();
    *ret_now = (struct timeval){now.tv_sec, now.tv_nsec / 1000};
    return 0;
}

time_t time(time_t *ret_now)
{
    time_t now = wall().tv_sec;
    if (ret_now)
        *ret_now = now;
    return now;
}
