#include "proto/c/fault.h"

#ifdef MASKLINE_FAULTS

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

static pthread_once_t once = PTHREAD_ONCE_INIT;
static const char *mutant;
static char point[64];
static atomic_long passes_left;

static void read_environment(void)
{
    mutant = getenv("MASKLINE_MUTANT");
    const char *given = getenv("MASKLINE_FAILPOINT");
    const char *colon = given ? strrchr(given, ':') : NULL;
    if (!colon || (size_t)(colon - given) >= sizeof point)
        return;
    memcpy(point, given, (size_t)(colon - given));
    atomic_store(&passes_left, strtol(colon + 1, NULL, 10));
}

bool fault_mutant(const char *name)
{
    pthread_once(&once, read_environment);
    return mutant && strcmp(mutant, name) == 0;
}

void fault_point(const char *name)
{
    pthread_once(&once, read_environment);
    if (*point && strcmp(point, name) == 0 && atomic_fetch_sub(&passes_left, 1) == 1) {
        raise(SIGKILL);
        for (;;) /* other threads may run on for an instant; this one must not */
            ;
    }
}

#endif
