#include "server/signals.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>

struct signals {
    pthread_t thread;
    atomic_bool over;
    void (*told)(void *data, int which, unsigned count);
    void *data;
};

static sigset_t ours(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    return set;
}

void signals_block(void)
{
    sigset_t set = ours();
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    signal(SIGPIPE, SIG_IGN);
}

static void *run(void *data)
{
    struct signals *signals = data;
    sigset_t set = ours();
    for (unsigned count = 1;; count++) {
        int which;
        if (sigwait(&set, &which) != 0 || atomic_load(&signals->over))
            return NULL;
        signals->told(signals->data, which, count);
    }
}

struct signals *signals_new(void (*told)(void *data, int which, unsigned count), void *data)
{
    struct signals *signals = calloc(1, sizeof *signals);
    if (!signals)
        return NULL;
    signals->told = told;
    signals->data = data;
    if (pthread_create(&signals->thread, NULL, run, signals) == 0)
        return signals;
    free(signals);
    return NULL;
}

void signals_free(struct signals *signals)
{
    if (!signals)
        return;
    atomic_store(&signals->over, true);
    pthread_kill(signals->thread, SIGTERM);
    pthread_join(signals->thread, NULL);
    free(signals);
}
