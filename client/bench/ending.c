#include "client/bench/ending.h"

#include "client/bench/folder.h"
#include "client/bench/process.h"

#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <unistd.h>

enum { BY_SIGNAL = 128 };

static sigset_t watched;

static void *watch(void *folder)
{
    int signal;
    while (sigwait(&watched, &signal) != 0)
        continue;
    fputs("maskline-bench: ending\n", stderr);
    process_end_all();
    if (folder)
        folder_remove(folder);
    _exit(BY_SIGNAL + signal);
}

bool ending_watch(const char *folder)
{
    pthread_t thread;
    sigemptyset(&watched);
    sigaddset(&watched, SIGINT);
    sigaddset(&watched, SIGTERM);
    sigaddset(&watched, SIGHUP);
    return pthread_sigmask(SIG_BLOCK, &watched, NULL) == 0 &&
           pthread_create(&thread, NULL, watch, (char *)(uintptr_t)folder) == 0 &&
           pthread_detach(thread) == 0;
}
