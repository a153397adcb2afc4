#include "tests/stress/allocation/failing.h"

#include <errno.h>
#include <stdatomic.h>
#include <stddef.h>

static _Atomic long left; /* 0: none fails */
static _Atomic long began_with;
static _Atomic bool lasts;
static _Atomic bool hit;
static _Thread_local int paused;

void failing_start(long nth, bool lasting)
{
    atomic_store(&hit, false);
    atomic_store(&lasts, lasting);
    atomic_store(&began_with, nth);
    atomic_store(&left, nth);
}

long failing_count(void)
{
    return atomic_load(&began_with) - atomic_load(&left);
}

bool failing_end(void)
{
    atomic_store(&left, 0);
    return atomic_exchange(&hit, false);
}

void failing_pause(void)
{
    paused++;
}

void failing_resume(void)
{
    paused--;
}

static bool fails(void)
{
    if (paused)
        return false;
    long now = atomic_load(&left);
    while (now > 0) {
        if (now == 1 && atomic_load(&lasts)) {
            atomic_store(&hit, true);
            return true;
        }
        if (!atomic_compare_exchange_weak(&left, &now, now - 1))
            continue;
        if (now == 1)
            atomic_store(&hit, true);
        return now == 1;
    }
    return false;
}

#define WRAPPED(type, name, parameters, arguments) \
    type __real_##name parameters;                 \
    type __wrap_##name parameters;                 \
    type __wrap_##name parameters                  \
    {                                              \
        if (fails()) {                             \
            errno = ENOMEM;                        \
            return NULL;                           \
        }                                          \
        return __real_##name arguments;            \
    }

WRAPPED(void *, malloc, (size_t size), (size))
WRAPPED(void *, calloc, (size_t count, size_t size), (count, size))
WRAPPED(void *, realloc, (void *memory, size_t size), (memory, size))
WRAPPED(void *, reallocarray, (void *memory, size_t count, size_t size), (memory, count, size))
WRAPPED(char *, strdup, (const char *text), (text))

int __real_posix_memalign(void **ret_memory, size_t alignment, size_t size);
int __wrap_posix_memalign(void **ret_memory, size_t alignment, size_t size);
int __wrap_posix_memalign(void **ret_memory, size_t alignment, size_t size)
{
    return fails() ? ENOMEM : __real_posix_memalign(ret_memory, alignment, size);
}
